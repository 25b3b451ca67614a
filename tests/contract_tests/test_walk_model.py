"""What a random walk expects: each way in which a list can be wrong, and the requirement that it is put down to."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.coupons import coupons_in
from contract_tests.suite.walk_model import (
    GARDEN,
    INSTANCE,
    INTEGRATIONS,
    SCHEDULE,
    Instance,
    Model,
    Resource,
    Schedule,
    Step,
    step,
)
from contract_tests.suite.walk_moves import BEGINNING, MOVES

ONE, TWO, OTHERS = "id-1", "id-2", "id-others"
SITE, ELSEWHERE = "site-1", "site-2"


def instance_body(identifier: str, **changes: Any) -> dict[str, Any]:
    return {"id": identifier, "name": identifier, "strategy": "coupon", "session_ttl": 3600} | changes


def coupon(identifier: str, code: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "code": code,
        "created_at": "2026-05-01T10:00:00Z",
        "expires_at": "2026-05-01T20:00:00Z",
        "redeemed_at": None,
    }


@pytest.fixture
def model() -> Model:
    """Two instances of one tenant, one of another."""
    found = Model()
    for identifier, tenant in ((ONE, "default"), (TWO, "default"), (OTHERS, "other")):
        found.add(Instance(INSTANCE, tenant, instance_body(identifier)))
    return found


def complaints(model: Model, listed: Any, last: Step | None = None) -> list[str]:
    found = model.list_complaints(INSTANCE, "default", "", listed, last)
    return [complaint.requirement for complaint in found]


def about(model: Model, identifier: str, verb: Any, requirement: str = "INST-UPD-01") -> Step:
    return step(requirement, verb, model.resources[identifier])


def test_a_list_as_expected(model: Model) -> None:
    assert complaints(model, [instance_body(TWO), instance_body(ONE), instance_body("nobody's")]) == []


def test_what_is_no_list(model: Model) -> None:
    assert complaints(model, {"data": []}) == ["INST-LIST-01"]


def test_one_that_is_missing_and_one_that_is_there_twice(model: Model) -> None:
    assert complaints(model, [instance_body(TWO), instance_body(TWO)]) == ["INST-LIST-01", "INST-LIST-01"]


@pytest.mark.parametrize(
    ("verb", "whose", "requirement"),
    [
        ("update", ONE, "INST-UPD-01"),
        ("update", TWO, "INST-UPD-08"),
        ("delete", TWO, "INST-DEL-03"),
        ("create", TWO, "INST-UPD-08"),
    ],
)
def test_a_difference_is_put_down_to_what_was_done(
    model: Model, verb: Any, whose: str, requirement: str
) -> None:
    listed = [instance_body(ONE, session_ttl=1200), instance_body(TWO)]
    assert complaints(model, listed, about(model, whose, verb)) == [requirement]


def test_one_that_a_deletion_took_with_it(model: Model) -> None:
    last = about(model, TWO, "delete", "INST-DEL-02")
    model.remove(model.resources[TWO])
    assert complaints(model, [], last) == ["INST-DEL-03"]


def test_what_is_gone_and_what_is_somebody_elses(model: Model) -> None:
    model.remove(model.resources[TWO])
    listed = [instance_body(identifier) for identifier in (ONE, TWO, OTHERS)]
    assert complaints(model, listed) == ["INST-DEL-02", "ISO-LIST-01"]


def test_an_entry_of_another_site_or_tenant() -> None:
    model = Model()
    for identifier, tenant, site in (
        (ONE, "default", SITE),
        (TWO, "default", ELSEWHERE),
        (OTHERS, "other", SITE),
    ):
        model.add(Resource(GARDEN, tenant, {"id": identifier, "ip_address": "192.0.2.9"}, site))
    listed = [{"id": ONE, "ip_address": "192.0.2.9/32"}, {"id": TWO}, {"id": OTHERS}]
    found = model.list_complaints(GARDEN, "default", SITE, listed)
    assert [complaint.requirement for complaint in found] == ["GARDEN-LIST-02", "ISO-SITE-01"]
    assert model.open_at(SITE, "other") == {"192.0.2.9"}


def test_what_belongs_to_an_instance_goes_with_it(model: Model) -> None:
    model.add(Schedule(SCHEDULE, "default", {"id": "schedule"}, ONE))
    model.remove(model.resources[ONE])
    assert model.schedules() == []
    assert model.gone == {ONE, "schedule"}


def test_who_uses_an_integration(model: Model) -> None:
    integration = Resource(INTEGRATIONS, "default", {"id": "ABC"})
    model.instance(ONE).body |= {"strategy": "oauth2", "auth_integration_id": "abc"}
    model.instance(TWO).body |= {"strategy": "coupon", "auth_integration_id": "abc"}
    assert [user.id for user in model.users_of(integration)] == [ONE]


def test_who_holds_a_subnet(model: Model) -> None:
    model.instance(TWO).subnets = {SITE: ["10.0.0.0/24"]}
    assert {subnet: each.id for subnet, each in model.holders(SITE).items()} == {"10.0.0.0/24": TWO}
    assert model.holders(ELSEWHERE) == {}
    assert model.instance(TWO).sites == [{"id": SITE, "subnets": ["10.0.0.0/24"]}]


def coupon_complaints(model: Model, listed: Any) -> list[str]:
    return [complaint.requirement for complaint in model.coupon_complaints(model.instance(ONE), listed)]


@pytest.fixture
def stocked(model: Model) -> Model:
    """The first instance has two coupons, the second one."""
    for identifier, coupons in (
        (ONE, [coupon("a", "AAAAAA"), coupon("b", "BBBBBB")]),
        (TWO, [coupon("c", "CCCCCC")]),
    ):
        model.instance(identifier).coupons = {each.id: each for each in coupons_in(coupons)}
    return model


@pytest.mark.parametrize(
    ("listed", "requirements"),
    [
        ([coupon("b", "BBBBBB"), coupon("a", "AAAAAA")], []),
        ([coupon("a", "AAAAAA")], ["COUPON-10"]),
        ([coupon("a", "AAAAAA"), coupon("b", "BBBBBB"), coupon("b", "BBBBBB")], ["COUPON-10"]),
        ([coupon("a", "AAAAAA"), coupon("b", "XXXXXX")], ["COUPON-10"]),
        ([coupon("a", "AAAAAA"), coupon("b", "BBBBBB"), coupon("c", "CCCCCC")], ["COUPON-11"]),
        ([coupon("a", "AAAAAA"), coupon("b", "BBBBBB"), coupon("d", "DDDDDD")], ["COUPON-11"]),
        ([coupon("a", "AAAAAA"), coupon("b", "BBBBBB"), coupon("c", "AAAAAA")], ["COUPON-02", "COUPON-11"]),
    ],
)
def test_lists_of_coupons(stocked: Model, listed: list[Any], requirements: list[str]) -> None:
    assert coupon_complaints(stocked, listed) == requirements


def test_coupons_in_doubt_may_be_listed_or_not(stocked: Model) -> None:
    stocked.instance(ONE).doubt(["b", "unknown"])
    assert coupon_complaints(stocked, [coupon("a", "AAAAAA")]) == []
    assert coupon_complaints(stocked, [coupon("a", "AAAAAA"), coupon("b", "BBBBBB")]) == []


def test_a_schedule_may_have_been_due(stocked: Model) -> None:
    """Coupons that nobody saw being made are learned, and never asked for."""
    stocked.instance(ONE).had_schedules = True
    listed = [coupon("a", "AAAAAA"), coupon("b", "BBBBBB"), coupon("d", "DDDDDD")]
    assert coupon_complaints(stocked, listed) == []
    assert coupon_complaints(stocked, listed[:2]) == []


def test_moves_have_names_of_their_own() -> None:
    names = [move.name for move in MOVES]
    assert len({*names}) == len(names)
    assert {name for name, _ in BEGINNING} <= {*names}
