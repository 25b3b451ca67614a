"""What ends sessions and hosts: time, traffic, silence, absence, and what happens to the counters."""

import pytest

from router_sim.clock import VirtualClock

SERVERS = "/ip/hotspot"
ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"
USERS = "/ip/hotspot/user"
PROFILES = "/ip/hotspot/user/profile"
MAC = "02:00:5E:00:53:01"
OTHER = "02:00:5E:00:53:02"
IP = "10.0.0.5"


@pytest.fixture
def guarded(console):
    """The console of a router with a working server on vlan10, a guest behind it, and a user."""
    console.add(SERVERS, name="hs", interface="vlan10", idle_timeout="none")
    console.add(USERS, name="guest", password="pw")
    console.hotspot = console.router.hotspot
    console.hotspot.seen(MAC, IP, "vlan10")
    return console


def login(console, ip: str = IP) -> None:
    console.run(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": ip})


def causes(console) -> list[str]:
    told = [row["message"].partition("logged out: ")[2] for row in console.rows("/log")]
    return [cause for cause in told if cause]


def test_traffic_is_counted_for_host_session_and_then_the_user(guarded) -> None:
    guarded.hotspot.traffic(MAC, IP, bytes_in=1, packets_in=1)
    login(guarded)
    guarded.hotspot.traffic(MAC, IP, bytes_in=1000, bytes_out=5000, packets_in=10, packets_out=20)
    guarded.hotspot.traffic(OTHER, IP, bytes_in=77)
    guarded.hotspot.traffic(MAC, "10.0.0.99", bytes_in=77)
    counters = ("bytes-in", "bytes-out", "packets-in", "packets-out")
    assert [guarded.rows(HOSTS)[0][name] for name in counters] == ["1001", "5000", "11", "20"]
    assert [guarded.rows(ACTIVE)[0][name] for name in counters] == ["1000", "5000", "10", "20"]
    assert [guarded.row(USERS, "guest")[name] for name in counters] == ["0", "0", "0", "0"]
    for _ in range(2):
        guarded.hotspot.logout(IP)
        login(guarded)
        guarded.hotspot.traffic(MAC, IP, bytes_in=1)
    guarded.hotspot.logout(IP)
    assert [guarded.row(USERS, "guest")[name] for name in counters] == ["1002", "5000", "10", "20"]
    guarded.run(f"{USERS}/reset-counters", {"numbers": "guest"})
    assert [guarded.row(USERS, "guest")[name] for name in counters] == ["0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("limit", "way", "shown"),
    [
        ("limit-bytes-in", {"bytes_in": 60}, "40"),
        ("limit-bytes-out", {"bytes_out": 60}, "40"),
        ("limit-bytes-total", {"bytes_in": 30, "bytes_out": 30}, "40"),
    ],
)
def test_a_limit_of_traffic_holds_over_all_sessions(
    guarded, limit: str, way: dict[str, int], shown: str
) -> None:
    guarded.run(f"{USERS}/set", {"numbers": "guest", limit: "100"})
    login(guarded)
    assert guarded.rows(ACTIVE)[0][limit] == "100"
    guarded.hotspot.traffic(MAC, IP, **way)
    guarded.hotspot.logout(IP)
    login(guarded)
    assert guarded.rows(ACTIVE)[0][limit] == shown
    guarded.hotspot.traffic(MAC, IP, **way)
    assert guarded.rows(ACTIVE) == []
    assert causes(guarded) == ["user request", "traffic limit reached"]
    trap = guarded.trap(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": IP})
    assert trap == (("user guest has reached traffic limit", None),)
    assert guarded.rows("/log")[-1]["message"] == (
        f"guest ({IP}): login failed: user guest has reached traffic limit"
    )
    guarded.run(f"{USERS}/reset-counters", {"numbers": "guest"})
    login(guarded)


def test_large_limits_are_told_exactly(guarded) -> None:
    guarded.set(USERS, "guest", limit_bytes_in=str(2**64 - 1))
    login(guarded)
    assert guarded.rows(ACTIVE)[0]["limit-bytes-in"] == str(2**64 - 1)


def test_a_guest_nothing_is_said_of_is_there_and_talks(guarded, still_clock: VirtualClock) -> None:
    guarded.set(PROFILES, "default", idle_timeout="1m", keepalive_timeout="1m")
    login(guarded)
    still_clock.advance(86400)
    assert guarded.rows(ACTIVE)[0]["idle-time"] == "0s"


def test_silence_ends_a_session(guarded, still_clock: VirtualClock) -> None:
    guarded.set(PROFILES, "default", idle_timeout="5m", session_timeout="1h")
    login(guarded)
    guarded.hotspot.traffic(MAC, IP, bytes_in=1)
    still_clock.advance(200)
    assert guarded.rows(ACTIVE)[0]["idle-time"] == "3m20s"
    guarded.hotspot.traffic(MAC, IP, bytes_out=1)
    still_clock.advance(299)
    assert guarded.rows(ACTIVE)[0]["idle-time"] == "4m59s"
    guarded.hotspot.seen(MAC, IP, "vlan10")  # any packet is a sign of life
    still_clock.advance(299)
    assert len(guarded.rows(ACTIVE)) == 1
    still_clock.advance(1)
    assert guarded.rows(ACTIVE) == []
    assert causes(guarded) == ["idle timeout"]
    assert guarded.row(USERS, "guest")["uptime"] == "13m19s"
    assert guarded.rows(HOSTS)[0]["authorized"] == "false"


def test_absence_ends_a_session(guarded, still_clock: VirtualClock) -> None:
    login(guarded)
    guarded.hotspot.reachable(MAC, False)
    still_clock.advance(60)
    guarded.hotspot.reachable(MAC, True)
    still_clock.advance(600)
    guarded.hotspot.reachable(MAC, False)
    still_clock.advance(60)
    assert guarded.rows(HOSTS)[0]["host-dead-time"] == "1m"
    guarded.hotspot.reachable(MAC, False)  # it has been absent all the while
    still_clock.advance(59)
    assert len(guarded.rows(ACTIVE)) == 1
    still_clock.advance(1)
    assert guarded.rows(ACTIVE) == []
    assert causes(guarded) == ["keepalive timeout"]


def test_the_earliest_limit_counts(guarded, still_clock: VirtualClock) -> None:
    guarded.set(PROFILES, "default", idle_timeout="5m", session_timeout="4m")
    login(guarded)
    guarded.hotspot.traffic(MAC, IP)
    still_clock.advance(600)
    assert causes(guarded) == ["session timeout"]
    assert guarded.row(USERS, "guest")["uptime"] == "4m"


@pytest.mark.parametrize("name", ["idle_timeout", "keepalive_timeout", "login_timeout"])
def test_the_timeouts_of_a_server_are_for_hosts_nobody_logged_in_at(
    guarded, still_clock: VirtualClock, name: str
) -> None:
    guarded.set(SERVERS, "hs", **{name: "2m"})
    guarded.set(PROFILES, "default", keepalive_timeout="none")
    login(guarded)
    guarded.hotspot.traffic(MAC, IP)
    guarded.hotspot.reachable(MAC, False)
    still_clock.advance(600)
    shown = guarded.rows(HOSTS)[0]
    assert shown["authorized"] == "true"
    assert "idle-timeout" not in shown
    guarded.hotspot.logout(IP)
    still_clock.advance(119)
    assert len(guarded.rows(HOSTS)) == 1
    still_clock.advance(1)
    assert guarded.rows(HOSTS) == []


def test_an_edited_timeout_holds_at_once_for_hosts(guarded, still_clock: VirtualClock) -> None:
    guarded.hotspot.traffic(MAC, IP)
    still_clock.advance(60)
    guarded.set(SERVERS, "hs", idle_timeout="2m")
    assert guarded.rows(HOSTS)[0]["idle-timeout"] == "2m"
    still_clock.advance(59)
    assert len(guarded.rows(HOSTS)) == 1
    still_clock.advance(1)
    assert guarded.rows(HOSTS) == []


def test_an_edited_timeout_that_has_passed_already_strikes_now(guarded, still_clock: VirtualClock) -> None:
    guarded.hotspot.traffic(MAC, IP)
    still_clock.advance(600)
    guarded.set(SERVERS, "hs", idle_timeout="2m")
    assert guarded.rows(HOSTS) == []


def test_bypassed_guests_need_not_log_in(guarded, still_clock: VirtualClock) -> None:
    guarded.set(SERVERS, "hs", login_timeout="1m")
    guarded.add("/ip/hotspot/ip-binding", mac_address=OTHER, type="bypassed")
    guarded.hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    still_clock.advance(3600)
    assert [row["mac-address"] for row in guarded.rows(HOSTS)] == [OTHER]


def test_how_sessions_end_is_in_the_log(guarded) -> None:
    for end in (
        lambda: guarded.run(f"{ACTIVE}/remove", {"numbers": guarded.rows(ACTIVE)[0][".id"]}),
        lambda: guarded.run(f"{HOSTS}/remove", {"numbers": guarded.rows(HOSTS)[0][".id"]}),
        lambda: guarded.hotspot.gone(MAC),
        lambda: guarded.run(f"{SERVERS}/disable", {"numbers": "hs"}),
    ):
        guarded.hotspot.seen(MAC, IP, "vlan10")
        login(guarded)
        end()
    assert causes(guarded) == ["admin reset", "host removed", "keepalive timeout", "NAS request"]


def test_users_and_profiles_may_go_while_they_are_in_use(guarded, still_clock: VirtualClock) -> None:
    guarded.add(PROFILES, name="vip", session_timeout="1h", rate_limit="1M/2M")
    guarded.set(USERS, "guest", profile="vip")
    login(guarded)
    guarded.run(f"{PROFILES}/remove", {"numbers": "vip"})
    assert guarded.row(USERS, "guest")["profile"] == "default"
    guarded.run(f"{USERS}/remove", {"numbers": "guest"})
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "1h"
    status = guarded.hotspot.status(IP)
    assert (status.user, status.user_profile) == ("guest", {})
    still_clock.advance(3600)
    assert guarded.rows(ACTIVE) == []


def test_device_mode_can_put_hotspots_out_of_action(guarded) -> None:
    login(guarded)
    made = [row for row in guarded.rows("/ip/firewall/nat") if row["dynamic"] == "true"]
    assert made
    mode = guarded.router._state.writable("/system/device-mode")
    item = next(iter(mode))
    guarded.router.write(
        lambda tx: tx.put("/system/device-mode", type(item)(item.id, {**item.values, "hotspot": "false"}))
    )
    row = guarded.row(SERVERS, "hs")
    assert (row["about"], row["invalid"]) == ("inactivated, not allowed by device-mode", "true")
    assert "proxy-status" not in row
    assert guarded.rows(HOSTS) == guarded.rows(ACTIVE) == guarded.rows("/ip/firewall/nat") == []
    assert guarded.hotspot.seen(MAC, IP, "vlan10") is None
    guarded.router.write(lambda tx: tx.put("/system/device-mode", item))
    assert guarded.hotspot.seen(MAC, IP, "vlan10") is not None
    assert "about" not in guarded.row(SERVERS, "hs")
