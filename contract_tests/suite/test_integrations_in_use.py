"""Instances that use an auth integration: their login window, changes of strategy, the secret and their routers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.instances import Instances
from contract_tests.resources import Collection
from contract_tests.suite.comparison import INTEGRATION, unlike
from contract_tests.suite.integrations import make_integration, oauth2
from contract_tests.suite.provisioning import assign, say
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import CannotTell, Verifier

MIN_WINDOW, MAX_WINDOW = 120, 900


@pytest.fixture
def integrations(context: Context) -> Collection:
    return context.collection("auth-integration")


@pytest.mark.verifies("INT-USE-01", "INT-USE-04", "INT-USE-05", "INT-USE-06", "INT-DEL-04", "INT-SECRET-01")
def test_instances_that_use_an_integration(
    context: Context, instances: Instances, integrations: Collection, verify: Verifier
) -> None:
    """Two instances with the same integration; the bounds of the login window; the integration deleted in use."""
    one = make_integration(context, "google", label="shared")
    used = []
    for label in ("first", "second"):
        answer = instances.create(
            instances.body(label, **oauth2(one)), purpose=f"create the {label} instance with the integration"
        )
        created = answer.json() if answer.ok else None
        verify.demand(
            "INT-USE-01" if label == "first" else "INT-USE-06",
            isinstance(created, dict) and _uses(created, one),
            f"the {label} instance with the integration was answered {answer.text[:200]}; "
            f"expected strategy oauth2 and auth_integration_id {one['id']}",
        )
        assert isinstance(created, dict)
        used.append(created)
    first, second = used
    reading = instances.read(first["id"])
    verify.check(
        "INT-USE-01",
        _uses(reading.json(), one),
        f"the instance reads {_login(reading.json())}; expected oauth2 with the integration {one['id']}",
    )
    for window in (MIN_WINDOW, MAX_WINDOW, MIN_WINDOW - 1, MAX_WINDOW + 1):
        verify.start_scenario()
        answer = instances.change(
            second, purpose=f"set auth_window_ttl to {window}", auth_window_ttl=window, **oauth2(one)
        )
        if not MIN_WINDOW <= window <= MAX_WINDOW:
            message = f"auth_window_ttl {window} was answered {answer.text[:160]}; expected a client error"
            verify.check("INT-USE-05", answer.refused, message)
            continue
        reading = instances.reading_until(
            second["id"], answer, _has_window(window), purpose="read the window"
        )
        verify.check(
            "INT-USE-04",
            answer.ok and _window(reading.json()) == window,
            f"auth_window_ttl {window} was answered {answer.text[:160]}, then reads {_window(reading.json())}",
        )
    reading = instances.read(first["id"], purpose="see that the other instance kept the integration")
    verify.check(
        "INT-USE-06",
        _uses(reading.json(), one),
        f"after changes of the other instance this one reads {_login(reading.json())}",
    )
    instances.delete(second["id"])
    _delete_in_use(instances, integrations, verify, first, one)
    instances.delete(first["id"])
    if context.ledger.owns(one["id"]):
        integrations.delete(one["id"])


def _uses(instance: Any, integration: Mapping[str, Any]) -> bool:
    return (
        isinstance(instance, Mapping)
        and instance.get("strategy") == "oauth2"
        and str(instance.get("auth_integration_id")).lower() == str(integration["id"]).lower()
    )


def _login(instance: Any) -> Any:
    """How guests log in, for messages."""
    if not isinstance(instance, Mapping):
        return instance
    return {name: instance.get(name) for name in ("strategy", "auth_integration_id")}


def _has_window(seconds: int) -> Callable[[Any], bool]:
    return lambda instance: bool(_window(instance) == seconds)


def _window(instance: Any) -> Any:
    return instance.get("auth_window_ttl") if isinstance(instance, Mapping) else None


def _delete_in_use(
    instances: Instances,
    integrations: Collection,
    verify: Verifier,
    instance: Mapping[str, Any],
    one: Mapping[str, Any],
) -> None:
    verify.start_scenario()
    answer = integrations.delete(one["id"], purpose="delete an integration that an instance uses")
    reading = instances.read(instance["id"], purpose="read the instance that uses it")
    if answer.ok:
        verify.check(
            "INT-DEL-04",
            reading.ok,
            f"the integration in use was deleted; then its instance was answered {reading.text[:160]}",
        )
        return
    kept = integrations.read(one["id"], purpose="see that a refused deletion kept it")
    verify.check(
        "INT-DEL-04",
        answer.refused and not unlike(one, kept.json(), INTEGRATION) and _uses(reading.json(), one),
        f"the deletion in use was answered {answer.text[:160]}; then the integration was answered {kept.status} and "
        f"the instance reads {_login(reading.json())}; expected a refusal that changes nothing",
    )


@pytest.mark.verifies("INT-USE-02", "INT-USE-03")
def test_a_change_of_strategy(
    context: Context, instances: Instances, integrations: Collection, verify: Verifier
) -> None:
    one = make_integration(context, "github", label="changing over")
    other = make_integration(context, "google", label="changed over")
    instance = instances.make("changing over")
    nobody = unknown_id(context.seed)
    answer = instances.change(
        instance,
        purpose="to an integration that nobody created",
        strategy="oauth2",
        auth_integration_id=nobody,
    )
    verify.check(
        "INT-USE-03",
        answer.refused,
        f"the integration {nobody} was answered {answer.text[:160]}; expected a refusal",
    )
    for purpose, used in (("from coupon to oauth2", one), ("to another integration", other)):
        answer = instances.change(instance, purpose=purpose, **oauth2(used))
        reading = instances.reading_until(
            instance["id"], answer, functools.partial(_uses, integration=used), purpose="read it as oauth2"
        )
        verify.check(
            "INT-USE-02",
            answer.ok and _uses(reading.json(), used),
            f"the change {purpose} was answered {answer.text[:160]}, then reads {_login(reading.json())}; "
            f"expected the integration {used['id']}",
        )
    answer = instances.change(instance, purpose="back from oauth2 to coupon")
    back = {"strategy": "coupon", "auth_integration_id": None}
    reading = instances.reading_until(
        instance["id"], answer, lambda now: _login(now) == back, purpose="read it as coupon"
    )
    verify.check(
        "INT-USE-02",
        answer.ok and _login(reading.json()) == back,
        f"the change back to coupon was answered {answer.text[:160]}, then reads {_login(reading.json())}",
    )
    instances.delete(instance["id"])
    for used in (one, other):
        integrations.delete(used["id"])


@pytest.mark.site(0)
@pytest.mark.verifies("INT-SECRET-02")
def test_the_secret_stays_off_the_router(
    context: Context, instances: Instances, integrations: Collection, verify: Verifier, site: Site
) -> None:
    """An instance with an integration serves a subnet; then every value on the router is looked at."""
    one = make_integration(context, "google", label="on a router")
    instance = instances.make("on a router", **oauth2(one))
    subnet = site.subnets[0]
    instance = assign(instances, site, instance, [subnet])
    _, findings = site.settle(lambda now: [judge.guarded(now, subnet)])
    if not all(finding.ok for finding in findings):
        raise CannotTell(f"{subnet} is not guarded, so the router may not have heard of the integration yet")
    site.rest()
    say(verify, "INT-SECRET-02", judge.free_of(site.snapshot(), context.client_secrets))
    instances.delete(instance["id"])
    integrations.delete(one["id"])
