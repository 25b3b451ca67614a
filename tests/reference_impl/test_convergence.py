"""A router disturbed at any command of a provisioning run ends as one that was left in peace."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.menus import ACTIVE, ADDRESS_LIST, MENUS
from reference_impl.provisioning.reconcile import Pace, RouterReconciler
from reference_impl.settings import RouterSettings
from router_sim import access
from router_sim.engine import Command, Origin
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from router_sim.guests.guest import SimulatedGuest
from router_sim.guests.internet import Internet
from router_sim.router import Router
from router_sim.seed import lab_router
from tests.reference_impl.conftest import TurnedClock
from tests.reference_impl.menu_model import PORTAL, SITE, A, B, claim

OPERATOR = Origin("operator", "192.0.2.10")
PATIENT = Pace(resync=3600, first_retry=0.001, longest_retry=0.002)
GARDEN, OTHER_GARDEN = ("198.51.100.7", "203.0.113.0/28"), ("203.0.113.0/28", "198.51.100.9")

# What the instances ask for, one state after the other: A with a provider in both networks, with another walled
# garden and shorter sessions, without a provider in one network while B has the other, and nobody.
STEPS: tuple[Sequence[Claim], ...] = (
    [claim(A, 0, 3600, GARDEN, "google"), claim(A, 1, 3600, GARDEN, "google")],
    [claim(A, 0, 1200, OTHER_GARDEN, "google"), claim(A, 1, 1200, OTHER_GARDEN, "google")],
    [claim(B, 0, 3600, OTHER_GARDEN, "google"), claim(A, 1, 1200, OTHER_GARDEN)],
    [],
)
GUESTS = (
    ("02:00:5E:00:53:01", "10.5.50.9", "bridge-guest"),
    ("02:00:5E:00:53:02", "10.5.51.9", "vlan-guest-2"),
)
TIMES = frozenset(
    {".id", "creation-time", "last-modified", "timeout", "uptime", "session-time-left", "idle-time"}
)

State = dict[str, list[dict[str, str]]]


def _told(menu: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without what only tells the time; those of the service at the end, in an order of their own."""
    told = [{name: value for name, value in row.items() if name not in TIMES} for row in rows]
    ours = [row for row in told if menu in MENUS and MENUS[menu].owns(row)]
    return [row for row in told if row not in ours] + sorted(ours, key=str)


@dataclass
class Run:
    """A reconciler, its router, and what is asked of it at present."""

    reconciler: RouterReconciler
    router: Router
    fleet: Fleet
    clock: TurnedClock
    claims: Sequence[Claim] = ()
    states: list[State] = field(default_factory=list)

    async def ask(self, claims: Sequence[Claim], *, turning: bool) -> None:
        """Ask for a state and wait until it is there; `turning` lets the time of the router go on."""
        self.claims = claims
        self.reconciler.wake()
        settled = asyncio.ensure_future(self.reconciler.settled())
        async with asyncio.timeout(20):
            while turning and not settled.done():
                self.clock.turn(seconds=1)
                self.router.tick()
                await asyncio.wait([settled], timeout=0.005)
            await settled
        rows = self.router.snapshot()
        self.states.append({menu: _told(menu, rows[menu]) for menu in (*MENUS, ADDRESS_LIST, ACTIVE)})

    def let_in(self) -> None:
        """A guest in each network has a login window open, and then a session."""
        for mac, address, interface in GUESTS:
            server = next(
                row for row in self.router.snapshot()["/ip/hotspot"] if row["interface"] == interface
            )
            self.router.associate(mac, address, interface)
            user = next(
                row for row in self.router.snapshot()["/ip/hotspot/user"] if row["name"] == server["name"]
            )
            login = {"user": user["name"], "password": user["password"], "ip": address}
            self.router.execute(Command("/ip/hotspot/active/login", login), OPERATOR)
            opened = {
                "list": f"pc-window-{A[:8]}", "address": address, "timeout": "1d", "comment": f"portal-contract:{A}"
            }  # fmt: skip
            self.router.execute(Command(f"{ADDRESS_LIST}/add", opened), OPERATOR)


@asynccontextmanager
async def started() -> AsyncIterator[Run]:
    clock = TurnedClock()
    router = lab_router("site-1", clock=clock, password="router-pass")
    async with Fleet({"127.0.1.1": router}, port=0) as fleet:
        address = RouterSettings(host="127.0.1.1", port=fleet.port, username="admin", password="router-pass")

        async def claims(_sites: object) -> list[Claim]:
            return list(run.claims)

        run = Run(RouterReconciler(address, [SITE], claims, PORTAL, PATIENT), router, fleet, clock)
        task = asyncio.create_task(run.reconciler.run())
        try:
            yield run
        finally:
            while not task.done():
                # More than once: see Provisioning.
                task.cancel()
                await asyncio.wait([task], timeout=0.05)


