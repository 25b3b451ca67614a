import pytest

from router_sim.clock import VirtualClock

ACTIVE = "/ip/hotspot/active"
HOSTS = "/ip/hotspot/host"
USERS = "/ip/hotspot/user"
PROFILES = "/ip/hotspot/user/profile"
BINDINGS = "/ip/hotspot/ip-binding"
LISTS = "/ip/firewall/address-list"
MAC = "02:00:5E:00:53:01"
OTHER = "02:00:5E:00:53:02"
IP = "10.0.0.5"


@pytest.fixture
def guarded(console):
    """The console of a router with a working server on vlan10, a guest behind it, and a user."""
    console.add("/ip/hotspot", name="hs", interface="vlan10")
    console.add(USERS, name="guest", password="pw")
    console.router.associate(MAC, IP, "vlan10")
    return console


def login(console, ip: str = IP, **more: str) -> None:
    given = {name.replace("_", "-"): value for name, value in more.items()}
    console.run(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": ip, **given})


# -- hosts -------------------------------------------------------------------------------------------


def test_a_guest_gets_a_row_where_a_server_works(console) -> None:
    assert console.router.associate(MAC, IP, "vlan10") is None
    console.add("/ip/hotspot", name="hs", interface="vlan10")
    assert console.router.associate("02-00-5e-00-53-01", IP, "vlan10") == "*1"
    assert console.router.associate(MAC, IP, "vlan10") == "*1"
    assert console.router.associate(OTHER, "10.0.1.5", "vlan20") is None
    (row,) = console.rows(HOSTS)
    assert (row["mac-address"], row["address"], row["to-address"], row["server"]) == (MAC, IP, IP, "hs")
    assert (row["authorized"], row["bypassed"]) == ("false", "false")


def test_a_hardware_address_has_no_more_hosts_than_allowed(guarded) -> None:
    assert guarded.router.associate(MAC, "10.0.0.6", "vlan10") == "*2"
    assert guarded.router.associate(MAC, "10.0.0.7", "vlan10") is None


def test_a_guest_that_moves_leaves_nothing_behind(guarded) -> None:
    guarded.add("/ip/hotspot", name="hs2", interface="vlan20")
    login(guarded)
    guarded.router.associate(MAC, "10.0.1.5", "vlan20")
    assert [(row["server"], row["authorized"]) for row in guarded.rows(HOSTS)] == [("hs2", "false")]
    assert guarded.rows(ACTIVE) == []


def test_a_guest_that_leaves_ends_its_session(guarded) -> None:
    login(guarded)
    guarded.router.disassociate(MAC, "10.9.9.9")
    assert len(guarded.rows(ACTIVE)) == 1
    guarded.router.disassociate(MAC)
    assert guarded.rows(HOSTS) == guarded.rows(ACTIVE) == []


def test_nonsense_is_no_guest(guarded) -> None:
    with pytest.raises(ValueError, match="no guest can be"):
        guarded.router.associate("nonsense", IP, "vlan10")


def test_an_unauthorised_host_goes_after_the_servers_login_timeout(
    guarded, still_clock: VirtualClock
) -> None:
    guarded.set("/ip/hotspot", "hs", login_timeout="2m")
    still_clock.advance(60)
    guarded.router.associate(OTHER, "10.0.0.6", "vlan10")
    still_clock.advance(60)
    assert [row["address"] for row in guarded.rows(HOSTS)] == ["10.0.0.6"]
    still_clock.advance(60)
    assert guarded.rows(HOSTS) == []


def test_bindings_are_matched_from_the_top(guarded) -> None:
    guarded.add(BINDINGS, mac_address=OTHER, type="bypassed", disabled="yes")
    guarded.add(BINDINGS, address="10.0.0.0/24", server="hs", type="bypassed", comment="all of them")
    guarded.add(BINDINGS, mac_address=OTHER, to_address="10.0.0.99")
    guarded.router.associate(OTHER, "10.0.1.6", "vlan10")
    assert guarded.row(HOSTS, "*2")["to-address"] == "10.0.0.99"
    assert guarded.row(HOSTS, "*1")["bypassed"] == "false"
    guarded.router.associate(MAC, IP, "vlan10")
    assert guarded.row(HOSTS, "*1")["bypassed"] == "true"


def test_a_binding_of_another_server_or_range_does_not_match(guarded) -> None:
    guarded.add("/ip/hotspot", name="hs2", interface="vlan20")
    guarded.add(BINDINGS, mac_address=OTHER, server="hs2", type="bypassed")
    guarded.add(BINDINGS, server="hs", type="bypassed", comment="matches nobody in particular")
    guarded.add(BINDINGS, mac_address=OTHER, address="10.0.0.100-10.0.0.199", type="bypassed")
    guarded.router.associate(OTHER, "10.0.0.6", "vlan10")
    assert guarded.row(HOSTS, "*2")["bypassed"] == "false"
    guarded.router.associate(OTHER, "10.0.0.150", "vlan10")
    assert guarded.row(HOSTS, "*3")["bypassed"] == "true"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, ("missing =numbers=", None)),
        ({"numbers": "*1", "type": "open"}, ("input does not match any value of type", 1)),
        ({"numbers": "*1,*9"}, ("no such item", 0)),
    ],
)
def test_a_binding_needs_a_host_and_a_type(
    guarded, given: dict[str, str], sentence: tuple[str, int | None]
) -> None:
    assert guarded.trap(f"{HOSTS}/make-binding", given) == (sentence,)


