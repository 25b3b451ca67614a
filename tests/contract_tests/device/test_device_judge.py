"""The judges of one and of two moments: each with routers that satisfy it and routers that do not."""

from __future__ import annotations

import pytest

from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.snapshot import Row, Snapshot
from spec.device_contract import DeviceContract

SUBNET = "10.5.50.0/24"
OTHER = "10.5.51.0/24"
TTL = 3600

Menus = dict[str, list[Row]]


def row(identifier: str, **properties: str) -> Row:
    return {".id": identifier, **{name.replace("_", "-"): value for name, value in properties.items()}}


def router(**extra: list[Row]) -> Snapshot:
    """A router with an operator's own hotspot on vlan-office, and rows given by menu (`hotspot_user`)."""
    menus: Menus = {
        judge.ADDRESSES: [
            row("*1", address="10.5.50.1/24", interface="bridge", disabled="false", invalid="false"),
            row("*2", address="10.5.51.1/24", interface="vlan2", actual_interface="vlan2"),
            row("*3", address="172.20.0.1/24", interface="vlan-office"),
        ],
        judge.SERVERS: [
            row("*1", name="office", interface="vlan-office", profile="default", invalid="false")
        ],
        judge.SERVER_PROFILES: [row("*0", name="default", login_by="cookie,http-chap", default="true")],
        judge.USERS: [row("*1", name="staff", profile="default")],
        judge.USER_PROFILES: [row("*0", name="default", default="true")],
        judge.SESSIONS: [],
        "/ip/firewall/address-list": [],
        "/ip/hotspot/ip-binding": [],
        "/ip/hotspot/walled-garden/ip": [row("*1", comment="ours"), row("*2", comment="ours too")],
        "/file": [row("*1", name="hotspot/login.html", contents="office")],
    }
    paths = {path.removeprefix("/ip/").replace("/", "_").replace("-", "_"): path for path in menus}
    for name, rows in extra.items():
        menus[paths[name]] = [*menus[paths[name]], *rows]
    return Snapshot({path: tuple(rows) for path, rows in menus.items()})


BASELINE = router()


def server(identifier: str = "*2", name: str = "guest", interface: str = "bridge", **more: str) -> Row:
    return row(
        identifier, **{"name": name, "interface": interface, "profile": "guest", "invalid": "false", **more}
    )


def guest_router(login_by: str = "http-pap", /, **extra: list[Row]) -> Snapshot:
    """The operator's router after one instance came to 10.5.50.0/24."""
    profile = row("*1", name="guest", login_by=login_by)
    return router(**{"hotspot": [server()], "hotspot_profile": [profile], **extra})


def user(identifier: str = "*9", **more: str) -> Row:
    return row(identifier, **{"name": f"u{identifier}", "server": "guest", "profile": "guest", **more})


def user_profile(identifier: str = "*9", name: str = "guest", **more: str) -> Row:
    return row(identifier, name=name, **more)


def verdict(finding: Finding) -> bool | None:
    """True, False, or None where the moment cannot tell."""
    if not finding.visible:
        assert finding.ok
        return None
    return finding.ok


@pytest.mark.parametrize(
    ("subnet", "interface"),
    [
        ("10.5.50.0/24", "bridge"),
        ("10.5.50.64/26", "bridge"),
        ("10.5.50.7/24", "bridge"),
        ("10.5.50.7/32", "bridge"),
        ("10.5.51.0/24", "vlan2"),
        ("10.5.50.0/23", None),
        ("10.9.0.0/24", None),
        ("2001:db8::/64", None),
    ],
)
def test_interface_of_a_subnet(subnet: str, interface: str | None) -> None:
    assert judge.interface_for(BASELINE, subnet) == interface


def test_interface_of_a_subnet_is_the_most_specific_enabled_valid_one() -> None:
    addresses = [
        row("*1", address="10.0.0.1/8", interface="wide"),
        row("*2", address="10.5.50.1/24", interface="off", disabled="true"),
        row("*3", address="10.5.50.2/24", interface="gone", invalid="true"),
        row("*4", address="10.5.50.3/25", interface="port", actual_interface="bridge7"),
    ]
    snapshot = Snapshot({judge.ADDRESSES: tuple(addresses)})
    assert judge.interface_for(snapshot, "10.5.50.0/25") == "bridge7"
    assert judge.interface_for(snapshot, "10.5.50.0/24") == "wide"


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ([server()], True),
        ([], False),
        ([server(disabled="true")], False),
        ([server(invalid="true")], False),
        ([server(interface="vlan2")], False),
        ([server(), server("*3", "second")], False),
        ([server(), server("*3", "second", invalid="true")], False),
        ([server(), server("*3", "second", disabled="true")], True),
    ],
)
def test_guarded(servers: list[Row], expected: bool) -> None:
    assert verdict(judge.guarded(router(hotspot=servers), SUBNET)) is expected


