"""Who may call: every operation asks for the bearer token, and a refused request changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.suite.requests import every_operation
from contract_tests.verifier import Verifier

FORGED = "00000000-0000-4000-8000-000000000000:00000000-0000-4000-8000-000000000000:" + "x" * 62


@pytest.mark.verifies("AUTH-01", "AUTH-02", "AUTH-04", "AUTH-05")
def test_credentials_are_required(context: Context, instances: Instances, verify: Verifier) -> None:
    """Each operation without a token and with a forged one; the last reading shows that nothing was done."""
    mine = instances.make("guarded")
    names_tried = []
    for requirement, token in (("AUTH-01", None), ("AUTH-02", FORGED)):
        for prepared in every_operation(instances, mine):
            body = prepared.options.get("json_body")
            if isinstance(body, dict):
                names_tried.append(body["name"])

            def send(prepared: Any = prepared, token: str | None = token) -> Answer:
                return context.client.send(
                    prepared.method,
                    prepared.path,
                    purpose=f"{prepared.operation} {'with a forged token' if token else 'without credentials'}",
                    token=token,
                    **prepared.options,
                )

            answer = (
                instances.create_raw(body["name"], send)
                if prepared.operation == "createInstance" and isinstance(body, dict)
                else send()
            )
            verify.check(
                requirement,
                answer.status == 401,
                f"{prepared.operation} {'with a token that nobody issued' if token else 'without Authorization'} "
                f"was answered {answer.text}; expected 401",
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
    reading = instances.read(mine["id"], purpose="see whether a refused request changed it")
    now = reading.json()
    untouched = reading.ok and isinstance(now, dict)
    changes = []
    if untouched:
        changes = [
            name for name in ("name", "strategy", "session_ttl", "sites") if now.get(name) != mine.get(name)
        ]
        before, after = mine.get("theme"), now.get("theme")
        if (
            isinstance(before, dict)
            and isinstance(after, dict)
            and bool(after.get("logo")) != bool(before.get("logo"))
        ):
            changes.append("theme.logo")
    listed = instances.listing(purpose="see whether a refused creation made an instance").json()
    made = [
        item["name"]
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and item.get("name") in names_tried and item.get("id") != mine["id"]
    ]
    verify.check(
        "AUTH-04",
        untouched and not changes and not made,
        f"after requests without valid credentials the instance reads {reading.text[:200]}"
        + (f"; changed: {', '.join(changes)}" if changes else "")
        + (f"; created: {', '.join(made)}" if made else "")
        + "; expected no change",
    )
    instances.delete(mine["id"])


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
        "GET", "/instances", purpose=f"list with {what}", token=None, headers={"authorization": value}
    )
    verify.check(
        "AUTH-03", answer.status == 401, f"a list with {what} was answered {answer.text}; expected 401"
    )
