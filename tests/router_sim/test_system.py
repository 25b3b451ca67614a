"""The router as a whole: packages, licence, resources, notes, and stopping it."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.reboot import Phase
from router_sim.router import Router
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records


def test_the_records_of_a_chr(console: Console) -> None:
    (resource,) = console.rows("/system/resource")
    assert set(resource) == {
        "architecture-name", "board-name", "build-time", "cpu", "cpu-count", "cpu-frequency", "cpu-load",
        "free-hdd-space", "free-memory", "platform", "total-hdd-space", "total-memory", "uptime", "version",
        "write-sect-since-reboot", "write-sect-total",
    }  # fmt: skip
    assert (resource["board-name"], resource["version"]) == ("CHR", "7.22.3 (stable)")
    assert console.rows("/system/routerboard") == [{"routerboard": "false"}]
    assert console.rows("/system/health") == [{"state": "disabled", "state-after-reboot": "disabled"}]
    assert console.rows("/system/note") == [
        {"show-at-login": "true", "show-at-cli-login": "false", "note": ""}
    ]
    (package,) = console.rows("/system/package")
    assert package == {
        ".id": "*1", "name": "routeros", "version": "7.22.3", "build-time": "2026-03-01 00:00:00", "scheduled": "",
        "size": "13627392", "disabled": "false",
    }  # fmt: skip
    for absent in ("/system/leds/print", "/tool/print", "/system/print", "/tool/get", "/tool/nonsense"):
        with pytest.raises(Trap, match="no such command"):
            console.run(absent)


def test_files_take_from_the_disk(console: Console) -> None:
    def free() -> int:
        return int(console.rows("/system/resource")[0]["free-hdd-space"])

    before = free()
    console.add("/file", name="a.txt", contents="x" * 1000)
    assert free() == before - 1000
    console.run("/file/remove", {"numbers": "a.txt"})
    assert free() == before


async def test_resources_are_monitored(console: Console, still_clock: VirtualClock) -> None:
    (row,) = await records(console, still_clock, "/system/resource/monitor", {"once": ""})
    assert row == {"cpu-used": "0", "cpu-used-per-cpu": "0", "free-memory": "805306368"}
    assert console.trap("/system/resource/monitor", {"interval": "1h"})[0] == (
        "value of interval is out of range (00:00:00.020 .. 00:00:05)", 1,
    )  # fmt: skip


@pytest.mark.parametrize(("jump", "date"), [(-3e8, "1970-01-"), (3e8, "9999-12-")])
def test_a_clock_may_jump_anywhere_and_often(console: Console, jump: float, date: str) -> None:
    for _ in range(1000):
        console.router.jump_clock(jump)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        console.run("/system/clock/set", {"time-zone-name": zone})
        assert console.rows("/system/clock")[0]["date"].startswith(date)
    console.run("/system/clock/set", {"date": "2026-03-01"})
    assert console.rows("/system/clock")[0]["date"] == "2026-03-01"


async def test_there_is_nothing_newer(console: Console, still_clock: VirtualClock) -> None:
    update = "/system/package/update"
    assert console.rows(update) == [{"channel": "stable", "installed-version": "7.22.3"}]
    assert await records(console, still_clock, f"{update}/check-for-updates") == [
        {".section": "0", "channel": "stable", "installed-version": "7.22.3",
         "status": "finding out latest version..."},
        {".section": "1", "channel": "stable", "installed-version": "7.22.3", "latest-version": "7.22.3",
         "status": "System is already up to date"},
    ]  # fmt: skip
    assert console.rows(update)[0]["latest-version"] == "7.22.3"
    got = await records(console, still_clock, f"{update}/install")
    assert got[-1]["status"] == "System is already up to date"
    assert console.router.phase is Phase.READY
    console.router.reboot()
    assert "status" not in console.rows(update)[0]


def test_packages_are_scheduled(console: Console) -> None:
    console.run("/system/package/disable", {"numbers": "routeros"})
    assert console.row("/system/package", "routeros")["scheduled"] == "scheduled for disable"
    console.run("/system/package/unschedule", {"numbers": "*1"})
    assert console.row("/system/package", "routeros")["scheduled"] == ""
    console.run("/system/package/uninstall", {"numbers": "routeros"})
    console.run("/system/package/apply-changes")
    assert console.router.phase is Phase.OFF
    assert console.row("/system/package", "routeros") == {
        **console.row("/system/package", "routeros"), "scheduled": "", "disabled": "false",
    }  # fmt: skip


async def test_the_free_licence(console: Console, still_clock: VirtualClock) -> None:
    (row,) = console.rows("/system/license")
    assert (len(row["system-id"]), row["level"], len(row)) == (11, "free", 2)
    console.run("/system/license/generate-new-id")
    assert console.rows("/system/license")[0]["system-id"] != row["system-id"]
    given = {"account": "a@b.example", "password": "p", "level": "p1"}
    for name in given:
        others = {key: given[key] for key in given if key != name}
        assert console.trap("/system/license/renew", others) == ((f"missing ={name}=", None),)
    assert console.trap("/system/license/renew", {**given, "level": "p2"})[0] == (
        "input does not match any value of level", 1,
    )  # fmt: skip
    got = await records(console, still_clock, "/system/license/renew", given)
    assert [record["status"] for record in got] == ["connecting", "ERROR: Unauthorized"]
    other = Console(Router(name="r2", clock=still_clock))
    assert other.rows("/system/license") != console.rows("/system/license")


def test_stopping_and_starting(console: Console, still_clock: VirtualClock) -> None:
    still_clock.advance(100)
    console.run("/system/reboot")
    assert console.router.phase is Phase.OFF
    still_clock.advance(60)
    assert console.router.phase is Phase.READY
    assert console.rows("/system/resource")[0]["uptime"] == "1m"
    console.run("/system/shutdown")
    still_clock.advance(3600)
    assert console.router.phase is Phase.OFF
    console.router.power_cycle()
    still_clock.advance(60)
    assert console.router.phase is Phase.READY
    assert console.trap("/system/reboot", {"now": ""})[0] == ("unknown parameter now", 1)


def test_old_versions_leave_out_of_a_line_s_time_what_is_known(still_clock: VirtualClock) -> None:
    console = Console(Router(name="r", clock=still_clock, version="6.49.18"))

    def times() -> list[str]:
        return [row["time"] for row in console.rows("/log")]

    console.run("/log/info", {"message": "first"})
    assert times() == ["12:00:00"]
    still_clock.advance(86400)
    console.run("/log/info", {"message": "second"})
    assert times() == ["mar/01 12:00:00", "12:00:00"]
    still_clock.advance(365 * 86400)
    assert times() == ["mar/01/2026 12:00:00", "mar/02/2026 12:00:00"]
