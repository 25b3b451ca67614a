"""Logins by every method, through the hotspot as guests meet it."""

from hashlib import md5

import pytest

from router_sim.clock import VirtualClock
from router_sim.hotspot_service import Challenge, HotspotService, LoginRefused

ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"
USERS = "/ip/hotspot/user"
PROFILES = "/ip/hotspot/user/profile"
SERVER_PROFILE = "/ip/hotspot/profile"
COOKIES = "/ip/hotspot/cookie"
MAC = "02:00:5E:00:53:01"
OTHER = "02:00:5E:00:53:02"
IP = "10.0.0.5"
EVERY_METHOD = "mac,cookie,http-chap,https,http-pap,trial,mac-cookie"


@pytest.fixture
def guarded(console):
    """The console of a router with a working server on vlan10, a guest behind it, and a user."""
    console.set(SERVER_PROFILE, "default", login_by=EVERY_METHOD)
    console.add("/ip/hotspot", name="hs", interface="vlan10")
    console.add(USERS, name="guest", password="pw")
    console.hotspot = console.router.hotspot
    console.hotspot.seen(MAC, IP, "vlan10")
    return console


def refusal(hotspot, **given) -> tuple[str, str]:
    with pytest.raises(LoginRefused) as caught:
        hotspot.login(IP, **given)
    return caught.value.key, caught.value.text


def logged(console) -> list[tuple[str, str]]:
    return [(row["topics"], row["message"]) for row in console.rows("/log")]


def test_a_password_in_the_clear(guarded) -> None:
    login = guarded.hotspot.login(IP, method="http-pap", user="guest", password="pw")
    assert (login.session, login.user, login.method) == ("*1", "guest", "http-pap")
    assert guarded.rows(ACTIVE)[0]["login-by"] == "http-pap"
    assert logged(guarded)[-2:] == [
        ("hotspot,info,debug", f"guest ({IP}): trying to log in by http-pap"),
        ("hotspot,account,info,debug", f"guest ({IP}): logged in"),
    ]


def test_an_answer_to_a_challenge(guarded, still_clock: VirtualClock) -> None:
    status = guarded.hotspot.status(IP)
    challenge = status.challenge
    assert guarded.hotspot.status(IP).challenge == challenge  # a second page does not spoil the first
    answer = md5(bytes([challenge.id]) + b"pw" + challenge.value, usedforsecurity=False).hexdigest()
    assert refusal(guarded.hotspot, method="http-chap", user="guest", chap="0" * 32)[0] == "invalid-username"
    assert guarded.hotspot.status(IP).error == "invalid username or password"
    guarded.hotspot.login(IP, method="http-chap", user="guest", chap=answer.upper())
    assert guarded.rows(ACTIVE)[0]["login-by"] == "http-chap"
    # it was used: the next page has another
    guarded.hotspot.logout(IP)
    assert guarded.hotspot.status(IP).challenge != challenge
    assert guarded.hotspot.status(IP).error == ""


def test_a_challenge_is_good_for_an_hour(guarded, still_clock: VirtualClock) -> None:
    answer = guarded.hotspot.status(IP).challenge.answer("pw")
    still_clock.advance(3600)
    assert refusal(guarded.hotspot, method="http-chap", user="guest", chap=answer)[0] == "invalid-username"


def test_the_answer_is_that_of_the_manual() -> None:
    challenge = Challenge(0x21, bytes(range(16)))
    assert challenge.answer("test") == md5(b"\x21test" + bytes(range(16)), usedforsecurity=False).hexdigest()


def test_a_password_may_hold_anything(guarded) -> None:
    for password in ("p\u00e4ss", "\udcff", "\ud800", "", "a" * 5000):
        guarded.set(USERS, "guest", password=password)
        answer = guarded.hotspot.status(IP).challenge.answer(password)
        guarded.hotspot.login(IP, method="http-chap", user="guest", chap=answer)
        assert refusal(guarded.hotspot, method="http-pap", user="guest", password=password + "x")[0]


def test_a_page_without_script_is_told_so(guarded) -> None:
    guarded.set(SERVER_PROFILE, "default", login_by="http-chap")
    key, text = refusal(guarded.hotspot, method="http-pap", user="guest", password="pw")
    assert key == "chap-missing"
    assert text == "web browser did not send challenge response (try again, enable JavaScript)"
    assert refusal(guarded.hotspot, method="http-chap", user="guest")[0] == "chap-missing"
    assert logged(guarded)[-1] == (
        "hotspot,info,debug",
        f"guest ({IP}): login failed: web browser did not send challenge response (try again, enable JavaScript)",
    )


