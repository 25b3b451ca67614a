"""When a router that was just switched on counts as ready."""

from collections.abc import Mapping

import pytest

from router_sim.chr.caller import Caller, CallerError
from router_sim.chr.preparing import commands, prepare
from router_sim.chr.readiness import NotReady, resources, wait_until_ready
from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet
from router_sim.router import Router

ADDRESS = "127.0.6.1"
GOOD = {"board-name": "CHR", "version": "7.22.3"}


class Script:
    """Answers one look after the other."""

    def __init__(self, *answers: Mapping[str, str] | str) -> None:
        self.answers = list(answers)
        self.pauses: list[float] = []

    async def look(self) -> Mapping[str, str]:
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise CallerError(answer)
        return answer

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def test_two_good_answers_in_a_row_are_what_counts() -> None:
    half = {"version": "7.22.3"}
    script = Script(
        "refused", "reset", "invalid user name or password (6)", half, GOOD, "reset", GOOD, GOOD, half
    )
    assert await wait_until_ready(script.look, patience=5, pause=2, sleep=script.sleep) == GOOD
    assert len(script.answers) == 1
    assert script.pauses == [2] * 7


async def test_a_router_that_never_gets_ready_is_told_with_its_last_word() -> None:
    script = Script(*["reset"] * 3)
    with pytest.raises(NotReady, match=r"ended before.*reset"):
        await wait_until_ready(
            script.look, patience=5, alive=lambda: bool(script.answers), sleep=script.sleep
        )
    with pytest.raises(NotReady, match=r"within 0\.05 s; last: .*cannot be reached"):
        await wait_until_ready(resources("127.0.0.1", 1, "admin", ""), patience=0.05, pause=0.01)


async def test_a_fresh_router_is_prepared_for_its_networks() -> None:
    router = Router(name="fresh", clock=VirtualClock())
    add = commands(["10.5.50.0/24", "10.5.51.0/25"], card="ether1")
    assert [command.path for command in add] == [
        "/ip/dns/set",
        "/ip/address/add",
        "/interface/vlan/add",
        "/ip/address/add",
    ]
    async with Fleet({ADDRESS: router}, port=0) as fleet:
        with pytest.raises(CallerError, match=r"has no ether2: .*ether1"):
            await prepare(ADDRESS, fleet.port, password="new", subnets=["10.5.50.0/24"])
        async with Caller(ADDRESS, fleet.port) as caller:
            await caller.log_in("admin", "")
            await caller.rows("/interface/vlan/add", "=name=ether2", "=interface=ether1", "=vlan-id=2")
        await prepare(ADDRESS, fleet.port, password="new", subnets=["10.5.50.0/24", "10.5.51.0/24"])
        look = resources(ADDRESS, fleet.port, "admin", "new")
        assert (await wait_until_ready(look, patience=5, pause=0))["board-name"] == "CHR"
        async with Caller(ADDRESS, fleet.port) as caller:
            with pytest.raises(CallerError, match="invalid user name or password"):
                await caller.log_in("admin", "")
            await caller.log_in("admin", "new")
            rows = await caller.rows("/ip/address/print", "=.proplist=address,interface")
            with pytest.raises(CallerError, match="no such command"):
                await caller.rows("/nonsense/print")
    assert [(row["address"], row["interface"]) for row in rows] == [
        ("10.5.50.1/24", "ether2"),
        ("10.5.51.1/24", "vlan-guest-2"),
    ]
