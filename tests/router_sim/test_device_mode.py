"""Device mode: what it allows, and that a change needs the power to be cut in time."""

import pytest

from router_sim.behaviours.device_mode import allows
from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.router import Router
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records

MODE = "/system/device-mode"


def test_the_record_of_a_chr(console: Console) -> None:
    (row,) = console.rows(MODE)
    assert list(row)[:5] == ["mode", "allowed-versions", "flagged", "flagging-enabled", "scheduler"]
    assert row["mode"] == "advanced"
    assert {name for name, value in row.items() if value == "false"} == {
        "flagged", "traffic-gen", "container", "install-any-version", "partitions", "routerboard",
    }  # fmt: skip
    assert row["attempt-count"] == "0"
    assert allows(console.router._state, "hotspot")


@pytest.mark.parametrize(
    ("version", "mode"), [("6.49.10", None), ("7.16", "enterprise"), ("7.18", "advanced")]
)
def test_versions(version: str, mode: str | None) -> None:
    console = Console(Router(name="r", clock=VirtualClock(), version=version))
    assert allows(console.router._state, "hotspot")
    if mode is not None:
        assert console.rows(MODE)[0]["mode"] == mode
        assert ("partitions" in console.rows(MODE)[0]) == (mode == "advanced")


async def test_a_change_counts_when_the_power_is_cut(console: Console, still_clock: VirtualClock) -> None:
    def now(name: str) -> str:
        return console.rows(MODE)[0][name]

    console.run(f"{MODE}/update", {"hotspot": "no", "container": "yes"})
    assert (now("hotspot"), now("container"), now("attempt-count")) == ("true", "false", "1")
    console.router.reboot()  # no power was cut
    assert now("hotspot") == "true"
    still_clock.advance(60)
    console.router.power_cycle()
    assert (now("hotspot"), now("container"), now("attempt-count")) == ("false", "true", "0")
    assert not allows(console.router._state, "hotspot")
    # A mode replaces all single settings.
    console.run(f"{MODE}/update", {"mode": "home", "fetch": "yes"})
    console.router.power_cycle()
    assert (now("mode"), now("fetch"), now("scheduler"), now("container")) == (
        "home",
        "true",
        "false",
        "false",
    )
    console.run(f"{MODE}/update", {"email": "yes"})
    console.router.power_cycle()
    assert (now("mode"), now("fetch"), now("email")) == ("home", "true", "true")
    (config,) = console.run(f"{MODE}/print", {"config": ""}).rows
    assert config == {"mode": "home", "fetch": "true", "email": "true"}


async def test_a_change_nobody_confirms_is_void(console: Console, still_clock: VirtualClock) -> None:
    got = await records(
        console, still_clock, f"{MODE}/update", {"hotspot": "no", "activation-timeout": "10s"}
    )
    assert got[0] == {".section": "0", "update": "turn off power in 10s to activate changes"}
    assert got[1]["update"] == "turn off power in 9s to activate changes"
    assert (len(got), got[-1]["update"]) == (11, "canceled")
    console.router.power_cycle()
    assert allows(console.router._state, "hotspot")


async def test_two_at_a_time_undo_each_other_and_three_are_enough(
    console: Console, still_clock: VirtualClock
) -> None:
    console.run(f"{MODE}/update", {"hotspot": "no"})
    got = await records(console, still_clock, f"{MODE}/update", {"smb": "no"})
    assert [row["update"] for row in got] == ["canceled"]
    console.run(f"{MODE}/update", {"smb": "no", "once": ""})
    assert console.rows(MODE)[0]["attempt-count"] == "3"
    got = await records(console, still_clock, f"{MODE}/update", {"hotspot": "no", "once": "yes"})
    assert got == [{"update": "too many unsuccessful attempts, turn off power in 5m to reset attempt-count"}]
    console.router.power_cycle()
    assert console.rows(MODE)[0]["attempt-count"] == "0"
    assert allows(console.router._state, "hotspot")


@pytest.mark.parametrize(("given", "sentence"), [
    ({"foo": "yes"}, ("unknown parameter foo", 1)),
    ({"hotspot": "maybe"}, ("input does not match any value of hotspot", 1)),
    ({"mode": "enterprise"}, ("input does not match any value of mode", 1)),
    ({"activation-timeout": "5s"},
     ("value of activation-timeout is out of range (00:00:10 .. 1d00:00:00)", 1)),
    ({"activation-timeout": "soon"}, ("invalid value for argument activation-timeout", 1)),
])  # fmt: skip
def test_refusals(console: Console, given: dict[str, str], sentence: tuple[str, int]) -> None:
    assert console.trap(f"{MODE}/update", given) == (sentence,)
    with pytest.raises(Trap):
        console.run(f"{MODE}/set", {"hotspot": "no"})
