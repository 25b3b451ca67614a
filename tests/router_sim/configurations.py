"""Random configuration for tests: commands drawn from the tables, so that every menu gets its share."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.configuration import is_setting, is_state
from router_sim.engine import Command, Origin, Trap
from router_sim.export import NOT_EXPORTED
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from router_sim.snapshots import Snapshot, snapshot_of
from router_sim.values import BadValue, Reference
from tests.router_sim.conftest import START

VERSION = "7.22.3"
ORIGIN = Origin("admin", "127.0.0.1", "api", 1)
# A disabled account, a closed service or a new password would lock the test out or mean another thing.
LEFT_ALONE = NOT_EXPORTED | {"/user/group", "/user/settings", "/system/clock"}
SAMPLES = (
    "yes", "no", "0", "1", "7", "80", "443", "1500", "4094", "0x8000", "10.0.0.1", "192.0.2.77", "10.9.0.0/24",
    "10.0.0.1/24", "10.0.0.5-10.0.0.9", "10.0.0.1:80", "02:00:5E:00:53:AA", "5m", "1d2h", "30s", "0s", "none",
    "tcp", "udp", "!tcp", "!10.0.0.1", "8000-8080", "!53", "*.example.com", "a.example", "GET", "1M/2M",
    "2001:db8::1", "2001:db8::/64", "x", "a b", 'say "hi"', "back\\slash", "$price?", "#note", "ünï", "two\r\nlines",
    "=", " lead", "trail ", "tab\there", "\udcff\udc80", "[ find ]", "a;b", "{c}", "long " * 30, "yes,no", "-", "!",
    "http-chap,cookie", "read,write,!ftp", "auto", "unlimited", "\x01\x7f",
)  # fmt: skip


def fresh(name: str = "r") -> Router:
    return Router(name=name, clock=VirtualClock(START, monotonic=lambda: 0.0), version=VERSION)


def configured(script: list[Command]) -> Router:
    """A router on which these commands were tried."""
    router = fresh()
    attempt(router, script)
    return router


def attempt(router: Router, script: list[Command]) -> None:
    for command in script:
        try:
            router.execute(command, ORIGIN)
        except Trap:
            continue


def exported(snapshot: Snapshot) -> Snapshot:
    """What of a snapshot an export is about."""
    menus = {path: rows for path, rows in snapshot.menus.items() if path not in LEFT_ALONE}
    return Snapshot(snapshot.version, snapshot.identity, snapshot.taken, menus)


def snapshot(router: Router) -> Snapshot:
    return exported(snapshot_of(router))


@cache
def _texts(path: str, name: str) -> tuple[str, ...]:
    each = catalogue(VERSION).menus[path].by_name[name]
    if isinstance(each.type, Reference):
        return (*each.type.words, *NAMES, "ether1", "default", "*1", "*2")
    found = list(getattr(each.type, "words", ()))
    for text in SAMPLES:
        try:
            each.type.parse(text)
        except BadValue:
            continue
        found.append(text)
    return tuple(found)


NAMES = ("one", "two", "three", "na me")
_MENUS = [
    menu
    for path, menu in catalogue(VERSION).menus.items()
    if not is_state(menu) and path not in LEFT_ALONE and not menu.bare
]


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """An add or a change of anything, likely to be accepted."""
    menu = draw(st.sampled_from(_MENUS))
    # That an Ethernet interface takes `auto` there has no form it could be read back in.
    left = {"mtu"} if menu.path == "/interface" else set()
    properties = [each for each in menu.properties if is_setting(menu, each) and each.name not in left]
    verbs = sorted(menu.verbs & {"add", "set", "remove", "move", "disable"})
    verb = draw(st.sampled_from(verbs))
    attributes: dict[str, str] = {}
    if verb != "add" and not menu.singleton:
        attributes["numbers"] = draw(st.sampled_from(("*1", "*2", "*3", *NAMES)))
    if verb == "move":
        attributes["destination"] = draw(st.sampled_from(("*1", "*2", "*3")))
    if verb in ("add", "set"):
        chosen = [each for each in properties if each.required]
        optional = [each for each in properties if not each.required and _texts(menu.path, each.name)]
        chosen += draw(st.lists(st.sampled_from(optional), max_size=4)) if optional else []
        for each in chosen:
            texts = NAMES if each.name == "name" else _texts(menu.path, each.name)
            if texts:
                attributes[each.name] = draw(st.sampled_from(texts))
    return Command(f"{menu.path}/{verb}", attributes)


scripts = st.lists(commands(), max_size=25)