def test_guarded_shows_the_rows_behind_a_failure() -> None:
    finding = judge.guarded(router(hotspot=[server(disabled="true")]), SUBNET)
    assert finding.message == "no enabled hotspot server is on bridge, the interface of 10.5.50.0/24"
    assert finding.difference == (
        "/ip hotspot *2 name=guest interface=bridge profile=guest invalid=no disabled=yes",
    )


def test_nothing_can_guard_a_subnet_the_router_does_not_have() -> None:
    assert verdict(judge.guarded(guest_router(), "10.99.0.0/24")) is None
    assert verdict(judge.unguarded(guest_router(), BASELINE, "10.99.0.0/24")) is None


@pytest.mark.parametrize(
    ("servers", "subnet", "expected"),
    [
        ([], SUBNET, True),
        ([server()], SUBNET, False),
        ([server(invalid="true")], SUBNET, False),
        ([server(disabled="true")], SUBNET, True),
        ([server()], OTHER, True),
        ([], "172.20.0.0/24", True),  # the operator's own server was there before
    ],
)
def test_unguarded(servers: list[Row], subnet: str, expected: bool) -> None:
    assert verdict(judge.unguarded(router(hotspot=servers), BASELINE, subnet)) is expected


@pytest.mark.parametrize(
    ("login_by", "login", "returning"),
    [
        ("http-pap", True, True),
        ("http-chap,https,http-pap", True, True),
        ("cookie,http-pap", True, False),
        ("http-pap,mac-cookie", True, False),
        ("http-pap,trial", False, True),
        ("trial", False, True),
        ("", False, True),
    ],
)
def test_login_methods(contract: DeviceContract, login_by: str, login: bool, returning: bool) -> None:
    snapshot = guest_router(login_by)
    assert verdict(judge.login_methods(snapshot, SUBNET, contract)) is login
    assert verdict(judge.returning_logins(snapshot, SUBNET, contract)) is returning


def test_login_methods_of_a_subnet_without_server_cannot_be_told(contract: DeviceContract) -> None:
    assert verdict(judge.login_methods(BASELINE, SUBNET, contract)) is None
    assert verdict(judge.returning_logins(BASELINE, SUBNET, contract)) is None


def test_login_methods_of_a_profile_that_is_gone(contract: DeviceContract) -> None:
    finding = judge.login_methods(router(hotspot=[server()]), SUBNET, contract)
    assert verdict(finding) is False
    assert "profile guest, which does not exist" in finding.message


B_SERVER = server("*3", "guest-b", "vlan2")

