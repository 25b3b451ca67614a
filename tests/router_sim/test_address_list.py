from router_sim.clock import VirtualClock
from router_sim.router import Router
from tests.router_sim.conftest import Console

MENU = "/ip/firewall/address-list"


def test_an_entry_without_timeout_stays(console, still_clock: VirtualClock) -> None:
    key = console.add(MENU, list="friends", address="192.0.2.7/32")
    still_clock.advance(10**7)
    assert console.row(MENU, key) == {
        ".id": "*1",
        "list": "friends",
        "address": "192.0.2.7",
        "creation-time": "2026-03-01 12:00:00",
        "dynamic": "false",
        "disabled": "false",
    }


def test_a_timeout_counts_down_and_the_entry_goes_at_its_end(console, still_clock: VirtualClock) -> None:
    key = console.add(MENU, list="window", address="10.5.50.9", timeout="00:10:00")
    assert console.row(MENU, key)["timeout"] == "10m"
    assert console.row(MENU, key)["dynamic"] == "true"
    still_clock.advance(61.5)
    assert console.row(MENU, key)["timeout"] == "8m59s"
    still_clock.advance(538.4)
    assert console.row(MENU, key)["timeout"] == "1s"
    still_clock.advance(0.1)
    assert console.rows(MENU) == []


def test_the_end_comes_without_anybody_asking(console, still_clock: VirtualClock) -> None:
    seen: list[dict[str, str]] = []
    console.router.watch(MENU, lambda row: seen.append(dict(row)))
    console.add(MENU, list="window", address="10.5.50.9", timeout="1m")
    still_clock.advance(60)
    assert seen[-1] == {".id": "*1", ".dead": "true"}
    end = console.router.journal.entries()[-1]
    assert (end.user, end.menu, end.id, end.after) == ("", MENU, "*1", None)
    assert end.before is not None
    assert end.before["timeout"] == "0s"
    assert end.time == still_clock.now()


def test_a_new_timeout_counts_from_now(console, still_clock: VirtualClock) -> None:
    key = console.add(MENU, list="window", address="10.5.50.9", timeout="1m")
    still_clock.advance(50)
    console.set(MENU, key, timeout="1m")
    still_clock.advance(50)
    assert console.row(MENU, key)["timeout"] == "10s"
    still_clock.advance(10)
    assert console.rows(MENU) == []


def test_a_comment_does_not_touch_the_timeout(console, still_clock: VirtualClock) -> None:
    key = console.add(MENU, list="window", address="10.5.50.9", timeout="1m")
    still_clock.advance(20)
    console.set(MENU, key, comment="guest")
    assert console.row(MENU, key)["timeout"] == "40s"


def test_a_dynamic_entry_cannot_be_made_static_and_can_be_removed(console) -> None:
    key = console.add(MENU, list="window", address="10.5.50.9", timeout="1m")
    assert console.trap(f"{MENU}/set", {".id": key, "dynamic": "no"}) == (
        ("failure: can not change dynamic", None),
    )
    console.run(f"{MENU}/remove", {".id": key})
    assert console.rows(MENU) == []


def test_entries_end_in_the_order_of_their_times_each_at_its_own(console, still_clock: VirtualClock) -> None:
    for number, minutes in enumerate((3, 1, 2), start=1):
        console.add(MENU, list="window", address=f"10.5.50.{number}", timeout=f"{minutes}m")
    start = still_clock.now()
    still_clock.advance(3600)
    ends = [entry for entry in console.router.journal.entries() if entry.after is None]
    assert [entry.id for entry in ends] == ["*2", "*3", "*1"]
    assert [(entry.time - start).total_seconds() for entry in ends] == [60, 120, 180]


def test_a_timeout_of_nought_is_dynamic_without_an_end(console, still_clock: VirtualClock) -> None:
    key = console.add(MENU, list="l", address="10.0.0.1", timeout="0s")
    still_clock.advance(10**6)
    row = console.row(MENU, key)
    assert (row["dynamic"], row["timeout"]) == ("true", "0s")
    console.set(MENU, key, timeout="10s")
    still_clock.advance(10)
    assert console.rows(MENU) == []