async def run_through(*faults: Fault) -> tuple[list[State], int]:
    """Return what the router held after each step, and how many of the faults were met."""
    async with started() as run:
        for fault in faults:
            run.fleet.faults.add(fault)
        turning = any(fault.kind == "reboot" for fault in faults)
        for number, claims in enumerate(STEPS):
            await run.ask(claims, turning=turning)
            if number == 1:
                run.let_in()
        return run.states, len(faults) - len(run.fleet.faults.active())


@pytest.fixture(scope="module")
def undisturbed() -> list[State]:
    states, _ = asyncio.run(run_through())
    return states


def test_the_undisturbed_run_does_what_it_shall(undisturbed: list[State]) -> None:
    [first, second, third, last] = undisturbed
    assert len(first["/ip/hotspot"]) == len(second["/ip/hotspot"]) == len(third["/ip/hotspot"]) == 3
    # The guest of the network that moved to B is out, the other one is not; the windows of A are closed.
    assert [row["address"] for row in third[ACTIVE]] == ["10.5.51.9"]
    assert [row["list"] for row in third[ADDRESS_LIST]] == ["management"] * 2
    assert last == {menu: [row for row in last[menu] if "pc-" not in str(row)] for menu in last}
    assert len(last["/ip/hotspot"]) == 1


WRITES, REMOVALS, READS = "*/[as][de][dt]", "*/remove", "*/print"
EVERY = 12


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *itertools.product(
            ("trap", "drop_before", "drop_after", "half_sentence", "reboot"), (WRITES, REMOVALS)
        ),
        ("half_sentence", READS),
    ],
)
async def test_a_disturbance_at_any_command_leads_to_the_same_state(
    undisturbed: list[State], kind: str, path: str
) -> None:
    """Each run is disturbed at every twelfth command, the twelve runs at different ones: so each command is once."""
    # A restart ends sessions and login windows; what is configured stays.
    menus = MENUS if kind == "reboot" else undisturbed[0]
    for first in range(EVERY):
        faults = (Fault(kind=kind, path=path, skip=first + EVERY * number, count=1) for number in range(30))
        states, met = await run_through(*faults)
        assert met >= 2
        for state, expected in zip(states, undisturbed, strict=True):
            for menu in menus:
                assert state[menu] == expected[menu], (first, menu)


async def test_many_disturbances_in_a_row_are_outlived(undisturbed: list[State]) -> None:
    fault = Fault(kind="drop_after", probability=0.2, seed=7, count=60, path="*")
    states, _ = await run_through(fault)
    assert states == undisturbed
    states, _ = await run_through(replace(fault, kind="trap", path="/ip/*"))
    assert states == undisturbed


STRANGERS = (
    access.Guest("02:00:5E:00:53:11", "10.5.50.11", "bridge-guest"),
    access.Guest("02:00:5E:00:53:12", "10.5.51.12", "vlan-guest-2"),
)


@pytest.mark.parametrize("skip", [None, 0, 6, 12, 18, 24])
async def test_a_guarded_network_is_at_no_moment_open(skip: int | None) -> None:
    async with started() as run:
        await run.ask(STEPS[0], turning=False)
        strangers = [SimulatedGuest(run.router, Internet(), who) for who in STRANGERS]
        for stranger in strangers:
            stranger.seen()
        seen: list[tuple[bool, bool, bool]] = []

        def look(_record: object) -> None:
            for stranger in strangers:
                elsewhere = (
                    "http://203.0.113.200/",
                    "https://203.0.113.200/",
                    f"http://{PORTAL.address}/captive/",
                )
                site, secure, portal = (stranger.decide(access.Request.of_url(url)) for url in elsewhere)
                seen.append((site.passes, secure.passes, portal.passes))

        for menu in (*MENUS, ADDRESS_LIST, ACTIVE):
            run.router.watch(menu, look)
        if skip is not None:
            run.fleet.faults.add(Fault(kind="drop_after", path=WRITES, skip=skip, count=1))
        for claims in (STEPS[1], STEPS[2], STEPS[0]):
            await run.ask(claims, turning=False)
        assert len(seen) > 100
        assert set(seen) == {(False, False, True)}