@pytest.mark.parametrize("method", ["http-pap", "https", "cookie", "trial", "mac", "mac-cookie"])
def test_a_method_that_is_not_offered_lets_nobody_in(guarded, method: str) -> None:
    guarded.set(SERVER_PROFILE, "default", login_by="")
    given = {"user": "guest", "password": "pw"} if method != "trial" else {}
    assert refusal(guarded.hotspot, method=method, **given)[0] == "invalid-username"
    assert guarded.rows(ACTIVE) == []
    # the management may nevertheless
    guarded.run(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": IP})
    assert guarded.rows(ACTIVE)[0]["login-by"] == "http-pap"


def test_every_refusal_has_its_key_and_text(guarded, still_clock: VirtualClock) -> None:
    hotspot = guarded.hotspot
    guarded.add(USERS, name="bound", mac_address=OTHER)
    guarded.add(USERS, name="spent", limit_uptime="10s")
    guarded.add(USERS, name="full", limit_bytes_in="10")
    guarded.add(USERS, name="off", disabled="yes")
    for name in ("spent", "full"):
        hotspot.login(IP, method="http-pap", user=name)
        hotspot.traffic(MAC, IP, bytes_in=10)
        still_clock.advance(10)
        hotspot.logout(IP)
    hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    hotspot.login("10.0.0.6", method="http-pap", user="guest", password="pw")
    for user, key, text in (
        ("bound", "invalid-mac", "user bound is not allowed to log in from this MAC address"),
        ("spent", "uptime-limit", "user spent has reached uptime limit"),
        ("full", "traffic-limit", "user full has reached traffic limit"),
        ("off", "invalid-username", "invalid username or password"),
        ("nobody", "invalid-username", "invalid username or password"),
    ):
        assert refusal(hotspot, method="http-pap", user=user) == (key, text)
    assert refusal(hotspot, method="http-pap", user="guest", password="pw") == (
        "user-session-limit",
        "no more sessions are allowed for user guest",
    )
    guarded.set(SERVER_PROFILE, "default", use_radius="yes")
    assert refusal(hotspot, method="http-pap", user="nobody") == (
        "radius-timeout",
        "RADIUS server is not responding",
    )
    assert refusal(hotspot, method="http-pap", user="off")[0] == "invalid-username"
    with pytest.raises(LoginRefused, match=r"unknown host IP 10\.9\.9\.9"):
        hotspot.login("10.9.9.9", method="http-pap", user="guest", password="pw")


def test_a_domain_can_be_part_of_the_name(guarded) -> None:
    guarded.set(SERVER_PROFILE, "default", split_user_domain="yes")
    for given in ("guest@example", "example\\guest"):
        login = guarded.hotspot.login(IP, method="http-pap", user=given, password="pw")
        assert (login.user, login.domain) == ("guest", "example")


def test_a_host_whose_time_runs_out_at_that_moment_is_not_logged_in(guarded) -> None:
    ticking = iter([False, True])

    def tick() -> None:
        if next(ticking, False):
            guarded.hotspot.gone(MAC)

    service = HotspotService(
        guarded.router._state, lambda change: (tick(), guarded.router.write(change)), tick
    )
    with pytest.raises(LoginRefused, match="unknown host IP"):
        service.login(IP, method="http-pap", user="guest", password="pw")
    assert guarded.rows(HOSTS) == guarded.rows(ACTIVE) == []


# -- cookies -------------------------------------------------------------------------------------------


def test_a_browser_comes_back_with_its_cookie(guarded, still_clock: VirtualClock) -> None:
    hotspot = guarded.hotspot
    cookie = hotspot.login(IP, method="https", user="guest", password="pw").cookie
    http = [row for row in guarded.rows(COOKIES) if row["mac-cookie"] == "false"]
    assert [(row["user"], row["mac-address"], row["expires-in"]) for row in http] == [("guest", MAC, "3d")]
    guarded.run(f"{ACTIVE}/remove", {"numbers": "*1"})
    assert [set(row) for row in guarded.rows(COOKIES)] == [
        {".id", "user", "mac-address", "expires-in", "mac-cookie"}
    ]
    assert guarded.rows(COOKIES)[0]["mac-cookie"] == "false"
    still_clock.advance(86400)
    again = hotspot.login(IP, method="cookie", cookie=cookie)
    assert (again.user, again.method) == ("guest", "cookie")
    assert again.cookie not in ("", cookie)
    hotspot.logout(IP, erase_cookie=True)
    assert guarded.rows(COOKIES) == []
    assert refusal(hotspot, method="cookie", cookie=again.cookie)[0] == "invalid-username"


def test_a_cookie_proves_nothing_elsewhere_later_or_after_a_new_password(
    guarded, still_clock: VirtualClock
) -> None:
    hotspot = guarded.hotspot
    cookie = hotspot.login(IP, method="http-pap", user="guest", password="pw").cookie
    hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    with pytest.raises(LoginRefused):
        hotspot.login("10.0.0.6", method="cookie", cookie=cookie)
    hotspot.logout(IP)
    guarded.set(USERS, "guest", password="new")
    assert refusal(hotspot, method="cookie", cookie=cookie)[0] == "invalid-username"
    guarded.set(USERS, "guest", password="pw")
    still_clock.advance(3 * 86400)
    assert refusal(hotspot, method="cookie", cookie=cookie)[0] == "invalid-username"


def test_without_the_method_there_is_no_cookie(guarded) -> None:
    guarded.set(SERVER_PROFILE, "default", login_by="http-pap")
    assert guarded.hotspot.login(IP, method="http-pap", user="guest", password="pw").cookie == ""
    assert guarded.rows(COOKIES) == []
    guarded.set(SERVER_PROFILE, "default", login_by="http-pap,cookie")
    assert guarded.hotspot.login(IP, method="http-pap", user="guest", password="pw").cookie != ""


def test_a_mac_cookie_lets_a_known_guest_in_unasked(guarded, still_clock: VirtualClock) -> None:
    hotspot = guarded.hotspot
    hotspot.login(IP, method="http-pap", user="guest", password="pw")
    still_clock.advance(86400)
    hotspot.logout(IP, "idle timeout")
    (cookie,) = (row for row in guarded.rows(COOKIES) if row["mac-cookie"] == "true")
    assert cookie["expires-in"] == "3d"  # counted from the end of the session
    hotspot.gone(MAC)
    assert hotspot.seen(MAC, "10.0.0.7", "vlan10").authorized
    (row,) = guarded.rows(ACTIVE)
    assert (row["user"], row["login-by"], row["address"]) == ("guest", "mac-cookie", "10.0.0.7")


@pytest.mark.parametrize(
    ("cause", "left"),
    [
        ("user request", False),
        ("admin reset", False),
        ("session timeout", False),
        ("traffic limit reached", False),
        ("idle timeout", True),
        ("keepalive timeout", True),
    ],
)
def test_the_end_of_a_session_decides_over_the_mac_cookie(guarded, cause: str, left: bool) -> None:
    guarded.hotspot.login(IP, method="http-pap", user="guest", password="pw")
    guarded.hotspot.logout(IP, cause)
    kinds = [row["mac-cookie"] for row in guarded.rows(COOKIES)]
    assert kinds == (["true", "false"] if left else ["false"])
    assert logged(guarded)[-1] == ("hotspot,account,info,debug", f"guest ({IP}): logged out: {cause}")


def test_a_mac_cookie_is_lost_to_a_failure_or_a_double(guarded) -> None:
    hotspot = guarded.hotspot
    hotspot.login(IP, method="http-pap", user="guest", password="pw")
    hotspot.gone(MAC)
    guarded.set(USERS, "guest", password="new")
    assert not hotspot.seen(MAC, IP, "vlan10").authorized
    assert [row["mac-cookie"] for row in guarded.rows(COOKIES)] == ["false"]
    hotspot.login(IP, method="http-pap", user="guest", password="new")
    hotspot.seen(MAC, "10.0.0.6", "vlan10")
    assert [row["mac-cookie"] for row in guarded.rows(COOKIES)] == ["false"]


# -- hardware addresses and trials ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "user"),
    [
        ({}, {"name": MAC}),
        ({"mac_auth_password": "shared"}, {"name": MAC, "password": "shared"}),
        ({"mac_auth_mode": "mac-as-username-and-password"}, {"name": MAC, "password": MAC}),
        ({"radius_mac_format": "XXXXXX-XXXXXX"}, {"name": "02005E-005301"}),
    ],
)
def test_a_hardware_address_can_be_a_user(guarded, settings: dict[str, str], user: dict[str, str]) -> None:
    guarded.hotspot.gone(MAC)
    guarded.set(SERVER_PROFILE, "default", **settings)
    assert not guarded.hotspot.seen(MAC, IP, "vlan10").authorized
    guarded.add(USERS, **user)
    guarded.run(f"{HOSTS}/remove", {"numbers": guarded.rows(HOSTS)[0][".id"]})
    assert guarded.hotspot.seen(MAC, IP, "vlan10").authorized
    assert [(row["user"], row["login-by"]) for row in guarded.rows(ACTIVE)] == [(user["name"], "mac")]


