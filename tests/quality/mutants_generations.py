"""Mutants of what the oldest generation of the API has for itself: the locale of an instance."""

from __future__ import annotations

from typing import Final

from tests.quality.mutants_doors import field, rewriting
from tests.quality.mutants_stage import Mutant, on_body

_SPA: Final = "spa"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "locale of an update is English",
        "semantics",
        "INST-LOCALE-01",
        rewriting("updateInstance", change=lambda body: {"locale": "en"} if "locale" in body else None),
        generation=_SPA,
    ),
    Mutant(
        "locale is lost in reading",
        "semantics",
        "INST-LOCALE-01",
        on_body("getInstance", change=field("locale", lambda locale: "en")),
        generation=_SPA,
    ),
    Mutant(
        "new instances are German",
        "semantics",
        "INST-LOCALE-02",
        on_body("createInstance", change=field("locale", lambda locale: "de")),
        generation=_SPA,
    ),
    Mutant(
        "new instances have no locale",
        "semantics",
        "INST-LOCALE-02",
        on_body("createInstance", change=field("locale", lambda locale: None)),
        generation=_SPA,
    ),
)
