"""Every menu beside the names that a real router lists for it.

`crawl.json` holds, for each menu, what the console of RouterOS 7.22.3 itself completes: the properties that can be
read, the arguments of print, and the verbs with their arguments. Only names, no values.
"""

import json
from pathlib import Path

import pytest

from router_sim.menus.catalogue import catalogue
from router_sim.schema import Presence

CRAWL = json.loads(Path(__file__).with_name("crawl.json").read_text("utf-8"))
MENUS = catalogue("7.22.3").menus

# Selectors and placement are arguments of verbs, not properties.
NOT_PROPERTIES = {"copy-from", "place-before", "numbers", ".id"}
# Can be asked of `get` in the console, and is in no record that print returned.
NEVER_PRINTED = {("/ip/address", "netmask"), ("/user", "password"), ("/log", "about")}
# Verbs that are wizards, have no effect outside a terminal or real hardware, or talk to a certificate service.
NOT_SERVED = {
    "blink", "cable-test", "recursive-print", "reset-html", "setup",
    "add-acme", "add-scep", "card-reinstall", "card-verify", "enable-ssl-certificate", "scep-renew",
}  # fmt: skip

# A session cannot be added: the console lists the verb, and it takes nothing.
NOT_SERVED_HERE = {("/user/active", "add")}

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


def test_every_menu_of_the_crawl_is_served() -> None:
    assert CRAWL.keys() - MENUS.keys() == set()
