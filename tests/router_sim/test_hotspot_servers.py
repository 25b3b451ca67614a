import pytest

SERVERS = "/ip/hotspot"
HOSTS = "/ip/hotspot/host"


def flags(console) -> dict[str, str]:
    return {row["name"]: row["invalid"] for row in console.rows(SERVERS)}


def serve(console, name: str, interface: str = "vlan10", **values: str) -> str:
    return console.add(SERVERS, name=name, interface=interface, **values)


def test_the_first_enabled_server_of_an_interface_keeps_it(console) -> None:
    serve(console, "first")
    serve(console, "second")
    serve(console, "elsewhere", "vlan20")
    assert flags(console) == {"first": "false", "second": "true", "elsewhere": "false"}
    assert "proxy-status" not in console.row(SERVERS, "second")


@pytest.mark.parametrize("verb", ["remove", "disable"])
def test_when_it_goes_the_next_works_at_once(console, verb: str) -> None:
    serve(console, "first")
    serve(console, "second")
    seen: list[tuple[str | None, str | None]] = []
    console.router.watch(SERVERS, lambda row: seen.append((row.get("name"), row.get("invalid"))))
    console.run(f"{SERVERS}/{verb}", {".id": "first"})
    assert flags(console)["second"] == "false"
    assert ("second", "false") in seen


def test_a_server_that_comes_back_queues_up_again(console) -> None:
    serve(console, "first")
    serve(console, "second")
    console.run(f"{SERVERS}/disable", {".id": "first"})
    console.run(f"{SERVERS}/enable", {".id": "first"})
    assert flags(console) == {"first": "true", "second": "false"}


def test_enabling_an_enabled_server_changes_nothing(console) -> None:
    serve(console, "first")
    serve(console, "second")
    console.run(f"{SERVERS}/enable", {".id": "first"})
    assert flags(console) == {"first": "false", "second": "true"}


def test_a_server_added_disabled_waits_without_being_invalid(console) -> None:
    serve(console, "first", disabled="yes")
    serve(console, "second")
    assert flags(console) == {"first": "false", "second": "false"}
    assert "proxy-status" not in console.row(SERVERS, "first")


def test_a_server_needs_its_interface(console) -> None:
    serve(console, "first")
    console.run("/interface/disable", {".id": "vlan10"})
    assert flags(console) == {"first": "true"}
    console.run("/interface/vlan/enable", {".id": "vlan10"})
    assert flags(console) == {"first": "false"}
    console.run("/interface/vlan/remove", {".id": "vlan10"})
    assert flags(console) == {"first": "true"}


@pytest.mark.parametrize(
    ("path", "attributes"),
    [
        (f"{SERVERS}/remove", {".id": "first"}),
        (f"{SERVERS}/disable", {".id": "first"}),
        (f"{SERVERS}/set", {".id": "first", "interface": "vlan20"}),
        ("/interface/disable", {".id": "vlan10"}),
        ("/interface/vlan/remove", {".id": "vlan10"}),
    ],
)
def test_a_server_that_stops_ends_its_hosts_and_sessions(
    console, path: str, attributes: dict[str, str]
) -> None:
    serve(console, "first")
    serve(console, "other", "vlan30")
    console.add("/ip/hotspot/user", name="guest")
    console.router.associate("02:00:5E:00:53:01", "10.0.0.5", "vlan10")
    console.router.associate("02:00:5E:00:53:02", "10.0.0.6", "vlan30")
    console.run("/ip/hotspot/active/login", {"user": "guest", "ip": "10.0.0.5"})
    console.run(path, attributes)
    assert [row["address"] for row in console.rows(HOSTS)] == ["10.0.0.6"]
    assert console.rows("/ip/hotspot/active") == []


def test_other_changes_of_a_server_keep_its_hosts(console) -> None:
    serve(console, "first")
    console.add("/ip/hotspot/profile", name="fine", login_by="http-pap")
    console.router.associate("02:00:5E:00:53:01", "10.0.0.5", "vlan10")
    console.set(SERVERS, "first", profile="fine", idle_timeout="10m", name="renamed")
    console.set("/interface", "vlan10", comment="lobby")
    assert [row["server"] for row in console.rows(HOSTS)] == ["renamed"]


def test_a_server_shows_what_its_profile_makes_it_offer(console) -> None:
    console.set("/ip/hotspot/profile", "default", dns_name="login.example", hotspot_address="10.0.0.1")
    serve(console, "first")
    row = console.row(SERVERS, "first")
    assert row["ip-of-dns-name"] == "10.0.0.1"
    # https without a certificate is not served
    console.set("/ip/hotspot/profile", "default", login_by="https")
    assert console.row(SERVERS, "first")["HTTPS"] == "false"
