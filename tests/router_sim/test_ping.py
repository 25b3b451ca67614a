"""`/ping`: who answers a router, and what it tells of it."""

from __future__ import annotations

from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet
from router_sim.router import Router
from tests.router_sim.clients import RawClient
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records

MAC = "00:00:5E:00:53:01"
GUEST = "10.5.50.20"


def guarded(clock: VirtualClock, version: str = "7.22.3") -> Console:
    """A router with a hotspot on ether1 and one guest."""
    router = Router(
        name="r", clock=clock, version=version, resolve=lambda name: ["198.51.100.7"] * (name == "a.example")
    )
    console = Console(router)
    console.add("/ip/address", address="10.5.50.1/24", interface="ether1")
    console.add("/ip/hotspot", interface="ether1", disabled="no")
    assert router.hotspot.seen(MAC, GUEST, "ether1")
    return console


async def test_a_guest_answers_until_it_does_not(still_clock: VirtualClock) -> None:
    console = guarded(still_clock)
    asked = {"address": GUEST, "count": "2", "size": "64"}
    told = await records(console, still_clock, "/ping", asked)
    assert told[1] == {
        "seq": "1", "host": GUEST, "size": "64", "ttl": "64", "time": "410us", "sent": "2", "received": "2",
        "packet-loss": "0", "min-rtt": "410us", "avg-rtt": "410us", "max-rtt": "410us", ".section": "1",
    }  # fmt: skip
    assert list(told[1])[-1] == ".section"
    console.router.hotspot.reachable(MAC, False)
    before = still_clock.now()
    assert await records(console, still_clock, "/tool/ping", asked) == [
        {
            "seq": str(number), "host": GUEST, "status": "timeout", "sent": str(number + 1), "received": "0",
            "packet-loss": "100", ".section": str(number),
        }
        for number in range(2)
    ]  # fmt: skip
    assert (still_clock.now() - before).total_seconds() == 2
    console.router.hotspot.gone(MAC)
    for address in (GUEST, "198.51.100.7", "a.example"):
        (row,) = await records(console, still_clock, "/ping", {"address": address, "count": "1"})
        assert row["status"] == "timeout"
    (row,) = await records(console, still_clock, "/ping", {"address": "10.5.50.1", "count": "1"})
    assert row["received"] == "1"
    console.run("/interface/disable", {"numbers": "ether1"})
    (row,) = await records(console, still_clock, "/ping", {"address": "10.5.50.1", "count": "1"})
    assert row["received"] == "0"


async def test_version_6_tells_milliseconds(still_clock: VirtualClock) -> None:
    console = guarded(still_clock, "6.49.18")
    (row,) = await records(
        console, still_clock, "/ping", {"address": GUEST, "count": "1", ".proplist": "time,avg-rtt"}
    )
    assert row == {"time": "0ms", "avg-rtt": "0ms", ".section": "0"}


def test_what_is_refused(still_clock: VirtualClock) -> None:
    console = guarded(still_clock)
    for given, words in (
        ({}, "missing =address="),
        ({"address": "10.0.0"}, "invalid value for argument address"),
        (
            {"address": "b.example"},
            "invalid value for argument address\r\nwhile resolving ip-address: could not get",
        ),
        ({"address": GUEST, "count": "x"}, "invalid value for argument count"),
        ({"address": GUEST, "interval": "1h"}, "value of interval is out of range"),
        ({"address": GUEST, "size": "9"}, "value of size out of range (28..65535)"),
        ({"address": GUEST, "foo": "9"}, "unknown parameter foo"),
    ):
        assert console.trap("/ping", given)[0][0].startswith(words)
    console.add("/user/group", name="lookers", policy="read,api")
    console.add("/user", name="eve", group="lookers", password="x")
    assert console.as_user("eve").trap("/ping", {"address": GUEST})[0][0] == "not enough permissions (9)"


async def test_over_the_wire_until_cancelled() -> None:
    clock = VirtualClock()
    router = guarded(clock).router
    async with Fleet({"127.0.9.1": router}, port=0) as fleet, RawClient("127.0.9.1", fleet.port) as client:
        await client.log_in()
        client.send("/ping", f"=address={GUEST}", "=interval=20ms", ".tag=p")
        seen = [await client.read() for _ in range(3)]
        assert [row[2] for row in seen if row] == ["=seq=0", "=seq=1", "=seq=2"]
        ended = await client.talk("/cancel", "=tag=p")
        assert ["!trap", ".tag=p", "=category=2", "=message=interrupted"] in ended
