"""Generated bodies fit to be sent: valid where they should be, named after the run, naming no site."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_tests.generation import (
    NO_BODY,
    Mode,
    bodies,
    fit_any,
    fit_valid,
    tame_batch,
    tame_entry,
    tame_integration,
)
from contract_tests.instances import session_ttls
from spec.loader import Contract, load_contract

TAG = "contract-abc123 generated 1"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
SITES = [{"id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6", "subnets": ["10.0.0.0/24"]}]


def name() -> str:
    return TAG


def properties(operation: str) -> frozenset[str]:
    schema = load_contract().operations[operation].request_schema()
    assert schema is not None
    return frozenset(schema["properties"])


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_a_valid_body_is_valid_by_every_reading(api: Contract, operation: str) -> None:
    strict = api.request_validator(operation, documented_only=False)
    documented = api.request_validator(operation)
    assert strict is not None
    assert documented is not None

    @given(bodies(api, operation, "valid", name=name))
    @SETTINGS
    def check(body: dict[str, Any]) -> None:
        assert strict.errors(body) == []
        assert documented.errors(body) == []
        assert body["name"].startswith(TAG)
        assert body["strategy"] == "coupon"
        assert not body.get("sites")
        assert set(body) <= properties(operation)
        json.dumps(body, allow_nan=False)

    check()


@pytest.mark.parametrize("operation", ["createInstance", "updateInstance"])
def test_any_body_is_wrong_or_odd_and_keeps_our_manners(api: Contract, operation: str) -> None:
    validator = api.request_validator(operation)
    assert validator is not None

    @given(bodies(api, operation, "any", name=name))
    @SETTINGS
    def check(body: Any) -> None:
        if body is NO_BODY:
            return
        json.dumps(body, allow_nan=False)
        if isinstance(body, dict):
            assert not isinstance(body.get("sites"), list)
            if isinstance(body.get("name"), str):
                assert body["name"].startswith(TAG)
            assert not validator.is_valid(body) or not set(body) <= properties(operation)

    check()


@given(st.dictionaries(st.sampled_from(sorted(properties("updateInstance"))) | st.text(), VALUES))
def test_whatever_a_body_holds_fitting_names_no_site(body: dict[str, Any]) -> None:
    fitted = fit_valid(body, properties("updateInstance"), name)
    assert fitted["name"].startswith(TAG)
    assert fitted.get("sites", []) == []
    assert set(fitted) <= properties("updateInstance")


@given(VALUES)
def test_what_is_no_object_is_left_alone(body: Any) -> None:
    if not isinstance(body, dict):
        assert fit_any(body, name) == body


@given(VALUES.filter(lambda value: not isinstance(value, str)))
def test_a_name_that_is_no_text_is_left_alone(value: Any) -> None:
    assert fit_any({"name": value, "sites": SITES}, name) == {"name": value}


@given(st.text())
def test_a_text_as_name_carries_the_tag(text: str) -> None:
    fitted = fit_any({"name": text, "sites": SITES}, name)["name"]
    assert fitted.startswith(TAG)
    assert len(fitted) <= len(TAG) + 1 + 40
    assert fitted == fitted.strip()
    assert all(character == " " or character.isprintable() for character in fitted)


def test_fitting_does_not_change_what_it_was_given() -> None:
    body = {"name": "n", "sites": list(SITES), "theme": {"text_color": "blue"}}
    kept = json.loads(json.dumps(body))
    fit_valid(body, properties("updateInstance"), name)
    fit_any(body, name)
    assert body == kept


def test_colours_without_a_hash_are_left_out() -> None:
    body = {"theme": {"text_color": "blue", "box_color": "#123456"}}
    assert fit_valid(body, properties("updateInstance"), name)["theme"] == {"box_color": "#123456"}


def test_what_oauth2_needs_is_left_out() -> None:
    body = {"strategy": "oauth2", "auth_integration_id": "x", "auth_window_ttl": 300, "session_ttl": 1200}
    fitted = fit_valid(body, frozenset({*body, "name"}), name)
    assert fitted == {"name": TAG, "strategy": "coupon", "session_ttl": 1200}


@pytest.mark.parametrize(("generation", "longest"), [("v1", 604800), ("root", 604800), ("spa", 86400)])
def test_sessions_are_as_long_as_every_deployment_takes(generation: str, longest: int) -> None:
    contract = load_contract(generation)
    assert session_ttls(contract) == (1200, longest)

    @given(bodies(contract, "updateInstance", "valid", name=name))
    @SETTINGS
    def check(body: dict[str, Any]) -> None:
        assert 1200 <= body["session_ttl"] <= longest
        assert "locale" not in body

    check()


MADE_UP = "contract-secret-of-a-test"
TAMED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "updateAuthIntegration": lambda body: tame_integration(body, secret=lambda: MADE_UP),
    "createWalledGardenEntry": tame_entry,
    "createCoupons": tame_batch,
}


@pytest.mark.parametrize("operation", TAMED)
@pytest.mark.parametrize("mode", ["valid", "any"])
def test_bodies_of_other_resources(api: Contract, operation: str, mode: Mode) -> None:
    strict = api.request_validator(operation, documented_only=False)
    documented = api.request_validator(operation)
    assert strict is not None
    assert documented is not None

    @given(bodies(api, operation, mode, name=name, tame=TAMED[operation]))
    @SETTINGS
    def check(body: Any) -> None:
        if body is NO_BODY or not isinstance(body, dict):
            assert mode == "any"
            return
        json.dumps(body, allow_nan=False)
        if mode == "valid":
            assert strict.errors(body) == []
            assert documented.errors(body) == []
        else:
            assert not documented.is_valid(body) or not set(body) <= properties(operation)
        if isinstance(body.get("name"), str):
            assert body["name"].startswith(TAG)
        config = body.get("config")
        if isinstance(config, dict):
            assert config.get("client_secret", MADE_UP) == MADE_UP or not isinstance(
                config["client_secret"], str
            )
            assert "tenant" not in config or body["type"] == "azure"

    check()


@given(st.ip_addresses() | st.ip_addresses(v=4).map(lambda address: f"{address}/1"))
def test_no_generated_entry_opens_more_than_an_address_for_documentation(address: Any) -> None:
    assert tame_entry({"name": "n", "ip_address": str(address)})["ip_address"] == "192.0.2.73"


@given(VALUES)
def test_taming_leaves_what_is_wrong_as_it_is(value: Any) -> None:
    for tame in TAMED.values():
        body = {"config": value, "ip_address": ["x"], "minutes_valid": "soon"}
        kept = tame(body)
        assert kept == body or isinstance(value, dict)
