"""Reboots: what is lost and what stays, and how clients see the router come back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from router_sim.clock import VirtualClock
from router_sim.faults import FaultPlan
from router_sim.fleet import Fleet
from router_sim.reboot import BootTimes, Phase
from router_sim.router import Router
from tests.router_sim.clients import RawClient
from tests.router_sim.conftest import START, Console

TIMES = BootTimes(off=5, resetting=4, locked=3, incomplete=2)


def test_what_outlasts_a_reboot_and_what_does_not(console: Console, still_clock: VirtualClock) -> None:
    router = console.router
    console.add("/ip/hotspot", name="hs", interface="vlan10")
    console.add("/ip/hotspot/user", name="guest")
    console.add("/ip/firewall/address-list", list="l", address="192.0.2.1")
    console.add("/ip/firewall/address-list", list="l", address="192.0.2.2", timeout="1d")
    console.add("/ip/firewall/address-list", list="l", address="192.0.2.3", timeout="0s")
    kept = {
        path: rows for path, rows in router.snapshot().items() if path.startswith(("/ip/hotspot", "/ip/pool"))
    }
    router.associate("02:00:5E:00:53:01", "10.0.0.5", "vlan10")
    console.run("/ip/hotspot/active/login", {"user": "guest", "ip": "10.0.0.5"})
    still_clock.advance(100)
    seen: list[object] = []
    router.watch("/ip/address", seen.append)

    router.reboot(times=BootTimes(off=0, resetting=0, locked=0, incomplete=0))

    assert console.rows("/ip/hotspot/active") == []
    assert console.rows("/ip/hotspot/host") == []
    assert [row["address"] for row in console.rows("/ip/firewall/address-list")] == ["192.0.2.1"]
    # Counters of users are kept: the session's time was spent.
    assert console.row("/ip/hotspot/user", "guest")["uptime"] == "1m40s"
    after = router.snapshot()
    for path in ("/ip/hotspot", "/ip/hotspot/profile", "/ip/pool"):
        assert after[path] == kept[path]
    assert console.rows("/ip/hotspot")[0]["invalid"] == "false"
    assert console.rows("/system/resource")[0]["uptime"] == "0s"
    (line,) = console.rows("/log")
    assert (line["topics"], line["message"]) == ("system,info", "router rebooted")
    assert console.add("/ip/address", address="10.9.9.1/24", interface="vlan10")
    assert seen == []


def test_a_power_cut_is_told_from_a_reboot_and_confirms_the_device_mode(console: Console) -> None:
    console.run("/system/device-mode/update", {"hotspot": "no"})
    console.router.reboot()
    assert console.rows("/system/device-mode")[0]["hotspot"] == "true"
    console.router.power_cycle()
    assert console.rows("/system/device-mode")[0]["hotspot"] == "false"
    assert "power outage" in console.rows("/log")[-1]["message"]


def test_a_router_comes_back_in_phases(console: Console, still_clock: VirtualClock) -> None:
    router = console.router
    router.reboot(times=TIMES)
    phases = []
    for _ in range(15):
        phases.append(router.phase)
        still_clock.advance(1)
    assert phases == (
        [Phase.OFF] * 5 + [Phase.RESETTING] * 4 + [Phase.LOCKED] * 3 + [Phase.INCOMPLETE] * 2 + [Phase.READY]
    )
    router.reboot(times=TIMES)
    still_clock.advance(10)
    assert not router.authenticate("admin", "secret")
    still_clock.advance(3)
    assert router.authenticate("admin", "secret")
    assert "board-name" not in console.rows("/system/resource")[0]
    still_clock.advance(2)
    assert console.rows("/system/resource")[0]["board-name"] == "CHR"
    router.shutdown()
    still_clock.advance(10_000)
    assert router.phase is Phase.OFF
    router.reset()
    assert router.phase is Phase.READY


def test_a_clock_jump_moves_the_clock_and_no_timer(console: Console, still_clock: VirtualClock) -> None:
    console.add("/ip/firewall/address-list", list="l", address="192.0.2.2", timeout="1h")
    console.router.jump_clock(86400)
    assert console.rows("/system/clock")[0]["date"] == "2026-03-02"
    assert console.rows("/ip/firewall/address-list")[0]["timeout"] == "1h"
    console.router.jump_clock(-2 * 86400)
    assert console.rows("/system/clock")[0]["date"] == "2026-02-28"


@pytest.mark.parametrize("name", ["off", "resetting", "locked", "incomplete"])
def test_a_phase_takes_a_time(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: -1 is not between"):
        BootTimes(**{name: -1})


class Lab:
    """Two routers behind one port, on a clock moved by hand."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.one, self.two = (Router(name=name, clock=self.clock, password="x") for name in ("one", "two"))
        routers = {"127.0.9.1": self.one, "127.0.9.2": self.two}
        self.fleet = Fleet(routers, port=0, faults=FaultPlan(self.clock.now))

    def client(self, number: int = 1) -> RawClient:
        return RawClient(f"127.0.9.{number}", self.fleet.port)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab()
    async with lab.fleet:
        yield lab


async def test_clients_see_each_phase(lab: Lab) -> None:
    async with lab.client() as watching, lab.client(2) as other:
        await watching.log_in(password="x")
        await other.log_in(password="x")
        watching.send("/ip/address/listen")
        lab.one.reboot(times=TIMES)
        assert await watching.read() is None
        assert len(await other.talk("/system/identity/print")) == 2
    assert lab.one.snapshot()["/user/active"] == []
    async with lab.client() as refused:  # a shared port cannot refuse: the connection is reset at once
        assert await refused.read() is None
    lab.clock.advance(5)
    async with lab.client() as resetting:
        resetting.send("/login", "=name=admin", "=password=x")
        assert await resetting.read() is None
    lab.clock.advance(4)
    async with lab.client() as locked:
        trap, done = await locked.talk("/login", "=name=admin", "=password=x")
        assert trap == ["!trap", "=message=invalid user name or password (6)"]
        assert done == ["!done"]
        lab.clock.advance(3)
        await locked.log_in(password="x")
        row, _ = await locked.talk("/system/resource/print")
        assert not any(word.startswith("=board-name=") for word in row)
        lab.clock.advance(2)
        row, _ = await locked.talk("/system/resource/print")
        assert any(word.startswith("=board-name=") for word in row)


@pytest.mark.parametrize("command", ["/system/reboot", "/system/shutdown"])
async def test_a_router_told_to_go_down_answers_first(lab: Lab, command: str) -> None:
    async with lab.client() as client, lab.client() as other:
        await client.log_in(password="x")
        await other.log_in(password="x")
        assert await client.talk(command) == [["!done"]]
        assert await client.read() is None
        assert await other.read() is None
    assert lab.one.phase is Phase.OFF
    assert lab.one.snapshot()["/user/active"] == []
    lab.one.power_cycle(BootTimes(off=0, resetting=0, locked=0, incomplete=0))
    async with lab.client() as client:
        await client.log_in(password="x")
