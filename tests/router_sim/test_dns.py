"""Static records, resolving names, and the cache."""

import pytest

from router_sim.behaviours import dns
from router_sim.clock import VirtualClock
from router_sim.router import Router
from tests.router_sim.conftest import START, Console

STATIC, CACHE = "/ip/dns/static", "/ip/dns/cache"
UPSTREAM = {"www.example.com": ("192.0.2.80", "192.0.2.81"), "cdn.example.net": ("198.51.100.7",)}


@pytest.fixture
def console() -> Console:
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    return Console(Router(name="r", clock=clock, resolve=lambda name: UPSTREAM.get(name, ())))


def resolved(console: Console, name: str) -> tuple[str, ...]:
    answers: list[tuple[str, ...]] = []
    console.router.write(lambda tx: answers.append(dns.resolve(tx.state, name)))
    return answers[0]


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({"address": "10.0.0.1"}, {"type": "A", "address": "10.0.0.1"}),
        ({"type": "AAAA", "address": "2001:DB8:0::1"}, {"type": "AAAA", "address": "2001:db8::1"}),
        (
            {"type": "CNAME", "cname": "x.example", "address": "10.0.0.1"},
            {"type": "CNAME", "cname": "x.example"},
        ),
        ({"type": "MX", "mx-exchange": "m"}, {"type": "MX", "mx-exchange": "m", "mx-preference": "0"}),
        ({"type": "NS", "ns": "ns.example"}, {"type": "NS", "ns": "ns.example"}),
        ({"type": "NXDOMAIN"}, {"type": "NXDOMAIN"}),
        ({"type": "TXT", "text": "a=b"}, {"type": "TXT", "text": "a=b"}),
        ({"type": "FWD", "forward-to": "192.0.2.1"}, {"type": "FWD", "forward-to": "192.0.2.1"}),
        (
            {"type": "SRV", "srv-target": "t", "srv-port": "80", "srv-weight": "5"},
            {"type": "SRV", "srv-target": "t", "srv-port": "80", "srv-weight": "5", "srv-priority": "0"},
        ),
    ],
)
def test_a_record_prints_what_its_type_has(
    console: Console, given: dict[str, str], printed: dict[str, str]
) -> None:
    key = console.run(f"{STATIC}/add", {"name": "n.example", **given}).ret
    usual = {".id": "*1", "name": "n.example", "ttl": "1d", "dynamic": "false", "disabled": "false"}
    assert console.row(STATIC, key or "") == usual | printed
    twice = console.trap(f"{STATIC}/add", {"name": "n.example", "ttl": "5m", "comment": "x", **given})
    assert twice == (("failure: entry already exists", None),)
    console.run(f"{STATIC}/add", {"name": "n.example", "disabled": "yes", **given})
    console.run(f"{STATIC}/add", {"name": "N.example", **given})
    assert console.trap(f"{STATIC}/enable", {"numbers": "*2"}) == (("failure: entry already exists", None),)


def test_records_that_are_refused(console: Console) -> None:
    for given, words in (
        ({"name": "n", "regexp": "n", "address": "10.0.0.1"}, "failure: only name or regexp allowed"),
        ({"name": "n", "type": "MX", "address": "10.0.0.1"}, "failure: bad MX data"),
        ({"name": "n"}, "failure: bad A data"),
        ({"name": "n", "address": "10.0.0"}, "invalid value for argument address"),
        ({"name": "n", "type": "AAAA", "address": "10.0.0.1"}, "invalid value for argument address"),
        ({"name": "n", "type": "HINFO"}, "input does not match any value of type"),
    ):
        assert console.trap(f"{STATIC}/add", given)[0][0] == words
    console.add(STATIC, regexp=r"\.lan$", address="10.0.0.1")
    assert "name" not in console.rows(STATIC)[0]
    assert console.trap(f"{STATIC}/add", {"regexp": r"\.lan$", "address": "10.0.0.1"})[0][0] == (
        "failure: entry already exists"
    )


def test_older_versions_leave_out_the_usual_type() -> None:
    old = Console(Router(name="r", clock=VirtualClock(), version="7.16"))
    old.add(STATIC, name="n", address="10.0.0.1")
    assert "type" not in old.rows(STATIC)[0]


