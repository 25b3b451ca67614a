"""Auth integrations: what is stored is shown, except the secret; instances can use them, and go on without them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.instances import Instances
from contract_tests.planner import applied, plan, thinned
from contract_tests.resources import Collection
from contract_tests.suite.comparison import INTEGRATION, find, unlike
from contract_tests.suite.integrations import TYPES, integration_body, make_integration, oauth2
from contract_tests.suite.provisioning import assign, say
from contract_tests.suite.test_errors import unknown_id
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

MIN_WINDOW, MAX_WINDOW = 120, 900
_STORED = ("name", "type", "config.client_id", "config.tenant")


@pytest.fixture
def integrations(context: Context) -> Collection:
    return context.collection("auth-integration")


@pytest.mark.verifies(
    "INT-CREATE-01",
    "INT-CREATE-02",
    "INT-GET-01",
    "INT-LIST-01",
    "INT-SECRET-01",
    "INT-URL-01",
    "INT-UPD-01",
    "INT-UPD-04",
    "INT-DEL-01",
    "INT-DEL-02",
    "INT-DEL-03",
)
def test_a_life_of_each_type(context: Context, integrations: Collection, verify: Verifier) -> None:
    """Made, read, listed, updated one after the other, deleted; those beside it stay as they are."""
    made: dict[str, dict[str, Any]] = {}
    for kind in TYPES:
        verify.start_scenario()
        body = integration_body(context, kind)
        answer = integrations.create(body, purpose=f"create an integration of type {kind}")
        created = answer.json() if answer.ok else None
        good = isinstance(created, dict) and isinstance(created.get("id"), str)
        verify.check(
            "INT-CREATE-01",
            good,
            f"an integration of type {kind} was answered {answer.text[:200]}; expected the integration",
        )
        if not good:
            continue
        assert isinstance(created, dict)
        made[kind] = created
        _same("INT-CREATE-02", verify, body, created, _STORED, f"the answer to the creation of {kind}")
    if not made:
        raise CannotTell("no integration could be created")

    for kind, created in made.items():
        verify.start_scenario()
        reading = integrations.read(created["id"])
        _same("INT-GET-01", verify, created, reading.json(), INTEGRATION, f"the integration of type {kind}")
        made[kind] = reading.json() if reading.ok else created
    _test_links(verify, made)
    _listed(integrations, verify, made)

    chosen = next(iter(made))
    changed = _updated(context, integrations, verify, chosen, made[chosen])
    others = {kind: one for kind, one in made.items() if kind != chosen}
    for kind, other in others.items():
        reading = integrations.read(other["id"], purpose="see that an update of another left it alone")
        _same("INT-UPD-04", verify, other, reading.json(), INTEGRATION, f"the integration of type {kind}")

    _deleted(context, integrations, verify, changed)
    for kind, other in others.items():
        reading = integrations.read(other["id"], purpose="see that the deletion of another left it alone")
        _same("INT-DEL-03", verify, other, reading.json(), INTEGRATION, f"the integration of type {kind}")
        integrations.delete(other["id"])


def _same(
    requirement: str, verify: Verifier, wanted: Any, found: Any, properties: tuple[str, ...], where: str
) -> bool:
    wrong = unlike(wanted, found, properties)
    return verify.check(requirement, not wrong, f"{where} has {wrong or 'what it should'}")


def _test_links(verify: Verifier, made: Mapping[str, Mapping[str, Any]]) -> None:
    links = [one.get("test_url") for one in made.values()]
    good = [link for link in links if isinstance(link, str) and _is_link(link)]
    verify.check(
        "INT-URL-01",
        len(good) == len(links) and len(set(good)) == len(good),
        f"the test_urls are {', '.join(repr(link) for link in links)}; expected an http(s) link of its own for each",
    )


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _listed(integrations: Collection, verify: Verifier, made: Mapping[str, Mapping[str, Any]]) -> None:
    answer = integrations.listing()
    for kind, one in made.items():
        found = find(answer.json(), one["id"])
        wrong = unlike(one, found[0], INTEGRATION) if len(found) == 1 else None
        verify.check(
            "INT-LIST-01",
            len(found) == 1 and not wrong,
            f"the list, answered {answer.status}, holds the integration of type {kind} {len(found)} time(s)"
            + (f", with {wrong}" if wrong else "")
            + "; expected once, as it is read",
        )


def _updated(
    context: Context, integrations: Collection, verify: Verifier, kind: str, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Name, type and config, all changed at once; gives the integration as it reads then."""
    verify.start_scenario()
    other = next(name for name in reversed(TYPES) if name != kind)
    body = integration_body(context, other, label="renamed", client_id=f"other-client-{context.tag}")
    answer = integrations.update(before["id"], body, purpose="change name, type and config")
    verify.demand("INT-UPD-01", answer.ok, f"an update was answered {answer.text[:200]}; expected success")
    reading = integrations.reading_until(
        before["id"], answer, lambda now: not unlike(body, now, _STORED), purpose="read it after the update"
    )
    if answer.status != 202:
        _same("INT-UPD-01", verify, body, answer.json(), _STORED, "the answer to the update")
    expected = dict(before) | body
    _same("INT-UPD-01", verify, expected, reading.json(), INTEGRATION, "a reading after the update")
    now = reading.json()
    return now if isinstance(now, dict) and isinstance(now.get("id"), str) else dict(before)