def test_a_trial_is_had_once_in_a_while(guarded, still_clock: VirtualClock) -> None:
    hotspot = guarded.hotspot
    guarded.set(SERVER_PROFILE, "default", trial_uptime_limit="30m", trial_uptime_reset="1d")
    assert hotspot.status(IP).trial
    login = hotspot.login(IP, method="trial")
    assert (login.user, login.cookie) == (f"T-{MAC}", "")
    (row,) = guarded.rows(USERS, f"name=T-{MAC}")
    assert (row["dynamic"], row["limit-uptime"], row["mac-address"]) == ("true", "30m", MAC)
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "30m"
    still_clock.advance(600)
    hotspot.logout(IP)
    hotspot.login(IP, method="trial", user=f"T-{MAC}")
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "20m"
    still_clock.advance(1200)
    assert guarded.rows(ACTIVE) == []
    assert not hotspot.status(IP).trial
    assert refusal(hotspot, method="trial")[0] == "uptime-limit"
    assert guarded.row(USERS, "default-trial")["uptime"] == "30m"
    still_clock.advance(86400 - 1800)
    assert guarded.rows(USERS, f"name=T-{MAC}") == []
    hotspot.seen(MAC, IP, "vlan10")
    hotspot.login(IP, method="trial")


def test_limits_of_trials_are_those_of_the_built_in_user(guarded) -> None:
    guarded.set(USERS, "default-trial", limit_bytes_total="100")
    guarded.hotspot.login(IP, method="trial")
    assert not guarded.hotspot.status(IP).trial
    assert guarded.rows(ACTIVE)[0]["limit-bytes-total"] == "100"
    guarded.hotspot.traffic(MAC, IP, bytes_out=100)
    assert guarded.rows(ACTIVE) == []
    assert not guarded.hotspot.status(IP).trial
    assert refusal(guarded.hotspot, method="trial")[0] == "traffic-limit"
    assert guarded.row(USERS, "default-trial")["bytes-out"] == "100"