# what the instance put on the router; expected: (not longer, not shorter) than an hour
LIMITS: list[tuple[str, dict[str, list[Row]], bool | None, bool | None]] = [
    ("by profile", {"user_profile": [user_profile(session_timeout="1h")], "user": [user()]}, True, True),
    (
        "colon form",
        {"user_profile": [user_profile(session_timeout="01:00:00")], "user": [user()]},
        True,
        True,
    ),
    ("too long", {"user_profile": [user_profile(session_timeout="1h1s")], "user": [user()]}, False, True),
    ("too short", {"user_profile": [user_profile(session_timeout="59m")], "user": [user()]}, True, False),
    ("zero is none", {"user_profile": [user_profile(session_timeout="0s")], "user": [user()]}, False, True),
    ("word none", {"user_profile": [user_profile(session_timeout="none")], "user": [user()]}, False, True),
    ("no limit", {"user_profile": [user_profile()], "user": [user()]}, False, True),
    ("by user", {"user_profile": [user_profile()], "user": [user(limit_uptime="1h")]}, True, True),
    (
        "the smaller counts",
        {"user_profile": [user_profile(session_timeout="1d")], "user": [user(limit_uptime="1h")]},
        True,
        True,
    ),
    (
        "the smaller is too small",
        {"user_profile": [user_profile(session_timeout="1m")], "user": [user(limit_uptime="1h")]},
        True,
        False,
    ),
    (
        "one user of two",
        {
            "user_profile": [user_profile(session_timeout="1h")],
            "user": [user(), user("*A", profile="default")],
        },
        False,
        True,
    ),
    (
        "a disabled user admits nobody",
        {
            "user_profile": [user_profile(session_timeout="1h")],
            "user": [user(), user("*A", profile="default", disabled="true")],
        },
        True,
        True,
    ),
    (
        "a user of every server",
        {"user_profile": [user_profile(session_timeout="2h")], "user": [user(server="all")]},
        False,
        True,
    ),
    ("a profile that is gone", {"user": [user(profile="*7")]}, False, True),
    ("unreadable", {"user_profile": [user_profile(session_timeout="soon")], "user": [user()]}, None, None),
    (
        "users of the other instance do not count",
        {
            "hotspot": [server(), B_SERVER],
            "user_profile": [
                user_profile(session_timeout="1h"),
                user_profile("*A", "guest-b", session_timeout="2h"),
            ],
            "user": [user(), user("*A", server="guest-b", profile="guest-b")],
        },
        True,
        True,
    ),
    (
        "users shared by two instances belong to neither",
        {
            "hotspot": [server(), B_SERVER],
            "user_profile": [
                user_profile(session_timeout="1h"),
                user_profile("*A", "guest-b", session_timeout="2h"),
            ],
            "user": [user(server="all"), user("*A", server="all", profile="guest-b")],
        },
        None,
        None,
    ),
    ("profiles alone", {"user_profile": [user_profile(session_timeout="1h")]}, True, True),
    ("profiles alone, too long", {"user_profile": [user_profile(session_timeout="2h")]}, False, True),
    ("profiles alone, no limit", {"user_profile": [user_profile()]}, None, None),
    (
        "profiles alone, two instances",
        {"hotspot": [server(), B_SERVER], "user_profile": [user_profile(session_timeout="2h")]},
        None,
        None,
    ),
    (
        "address list with timeout",
        {
            "firewall_address_list": [
                row("*1", list="guests", address="10.5.50.9", timeout="1h", dynamic="true")
            ]
        },
        None,
        None,
    ),
    (
        "binding",
        {"hotspot_ip_binding": [row("*1", type="bypassed", mac_address="02:00:00:00:00:01")]},
        None,
        None,
    ),
]


def placed(items: dict[str, list[Row]]) -> dict[str, list[Row]]:
    short = ("user", "user_profile")
    return {f"hotspot_{name}" if name in short else name: rows for name, rows in items.items()}


@pytest.mark.parametrize(
    ("items", "longer", "shorter"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS]
)
def test_session_limit(items: dict[str, list[Row]], longer: bool | None, shorter: bool | None) -> None:
    snapshot = guest_router(**placed(items))
    findings = judge.session_limit(snapshot, BASELINE, SUBNET, TTL)
    assert tuple(map(verdict, findings)) == (longer, shorter)


def test_session_limit_says_what_is_granted() -> None:
    snapshot = guest_router(hotspot_user=[user(limit_uptime="2h")], hotspot_user_profile=[user_profile()])
    longer, _ = judge.session_limit(snapshot, BASELINE, SUBNET, TTL)
    assert longer.message == "the router grants sessions of 7200 s in 10.5.50.0/24; session_ttl is 3600 s"
    assert longer.difference == (
        (
            "/ip hotspot user *9 name=u*9 server=guest profile=guest limit-uptime=2h"
            "   # session-timeout of guest: none"
        ),
    )


def test_session_limit_without_server_cannot_be_told() -> None:
    findings = judge.session_limit(router(hotspot_user=[user()]), BASELINE, SUBNET, TTL)
    assert tuple(map(verdict, findings)) == (None, None)


def test_same_server() -> None:
    before = guest_router()
    assert verdict(judge.same_server(before, guest_router(hotspot=[server(profile="other")]), SUBNET)) is True
    assert verdict(judge.same_server(before, guest_router(hotspot=[server("*8")]), SUBNET)) is False
    assert verdict(judge.same_server(before, BASELINE, SUBNET)) is False
    assert verdict(judge.same_server(BASELINE, before, SUBNET)) is None


def without(snapshot: Snapshot, menu: str, identifier: str) -> Snapshot:
    rows = tuple(item for item in snapshot.rows(menu) if item[".id"] != identifier)
    return Snapshot({**snapshot.menus, menu: rows})


def with_rows(snapshot: Snapshot, menu: str, *rows: Row) -> Snapshot:
    return Snapshot({**snapshot.menus, menu: rows})


