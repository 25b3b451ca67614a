"""What the oldest generation alone has: a language of the portal, one more type of integration, a default type."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.suite.integrations import integration_body
from contract_tests.suite.test_walled_garden import Garden
from contract_tests.verifier import Verifier

LANGUAGE = "de"


@pytest.mark.verifies("INST-LOCALE-01", "INST-LOCALE-02")
def test_language_of_a_portal(instances: Instances, verify: Verifier) -> None:
    instance = instances.make("language")
    verify.check(
        "INST-LOCALE-02",
        instance.get("locale") == "en",
        f"a new instance has the locale {instance.get('locale')!r}; expected 'en'",
    )

    def shows(body: Any) -> bool:
        return isinstance(body, dict) and body.get("locale") == LANGUAGE

    answer = instances.change(instance, purpose="change the language", locale=LANGUAGE)
    reading = instances.reading_until(instance["id"], answer, shows, purpose="read it in another language")
    verify.check(
        "INST-LOCALE-01",
        answer.ok and shows(reading.json()),
        f"an update of locale to {LANGUAGE!r} was answered {answer.text[:160]}, it reads {reading.text[:160]}",
    )
    instances.delete(instance["id"])


@pytest.mark.verifies("INT-CREATE-04")
def test_saml_is_a_type(context: Context, verify: Verifier) -> None:
    integrations = context.collection("auth-integration")
    body = integration_body(context, "saml2", label="assertions")
    answer = integrations.create(body, purpose="create an integration of type saml2")
    created = answer.json() if answer.ok else None
    found = created.get("type") if isinstance(created, dict) else None
    verify.check(
        "INT-CREATE-04",
        found == "saml2",
        f"an integration of type saml2 was answered {answer.text[:160]}; expected an integration of this type",
    )
    if isinstance(created, dict) and isinstance(created.get("id"), str):
        integrations.delete(created["id"])


@pytest.mark.site(0)
@pytest.mark.verifies("GARDEN-CREATE-08")
def test_default_type_of_an_entry(context: Context, verify: Verifier) -> None:
    garden = Garden(context)
    entry = garden.make("without a type")
    verify.check(
        "GARDEN-CREATE-08",
        entry.get("type") == "captive-auth",
        f"an entry created without a type has {entry.get('type')!r}; expected 'captive-auth'",
    )
    garden.entries.delete(entry["id"], siteId=garden.site)