def _deleted(context: Context, integrations: Collection, verify: Verifier, one: Mapping[str, Any]) -> None:
    verify.start_scenario()
    answer = integrations.delete(one["id"])
    verify.check("INT-DEL-01", answer.ok, f"the deletion was answered {answer.text[:200]}; expected 204")
    if not answer.ok:
        return
    again: tuple[tuple[str, Answer], ...] = (
        ("reading it", integrations.read(one["id"], purpose="read what was deleted")),
        (
            "updating it",
            integrations.update(one["id"], integration_body(context), purpose="update what was deleted"),
        ),
    )
    for what, answer in again:
        verify.check(
            "INT-DEL-02",
            answer.status == 404,
            f"after the deletion {what} was answered {answer.text[:160]}; expected 404",
        )
    left = find(integrations.listing(purpose="list after the deletion").json(), one["id"])
    verify.check(
        "INT-DEL-02", not left, "after the deletion the list still holds the integration" if left else ""
    )


@pytest.mark.verifies("INT-CREATE-03", "INT-UPD-01", "INT-UPD-02", "INT-UPD-03", "INT-SECRET-01")
def test_bodies_that_are_refused(
    context: Context, contract: Contract, integrations: Collection, verify: Verifier
) -> None:
    """One violation at a time, to an update and to a creation; refusals leave everything as it was."""
    one = make_integration(context, "azure", label="steady")
    schema = contract.operations["updateAuthIntegration"].request_schema()
    assert schema is not None
    all_refused = True
    for case in thinned(plan(schema, {"type": "azure"}, nested="config"), each=2):
        if case.valid:
            continue
        for role, requirement in (("update", "INT-UPD-02"), ("creation", "INT-CREATE-03")):
            if role == "creation" and case.kind == "type" and case.property != "type":
                continue  # the update has told; the constraints of a creation are inferred from it
            verify.start_scenario()
            body = applied(integration_body(context, "azure", label="violation"), case)
            if role == "update":
                answer = integrations.update(one["id"], body, purpose=f"update with {case.what}")
                all_refused = all_refused and answer.refused
            else:
                answer = integrations.create(body, purpose=f"create with {case.what}")
                _remove(integrations, answer)
            verify.check(
                requirement,
                answer.refused,
                f"a {role} with {case.what} was answered {answer.text[:160]}; expected a client error",
                exchange=answer.key,
            )
    reading = integrations.read(one["id"], purpose="read after the refusals")
    if all_refused:
        _same("INT-UPD-03", verify, one, reading.json(), INTEGRATION, "after refused updates the integration")
    else:
        verify.cannot_tell("INT-UPD-03", "an update that must be refused was carried out")
        one = reading.json() if reading.ok else one
    # Whether an update needs the secret is open; either way it is carried out as a whole or not at all.
    verify.start_scenario()
    body = integration_body(context, "azure", label="without a secret")
    del body["config"]["client_secret"]
    answer = integrations.update(one["id"], body, purpose="update without a client_secret")
    expected = body if answer.ok else one
    reading = integrations.reading_until(
        one["id"], answer, lambda now: not unlike(expected, now, _STORED), purpose="read it after that"
    )
    requirement = "INT-UPD-01" if answer.ok else "INT-UPD-03"
    _same(requirement, verify, expected, reading.json(), _STORED, "after an update without a secret it")
    integrations.delete(one["id"])


def _remove(integrations: Collection, answer: Answer) -> None:
    """A creation that should have been refused, but was carried out."""
    created = answer.json() if answer.ok else None
    if isinstance(created, dict) and isinstance(created.get("id"), str):
        integrations.delete(created["id"])


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
    answer = instances.change(instance, purpose="from coupon to oauth2", **oauth2(one))
    reading = instances.reading_until(
        instance["id"], answer, lambda now: _uses(now, one), purpose="read it as oauth2"
    )
    verify.check(
        "INT-USE-02",
        answer.ok and _uses(reading.json(), one),
        f"the change to oauth2 was answered {answer.text[:160]}, then reads {_login(reading.json())}",
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
    integrations.delete(one["id"])


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