def test_a_binding_is_made_from_a_host(guarded) -> None:
    guarded.run(f"{HOSTS}/make-binding", {"numbers": "*1", "type": "bypassed", "comment": "printer"})
    (row,) = guarded.rows(BINDINGS)
    assert (row["mac-address"], row["address"], row["server"], row["type"]) == (MAC, IP, "hs", "bypassed")


# -- login -------------------------------------------------------------------------------------------


def test_a_login_makes_a_session(guarded, still_clock: VirtualClock) -> None:
    login(guarded, mac_address=MAC)
    still_clock.advance(724)
    assert guarded.rows(ACTIVE) == [
        {
            ".id": "*1",
            "server": "hs",
            "user": "guest",
            "address": IP,
            "mac-address": MAC,
            "login-by": "http-pap",
            "uptime": "12m4s",
            "idle-time": "0s",
            "keepalive-timeout": "2m",
            "bytes-in": "0",
            "bytes-out": "0",
            "packets-in": "0",
            "packets-out": "0",
            "radius": "false",
            "blocked": "false",
        }
    ]
    assert guarded.rows(HOSTS)[0]["authorized"] == "true"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ip": "10.20.0.252"}, ("unknown host IP 10.20.0.252", None)),
        ({"ip": "nowhere"}, ("invalid value for argument ip", 1)),
        ({"mac-address": OTHER}, (f"wrong MAC provided {OTHER}", None)),
        ({"mac-address": "nonsense"}, ("invalid value of mac-address, mac address required", 1)),
        ({"password": "wrong"}, ("invalid username or password", None)),
        ({"password": ""}, ("invalid username or password", None)),
        ({"user": "nobody"}, ("invalid username or password", None)),
        ({"user": "off"}, ("invalid username or password", None)),
        ({"user": "elsewhere"}, ("invalid username or password", None)),
        ({"user": "default-trial", "password": ""}, ("invalid username or password", None)),
        ({"user": "bound"}, ("user bound is not allowed to log in from this MAC address", None)),
        ({"server": "hs"}, ("unknown parameter server", 1)),
    ],
)
def test_a_login_is_refused_with_the_reason(
    guarded, given: dict[str, str], sentence: tuple[str, int | None]
) -> None:
    guarded.add("/ip/hotspot", name="hs2", interface="vlan20")
    guarded.add(USERS, name="off", password="pw", disabled="yes")
    guarded.add(USERS, name="elsewhere", password="pw", server="hs2")
    guarded.add(USERS, name="bound", password="pw", mac_address=OTHER)
    asked = {"user": "guest", "password": "pw", "ip": IP, **given}
    assert guarded.trap(f"{ACTIVE}/login", asked) == (sentence,)


