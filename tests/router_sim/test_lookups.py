"""What print finds with the help of indexes is what it finds by looking at every record."""

from __future__ import annotations

from collections.abc import Mapping

from router_sim.behaviours.catalogue import behaviours
from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.router import Router
from router_sim.seed import lab_router

HAND = Origin("", "", "hand")


def run(
    router: Router, path: str, given: Mapping[str, str] | None = None, *queries: str
) -> list[dict[str, str]]:
    reply = router.execute(Command(path, given or {}, queries), HAND)
    return [dict(row) for row in reply.rows]


def busy_router() -> Router:
    """Guests before and after their login, users told apart in many ways, lists with and without an end."""
    router = lab_router("r", clock=VirtualClock(monotonic=lambda: 0.0))
    run(router, "/ip/hotspot/add", {"name": "g", "interface": "bridge-guest", "disabled": "no"})
    for number in range(8):
        last = str(number + 10)
        user = {
            "name": f"u{number}",
            "comment": f"room {number % 3}",
            "profile": ("default", "staff")[number % 2],
        }
        run(router, "/ip/hotspot/user/add", user)
        router.associate(f"02:00:5E:00:53:{last}", f"10.5.50.{last}", "bridge-guest")
        if number < 5:
            run(router, "/ip/hotspot/active/login", {"user": f"u{number}", "ip": f"10.5.50.{last}"})
        entry = {"list": f"l{number % 3}", "address": f"192.0.2.{last}"}
        run(router, "/ip/firewall/address-list/add", entry | ({"timeout": "1h"} if number % 2 else {}))
    # A changed item is the last one in an index and stays where it is in print.
    run(router, "/ip/hotspot/user/set", {"numbers": "u0", "comment": "room 2"})
    run(router, "/ip/hotspot/user/set", {"numbers": "u0", "comment": "room 0"})
    return router


def test_every_printed_value_finds_its_records() -> None:
    router = busy_router()
    looked_for = 0
    for path in router.snapshot():
        rows = run(router, f"{path}/print") if "print" in verbs(router, path) else []
        for name in {name for row in rows for name in row}:
            for value in {row[name] for row in rows if name in row} | {"", "nothing like it"}:
                expected = [row for row in rows if row.get(name) == value]
                assert run(router, f"{path}/print", {}, f"{name}={value}") == expected, (path, name, value)
                looked_for += 1
    assert looked_for > 1000


def verbs(router: Router, path: str) -> set[str]:
    return set() if router.menus[path].bare else {"print"}


def test_what_is_said_never_to_be_derived_is_not() -> None:
    router = busy_router()
    state = router._state
    for path, menu in state.menus.items():
        behaviour = behaviours().of(menu.store)
        for item in state.items(menu):
            given = behaviour.derive(state, menu, item)
            assert not behaviour.stored & given.keys(), path