def test_a_record_can_become_another(console: Console) -> None:
    key = console.add(STATIC, name="n", address="10.0.0.1")
    console.set(STATIC, key, type="CNAME", cname="www.example.com")
    assert console.row(STATIC, key)["cname"] == "www.example.com"
    assert "address" not in console.row(STATIC, key)
    console.set(STATIC, key, name="", regexp="^n$")
    row = console.row(STATIC, key)
    assert (row["regexp"], "name" in row) == ("^n$", False)


def test_names_resolve_by_record_and_upstream(console: Console) -> None:
    assert resolved(console, "www.example.com") == ("192.0.2.80", "192.0.2.81")
    assert resolved(console, "nobody.example") == ()
    console.add(STATIC, name="www.example.com", address="10.0.0.1")
    console.add(STATIC, name="www.example.com", address="10.0.0.2")
    assert resolved(console, "WWW.Example.com.") == ("10.0.0.1", "10.0.0.2")
    console.add(STATIC, name="alias.lan", type="CNAME", cname="cdn.example.net")
    assert resolved(console, "alias.lan") == ("198.51.100.7",)
    console.add(STATIC, name="loop.lan", type="CNAME", cname="loop.lan")
    assert resolved(console, "loop.lan") == ()
    console.add(STATIC, name="shop.lan", address="10.0.0.3", match_subdomain="yes")
    console.add(STATIC, name="own.shop.lan", address="10.0.0.4")
    assert resolved(console, "a.b.shop.lan") == ("10.0.0.3",)
    assert resolved(console, "own.shop.lan") == ("10.0.0.4",)
    assert resolved(console, "workshop.lan") == ()
    console.add(STATIC, regexp=r"^ad[0-9]*\.", address="10.0.0.9")
    console.add(STATIC, regexp="(", address="10.0.0.8")
    assert resolved(console, "ad7.example.com") == ("10.0.0.9",)
    console.add(STATIC, name="cdn.example.net", type="NXDOMAIN")
    assert resolved(console, "cdn.example.net") == ()
    console.add(STATIC, name="up.lan", type="FWD", forward_to="192.0.2.1")
    assert resolved(console, "up.lan") == ()
    key = console.add(STATIC, name="www.example.com", address="10.0.0.5", disabled="yes")
    assert resolved(console, "www.example.com") == ("10.0.0.1", "10.0.0.2")
    console.run(f"{STATIC}/move", {"numbers": key, "destination": "*1"})
    assert console.rows(STATIC)[0][".id"] == key


def test_the_cache_remembers_answers_until_they_run_out(console: Console) -> None:
    clock = console.router._clock
    assert isinstance(clock, VirtualClock)
    console.add(STATIC, name="r.lan", address="10.0.0.1")
    console.router.write(lambda tx: dns.note(tx, "www.example.com", UPSTREAM["www.example.com"]))
    console.router.write(lambda tx: dns.note(tx, "r.lan", ["10.0.0.1"], ttl=86400))
    clock.advance(100)
    console.router.write(lambda tx: dns.note(tx, "www.example.com", ["192.0.2.80"]))
    seen = [(row["name"], row["data"], row["ttl"], row["static"]) for row in console.rows(CACHE)]
    assert seen == [
        ("www.example.com", "192.0.2.81", "3m20s", "false"),
        ("r.lan", "10.0.0.1", "23h58m20s", "true"),
        ("www.example.com", "192.0.2.80", "5m", "false"),
    ]
    assert console.rows("/ip/dns")[0]["cache-used"] == "1"
    clock.advance(200)
    assert [row["data"] for row in console.rows(CACHE)] == ["10.0.0.1", "192.0.2.80"]
    assert all(entry.menu != CACHE for entry in console.router.journal.entries())
    console.run("/ip/dns/set", {"cache-max-ttl": "10s"})
    console.router.write(lambda tx: dns.note(tx, "cdn.example.net", ["198.51.100.7"]))
    clock.advance(10)
    assert len(console.rows(CACHE)) == 2
    console.run(f"{CACHE}/flush")
    assert console.rows(CACHE) == []