def test_names_and_networks_are_entries_too(console) -> None:
    console.add(MENU, list="l", address="www.example.com")
    console.add(MENU, list="l", address="10.5.50.9/24")
    assert [row["address"] for row in console.rows(MENU)] == ["www.example.com", "10.5.50.0/24"]
    assert console.trap(f"{MENU}/add", {"list": "l", "address": "10.5.50.1/24"}) == (
        ("failure: already have such entry", None),
    )


def test_the_longest_timeout_is_the_consoles(console) -> None:
    console.add(MENU, list="l", address="10.0.0.1", timeout="35w3d13h13m56s")
    ((words, category),) = console.trap(
        f"{MENU}/add", {"list": "l", "address": "10.0.0.2", "timeout": "35w3d13h13m57s"}
    )
    assert category == 1
    assert words == "value of timeout is out of range (00:00:00 .. 35w3d13:13:56)"


def test_older_versions_print_their_own_dates(still_clock: VirtualClock, console) -> None:
    old = type(console)(Router(name="old", clock=still_clock, version="6.49.10"))
    key = old.add(MENU, list="l", address="10.0.0.1")
    assert old.row(MENU, key)["creation-time"] == "mar/01/2026 12:00:00"


def test_a_range_that_is_a_network_is_printed_as_one(console) -> None:
    for given, printed in (
        ("192.168.0.0-192.168.1.255", "192.168.0.0/23"),
        ("10.0.0.4-10.0.0.4", "10.0.0.4"),
        ("10.0.0.4-10.0.0.6", "10.0.0.4-10.0.0.6"),
        ("0.0.0.0-255.255.255.255", "0.0.0.0/0"),
    ):
        assert console.row(MENU, console.add(MENU, list="r", address=given))["address"] == printed


def test_a_name_stands_for_its_addresses(still_clock: VirtualClock) -> None:
    known = {"site.example": ["198.51.100.7", "198.51.100.8"]}
    router = Router(name="r", clock=still_clock, password="x", resolve=lambda name: known.get(name, []))
    console = Console(router)

    def listed(name: str = "allow") -> list[tuple[str, str, str]]:
        rows = console.rows(MENU, f"list={name}")
        return [(row["address"], row["dynamic"], row.get("comment", "")) for row in rows]

    console.add(MENU, list="allow", address="198.51.100.8")
    entry = console.add(MENU, list="allow", address="site.example", comment="the site")
    children = [("198.51.100.7", "true", "site.example")]
    mine = [("198.51.100.8", "false", ""), ("site.example", "false", "the site")]
    assert listed() == mine + children
    assert console.rows(MENU, "dynamic=true")[0]["creation-time"] == "2026-03-01 12:00:00"
    assert console.trap(f"{MENU}/set", {".id": "*3", "comment": "x"})[0][0].startswith(
        "failure: can not change"
    )

    known["site.example"] = ["198.51.100.9"]
    router.hotspot.refresh()
    assert listed() == [*mine, ("198.51.100.9", "true", "site.example")]
    record = console.add("/ip/dns/static", name="site.example", address="192.0.2.1")
    assert listed() == [*mine, ("192.0.2.1", "true", "site.example")]
    console.add("/ip/dns/static", name="example", address="192.0.2.9", match_subdomain="yes")
    console.run("/ip/dns/static/remove", {".id": record})
    assert listed() == [*mine, ("192.0.2.9", "true", "site.example")]

    console.set(MENU, entry, list="other")
    assert listed() == mine[:1]
    assert listed("other") == [mine[1], ("192.0.2.9", "true", "site.example")]
    console.run(f"{MENU}/disable", {".id": entry})
    assert listed("other") == [mine[1]]
    console.run(f"{MENU}/enable", {".id": entry})
    console.set(MENU, entry, address="192.0.2.77")
    assert listed("other") == [("192.0.2.77", "false", "the site")]
    console.set(MENU, entry, address="site.example")
    assert len(listed("other")) == 2
    console.run(f"{MENU}/remove", {".id": entry})
    assert listed("other") == []