@pytest.mark.parametrize("left_out", ["user", "ip"])
def test_a_login_needs_a_user_and_an_address(guarded, left_out: str) -> None:
    asked = {"user": "guest", "ip": IP}
    del asked[left_out]
    assert guarded.trap(f"{ACTIVE}/login", asked) == ((f"missing ={left_out}=", None),)


def test_no_password_is_an_empty_one(guarded) -> None:
    guarded.add(USERS, name="open")
    guarded.run(f"{ACTIVE}/login", {"user": "open", "ip": IP})
    assert guarded.rows(ACTIVE)[0]["user"] == "open"


def test_a_session_carries_what_was_given_and_what_limits_it(guarded) -> None:
    guarded.set(USERS, "guest", limit_bytes_total="500", limit_bytes_in="0")
    guarded.set(PROFILES, "default", idle_timeout="10m", keepalive_timeout="none")
    login(guarded, domain="example")
    (row,) = guarded.rows(ACTIVE)
    assert (row["domain"], row["limit-bytes-total"], row["idle-timeout"]) == ("example", "500", "10m")
    assert not {"limit-bytes-in", "keepalive-timeout"} & set(row)


def test_with_one_to_one_addresses_the_session_has_the_translated_one(guarded) -> None:
    guarded.add(BINDINGS, mac_address=OTHER, to_address="10.0.0.99")
    guarded.router.associate(OTHER, "172.16.0.9", "vlan10")
    login(guarded, ip="10.0.0.99")
    assert guarded.rows(ACTIVE)[0]["address"] == "10.0.0.99"