def test_nobody_has_the_trial_of_another(guarded) -> None:
    hotspot = guarded.hotspot
    hotspot.seen(OTHER, "10.0.0.6", "vlan10")
    hotspot.login("10.0.0.6", method="trial")
    key, text = refusal(hotspot, method="trial", user=f"T-{OTHER}")
    assert key == "wrong-mac-username"
    assert text == f"invalid username (T-{OTHER}): this MAC address is not yours"


# -- what a page can tell --------------------------------------------------------------------------------


def test_a_guest_is_told_how_it_stands(guarded, still_clock: VirtualClock) -> None:
    hotspot = guarded.hotspot
    guarded.set(SERVER_PROFILE, "default", dns_name="login.example", hotspot_address="10.0.0.1")
    guarded.set(PROFILES, "default", session_timeout="1h", idle_timeout="5m")
    guarded.set(USERS, "guest", limit_bytes_total="1000")
    before = hotspot.status(IP)
    assert (before.mac, before.address, before.logged_in, before.user) == (MAC, IP, False, "")
    assert (before.server, before.interface, before.server_address) == ("hs", "vlan10", "10.0.0.1")
    assert (before.dns_name, before.html_directory, before.https) == ("login.example", "hotspot", False)
    assert before.login_by == tuple(EVERY_METHOD.split(","))
    assert before.profile["http-cookie-lifetime"] == "3d"
    hotspot.login(IP, method="http-pap", user="guest", password="pw")
    still_clock.advance(60)
    hotspot.traffic(MAC, IP, bytes_in=100, bytes_out=200, packets_in=1, packets_out=2)
    after = hotspot.status(IP)
    assert (after.logged_in, after.user, after.method, after.uptime) == (True, "guest", "http-pap", 60)
    assert (after.session_timeout, after.session_time_left, after.idle_timeout) == (3600, 3540, "5m")
    assert (after.bytes_in, after.bytes_out, after.packets_in, after.packets_out) == (100, 200, 1, 2)
    assert (after.limit_bytes_total, after.bytes_total_left, after.bytes_in_left) == (1000, 700, None)
    assert after.user_profile["status-autorefresh"] == "1m"
    assert hotspot.status("10.9.9.9") is None


def test_what_is_no_address_is_refused(guarded) -> None:
    hotspot = guarded.hotspot
    for call in (
        lambda: hotspot.seen("nonsense", IP, "vlan10"),
        lambda: hotspot.status("nowhere"),
        lambda: hotspot.login("nowhere", method="http-pap"),
        lambda: hotspot.traffic(MAC, IP, bytes_in=-1),
        lambda: hotspot.traffic(MAC, IP, bytes_out=10**400),
        lambda: hotspot.logout(IP, "boredom"),
    ):
        with pytest.raises(ValueError, match=r"no guest can be|at a time|ends no session"):
            call()
