"""Every menu beside the names that a real router lists for it.

`crawl.json` holds, for each menu, what the console of RouterOS 7.22.3 itself completes: the properties that can be
read, the arguments of print, and the verbs with their arguments. Only names, no values.
"""

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from router_sim.schema import Presence
from tests.router_sim.conftest import Console

CRAWL = json.loads(Path(__file__).with_name("crawl.json").read_text("utf-8"))
MENUS = catalogue("7.22.3").menus

# Selectors and placement are arguments of verbs, not properties.
NOT_PROPERTIES = {"copy-from", "place-before", "numbers", ".id"}
# Can be asked of `get` in the console, and is in no record that print returned.
NEVER_PRINTED = {("/ip/address", "netmask"), ("/user", "password"), ("/log", "about")}
# Verbs that are wizards, have no effect outside a terminal or real hardware, or talk to a certificate service.
NOT_SERVED = {
    "blink", "cable-test", "recursive-print", "setup",
    "add-acme", "add-scep", "card-reinstall", "card-verify", "enable-ssl-certificate", "scep-renew",
}  # fmt: skip

# A session cannot be added: the console lists the verb, and it takes nothing.
NOT_SERVED_HERE = {("/user/active", "add")}

# Whoever asks for the one record of a menu may say more than the console completes: it changes nothing.
TAKEN_OF_ONE = {"detail", "follow", "follow-only", "proplist"}
# Every print takes these, although the console of a few menus does not complete them.
TAKEN_OF_ALL = {"brief", "from"}
# Hosts have nothing that could be put back.
NOT_TAKEN = {("/ip/hotspot/host", "reset", "comment")}
# Verbs that ask for one item take it under any name a client may know.
ITEM = {"number", "numbers"}
NOTHING = "no-such-argument"
EVERY_PRINT_ARGUMENT = {name for menu in CRAWL.values() for name in menu["print"]}

crawled = pytest.mark.parametrize("path", sorted(CRAWL.keys() & MENUS.keys()))


@crawled
def test_what_can_be_read(path: str) -> None:
    own = {each.name for each in MENUS[path].properties if each.presence is not Presence.NEVER}
    never = {name for menu, name in NEVER_PRINTED if menu == path}
    assert own == set(CRAWL[path]["readable"]) - never


@crawled
def test_what_can_be_written(path: str) -> None:
    verbs = CRAWL[path]["verbs"]
    theirs = {*verbs.get("add", ()), *verbs.get("set", ())} - NOT_PROPERTIES
    assert MENUS[path].writable == theirs


@crawled
def test_which_verbs_there_are(path: str) -> None:
    not_served = NOT_SERVED | {verb for menu, verb in NOT_SERVED_HERE if menu == path}
    assert MENUS[path].verbs == set(CRAWL[path]["verbs"]) - not_served


@pytest.fixture(scope="module")
def untouched() -> Console:
    return Console(Router(name="r", clock=VirtualClock(), password="secret"))


@crawled
def test_the_arguments_of_print(path: str, untouched: Console) -> None:
    theirs = set(CRAWL[path]["print"])
    assert refusal(untouched, f"{path}/print", [*sorted(theirs), NOTHING]) == f"unknown parameter {NOTHING}"
    taken = EVERY_PRINT_ARGUMENT - theirs - TAKEN_OF_ALL - (TAKEN_OF_ONE if MENUS[path].singleton else set())
    for name in sorted(taken):
        assert refusal(untouched, f"{path}/print", [name]) == f"unknown parameter {name}"


@crawled
def test_the_arguments_of_verbs(path: str, untouched: Console) -> None:
    verbs = {verb: given for verb, given in CRAWL[path]["verbs"].items() if verb in MENUS[path].verbs}
    every = {name for given in verbs.values() for name in given}
    for verb, given in verbs.items():
        own = [name for name in given if (path, verb, name) not in NOT_TAKEN]
        # Some verbs look for their items first; what they make of the rest is not reached then.
        words = (f"unknown parameter {NOTHING}", "no such item")
        assert refusal(untouched, f"{path}/{verb}", [*own, NOTHING]) in words, verb
        for name in sorted(every - set(own) - (ITEM if ITEM & set(own) else set())):
            assert refusal(untouched, f"{path}/{verb}", [name]) == f"unknown parameter {name}", verb


def refusal(console: Console, path: str, names: Collection[str]) -> str:
    try:
        console.run(path, dict.fromkeys(names, ""))
    except Trap as trap:
        return trap.message
    return ""


def test_every_menu_of_the_crawl_is_served() -> None:
    assert CRAWL.keys() - MENUS.keys() == set()
