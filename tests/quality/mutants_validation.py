"""Mutants that take what the contract refuses, or refuse what it allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from reference_impl import instances, store
from reference_impl.errors import invalid
from reference_impl.schemas import InstanceCreate, InstanceUpdate
from reference_impl.settings import Settings
from tests.quality.mutants_stage import Call, Inside, Mutant, Reply, Stage, through

Document = dict[str, Any]
Rewrite = Callable[[Document], Document | None]
"""Makes a document acceptable: what it gives replaces properties; None leaves the document alone."""


def _lenient(
    model: type[InstanceCreate], rewrite: Rewrite, *, keep: tuple[str, ...] = ()
) -> Callable[[Stage], None]:
    """The body is rewritten before it is checked; the properties in `keep` are stored as they were sent."""

    def apply(stage: Stage) -> None:
        def validate(cls: type[InstanceCreate], document: Any) -> InstanceCreate:
            changes = rewrite(document) if cls is model and isinstance(document, dict) else None
            wanted: InstanceCreate = original.__func__(cls, document | changes if changes else document)
            for name in keep if changes else ():
                setattr(wanted, name, document[name])
            return wanted

        original = stage.patch(InstanceCreate, "model_validate", classmethod(validate))

    return apply


def _strict(model: type[InstanceCreate], refuses: Callable[[Document], bool]) -> Callable[[Stage], None]:
    """Bodies that the contract allows are refused."""

    def apply(stage: Stage) -> None:
        def validate(cls: type[InstanceCreate], document: Any) -> InstanceCreate:
            if cls is model and isinstance(document, dict) and refuses(document):
                raise invalid("This is not to my liking.")
            wanted: InstanceCreate = original.__func__(cls, document)
            return wanted

        original = stage.patch(InstanceCreate, "model_validate", classmethod(validate))

    return apply


def _takes_bound(model: type[InstanceCreate], beyond: int, within: int) -> Callable[[Stage], None]:
    return _lenient(
        model,
        lambda body: {"session_ttl": within} if body.get("session_ttl") == beyond else None,
        keep=("session_ttl",),
    )


def _refuses_bound(model: type[InstanceCreate], bound: int) -> Callable[[Stage], None]:
    return _strict(model, lambda body: body.get("session_ttl") == bound)


def _default(name: str, value: Any) -> Rewrite:
    return lambda body: None if name in body else {name: value}


def _number_from_text(body: Document) -> Document | None:
    text = body.get("session_ttl")
    return {"session_ttl": int(text)} if isinstance(text, str) and text.isdecimal() else None


def _number_from_fraction(body: Document) -> Document | None:
    number = body.get("session_ttl")
    return {"session_ttl": int(number)} if isinstance(number, float) else None


def _text_from_number(body: Document) -> Document | None:
    name = body.get("name")
    return {"name": str(name)} if isinstance(name, int) else None


def _terms_from_anything(body: Document) -> Document | None:
    terms = body.get("terms_text")
    return None if terms is None or isinstance(terms, str) else {"terms_text": str(terms)}


def _theme_from_anything(body: Document) -> Document | None:
    return None if isinstance(body.get("theme", {}), dict) else {"theme": {}}


def _other_strategy_is_coupon(body: Document) -> Document | None:
    strategy = body.get("strategy")
    known = strategy in ("oauth2", "coupon") or not isinstance(strategy, str)
    return None if known else {"strategy": "coupon"}


def _oauth2_without_integration(stage: Stage) -> None:
    def check(wanted: InstanceCreate) -> None:
        if wanted.strategy != "oauth2" or wanted.auth_integration_id is not None:
            original(wanted)

    original = stage.patch(instances, "_check_integration", check)


def _update_without_integration(stage: Stage) -> None:
    def check(wanted: InstanceCreate) -> None:
        asked_for = isinstance(wanted, InstanceUpdate) and wanted.strategy == "oauth2"
        if not asked_for or wanted.auth_integration_id is not None:
            original(wanted)

    original = stage.patch(instances, "_check_integration", check)


def _any_integration(stage: Stage) -> None:
    async def found(*_of: object) -> None:
        """Whatever it is, it is not missed."""

    stage.patch(store, "_require_integration", found)


async def _refused_creation_leaves_a_row(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if call.operation == "createInstance" and reply.status == 400 and isinstance(call.json, dict):
        name = call.json.get("name")
        if isinstance(name, str):
            await inside(call.with_json({"name": name, "strategy": "coupon", "session_ttl": 3600}))
    return reply


async def _refused_update_keeps_the_name(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if call.operation == "updateInstance" and reply.status == 400 and isinstance(call.json, dict):
        now = await inside(replace(call, method="GET", body=b""))
        name = call.json.get("name")
        if now.ok and isinstance(name, str):
            await inside(call.with_json(now.json | {"name": name}))
    return reply


_CLASS: Final = "validation"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "only ASCII names",
        _CLASS,
        "WIRE-03",
        _strict(InstanceUpdate, lambda body: not str(body.get("name")).isascii()),
    ),
    Mutant(
        "terms may be anything", _CLASS, "WIRE-04", _lenient(InstanceUpdate, _terms_from_anything), budget=200
    ),
    Mutant(
        "session_ttl may be a fraction",
        _CLASS,
        "INST-CREATE-07",
        _lenient(InstanceCreate, _number_from_fraction),
    ),
    Mutant("creation refuses 1200", _CLASS, "INST-CREATE-04", _refuses_bound(InstanceCreate, 1200)),
    Mutant("creation refuses 604800", _CLASS, "INST-CREATE-04", _refuses_bound(InstanceCreate, 604800)),
    Mutant("creation takes 1199", _CLASS, "INST-CREATE-05", _takes_bound(InstanceCreate, 1199, 1200)),
    Mutant("creation takes 604801", _CLASS, "INST-CREATE-05", _takes_bound(InstanceCreate, 604801, 604800)),
    Mutant(
        "session_ttl has a default",
        _CLASS,
        "INST-CREATE-06",
        _lenient(InstanceCreate, _default("session_ttl", 3600)),
    ),
    Mutant(
        "name has a default",
        _CLASS,
        "INST-CREATE-06",
        _lenient(InstanceCreate, _default("name", "New portal")),
    ),
    Mutant(
        "strategy has a default",
        _CLASS,
        "INST-CREATE-06",
        _lenient(InstanceCreate, _default("strategy", "coupon")),
    ),
    Mutant("numbers may be text", _CLASS, "INST-CREATE-07", _lenient(InstanceCreate, _number_from_text)),
    Mutant("names may be numbers", _CLASS, "INST-CREATE-07", _lenient(InstanceCreate, _text_from_number)),
    Mutant(
        "unknown strategy is coupon",
        _CLASS,
        "INST-CREATE-08",
        _lenient(InstanceCreate, _other_strategy_is_coupon),
    ),
    Mutant("oauth2 without an integration", _CLASS, "INST-CREATE-09", _oauth2_without_integration),
    Mutant("oauth2 with any integration", _CLASS, "INST-CREATE-10", _any_integration),
    Mutant(
        "refused creation leaves a row", _CLASS, "INST-CREATE-11", through(_refused_creation_leaves_a_row)
    ),
    Mutant("update takes 1199", _CLASS, "INST-UPD-05", _takes_bound(InstanceUpdate, 1199, 1200)),
    Mutant("update takes 604801", _CLASS, "INST-UPD-05", _takes_bound(InstanceUpdate, 604801, 604800)),
    Mutant("update refuses 1200", _CLASS, "INST-UPD-05", _refuses_bound(InstanceUpdate, 1200), budget=60),
    Mutant("update refuses 604800", _CLASS, "INST-UPD-05", _refuses_bound(InstanceUpdate, 604800), budget=60),
    Mutant("update to oauth2 without an integration", _CLASS, "INST-UPD-11", _update_without_integration),
    Mutant("refused update keeps the name", _CLASS, "INST-UPD-06", through(_refused_update_keeps_the_name)),
    Mutant(
        "update takes numbers as text", _CLASS, "INST-UPD-10", _lenient(InstanceUpdate, _number_from_text)
    ),
    Mutant(
        "update takes any strategy",
        _CLASS,
        "INST-UPD-10",
        _lenient(InstanceUpdate, _other_strategy_is_coupon),
    ),
    Mutant("update takes any theme", _CLASS, "INST-UPD-10", _lenient(InstanceUpdate, _theme_from_anything)),
)
