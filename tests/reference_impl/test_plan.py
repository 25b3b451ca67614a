"""Planning, purely: applying a plan to a model of the menus leads to what is desired, safely."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.provisioning.desired import Claim, desired
from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    ADDRESS_LIST,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Operation,
    is_window,
)
from reference_impl.provisioning.pages import PAGES
from reference_impl.provisioning.plan import plan
from tests.reference_impl.menu_model import (
    INTERFACES,
    PORTAL,
    SITE,
    A,
    B,
    C,
    Model,
    addresses,
    claim,
    converge,
    holds,
    operators_things,
    window,
)

CLAIMS = st.dictionaries(st.sampled_from([0, 1, 2]), st.sampled_from([A, B, C]), max_size=3)
TTLS = st.fixed_dictionaries({instance: st.integers(1200, 604800) for instance in (A, B, C)})
GARDENS = st.lists(st.sampled_from(["198.51.100.7", "203.0.113.0/28", "192.0.2.80"]), max_size=3).map(tuple)
PROVIDERS = st.fixed_dictionaries({instance: st.sampled_from([None, "google"]) for instance in (A, B, C)})
Providers = Mapping[str, str | None]


def to_claims(
    holders: Mapping[int, str], ttls: Mapping[str, int], garden: tuple[str, ...], providers: Providers
) -> list[Claim]:
    return [
        claim(instance, network, ttls[instance], garden, providers[instance])
        for network, instance in sorted(holders.items())
    ]


def opened_by(claims: list[Claim]) -> set[tuple[str, str]]:
    """What the guests of these claims may reach without a session, on whichever interface."""
    opened = {("192.0.2.80", "")}
    for each in claims:
        opened |= {(address, "") for address in each.garden}
        if each.provider:
            listed = f"pc-window-{each.instance_id[:8]}"
            opened |= {(host, listed) for host in PORTAL.provider_hosts[each.provider]}
    return opened


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.tuples(CLAIMS, TTLS, GARDENS, PROVIDERS), min_size=1, max_size=4),
    stop=st.integers(0, 80),
)
def test_every_change_converges_and_every_guarded_interface_has_one_server(
    steps: list[tuple[dict[int, str], dict[str, int], tuple[str, ...], Providers]], stop: int
) -> None:
    model = Model(operators_things())
    foreign = model.foreign()
    before: dict[int, str] = {}
    claimed: list[Claim] = []
    written = 0
    for holders, ttls, garden, providers in steps:
        claims = to_claims(holders, ttls, garden, providers)
        opened = opened_by(claimed) | opened_by(claims)
        windows = [window(instance, number) for number, instance in enumerate((A, B, C))]
        model.rows[ADDRESS_LIST] = [*foreign[ADDRESS_LIST], *windows]
        guarded = [INTERFACES[network] for network in before.keys() & holders.keys()]

        def watch(
            _operation: Operation, guarded: list[str] = guarded, opened: set[tuple[str, str]] = opened
        ) -> None:
            nonlocal written
            assert all(model.open_to(interface) <= opened for interface in INTERFACES)
            written += 1
            assert all(model.reaches_portal(interface) for interface in guarded)
            assert all(len(model.servers_on(interface)) <= 1 for interface in INTERFACES)
            assert model.foreign() == foreign

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
        for network, instance in holders.items():
            wanted = opened_by([each for each in claims if each.instance_id == instance])
            assert model.open_to(INTERFACES[network]) == wanted
        kept = {row["list"] for row in model.rows[ADDRESS_LIST] if is_window(row)}
        assert kept == {f"pc-window-{instance[:8]}" for instance in holders.values() if providers[instance]}
        before, claimed = holders, claims
    converge(model, [])
    assert model.rows == {**Model(operators_things()).rows, ACTIVE: model.rows[ACTIVE]}
    assert model.foreign() == foreign


@settings(max_examples=200, deadline=None)
@given(first=CLAIMS, second=CLAIMS, order=st.permutations(INTERFACES), ttls=TTLS)
def test_servers_follow_addresses_that_move(
    first: dict[int, str], second: dict[int, str], order: list[str], ttls: dict[str, int]
) -> None:
    model = Model(operators_things())
    converge(model, to_claims(first, ttls, GARDEN, NOBODY))
    model.rows[ADDRESS] = addresses(tuple(order))
    guarded = {INTERFACES[network] for network in first} & {order[network] for network in second}

    def watch(_operation: Operation) -> None:
        assert all(len(model.servers_on(interface)) == 1 for interface in guarded)

    for _ in range(3):
        for operation in plan(
            desired(to_claims(second, ttls, GARDEN, NOBODY), model.rows, PORTAL).items, model.rows
        ):
            model.apply(operation)
            watch(operation)
    goal = desired(to_claims(second, ttls, GARDEN, NOBODY), model.rows, PORTAL)
    assert plan(goal.items, model.rows) == []
    assert holds(model, goal)


GARDEN = ("198.51.100.7",)
NOBODY = dict.fromkeys((A, B, C))

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
    ADDRESS_LIST: {"list": "pc-window-dddddddd", "comment": LOST_TAG},
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
    goal = converge(model, to_claims(wanted, ttls, GARDEN, NOBODY))
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
    operations_needed = operations(Model(operators_things()), claim(A, 0))
    [added] = [step for step in operations_needed if (step.verb, step.menu) == ("add", SERVER)]
    assert added.properties["disabled"] == "yes"
    assert operations_needed[-1] == Operation("set", SERVER, "pc-aaaaaaaa-10.5.50.1", {"disabled": "no"})
    steps = [(step.verb, step.menu) for step in operations_needed]
    assert steps == [
        ("add", USER_PROFILE),
        *[("add", FILE)] * (2 + len(PAGES)),
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
    page = next(row for row in model.rows[FILE] if row["name"].endswith(f"aaaaaaaa-{SITE}/login.html"))
    page["contents"] = "defaced"
    model.rows[FILE].append({".id": "*F0", "name": f"pc-aaaaaaaa-{SITE}/md5.js"})
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


def test_a_server_of_ours_stays_when_an_operator_adds_another_there() -> None:
    model = provisioned(claim(A, 0))
    model.rows[SERVER].append(
        {".id": "*7", "name": "lounge", "interface": "bridge-guest", "disabled": "false"}
    )
    assert operations(model, claim(A, 0)) == []


def test_a_garden_costs_a_write_per_server_and_entry() -> None:
    model = provisioned(claim(A, 0), claim(A, 1))
    steps = operations(model, claim(A, 0, garden=("198.51.100.7/32",)), claim(A, 1, garden=("198.51.100.7",)))
    assert [(step.verb, step.menu) for step in steps] == [("add", WALLED_GARDEN_IP)] * 2
    assert [dict(step.properties) for step in steps] == [
        {
            "server": f"pc-aaaaaaaa-{gateway}",
            "comment": f"portal-contract:{SITE}",
            "dst-address": "198.51.100.7",
            "action": "accept",
            "disabled": "no",
        }
        for gateway in ("10.5.50.1", "10.5.51.1")
    ]
    for step in steps:
        model.apply(step)
    back = operations(model, claim(A, 0), claim(A, 1))
    assert [(step.verb, step.menu) for step in back] == [("remove", WALLED_GARDEN_IP)] * 2


def test_a_provider_opens_for_guests_with_a_window_and_a_coupon_instance_for_none() -> None:
    model = provisioned(claim(A, 0, provider="google"))
    rows = [row for row in model.rows[WALLED_GARDEN_IP] if "src-address-list" in row]
    assert [(row.get("dst-host"), row.get("dst-address")) for row in rows] == [
        ("accounts.example.net", None),
        (None, "203.0.113.7"),
    ]
    assert {row["src-address-list"] for row in rows} == {"pc-window-aaaaaaaa"}
    model.rows[ADDRESS_LIST].append(window(A))
    assert operations(model, claim(A, 0, provider="google")) == []
    # The window is closed before the rules go that give it a meaning.
    steps = operations(model, claim(A, 0))
    assert [(step.verb, step.menu) for step in steps] == [
        ("remove", ADDRESS_LIST),
        ("remove", WALLED_GARDEN_IP),
        ("remove", WALLED_GARDEN_IP),
    ]


def test_a_type_of_provider_that_nobody_can_sign_in_with_opens_nothing() -> None:
    model = provisioned(claim(A, 0, provider="saml2"))
    assert model.open_to("bridge-guest") == {("192.0.2.80", "")}
