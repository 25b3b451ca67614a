"""Auth integrations: what is stored is shown, except the secret; their links run their sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.coupons import forged
from contract_tests.planner import applied, plan, thinned
from contract_tests.resources import Collection
from contract_tests.suite.comparison import INTEGRATION, find, unlike
from contract_tests.suite.integrations import TYPES, integration_body, make_integration
from contract_tests.suite.schedules import NOT_THERE
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract

_STORED = ("name", "type", "config.client_id", "config.tenant")
_LABEL = "Gäste, вход, 登录"  # a name in several scripts is a name


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
    "INT-URL-02",
    "INT-URL-03",
    "INT-UPD-01",
    "INT-UPD-04",
    "INT-DEL-01",
    "INT-DEL-02",
    "INT-DEL-03",
    "WIRE-01",
    "WIRE-02",
    "WIRE-05",
    "WIRE-06",
)
def test_a_life_of_each_type(context: Context, integrations: Collection, verify: Verifier) -> None:
    """Made, read, listed, updated one after the other, deleted; those beside it stay as they are."""
    made: dict[str, dict[str, Any]] = {}
    sent: dict[str, dict[str, Any]] = {}
    for kind in TYPES:
        verify.start_scenario()
        body = integration_body(context, kind, label=_LABEL)
        answer = integrations.create(body, purpose=f"create an integration of type {kind}")
        created = answer.json() if answer.ok else None
        good = isinstance(created, dict) and isinstance(created.get("id"), str)
        if answer.status in NOT_THERE:
            raise CannotTell(f"integrations are not created here: {answer.text[:120]}")
        verify.check(
            "INT-CREATE-01",
            good,
            f"an integration of type {kind} was answered {answer.text[:200]}; expected the integration",
        )
        if not good:
            continue
        assert isinstance(created, dict)
        made[kind] = created
        told = unlike(body, created, _STORED)
        # No page tells what a creation is answered with: what the answer leaves out, a reading has to show.
        wrong = {name: value for name, value in told.items() if value is not None}
        verify.check(
            "INT-CREATE-02",
            not wrong,
            f"the answer to the creation of {kind} has {wrong or 'what it should'}",
        )
        sent[kind] = body
    if not made:
        raise CannotTell("no integration could be created")

    for kind, created in made.items():
        verify.start_scenario()
        reading = integrations.read(created["id"])
        _same("INT-CREATE-02", verify, sent[kind], reading.json(), _STORED, f"the new integration of {kind}")
        _same("INT-GET-01", verify, created, reading.json(), INTEGRATION, f"the integration of type {kind}")
        made[kind] = reading.json() if reading.ok else created
    _test_links(verify, made)
    signs_in = _sign_in_of(context, verify, made[next(reversed(made))])
    _listed(integrations, verify, made)

    chosen = next(iter(made))
    changed = _updated(context, integrations, verify, chosen, made[chosen])
    if signs_in:
        _sign_in_after_an_update(context, verify, changed)
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


def _sign_in_of(context: Context, verify: Verifier, one: Mapping[str, Any]) -> bool:
    """Where the test_url leads: to a provider that is told the client_id, but not with another signature.

    Gives whether it leads there.
    """
    link, client_id = one.get("test_url"), (one.get("config") or {}).get("client_id")
    if not (isinstance(link, str) and _is_link(link) and isinstance(client_id, str)):
        verify.cannot_tell("INT-URL-02", "there is no test_url to follow")
        verify.cannot_tell("INT-URL-03", "there is no test_url to follow")
        return False
    verify.start_scenario()
    led, answer = _leads_to(context, link, client_id, "follow the test_url")
    if answer.status is None:
        verify.cannot_tell(
            "INT-URL-02", f"the host of the test_url cannot be reached from here: {answer.error}"
        )
        verify.cannot_tell("INT-URL-03", "the test_url cannot be followed from here")
        return False
    if led or not answer.ok:
        verify.check(
            "INT-URL-02",
            led,
            f"the test_url was answered {answer.text[:160]}; expected the sign-in of {client_id}",
        )
    else:
        verify.cannot_tell("INT-URL-02", "the page at the test_url does not tell where its sign-in leads")
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query))
    name = next((name for name in query if "sig" in name.lower()), None)
    if name is None or not led:
        verify.cannot_tell("INT-URL-03", "no signature of the test_url decides whether it leads to a sign-in")
        return led
    verify.start_scenario()
    query[name] = forged(query[name])
    altered = urlunsplit(parts._replace(query=urlencode(query)))
    led, answer = _leads_to(context, altered, client_id, "follow the test_url with an altered signature")
    verify.check(
        "INT-URL-03",
        not led,
        f"the test_url with an altered signature was answered {answer.status} and "
        + ("leads to the sign-in all the same" if led else "leads to no sign-in"),
    )
    return True


def _sign_in_after_an_update(context: Context, verify: Verifier, one: Mapping[str, Any]) -> None:
    """The sign-in is that of the configuration as it is now."""
    link, client_id = one.get("test_url"), (one.get("config") or {}).get("client_id")
    if not (isinstance(link, str) and _is_link(link) and isinstance(client_id, str)):
        return
    verify.start_scenario()
    led, answer = _leads_to(context, link, client_id, "follow the test_url after the update")
    if answer.status is not None:
        verify.check(
            "INT-URL-02",
            led,
            f"after an update of the client_id the test_url was answered {answer.text[:160]}; "
            f"expected the sign-in of {client_id}",
        )


def _leads_to(context: Context, url: str, client_id: str, purpose: str) -> tuple[bool, Answer]:
    """Follow redirects on the host of the URL; is the client_id told to a provider? With the last answer."""
    host = urlsplit(url).netloc
    for _ in range(4):
        answer = context.client.fetch(url, purpose=purpose)
        location = answer.headers.get("location") if answer.status in (301, 302, 303, 307, 308) else None
        if location is None:
            return client_id in answer.body.decode("utf-8", "replace"), answer
        url = urljoin(url, location)
        if client_id in url:
            return True, answer
        if urlsplit(url).netloc != host:
            break  # the provider was not told, and is none of our business
    return False, answer


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


_TENANT = "3f2b1c0d-9e8f-4a7b-8c6d-5e4f3a2b1c0d"  # of a directory at azure


def _updated(
    context: Context, integrations: Collection, verify: Verifier, kind: str, before: Mapping[str, Any]
) -> dict[str, Any]:
    """Name and config changed at once, then the type too; gives the integration as it reads at the end."""
    verify.start_scenario()
    tenant = {"tenant": _TENANT} if kind == "azure" else {}
    body = integration_body(context, kind, label="renamed", client_id=f"new-client-{context.tag}", **tenant)
    answer = integrations.update(before["id"], body, purpose="change name and config")
    verify.demand("INT-UPD-01", answer.ok, f"an update was answered {answer.text[:200]}; expected success")
    now = _shown_after(integrations, verify, before, body, answer)
    # Whether an integration may go over to another provider is for the deployment to say.
    verify.start_scenario()
    other = next(name for name in reversed(TYPES) if name != kind)
    body = integration_body(context, other, label="turned", client_id=f"other-client-{context.tag}")
    answer = integrations.update(before["id"], body, purpose="change the type too")
    return _shown_after(integrations, verify, now, body, answer) if answer.ok else now


def _shown_after(
    integrations: Collection,
    verify: Verifier,
    before: Mapping[str, Any],
    body: Mapping[str, Any],
    answer: Answer,
) -> dict[str, Any]:
    """Look whether an accepted update took effect; gives the integration as it reads then."""
    reading = integrations.reading_until(
        before["id"], answer, lambda now: not unlike(body, now, _STORED), purpose="read it after the update"
    )
    if answer.status != 202:
        _same("INT-UPD-01", verify, body, answer.json(), _STORED, "the answer to the update")
    expected = {**before, **body}
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
