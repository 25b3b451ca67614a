"""Properties over bodies that are generated from the spec: the valid are accepted, the invalid refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.generation import NO_BODY, bodies, tame_batch, tame_entry, tame_integration
from contract_tests.instances import Instances
from contract_tests.pictures import paint
from contract_tests.properties import for_all
from contract_tests.suite.comparison import lacking
from contract_tests.suite.integrations import TYPES, make_integration
from contract_tests.verifier import Verifier
from spec.loader import Contract

EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """A writing operation, how a body is sent to it, and what a generated body is made fit by."""

    operation: str
    send: Callable[[Any], Answer]
    name: Callable[[str], str]
    tame: Callable[[dict[str, Any]], dict[str, Any]]


def _send_creation(instances: Instances, body: Any) -> Answer:
    if body is NO_BODY:
        return instances.create_raw(
            None,
            lambda: instances.client.send(
                "POST", instances.path("createInstance"), purpose="create from no body"
            ),
        )
    return instances.create(body, purpose="create from a generated body")


def _without_oauth2(body: Any) -> Any:
    """What only oauth2 knows says nothing about a coupon instance: it may be ignored or refused there."""
    if not isinstance(body, dict):
        return body
    return {
        key: value for key, value in body.items() if key not in ("auth_window_ttl", "auth_integration_id")
    }


@pytest.mark.verifies("WIRE-03", "WIRE-01", "WIRE-02", "INST-CREATE-02")
def test_valid_creations(
    context: Context, contract: Contract, instances: Instances, verify: Verifier
) -> None:
    def check(body: dict[str, Any]) -> None:
        answer = instances.create(body, purpose="create from a generated valid body")
        created = answer.json() if answer.ok else None
        if isinstance(created, dict) and isinstance(created.get("id"), str):
            instances.delete(created["id"])
        verify.demand("WIRE-03", answer.ok, f"the valid body {body} was answered {answer.text[:200]}")
        wrong = lacking(body, created)
        verify.demand(
            "INST-CREATE-02", not wrong, f"created from {body}, the answer has {wrong or 'the same'}"
        )

    for_all(
        context,
        bodies(contract, "createInstance", "valid", name=lambda: instances.name("made")),
        check,
        max_examples=EXAMPLES,
    )


@pytest.mark.verifies("WIRE-04", "ERR-01", "ERR-04")
def test_invalid_creations(
    context: Context, contract: Contract, instances: Instances, verify: Verifier
) -> None:
    validator = contract.request_validator("createInstance")
    assert validator is not None

    def check(body: Any) -> None:
        body = _without_oauth2(body)
        answer = _send_creation(instances, body)
        created = answer.json() if answer.ok else None
        if isinstance(created, dict) and isinstance(created.get("id"), str):
            instances.delete(created["id"])
        errors = ["there is none"] if body is NO_BODY else validator.errors(body)
        if errors:
            verify.demand(
                "WIRE-04",
                answer.refused,
                f"the body {body!r:.300} was answered {answer.text[:160]}; it is not valid: {'; '.join(errors)}",
            )

    for_all(
        context,
        bodies(contract, "createInstance", "any", name=lambda: instances.name("made")),
        check,
        max_examples=2 * EXAMPLES,
    )


@pytest.mark.verifies("WIRE-03", "WIRE-01", "WIRE-02", "INST-UPD-01", "INST-UPD-02", "INST-UPD-03")
def test_valid_updates(context: Context, contract: Contract, instances: Instances, verify: Verifier) -> None:
    instance = instances.make("generated updates")

    def check(generated: dict[str, Any]) -> None:
        body = instances.update_body(instance, **generated)
        answer = instances.update(instance["id"], body, purpose="update from a generated valid body")
        verify.demand("WIRE-03", answer.ok, f"the valid body {body} was answered {answer.text[:200]}")
        if answer.status == 202:
            return  # accepted for later; the laws over updates look at that
        seen = instances.read(instance["id"]).json()
        for requirement, names in (
            ("INST-UPD-01", ("name", "session_ttl")),
            ("INST-UPD-02", ("theme",)),
            ("INST-UPD-03", ("terms_text",)),
        ):
            wrong = lacking({name: body[name] for name in names if name in body}, seen)
            verify.demand(requirement, not wrong, f"updated to {body}, it reads {wrong or 'the same'}")

    for_all(
        context,
        bodies(contract, "updateInstance", "valid", name=lambda: instances.name("made")),
        check,
        max_examples=EXAMPLES,
    )
    instances.delete(instance["id"])


@pytest.mark.verifies("WIRE-04", "ERR-01", "ERR-04")
def test_invalid_updates(
    context: Context, contract: Contract, instances: Instances, verify: Verifier
) -> None:
    instance = instances.make("generated refusals")
    validator = contract.request_validator("updateInstance")
    assert validator is not None

    def check(body: Any) -> None:
        body = _without_oauth2(body)
        options: dict[str, Any] = {} if body is NO_BODY else {"json_body": body}
        answer = instances.client.send(
            "PUT",
            instances.path("updateInstance", instanceId=instance["id"]),
            purpose="update from a generated body",
            **options,
        )
        # Which properties an update needs is open, so nothing at all may be an update of nothing.
        errors = validator.errors(body) if isinstance(body, dict) and body else []
        if errors:
            verify.demand(
                "WIRE-04",
                answer.refused,
                f"the body {body!r:.300} was answered {answer.text[:160]}; it is not valid: {'; '.join(errors)}",
            )

    for_all(
        context,
        bodies(contract, "updateInstance", "any", name=lambda: instances.name("made")),
        check,
        max_examples=2 * EXAMPLES,
    )
    instances.delete(instance["id"])


OTHER_EXAMPLES = 6


def _integrations(context: Context) -> Iterator[Subject]:
    collection = context.collection("auth-integration")
    one = make_integration(context, "azure", label="generated updates")
    yield Subject(
        "updateAuthIntegration",
        lambda body: collection.update(one["id"], body, purpose="update from a generated body"),
        collection.name,
        lambda body: tame_integration(_of_azure(body), secret=context.secret),
    )
    collection.delete(one["id"])


def _of_azure(body: dict[str, Any]) -> dict[str, Any]:
    """Whether an integration may go over to another provider is for the deployment to say."""
    return {**body, "type": "azure"} if body.get("type") in TYPES else body


def _entries(context: Context) -> Iterator[Subject]:
    collection = context.collection("walled-garden-entry")
    site = context.config.usable_sites[0].id if context.config.usable_sites else None
    if site is None:
        return

    def create(body: Any) -> Answer:
        answer = collection.create(body, purpose="create from a generated body", siteId=site)
        made = answer.json() if answer.ok else None
        if isinstance(made, dict) and isinstance(made.get("id"), str):
            collection.delete(made["id"], siteId=site)
        return answer

    yield Subject("createWalledGardenEntry", create, collection.name, tame_entry)


def _batches(context: Context) -> Iterator[Subject]:
    collection = context.collection("coupon")
    instance = context.instances.make("generated batches")
    yield Subject(
        "createCoupons",
        lambda body: collection.create(
            body, purpose="create from a generated body", instanceId=instance["id"]
        ),
        collection.name,
        tame_batch,
    )
    context.instances.delete(instance["id"])


@pytest.mark.verifies("WIRE-03", "WIRE-04", "WIRE-01", "ERR-01", "ERR-04")
@pytest.mark.parametrize(
    "subjects",
    [
        _integrations,
        pytest.param(_entries, marks=pytest.mark.site(0)),  # entries reach the router of the site
        _batches,
    ],
    ids=["integrations", "entries", "batches"],
)
def test_other_resources(
    context: Context, contract: Contract, verify: Verifier, subjects: Callable[[Context], Iterator[Subject]]
) -> None:
    for subject in subjects(context):
        validator = contract.request_validator(subject.operation)
        assert validator is not None
        for mode in ("valid", "any"):

            def check(body: Any, subject: Subject = subject, errors: Any = validator.errors) -> None:
                answer = subject.send(... if body is NO_BODY else body)
                wrong = ["there is none"] if body is NO_BODY else errors(body)
                verify.demand(
                    "WIRE-04" if wrong else "WIRE-03",
                    answer.refused if wrong else answer.ok or not _plainly_valid(contract, subject, body),
                    f"{subject.operation} of {body!r:.300} was answered {answer.text[:160]}; it is "
                    + (f"not valid: {'; '.join(wrong)}" if wrong else "valid"),
                )

            for_all(
                context,
                bodies(
                    contract,
                    subject.operation,
                    mode,
                    name=functools.partial(subject.name, "generated"),
                    tame=subject.tame,
                ),
                check,
                max_examples=OTHER_EXAMPLES,
            )


def _plainly_valid(contract: Contract, subject: Subject, body: Any) -> bool:
    """Valid by every reading: the strict one, and without properties that nobody documented."""
    strict = contract.request_validator(subject.operation, documented_only=False)
    known = (contract.operations[subject.operation].request_schema() or {}).get("properties", {})
    return strict is not None and strict.is_valid(body) and set(known).issuperset(body)


_COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
_LOGOS = st.tuples(st.integers(120, 500), st.integers(80, 400), _COLOURS)
_ICONS = st.tuples(st.integers(32, 256), _COLOURS)


@pytest.mark.verifies("IMG-01", "IMG-02")
def test_generated_images(context: Context, instances: Instances, verify: Verifier) -> None:
    """Pictures of every permitted size, in the format that the documented examples show."""
    instance = instances.make("generated pictures")

    def logo(drawn: tuple[int, int, tuple[int, int, int]]) -> None:
        width, height, colour = drawn
        answer = instances.upload(
            instance["id"], "logo", paint(width, height, colour), purpose=f"upload a logo of {width}x{height}"
        )
        verify.demand(
            "IMG-01", answer.status == 202, f"a logo of {width}x{height} was answered {answer.text}"
        )

    def icon(drawn: tuple[int, tuple[int, int, int]]) -> None:
        side, colour = drawn
        answer = instances.upload(
            instance["id"], "icon", paint(side, side, colour), purpose=f"upload an icon of {side}x{side}"
        )
        verify.demand("IMG-02", answer.status == 202, f"an icon of {side}x{side} was answered {answer.text}")

    for_all(context, _LOGOS, logo, max_examples=4)
    for_all(context, _ICONS, icon, max_examples=4)
    instances.delete(instance["id"])