def test_sessions_of_one_user_are_limited(guarded) -> None:
    guarded.router.associate(OTHER, "10.0.0.6", "vlan10")
    login(guarded)
    refusal = (("no more sessions are allowed for user guest", None),)
    assert guarded.trap(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": "10.0.0.6"}) == refusal
    guarded.set(PROFILES, "default", shared_users="2")
    login(guarded, ip="10.0.0.6")
    assert len(guarded.rows(ACTIVE)) == 2
    guarded.set(PROFILES, "default", shared_users="unlimited")
    guarded.router.associate("02:00:5E:00:53:03", "10.0.0.7", "vlan10")
    login(guarded, ip="10.0.0.7")
    assert len(guarded.rows(ACTIVE)) == 3


def test_a_second_login_of_the_same_host_takes_the_place_of_the_first(
    guarded, still_clock: VirtualClock
) -> None:
    guarded.set(PROFILES, "default", session_timeout="1h")
    login(guarded)
    still_clock.advance(600)
    login(guarded)
    assert [(row[".id"], row["session-time-left"]) for row in guarded.rows(ACTIVE)] == [("*2", "1h")]
    assert guarded.rows(HOSTS)[0]["authorized"] == "true"
    assert guarded.row(USERS, "guest")["uptime"] == "10m"


# -- the end -----------------------------------------------------------------------------------------


def test_a_session_ends_with_its_session_timeout(guarded, still_clock: VirtualClock) -> None:
    guarded.set(PROFILES, "default", session_timeout="1h")
    login(guarded)
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "1h"
    still_clock.advance(3599)
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "1s"
    still_clock.advance(1)
    assert guarded.rows(ACTIVE) == []
    assert guarded.rows(HOSTS)[0]["authorized"] == "false"
    assert guarded.row(USERS, "guest")["uptime"] == "1h"


def test_the_users_time_is_counted_over_all_sessions(guarded, still_clock: VirtualClock) -> None:
    guarded.set(PROFILES, "default", session_timeout="1h")
    guarded.set(USERS, "guest", limit_uptime="90m")
    login(guarded)
    still_clock.advance(5000)
    login(guarded)
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "30m"
    still_clock.advance(1800)
    assert guarded.rows(ACTIVE) == []
    assert guarded.row(USERS, "guest")["uptime"] == "1h30m"
    refusal = (("user guest has reached uptime limit", None),)
    assert guarded.trap(f"{ACTIVE}/login", {"user": "guest", "password": "pw", "ip": IP}) == refusal
    guarded.run(f"{USERS}/reset-counters", {"numbers": "guest"})
    assert guarded.row(USERS, "guest")["uptime"] == "0s"
    login(guarded)


def test_removing_a_session_leaves_the_host_without_one(guarded, still_clock: VirtualClock) -> None:
    login(guarded)
    still_clock.advance(30)
    guarded.run(f"{ACTIVE}/remove", {".id": "*1"})
    assert guarded.rows(HOSTS)[0]["authorized"] == "false"
    assert guarded.row(USERS, "guest")["uptime"] == "30s"


def test_removing_a_host_ends_its_session(guarded) -> None:
    login(guarded)
    guarded.run(f"{HOSTS}/remove", {".id": "*1"})
    assert guarded.rows(ACTIVE) == []


def test_editing_the_user_leaves_the_running_session_alone(guarded, still_clock: VirtualClock) -> None:
    guarded.add(PROFILES, name="short", session_timeout="10m")
    guarded.set(PROFILES, "default", session_timeout="1h")
    login(guarded)
    guarded.set(USERS, "guest", profile="short", password="new", limit_uptime="1m")
    guarded.run(f"{USERS}/disable", {".id": "guest"})
    guarded.run(f"{USERS}/remove", {".id": "guest"})
    still_clock.advance(3599)
    assert guarded.rows(ACTIVE)[0]["session-time-left"] == "1s"
    still_clock.advance(1)
    assert guarded.rows(ACTIVE) == []


def test_a_session_lists_its_address_for_as_long_as_it_lasts(guarded) -> None:
    guarded.add(LISTS, list="vip", address=IP, comment="the operator's own")
    guarded.set(PROFILES, "default", address_list="vip,online")
    login(guarded)
    entry = guarded.rows(LISTS, "list=online")[0]
    assert (entry["address"], entry["dynamic"]) == (IP, "true")
    assert guarded.trap(f"{LISTS}/set", {".id": entry[".id"], "comment": "x"}) == (
        ("failure: can not change dynamic", None),
    )
    guarded.run(f"{ACTIVE}/remove", {".id": "*1"})
    assert [row["list"] for row in guarded.rows(LISTS)] == ["vip"]


def test_a_mac_cookie_is_left_where_both_profiles_want_it(guarded, still_clock: VirtualClock) -> None:
    cookies = "/ip/hotspot/cookie"
    login(guarded)
    assert guarded.rows(cookies) == []
    guarded.set("/ip/hotspot/profile", "default", login_by="http-pap,mac-cookie")
    login(guarded)
    still_clock.advance(3600)
    (cookie,) = guarded.rows(cookies)
    assert (cookie["user"], cookie["mac-address"], cookie["mac-cookie"]) == ("guest", MAC, "true")
    assert cookie["expires-in"] == "2d23h"
    guarded.run(f"{ACTIVE}/remove", {".id": "*2"})
    assert guarded.rows(cookies) == []
    login(guarded)
    still_clock.advance(3 * 86400)
    assert guarded.rows(cookies) == []
    assert len(guarded.rows(ACTIVE)) == 1
    guarded.set(PROFILES, "default", add_mac_cookie="no")
    login(guarded)
    assert guarded.rows(cookies) == []


def test_rows_the_router_made_cannot_be_added_or_changed(guarded) -> None:
    assert guarded.trap(f"{ACTIVE}/add", {})[0][0] == "no such command or directory (add)"
    assert guarded.trap(f"{HOSTS}/set", {".id": "*1"})[0][0] == "no such command or directory (set)"
