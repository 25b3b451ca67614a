"""What differs between versions about hotspots."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.router import Router
from tests.router_sim.conftest import Console

ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"
USERS = "/ip/hotspot/user"
PROFILE = "/ip/hotspot/profile"
MAC = "02:00:5E:00:53:01"
IP = "10.0.0.5"
VERSIONS = ("6.49", "7.16", "7.18", "7.21", "7.22.3", "7.24")


def with_guest(version: str, clock: VirtualClock) -> Console:
    """A router of a version with a hotspot, a guest known by DHCP, and a user."""
    console = Console(Router(name="r", clock=clock, version=version))
    console.set(PROFILE, "default", login_by="cookie,http-chap,http-pap,trial,mac-cookie")
    console.add("/ip/hotspot", name="hs", interface="ether1")
    console.add(USERS, name="guest", password="pw")
    console.router.hotspot.seen(MAC, IP, "ether1", found_by="DHCP")
    return console


@pytest.mark.parametrize("version", VERSIONS)
def test_a_guest_comes_and_goes(version: str, still_clock: VirtualClock) -> None:
    console = with_guest(version, still_clock)
    hotspot = console.router.hotspot
    hotspot.login(IP, method="http-pap", user="guest", password="pw")
    still_clock.advance(60)
    assert console.rows(ACTIVE)[0]["uptime"] == "1m"
    hotspot.logout(IP)
    hotspot.login(IP, method="trial")
    assert console.rows(ACTIVE)[0]["session-time-left"] == "30m"
    host = console.rows(HOSTS)[0]
    assert {name: host[name] for name in ("DHCP", "dhcp") if name in host} == (
        {"dhcp": "true"} if version.startswith("6") else {"DHCP": "true"}
    )
    assert ("about" in console.router._state.menus["/ip/hotspot"].by_name) is (version >= "7.13")


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_can_be_commented_until_7_21(version: str, still_clock: VirtualClock) -> None:
    console = with_guest(version, still_clock)
    console.run(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": IP})
    if version in ("6.49", "7.16", "7.18"):
        console.run(f"{ACTIVE}/comment", {"numbers": "*1", "comment": "vip"})
        assert console.rows(ACTIVE)[0]["comment"] == "vip"
        console.run(f"{ACTIVE}/set", {"numbers": "*1", "comment": ""})
        assert "comment" not in console.rows(ACTIVE)[0]
    else:
        for verb in ("comment", "set"):
            assert console.trap(f"{ACTIVE}/{verb}", {"numbers": "*1", "comment": "vip"})[0] == (
                f"no such command or directory ({verb})",
                0,
            )


@pytest.mark.parametrize("version", VERSIONS)
def test_times_of_a_trial(version: str, still_clock: VirtualClock) -> None:
    console = with_guest(version, still_clock)
    if version.startswith("6"):
        console.set(PROFILE, "default", trial_uptime="10:00/2d")
        assert console.row(PROFILE, "default")["trial-uptime"] == "10h/2d"
        assert console.trap(f"{PROFILE}/set", {"numbers": "default", "trial-uptime": "soon"}) == (
            ("invalid value for argument trial-uptime", 1),
        )
    else:
        console.set(PROFILE, "default", trial_uptime_limit="10h", trial_uptime_reset="2d")
    console.router.hotspot.login(IP, method="trial")
    assert console.rows(ACTIVE)[0]["session-time-left"] == "10h"


@pytest.mark.parametrize(
    ("version", "name"),
    [("7.20", ""), ("7.21", "totp-secret"), ("7.21.3", "otp-secret"), ("7.24", "otp-secret")],
)
def test_the_secret_of_a_user_changed_its_name(version: str, name: str, still_clock: VirtualClock) -> None:
    console = with_guest(version, still_clock)
    for each in ("totp-secret", "otp-secret"):
        if each == name:
            console.run(f"{USERS}/set", {"numbers": "guest", each: "JBSWY3DP"})
            continue
        with pytest.raises(Trap, match=f"unknown parameter {each}"):
            console.run(f"{USERS}/set", {"numbers": "guest", each: "JBSWY3DP"})
