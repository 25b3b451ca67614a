"""Scripts and the scheduler: kept, counted, due on the router's clock, and run where they are plain."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.router import Router
from router_sim.script_lines import NotPlain, plain_commands
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records

SCRIPT = "/system/script"
SCHEDULER = "/system/scheduler"
LISTS = "/ip/firewall/address-list"


def messages(console: Console) -> list[str]:
    return [row["message"] for row in console.rows("/log")]


def test_a_script_is_printed_as_on_a_router(console: Console) -> None:
    key = console.add(SCRIPT, name="greet", source=':log info "TEST";\r\n', policy="sensitive,read,write")
    assert console.row(SCRIPT, key) == {
        ".id": "*1", "name": "greet", "owner": "admin", "policy": "read,write,sensitive",
        "dont-require-permissions": "false", "run-count": "0", "source": ':log info "TEST";\r\n',
        "invalid": "false",
    }  # fmt: skip
    assert (
        console.trap(f"{SCRIPT}/add", {"name": "greet"})[0][0]
        == "failure: item with this name already exists"
    )
    console.add(SCRIPT, name="other", owner="somebody")
    assert console.row(SCRIPT, "other")["owner"] == "somebody"
    assert console.row(SCRIPT, "other")["policy"] == (
        "ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon"
    )


async def test_a_plain_script_runs(console: Console, still_clock: VirtualClock) -> None:
    source = """
    # a comment
    :log info "up \\"and\\" running";
    /ip firewall address-list add list=a address=10.0.0.1 comment="c d"
    /ip/firewall/address-list/add list=a address=10.0.0.2
    /ip firewall address-list disable *2
    """
    console.add(SCRIPT, name="s", source=source)
    still_clock.advance(5)
    assert await records(console, still_clock, f"{SCRIPT}/run", {"number": "s"}) == []
    rows = console.rows(LISTS)
    assert [(row["address"], row.get("comment"), row["disabled"]) for row in rows] == [
        ("10.0.0.1", "c d", "false"), ("10.0.0.2", None, "true"),
    ]  # fmt: skip
    assert messages(console) == ['up "and" running']
    row = console.row(SCRIPT, "s")
    assert (row["run-count"], row["last-started"]) == ("1", "2026-03-01 12:00:05")
    journal = [entry for entry in console.router.journal.entries() if entry.menu == LISTS]
    assert {(entry.user, entry.command) for entry in journal} == {("admin", f"{SCRIPT}/run")}
    # It stops where something is refused, and says so.
    with pytest.raises(Trap) as refused:
        await records(console, still_clock, f"{SCRIPT}/run", {"number": "s"})
    place = "(/ip/firewall/address-list/add; line 4)"
    assert refused.value.sentences == ((f"failure: already have such entry {place}", None),)
    assert console.row(SCRIPT, "s")["run-count"] == "2"


async def test_a_script_that_needs_the_language_is_counted_and_not_run(
    console: Console, still_clock: VirtualClock
) -> None:
    source = "/ip pool add name=p ranges=10.1.1.2\n:foreach i in=[/ip pool find] do={ :put $i }"
    console.add(SCRIPT, name="s", source=source)
    await records(console, still_clock, f"{SCRIPT}/run", {".id": "s"})
    assert console.row(SCRIPT, "s")["run-count"] == "1"
    assert console.rows("/ip/pool") == []
    assert messages(console) == ["script s holds more than plain commands; this simulator does not run it"]


async def test_a_script_has_the_rights_of_its_policy(console: Console, still_clock: VirtualClock) -> None:
    console.add(SCRIPT, name="s", policy="read", source="/ip pool add name=p ranges=10.1.1.2")
    with pytest.raises(Trap, match="not enough permissions"):
        await records(console, still_clock, f"{SCRIPT}/run", {"number": "s"})
    console.add(SCRIPT, name="endless", source="/system resource monitor")
    with pytest.raises(Trap, match="goes on"):
        await records(console, still_clock, f"{SCRIPT}/run", {"number": "endless"})
    assert console.trap(f"{SCRIPT}/run", {})[0][0] == "missing =number="
    assert console.trap(f"{SCRIPT}/run", {"number": "gone"})[0][0] == "no such item"


@pytest.mark.parametrize("line", [
    ":put 1", ":global a 1", "/ip pool add name=$x", "/ip pool remove [find]", '/ip pool add name="a', "ip pool print",
    "/ip pool", "/ip pool add name=a name=b", "/ip pool add a", '/ip pool add name=a"b"', "/ip pool add name=a \\",
    '/ip pool add name="$x"', '/ip pool add name="\\q"', "{ }", '/ip pool add comment="a"b', "/",
])  # fmt: skip
def test_lines_that_are_not_plain(line: str) -> None:
    with pytest.raises(NotPlain):
        plain_commands(
            f"# first\n{line}", lambda path: path in ("/ip/pool/add", "/ip/pool/print", "/ip/pool/remove")
        )


def test_values_are_read_as_the_console_reads_them() -> None:
    text = '/ip pool add name="a\\"b\\\\c\\n\\C3\\BC\\$" ranges=10.0.0.1-10.0.0.2,10.0.0.9 comment=""'
    ((line, command),) = plain_commands(text, lambda path: path == "/ip/pool/add")
    assert (line, command.path) == (1, "/ip/pool/add")
    name = command.attributes["name"].encode("utf-8", "surrogateescape").decode()
    assert name == 'a"b\\c\nü$'
    assert command.attributes["ranges"] == "10.0.0.1-10.0.0.2,10.0.0.9"
    assert command.attributes["comment"] == ""


def test_an_entry_is_due_on_the_clock(console: Console, still_clock: VirtualClock) -> None:
    console.add(SCRIPT, name="tick", source=":log info tick")
    key = console.add(SCHEDULER, name="every", interval="10m", on_event="tick")
    assert console.row(SCHEDULER, key) == {
        ".id": "*1", "name": "every", "start-date": "2026-03-01", "start-time": "12:00:00", "interval": "10m",
        "on-event": "tick", "owner": "admin", "run-count": "0", "next-run": "2026-03-01 12:10:00",
        "policy": "ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon", "disabled": "false",
    }  # fmt: skip
    still_clock.advance(599)
    assert console.row(SCHEDULER, key)["run-count"] == "0"
    still_clock.advance(1)
    still_clock.advance(1200)
    row = console.row(SCHEDULER, key)
    assert (row["run-count"], row["next-run"]) == ("3", "2026-03-01 12:40:00")
    assert console.row(SCRIPT, "tick")["run-count"] == "3"
    assert messages(console) == ["tick"] * 3
    console.run(f"{SCHEDULER}/disable", {"numbers": key})
    assert "next-run" not in console.row(SCHEDULER, key)
    still_clock.advance(3600)
    assert console.row(SCHEDULER, key)["run-count"] == "3"
    console.run(f"{SCHEDULER}/enable", {"numbers": key})
    assert console.row(SCHEDULER, key)["next-run"] == "2026-03-01 13:40:00"


def test_nobody_gains_rights_by_the_scheduler(console: Console, still_clock: VirtualClock) -> None:
    console.add("/user", name="will", group="write", password="x")
    will = console.as_user("will")
    will.add(SCHEDULER, name="grab", interval="10s", on_event="/user set will group=full")
    still_clock.advance(10)
    assert console.row("/user", "will")["group"] == "write"
    assert messages(console) == ["grab: not enough permissions (9) (/user/set; line 1)"]


def test_a_clock_moved_on_by_years_is_caught_up_with(console: Console, still_clock: VirtualClock) -> None:
    key = console.add(SCHEDULER, name="often", interval="10s", on_event=":log info x")
    still_clock.advance(365 * 86400)
    row = console.row(SCHEDULER, key)
    assert (row["run-count"], row["next-run"]) == (str(365 * 8640), "2027-03-01 12:00:10")
    assert len(messages(console)) < 1000


def test_an_entry_runs_once_or_at_a_time_of_day(console: Console, still_clock: VirtualClock) -> None:
    console.add(SCHEDULER, name="once", start_date="2026-03-01", start_time="18:30:00",
                on_event="/ip pool add name=p ranges=10.1.1.2")  # fmt: skip
    console.add(SCHEDULER, name="daily", start_date="jan/01/2026", start_time="03:00", interval="1d",
                on_event="/ip pool remove p")  # fmt: skip
    console.add(SCHEDULER, name="past", start_date="2026-02-01", start_time="03:00:00", on_event=":put 1")
    rows = {row["name"]: row for row in console.rows(SCHEDULER)}
    assert rows["once"]["next-run"] == "2026-03-01 18:30:00"
    assert (rows["daily"]["start-date"], rows["daily"]["next-run"]) == ("2026-01-01", "2026-03-02 03:00:00")
    assert "next-run" not in rows["past"]
    still_clock.advance(7 * 3600)
    assert console.names("/ip/pool") == ["p"]
    assert "next-run" not in console.row(SCHEDULER, "once")
    still_clock.advance(86400)
    assert console.names("/ip/pool") == []
    still_clock.advance(86400)
    assert messages(console)[-1] == "daily: no such item (/ip/pool/remove; line 1)"
    # A set clock moves what is due by the wall.
    console.run("/system/clock/set", {"date": "2026-03-10", "time": "02:59:00"})
    assert console.row(SCHEDULER, "daily")["next-run"] == "2026-03-10 03:00:00"
    before = console.row(SCHEDULER, "daily")["run-count"]
    still_clock.advance(60)
    assert int(console.row(SCHEDULER, "daily")["run-count"]) == int(before) + 1
    console.run("/system/clock/set", {"time-zone-name": "Europe/Riga"})
    assert console.row(SCHEDULER, "daily")["next-run"] == "2026-03-11 03:00:00"
    for name, value in (
        ("start-date", "2026-02-30"),
        ("start-time", "25:00"),
        ("interval", "x"),
        ("start-time", "noon"),
    ):
        assert console.trap(f"{SCHEDULER}/add", {name: value})[0] == (f"invalid value for argument {name}", 1)


def test_startup_means_soon_after_each_start(console: Console, still_clock: VirtualClock) -> None:
    console.add(SCHEDULER, name="boot", start_time="startup", on_event=":log info booted")
    still_clock.advance(60)
    assert console.row(SCHEDULER, "boot")["run-count"] == "1"  # the router of the test started just before
    console.router.reboot()
    still_clock.advance(2)
    assert console.row(SCHEDULER, "boot")["run-count"] == "1"
    still_clock.advance(1)
    assert console.row(SCHEDULER, "boot")["run-count"] == "2"
    assert messages(console)[-1] == "booted"
    console.run("/system/device-mode/update", {"scheduler": "no"})
    console.router.power_cycle()
    still_clock.advance(60)
    row = console.row(SCHEDULER, "boot")
    assert (row["run-count"], row["about"]) == ("2", "inactivated, not allowed by device-mode")


def test_days_of_7_24(still_clock: VirtualClock) -> None:
    console = Console(Router(name="r", clock=still_clock, version="7.24"))
    key = console.add(SCHEDULER, name="e", interval="1d", days="wed,mon")  # 1 March 2026 is a Sunday
    row = console.row(SCHEDULER, key)
    assert (row["days"], row["next-run"]) == ("mon,wed", "2026-03-02 12:00:00")
    still_clock.advance(86400)
    assert console.row(SCHEDULER, key)["next-run"] == "2026-03-04 12:00:00"
    console.run(f"{SCHEDULER}/unset", {"numbers": key, "value-name": "days"})
    assert console.row(SCHEDULER, key)["next-run"] == "2026-03-03 12:00:00"
