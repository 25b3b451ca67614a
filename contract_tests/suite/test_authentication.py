"""Who may call: every operation asks for the bearer token, and a refused request changes nothing."""

from __future__ import annotations

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.suite.requests import (
    ABSENT,
    Prepared,
    Surroundings,
    every_operation,
    remove,
    surroundings,
    with_one_of_each,
)
from contract_tests.suite.test_errors import unknown_id
from contract_tests.suite.untouched import changes_to
from contract_tests.verifier import Verifier

FORGED = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000:" + "x" * 62


# It makes a walled garden entry, which reaches the router of the site.
@pytest.mark.site(0)
@pytest.mark.verifies("AUTH-01", "AUTH-02", "AUTH-04", "AUTH-05")
def test_credentials_are_required(context: Context, verify: Verifier) -> None:
    """Each operation without a token, some with a forged one; the last readings show that nothing was done."""
    around = with_one_of_each(context, surroundings(context, unknown_id(context.seed)))
    tried: set[str] = set()
    forged: set[str] = set()  # parts of the API whose operations were tried with a forged token
    for prepared in every_operation(context, around):
        verify.start_scenario()
        tried |= {prepared.name} if prepared.name else set()
        what = f"{prepared.operation.id} without Authorization"
        answer = prepared.send(context, purpose=what, token=None)
        _refused(verify, "AUTH-01", around, prepared, answer, what)
        # One way in serves all operations of a part; instances, which cost the most, are tried one by one.
        if prepared.operation.tag in forged and "instance" not in prepared.operation.id.lower():
            continue
        forged.add(prepared.operation.tag)
        what = f"{prepared.operation.id} with a token that nobody issued"
        answer = prepared.send(context, purpose=what, token=FORGED)
        _refused(verify, "AUTH-02", around, prepared, answer, what)
    if context.config.run.read_only:
        return
    changes = changes_to(context, around, tried)
    verify.check(
        "AUTH-04",
        not changes,
        f"after requests without valid credentials: {'; '.join(changes) or 'nothing has changed'}; expected no change",
    )
    remove(context, around)


def _refused(
    verify: Verifier, requirement: str, around: Surroundings, prepared: Prepared, answer: Answer, what: str
) -> None:
    """Judge the answer to a request without valid credentials."""
    open_to_it = not prepared.operation.documented or not around.real(prepared.operation)
    verify.check(
        requirement,
        answer.status == 401 or (open_to_it and answer.status in ABSENT),
        f"{what} was answered {answer.text}; expected 401",
        exchange=answer.key,
    )
    if answer.status == 401:
        challenge = answer.headers.get("www-authenticate", "")
        verify.check(
            "AUTH-05",
            "bearer" in challenge.lower(),
            f"the answer 401 carries WWW-Authenticate {challenge!r}; expected the scheme Bearer",
            exchange=answer.key,
        )


@pytest.mark.verifies("AUTH-03")
@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("Basic credentials", "Basic YWRtaW46YWRtaW4="),
        ("a scheme without a token", "Bearer"),
        ("an unknown scheme", "Token nobody-issued-this"),
    ],
)
def test_other_credentials_are_refused(context: Context, verify: Verifier, what: str, value: str) -> None:
    answer = context.client.send(
        "GET",
        context.contract.path("listInstances"),
        purpose=f"list with {what}",
        token=None,
        headers={"authorization": value},
    )
    verify.check(
        "AUTH-03", answer.status == 401, f"a list with {what} was answered {answer.text}; expected 401"
    )