GARDEN = "/ip/hotspot/walled-garden/ip"
FIRST, SECOND = BASELINE.rows(GARDEN)
RENAMED = with_rows(BASELINE, judge.USERS, row("*1", name="renamed", profile="default"))

FRAMES: list[tuple[str, Snapshot, bool, bool, bool]] = [  # untouched, restored, pages_restored
    ("nothing", BASELINE, True, True, True),
    ("an instance more", guest_router(hotspot_user=[user()]), True, False, True),
    ("an item gone", without(BASELINE, judge.USERS, "*1"), False, False, True),
    ("an item changed", RENAMED, False, False, True),
    ("an order changed", with_rows(BASELINE, GARDEN, SECOND, FIRST), False, False, True),
    ("a rule put between", with_rows(BASELINE, GARDEN, FIRST, row("*9"), SECOND), True, False, True),
    (
        "a page more",
        with_rows(BASELINE, "/file", *BASELINE.rows("/file"), row("*8", name="pc/login.html")),
        True,
        True,
        False,
    ),
    ("a session", router(hotspot_active=[row("*1", server="office")]), True, True, True),
    ("a host on a list", router(firewall_address_list=[row("*1", dynamic="true")]), True, True, True),
    (
        "a counter",
        with_rows(BASELINE, judge.USERS, row("*1", name="staff", profile="default", uptime="1h")),
        True,
        True,
        True,
    ),
    (
        "the operator's server turned invalid",
        with_rows(BASELINE, judge.SERVERS, {**BASELINE.rows(judge.SERVERS)[0], "invalid": "true"}),
        False,
        False,
        True,
    ),
]


@pytest.mark.parametrize(
    ("now", "untouched", "restored", "pages"), [case[1:] for case in FRAMES], ids=[case[0] for case in FRAMES]
)
def test_frame(contract: DeviceContract, now: Snapshot, untouched: bool, restored: bool, pages: bool) -> None:
    assert verdict(judge.untouched(BASELINE, now, contract)) is untouched
    assert verdict(judge.restored(BASELINE, now, contract)) is restored
    assert verdict(judge.pages_restored(BASELINE, now, contract)) is pages


def test_restored_shows_the_commands(contract: DeviceContract) -> None:
    finding = judge.restored(BASELINE, RENAMED, contract)
    assert finding.message == "the router is not what it was before: 1 item differs"
    assert finding.difference == ("/ip hotspot user set [find name=staff] name=renamed   # was: name=staff",)


def test_sessions_over() -> None:
    active = [row("*1", server="guest", user="u"), row("*2", server="office", user="staff")]
    snapshot = guest_router(hotspot_active=active)
    assert verdict(judge.sessions_over(snapshot, BASELINE, ["guest"])) is False
    assert verdict(judge.sessions_over(snapshot, BASELINE, ["guest-b"])) is True
    assert verdict(judge.sessions_over(snapshot, snapshot, ["guest", "office"])) is True


def test_sessions_kept() -> None:
    two = [row("*1", server="guest", uptime="5m"), row("*2", server="office")]
    before = guest_router(hotspot_active=two)
    assert verdict(
        judge.sessions_kept(before, guest_router(hotspot_active=[row("*1"), row("*2"), row("*3")]))
    )
    assert verdict(judge.sessions_kept(before, guest_router(hotspot_active=[row("*2"), row("*3")]))) is False
    assert verdict(judge.sessions_kept(BASELINE, before)) is None


SECRET = "s3cr3t/with+signs"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], True),
        ([user(comment="harmless")], True),
        ([user(password=SECRET)], False),
        ([user(comment=f"key={SECRET}&x=1")], False),
        ([user(comment="key=s3cr3t%2Fwith%2Bsigns")], False),
    ],
)
def test_free_of(rows: list[Row], expected: bool) -> None:
    finding = judge.free_of(guest_router(hotspot_user=rows), ["abc", SECRET])
    assert verdict(finding) is expected
    assert "s3cr3t" not in repr(finding)


def test_free_of_short_secrets_cannot_be_told() -> None:
    assert verdict(judge.free_of(guest_router(), ["abc", ""])) is None


def test_free_of_looks_into_pages() -> None:
    snapshot = with_rows(BASELINE, "/file", row("*1", name="login.html", contents=f"<a href='?k={SECRET}'>"))
    finding = judge.free_of(snapshot, [SECRET])
    assert finding.difference == ("/file *1 property contents",)
