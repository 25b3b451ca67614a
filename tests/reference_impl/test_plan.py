"""Planning, purely: applying a plan to a model of the menus leads to what is desired, safely."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.provisioning.desired import (
    Claim,
    Desired,
    Portal,
    desired,
    login_page,
    technical_password,
)
from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Operation,
    duration,
)
from reference_impl.provisioning.plan import plan

YES_NO = {"yes": "true", "no": "false"}
PORTAL = Portal("http://192.0.2.80/captive", IPv4Address("192.0.2.80"), "a secret of the tests")
A = "aaaaaaaa-0000-4000-8000-000000000001"
B = "bbbbbbbb-0000-4000-8000-000000000002"
C = "cccccccc-0000-4000-8000-000000000003"
SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
INTERFACES = ("bridge-guest", "vlan-2", "vlan-3")
NETWORKS = ("10.5.50", "10.5.51", "10.5.52")

Rows = dict[str, list[dict[str, str]]]
Watch = Callable[[Operation], None]

REFERENCES = {
    SERVER: {"profile": SERVER_PROFILE},
    USER: {"server": SERVER, "profile": USER_PROFILE},
    WALLED_GARDEN_IP: {"server": SERVER},
    ACTIVE: {"server": SERVER},
}


class Model:
    """The menus as lists of rows: unique names, checked references that follow a rename."""

    def __init__(self, rows: Rows) -> None:
        self.rows: Rows = {
            menu: [dict(row) for row in rows.get(menu, [])] for menu in {*rows, *MENUS, ACTIVE}
        }
        self.next = 0x100

    def apply(self, operation: Operation) -> None:
        rows = self.rows[operation.menu]
        if operation.verb == "add":
            self.next += 1
            row = {".id": f"*{self.next:X}"}
            self._write(operation.menu, row, operation.properties)
            rows.append(row)
            return
        [row] = [row for row in rows if operation.target in (row[".id"], row.get("name"))]
        if operation.verb == "set":
            self._write(operation.menu, row, operation.properties)
            return
        for menu, properties in REFERENCES.items():
            for name, target in properties.items():
                if target == operation.menu and menu != ACTIVE:
                    assert all(other.get(name) != row["name"] for other in self.rows[menu]), operation
        rows.remove(row)
        if operation.menu == SERVER:
            self.rows[ACTIVE] = [other for other in self.rows[ACTIVE] if other["server"] != row["name"]]

    def _write(self, menu: str, row: dict[str, str], properties: Mapping[str, str]) -> None:
        values = {name: YES_NO.get(value, value) for name, value in properties.items()}
        for name, target in REFERENCES.get(menu, {}).items():
            if name in values:
                assert values[name] in {other["name"] for other in self.rows[target]}, (menu, values)
        if "name" in values and values["name"] != row.get("name"):
            assert values["name"] not in {other.get("name") for other in self.rows[menu]}, values["name"]
            for other_menu, references in REFERENCES.items():
                for name, target in references.items():
                    if target == menu:
                        for other in self.rows[other_menu]:
                            if "name" in row and other.get(name) == row["name"]:
                                other[name] = values["name"]
        row.update(values)

    def servers_on(self, interface: str) -> list[dict[str, str]]:
        return [
            row
            for row in self.rows[SERVER]
            if row["interface"] == interface and row.get("disabled") != "true"
        ]

    def foreign(self) -> Rows:
        return {menu: [row for row in self.rows[menu] if not MENUS[menu].owns(row)] for menu in MENUS}


def addresses(interfaces: tuple[str, ...] = INTERFACES) -> list[dict[str, str]]:
    return [
        {".id": f"*{number}", "address": f"{network}.1/24", "interface": interface, "disabled": "false"}
        for number, (network, interface) in enumerate(zip(NETWORKS, interfaces, strict=True))
    ]


def operators_things() -> Rows:
    return {
        SERVER_PROFILE: [{".id": "*0", "name": "default"}, {".id": "*1", "name": "office"}],
        USER_PROFILE: [{".id": "*0", "name": "default"}, {".id": "*1", "name": "pc-lounge"}],
        SERVER: [
            {
                ".id": "*1",
                "name": "office",
                "interface": "vlan-office",
                "profile": "office",
                "disabled": "false",
            }
        ],
        USER: [
            {".id": "*1", "name": "pc-aaaaaaaa-10.5.50.1-mine", "profile": "default", "comment": "reception"},
            {".id": "*2", "name": "guest", "profile": "pc-lounge"},
        ],
        WALLED_GARDEN_IP: [{".id": "*1", "dst-address": "192.0.2.80", "comment": "portal"}],
        FILE: [
            {".id": "*1", "name": "hotspot", "type": "directory"},
            {".id": "*2", "name": "pc-photos/a"},
        ],
        ACTIVE: [{".id": "*1", "user": "guest", "server": "office"}],
        ADDRESS: addresses(),
    }


def claim(instance: str, network: int, ttl: int = 3600) -> Claim:
    return Claim(instance, SITE, f"{NETWORKS[network]}.0/24", ttl)


def converge(model: Model, claims: list[Claim], watch: Watch = lambda _: None) -> Desired:
    """Plan and apply once, watched after each write, and check that a second plan would be empty."""
    goal = desired(claims, model.rows, PORTAL)
    for operation in plan(goal.items, model.rows):
        model.apply(operation)
        watch(operation)
    again = desired(claims, model.rows, PORTAL)
    assert again == goal
    assert plan(again.items, model.rows) == []
    return goal


def holds(model: Model, goal: Desired) -> bool:
    return all(
        any(
            all(row.get(key) == YES_NO.get(value, value) for key, value in item.properties.items())
            for row in model.rows[item.menu]
        )
        for item in goal.items
    )


CLAIMS = st.dictionaries(st.sampled_from([0, 1, 2]), st.sampled_from([A, B, C]), max_size=3)
TTLS = st.fixed_dictionaries({instance: st.integers(1200, 604800) for instance in (A, B, C)})


def to_claims(holders: Mapping[int, str], ttls: Mapping[str, int]) -> list[Claim]:
    return [claim(instance, network, ttls[instance]) for network, instance in sorted(holders.items())]


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(st.tuples(CLAIMS, TTLS), min_size=1, max_size=4), stop=st.integers(0, 60))
def test_every_change_converges_and_every_guarded_interface_has_one_server(
    steps: list[tuple[dict[int, str], dict[str, int]]], stop: int
) -> None:
    model = Model(operators_things())
    foreign = model.foreign()
    before: dict[int, str] = {}
    written = 0
    for holders, ttls in steps:
        guarded = [INTERFACES[network] for network in before.keys() & holders.keys()]

        def watch(_operation: Operation, guarded: list[str] = guarded) -> None:
            nonlocal written
            written += 1
            assert all(len(model.servers_on(interface)) == 1 for interface in guarded)
            assert all(len(model.servers_on(interface)) <= 1 for interface in INTERFACES)
            assert model.foreign() == foreign

        claims = to_claims(holders, ttls)
        # Once, the connection is lost somewhere in the middle: the next pass plans anew.
        goal = desired(claims, model.rows, PORTAL)
        for operation in plan(goal.items, model.rows):
            if written == stop:
                break
            model.apply(operation)
            watch(operation)
        goal = converge(model, claims, watch)
        assert holds(model, goal)
        assert {INTERFACES[network] for network in holders} == {
            row["interface"] for row in model.rows[SERVER] if MENUS[SERVER].owns(row)
        }
        before = holders
    converge(model, [])
    assert model.rows == {**Model(operators_things()).rows, ACTIVE: model.rows[ACTIVE]}
    assert model.foreign() == foreign


@settings(max_examples=200, deadline=None)
@given(first=CLAIMS, second=CLAIMS, order=st.permutations(INTERFACES), ttls=TTLS)
def test_servers_follow_addresses_that_move(
    first: dict[int, str], second: dict[int, str], order: list[str], ttls: dict[str, int]
) -> None:
    model = Model(operators_things())
    converge(model, to_claims(first, ttls))
    model.rows[ADDRESS] = addresses(tuple(order))
    guarded = {INTERFACES[network] for network in first} & {order[network] for network in second}

    def watch(_operation: Operation) -> None:
        assert all(len(model.servers_on(interface)) == 1 for interface in guarded)

    for _ in range(3):
        for operation in plan(desired(to_claims(second, ttls), model.rows, PORTAL).items, model.rows):
            model.apply(operation)
            watch(operation)
    goal = desired(to_claims(second, ttls), model.rows, PORTAL)
    assert plan(goal.items, model.rows) == []
    assert holds(model, goal)


LOST = "pc-dddddddd-10.5.50.1"
LOST_TAG = "portal-contract:dddddddd-0000-4000-8000-000000000004"
OWNED_ROWS = {
    SERVER_PROFILE: {"name": LOST},
    USER_PROFILE: {"name": "pc-dddddddd"},
    SERVER: {
        "name": "pc-dddddddd-10.5.50.1",
        "interface": "bridge-guest",
        "profile": "pc-dddddddd-10.5.50.1",
    },
    WALLED_GARDEN_IP: {
        "comment": LOST_TAG,
        "dst-address": "192.0.2.9",
    },
    USER: {
        "name": "x",
        "profile": "default",
        "comment": LOST_TAG,
    },
    FILE: {"name": "pc-dddddddd/login.html"},
}


@given(kinds=st.sets(st.sampled_from(sorted(OWNED_ROWS))), wanted=CLAIMS, ttls=TTLS)
@settings(deadline=None)
def test_orphans_go_even_if_nobody_remembers_them(
    kinds: set[str], wanted: dict[int, str], ttls: dict[str, int]
) -> None:
    if SERVER in kinds:
        kinds |= {SERVER_PROFILE}
    model = Model(operators_things())
    foreign = model.foreign()
    for kind in kinds:
        model.rows[kind].append({".id": "*99", **OWNED_ROWS[kind]})
    goal = converge(model, to_claims(wanted, ttls))
    assert holds(model, goal)
    assert model.foreign() == foreign
    assert not any("dddddddd" in str(row) for rows in model.rows.values() for row in rows)


def provisioned(*claims: Claim) -> Model:
    model = Model(operators_things())
    converge(model, list(claims))
    return model


def operations(model: Model, *claims: Claim) -> list[Operation]:
    return plan(desired(claims, model.rows, PORTAL).items, model.rows)


def test_a_changed_session_ttl_is_one_set_of_the_user_profile() -> None:
    model = provisioned(claim(A, 0), claim(A, 1))
    [operation] = operations(model, claim(A, 0, 7200), claim(A, 1, 7200))
    assert (operation.verb, operation.menu, operation.properties) == (
        "set",
        USER_PROFILE,
        {"session-timeout": "2h"},
    )


def test_a_hand_over_sets_name_and_profile_of_the_row_at_once_and_ends_sessions() -> None:
    model = provisioned(claim(A, 0), claim(A, 1))
    [row, kept] = [dict(row) for row in model.rows[SERVER] if MENUS[SERVER].owns(row)]
    sessions = [
        {".id": "*A1", "user": row["name"], "server": row["name"]},
        {".id": "*A2", "user": "guest", "server": row["name"]},
        {".id": "*A3", "user": kept["name"], "server": kept["name"]},
    ]
    model.rows[ACTIVE] += sessions
    steps = operations(model, claim(B, 0), claim(A, 1))
    server_writes = [step for step in steps if step.menu == SERVER]
    name = "pc-bbbbbbbb-10.5.50.1"
    assert server_writes == [Operation("set", SERVER, row[".id"], {"name": name, "profile": name})]
    assert [step.target for step in steps if step.menu == ACTIVE] == ["*A1", "*A2"]
    assert steps.index(server_writes[0]) < next(
        index for index, step in enumerate(steps) if step.menu == ACTIVE
    )


def test_sessions_left_by_a_crash_are_ended_later() -> None:
    model = provisioned(claim(B, 0))
    model.rows[ACTIVE].append(
        {".id": "*A1", "user": "pc-aaaaaaaa-10.5.50.1", "server": "pc-bbbbbbbb-10.5.50.1"}
    )
    assert operations(model, claim(B, 0)) == [Operation("remove", ACTIVE, "*A1")]


def test_a_new_server_starts_after_everything_its_guests_need() -> None:
    model = Model(operators_things())
    steps = [(step.verb, step.menu) for step in operations(model, claim(A, 0))]
    assert steps == [
        ("add", USER_PROFILE),
        ("add", FILE),
        ("add", FILE),
        ("add", FILE),
        ("add", SERVER_PROFILE),
        ("add", SERVER),
        ("add", WALLED_GARDEN_IP),
        ("add", USER),
        ("set", SERVER),
    ]


def test_a_disabled_server_is_started_again_and_a_changed_item_repaired() -> None:
    model = provisioned(claim(A, 0))
    server = next(row for row in model.rows[SERVER] if MENUS[SERVER].owns(row))
    server["disabled"] = "true"
    page = next(row for row in model.rows[FILE] if row["name"].endswith("aaaaaaaa/login.html"))
    page["contents"] = "defaced"
    model.rows[FILE].append({".id": "*F0", "name": "pc-aaaaaaaa/md5.js"})
    assert [(step.verb, step.menu, set(step.properties)) for step in operations(model, claim(A, 0))] == [
        ("set", FILE, {"contents"}),
        ("set", SERVER, {"disabled"}),
    ]
    converge(model, [])
    assert not any(row["name"].startswith("pc-aaaaaaaa") for row in model.rows[FILE])


def test_duplicates_are_reduced_to_one() -> None:
    model = provisioned(claim(A, 0))
    rule = next(row for row in model.rows[WALLED_GARDEN_IP] if MENUS[WALLED_GARDEN_IP].owns(row))
    model.rows[WALLED_GARDEN_IP].append({**rule, ".id": "*DD"})
    assert operations(model, claim(A, 0)) == [Operation("remove", WALLED_GARDEN_IP, "*DD")]


@pytest.mark.parametrize("disabled", ["true", "false"])
def test_an_interface_with_an_operators_server_is_left_alone(disabled: str) -> None:
    rows = operators_things()
    rows[SERVER].append({".id": "*7", "name": "lounge", "interface": "vlan-2", "disabled": disabled})
    goal = desired([claim(A, 0), claim(A, 1)], rows, PORTAL)
    [missed] = goal.unprovisioned
    assert (missed.subnet, "vlan-2" in missed.reason) == ("10.5.51.0/24", True)
    assert {item.properties["interface"] for item in goal.items if item.menu == SERVER} == {"bridge-guest"}


def test_a_server_of_ours_stays_when_an_operator_adds_another_there() -> None:
    model = provisioned(claim(A, 0))
    model.rows[SERVER].append(
        {".id": "*7", "name": "lounge", "interface": "bridge-guest", "disabled": "false"}
    )
    assert operations(model, claim(A, 0)) == []


@pytest.mark.parametrize("flag", ["disabled", "invalid"])
def test_addresses_that_do_not_work_do_not_count(flag: str) -> None:
    rows = operators_things()
    rows[ADDRESS][0][flag] = "true"
    goal = desired([claim(A, 0)], rows, PORTAL)
    assert goal.items == ()
    assert "no enabled address" in goal.unprovisioned[0].reason


@pytest.mark.parametrize(
    ("subnet", "interface"),
    [
        ("10.5.50.0/24", "bridge-guest"),
        ("10.5.50.128/26", "bridge-guest"),
        ("10.5.48.0/22", "wide"),
        ("10.9.0.0/24", "wide"),
    ],
)
def test_the_smallest_network_that_holds_the_subnet_counts(subnet: str, interface: str) -> None:
    rows = operators_things()
    rows[ADDRESS].insert(0, {".id": "*9", "address": "10.0.0.1/8", "interface": "wide"})
    rows[ADDRESS].append({".id": "*A", "address": "garbage", "interface": "x"})
    goal = desired([Claim(A, SITE, subnet, 3600)], rows, PORTAL)
    found = [item.properties["interface"] for item in goal.items if item.menu == SERVER]
    assert found == [interface]


def test_one_server_per_interface() -> None:
    halves = [Claim(A, SITE, "10.5.50.0/25", 3600), Claim(A, SITE, "10.5.50.128/26", 3600)]
    goal = desired([*halves, Claim(B, SITE, "10.5.50.192/26", 3600)], operators_things(), PORTAL)
    assert [item.key for item in goal.items if item.menu == SERVER] == [("pc-aaaaaaaa-10.5.50.1",)]
    assert [missed.instance_id for missed in goal.unprovisioned] == [B]
    assert A in goal.unprovisioned[0].reason


def items_of(portal: Portal) -> dict[str, Mapping[str, str]]:
    goal = desired([claim(A, 0)], operators_things(), portal)
    return {item.menu: item.properties for item in goal.items}


def test_what_a_server_needs() -> None:
    items = items_of(PORTAL)
    assert items[SERVER_PROFILE]["login-by"] == "http-chap,http-pap"
    assert items[SERVER_PROFILE]["hotspot-address"] == "10.5.50.1"
    assert items[USER_PROFILE]["shared-users"] == "unlimited"
    assert items[WALLED_GARDEN_IP]["dst-address"] == "192.0.2.80"
    named = items_of(Portal("https://portal.example.net/captive", "portal.example.net", "s"))
    assert named[WALLED_GARDEN_IP]["dst-host"] == "portal.example.net"
    assert "dst-address" not in named[WALLED_GARDEN_IP]


def test_the_login_page_leads_to_the_portal_with_what_it_needs() -> None:
    page = login_page(A, PORTAL)
    assert f"{PORTAL.base}/portal/{A}?mac=$(mac-esc)&amp;ip=$(ip)" in page
    assert "link-login-only=$(link-login-only-esc)&amp;link-orig=$(link-orig-esc)" in page
    assert len(page) < 4096


def test_technical_passwords_differ_and_are_not_guessable() -> None:
    passwords = {
        technical_password(secret, instance, server)
        for secret in "st"
        for instance in (A, B)
        for server in "12"
    }
    assert len(passwords) == 8
    assert all(len(password) == 64 for password in passwords)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1200, "20m"),
        (43200, "12h"),
        (604800, "1w"),
        (90061, "1d1h1m1s"),
        (86400, "1d"),
        (3601, "1h1s"),
        (0, "0s"),
    ],
)
def test_durations_are_written_as_routers_print_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_operations_are_shown_without_passwords() -> None:
    operation = Operation("add", USER, None, {"name": "n", "password": "hidden"})
    assert str(operation) == "/ip/hotspot/user/add n"
