"""Mutants that answer well and do something else: instances are not kept, not all, or not alone."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from reference_impl.records import InstanceRecord
from reference_impl.schemas import InstanceCreate, InstanceUpdate, Theme
from reference_impl.settings import Settings
from reference_impl.store import Store
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    each,
    on_body,
    on_reply,
    through,
)


def _stores(change: Callable[[InstanceCreate], dict[str, Any]]) -> Callable[[Stage], None]:
    """A creation stores other values than those that were sent."""

    def apply(stage: Stage) -> None:
        async def create(self: Store, tenant: str, wanted: InstanceCreate, now: datetime) -> InstanceRecord:
            record: InstanceRecord = await original(
                self, tenant, wanted.model_copy(update=change(wanted)), now
            )
            return record

        original = stage.patch(Store, "create", create)

    return apply


Replaced = tuple[InstanceRecord, set[str]] | None
Current = InstanceRecord


def _replaces(
    change: Callable[[InstanceUpdate, Current], dict[str, Any]], *, claims_success: bool = False
) -> Callable[[Stage], None]:
    """An update stores other values than those that were sent; the answer shows them, or claims the sent ones."""

    def apply(stage: Stage) -> None:
        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> Replaced:
            current = await self.instance(identifier, tenant)
            if current is None:
                return None
            stored = wanted.model_copy(update=change(wanted, current))
            replaced: Replaced = await original(self, identifier, tenant, stored, **more)
            if replaced is not None and claims_success:
                record, _ = replaced
                record.name, record.session_ttl = wanted.name, wanted.session_ttl
                record.terms_text, record.theme = wanted.terms_text, wanted.theme.model_dump()
            return replaced

        original = stage.patch(Store, "replace", store)

    return apply


def _also(change: Callable[[InstanceRecord, InstanceRecord], None]) -> Callable[[Stage], None]:
    """After an update, `change(other, updated)` is applied to every other instance."""

    def apply(stage: Stage) -> None:
        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> Replaced:
            replaced: Replaced = await original(self, identifier, tenant, wanted, **more)
            if replaced is not None:
                async with self._database.writing() as session:
                    others = await session.scalars(
                        select(InstanceRecord).where(InstanceRecord.id != identifier)
                    )
                    for other in others:
                        change(other, replaced[0])
            return replaced

        original = stage.patch(Store, "replace", store)

    return apply


def _sets(name: str) -> Callable[[InstanceRecord, InstanceRecord], None]:
    return lambda other, updated: setattr(other, name, getattr(updated, name))


def _colours_swapped(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    theme = wanted.theme
    swapped = {"text_color": theme.secondary_text_color, "secondary_text_color": theme.text_color}
    return {"theme": theme.model_copy(update=swapped)}


def _one_colour(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    return {"theme": Theme(**(current.theme | {"accent_color": wanted.theme.accent_color}))}


def _fewer_subnets(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    return {"sites": [site.model_copy(update={"subnets": site.subnets[:1]}) for site in wanted.sites]}


def _sites_never_emptied(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    if wanted.sites:
        return {}
    kept = [{"id": site.site_id, "subnets": site.subnets} for site in current.sites]
    return {"sites": InstanceUpdate.model_validate(_least(current) | {"sites": kept}).sites}


def _least(current: Current) -> dict[str, Any]:
    return {"name": current.name, "strategy": current.strategy, "session_ttl": current.session_ttl}


def _numbered_name(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    return {"name": f"{wanted.name} (2)"} if wanted.name == current.name and wanted.terms_text else {}


def _terms_appended(wanted: InstanceUpdate, current: Current) -> dict[str, Any]:
    if wanted.terms_text and wanted.terms_text == current.terms_text:
        return {"terms_text": f"{current.terms_text}\n{wanted.terms_text}"}
    return {}


def _takes(name: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[Stage], None]:
    """An update stores a property that belongs to the service alone."""

    def apply(stage: Stage) -> None:
        sent: dict[str, Any] = {}

        async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
            body = call.json
            if call.operation == "updateInstance" and isinstance(body, dict) and name in body:
                sent[call.instance_id] = convert(body[name])
            return await inside(call)

        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> Replaced:
            replaced: Replaced = await original(self, identifier, tenant, wanted, **more)
            if replaced is not None and identifier in sent:
                async with self._database.writing() as session:
                    record = await session.scalar(
                        select(InstanceRecord).where(InstanceRecord.id == identifier)
                    )
                    assert record is not None
                    setattr(record, name, sent[identifier])
            return replaced

        original = stage.patch(Store, "replace", store)
        stage.door(door)

    return apply


def _created_at_moves(stage: Stage) -> None:
    async def store(
        self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
    ) -> Replaced:
        replaced: Replaced = await original(self, identifier, tenant, wanted, **more)
        if replaced is not None:
            async with self._database.writing() as session:
                record = await session.scalar(select(InstanceRecord).where(InstanceRecord.id == identifier))
                assert record is not None
                record.created_at += timedelta(seconds=1)
        return replaced

    original = stage.patch(Store, "replace", store)


def _creation_finds_the_name(stage: Stage) -> None:
    async def create(self: Store, tenant: str, wanted: InstanceCreate, now: datetime) -> InstanceRecord:
        for record in await self.instances(tenant):
            if record.name == wanted.name:
                return record
        made: InstanceRecord = await original(self, tenant, wanted, now)
        return made

    original = stage.patch(Store, "create", create)


def _deletion(
    change: Callable[[InstanceRecord, InstanceRecord], bool], *, itself: bool
) -> Callable[[Stage], None]:
    """A deletion also deletes those that `change(other, deleted)` names; `itself`: and what it was asked to."""

    def apply(stage: Stage) -> None:
        async def delete(self: Store, identifier: str, tenant: str) -> set[str] | None:
            target = await self.instance(identifier, tenant)
            if target is None:
                return None
            for other in await self.instances(tenant):
                if other.id != identifier and change(other, target):
                    await original(self, other.id, tenant)
            if not itself:
                return set()
            touched: set[str] | None = await original(self, identifier, tenant)
            return touched

        original = stage.patch(Store, "delete", delete)

    return apply


def _hidden(*, reading: bool, listing: bool, updating: bool) -> Callable[[Stage], None]:
    """A deletion only marks; what is true forgets to look at the mark."""

    def apply(stage: Stage) -> None:
        marked: set[str] = set()

        async def delete(self: Store, identifier: str, tenant: str) -> set[str] | None:
            if identifier in marked or await original_instance(self, identifier, tenant) is None:
                return None
            marked.add(identifier)
            return set()

        async def instance(self: Store, identifier: str, tenant: str | None = None) -> InstanceRecord | None:
            found: InstanceRecord | None = await original_instance(self, identifier, tenant)
            return found if reading or identifier not in marked else None

        async def instances(self: Store, tenant: str) -> list[InstanceRecord]:
            found = await original_instances(self, tenant)
            return [record for record in found if listing or record.id not in marked]

        async def store(
            self: Store, identifier: str, tenant: str, wanted: InstanceUpdate, **more: Any
        ) -> Replaced:
            if identifier in marked and not updating:
                return None
            replaced: Replaced = await original_replace(self, identifier, tenant, wanted)
            return replaced

        original_instance = stage.patch(Store, "instance", instance)
        original_instances = stage.patch(Store, "instances", instances)
        original_replace = stage.patch(Store, "replace", store)
        stage.patch(Store, "delete", delete)

    return apply


async def _deletion_repeats(call: Call, inside: Inside, settings: Settings) -> Reply:
    reply = await inside(call)
    if call.operation == "deleteInstance" and reply.status == 404:
        return Reply(204, {})
    return reply


def _field(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return each(lambda item: item | {name: change(item[name])})


def _unanswered(reply: Reply) -> Reply:
    return replace(reply, headers={"content-length": "0"}, body=b"")


_CLASS: Final = "semantics"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "creation without a body in its answer",
        _CLASS,
        "INST-CREATE-01",
        on_reply("createInstance", change=_unanswered),
    ),
    Mutant(
        "creation answers without an id",
        _CLASS,
        "INST-CREATE-01",
        on_body("createInstance", change=lambda body: {**body, "id": None}),
    ),
    Mutant(
        "creation echoes a default session_ttl",
        _CLASS,
        "INST-CREATE-02",
        _stores(lambda wanted: {"session_ttl": 3600}),
    ),
    Mutant(
        "creation lowers names",
        _CLASS,
        "INST-CREATE-02",
        _stores(lambda wanted: {"name": wanted.name.lower()}),
    ),
    Mutant(
        "coupon has an empty integration",
        _CLASS,
        "INST-CREATE-02",
        on_body("createInstance", change=_field("auth_integration_id", lambda value: "")),
    ),
    Mutant("creation finds the one of that name", _CLASS, "INST-CREATE-03", _creation_finds_the_name),
    Mutant(
        "names are escaped",
        _CLASS,
        "INST-CREATE-13",
        _stores(lambda wanted: {"name": html.escape(wanted.name)}),
    ),
    Mutant(
        "names lose what Latin-1 lacks",
        _CLASS,
        "INST-CREATE-13",
        _stores(lambda wanted: {"name": wanted.name.encode("latin-1", "replace").decode("latin-1")}),
    ),
    Mutant(
        "names lose backslashes",
        _CLASS,
        "INST-CREATE-13",
        _stores(lambda wanted: {"name": wanted.name.replace("\\", "")}),
    ),
    Mutant(
        "names lose what is beyond the first plane",
        _CLASS,
        "INST-CREATE-13",
        _stores(lambda wanted: {"name": "".join(c for c in wanted.name if ord(c) < 0x10000)}),
    ),
    Mutant(
        "names are cut at twenty",
        _CLASS,
        "INST-CREATE-13",
        _stores(lambda wanted: {"name": wanted.name[:20]}),
    ),
    Mutant(
        "reading tells session_ttl in minutes",
        _CLASS,
        "INST-GET-01",
        on_body("getInstance", change=_field("session_ttl", lambda value: value // 60)),
    ),
    Mutant(
        "reading shows other colours",
        _CLASS,
        "INST-GET-01",
        on_body("getInstance", change=_field("theme", lambda value: {**value, "box_color": "#000000"})),
    ),
    Mutant("an update moves created_at", _CLASS, "INST-GET-02", _created_at_moves),
    Mutant(
        "list omits the newest",
        _CLASS,
        "INST-LIST-01",
        on_body("listInstances", change=lambda body: body[:-1]),
    ),
    Mutant(
        "list has each twice",
        _CLASS,
        "INST-LIST-01",
        on_body("listInstances", change=lambda body: [*body, *body]),
    ),
    Mutant("list holds one", _CLASS, "INST-LIST-01", on_body("listInstances", change=lambda body: body[:1])),
    Mutant(
        "list shows names only by their start",
        _CLASS,
        "INST-LIST-02",
        on_body("listInstances", change=_field("name", lambda value: value[:8])),
    ),
    Mutant(
        "list shows default themes",
        _CLASS,
        "INST-LIST-02",
        on_body("listInstances", change=_field("theme", lambda value: {**value, "accent_color": "#000000"})),
    ),
    Mutant(
        "update is only claimed",
        _CLASS,
        "INST-UPD-01",
        _replaces(lambda w, c: {"name": c.name, "session_ttl": c.session_ttl}, claims_success=True),
    ),
    Mutant(
        "update leaves session_ttl",
        _CLASS,
        "INST-UPD-01",
        _replaces(lambda w, c: {"session_ttl": c.session_ttl}),
    ),
    Mutant("update leaves the name", _CLASS, "INST-UPD-01", _replaces(lambda w, c: {"name": c.name})),
    Mutant(
        "update rounds session_ttl",
        _CLASS,
        "INST-UPD-01",
        _replaces(lambda w, c: {"session_ttl": w.session_ttl // 60 * 60}),
    ),
    Mutant("colours are swapped", _CLASS, "INST-UPD-02", _replaces(_colours_swapped)),
    Mutant("one colour of seven is kept", _CLASS, "INST-UPD-02", _replaces(_one_colour)),
    Mutant(
        "theme is only claimed",
        _CLASS,
        "INST-UPD-02",
        _replaces(lambda w, c: {"theme": Theme(**c.theme)}, claims_success=True),
    ),
    Mutant(
        "terms lose line ends",
        _CLASS,
        "INST-UPD-03",
        _replaces(lambda w, c: {"terms_text": w.terms_text and " ".join(w.terms_text.split())}),
    ),
    Mutant(
        "terms are escaped",
        _CLASS,
        "INST-UPD-03",
        _replaces(lambda w, c: {"terms_text": w.terms_text and html.escape(w.terms_text)}),
    ),
    Mutant("terms are left", _CLASS, "INST-UPD-03", _replaces(lambda w, c: {"terms_text": c.terms_text})),
    Mutant("sites are not kept", _CLASS, "INST-UPD-04", _replaces(lambda w, c: {"sites": []})),
    Mutant("second subnet is lost", _CLASS, "INST-UPD-04", _replaces(_fewer_subnets)),
    Mutant("sites cannot be emptied", _CLASS, "INST-UPD-04", _replaces(_sites_never_emptied)),
    Mutant("update takes the id", _CLASS, "INST-UPD-07", _takes("id")),
    Mutant("update takes created_at", _CLASS, "INST-UPD-07", _takes("created_at", datetime.fromisoformat)),
    Mutant("session_ttl goes to all", _CLASS, "INST-UPD-08", _also(_sets("session_ttl"))),
    Mutant("terms go to all", _CLASS, "INST-UPD-08", _also(_sets("terms_text"))),
    Mutant("repeated update numbers the name", _CLASS, "INST-UPD-09", _replaces(_numbered_name)),
    Mutant("repeated update appends the terms", _CLASS, "INST-UPD-09", _replaces(_terms_appended)),
    Mutant(
        "deletion does nothing", _CLASS, "INST-DEL-02", _deletion(lambda other, target: False, itself=False)
    ),
    Mutant(
        "deleted is still read", _CLASS, "INST-DEL-02", _hidden(reading=True, listing=False, updating=False)
    ),
    Mutant(
        "deleted is still listed", _CLASS, "INST-DEL-02", _hidden(reading=False, listing=True, updating=False)
    ),
    Mutant(
        "deleted can be updated", _CLASS, "INST-DEL-02", _hidden(reading=False, listing=False, updating=True)
    ),
    Mutant("deleting again is fine", _CLASS, "INST-DEL-02", through(_deletion_repeats)),
    Mutant(
        "deletion goes by name",
        _CLASS,
        "INST-DEL-03",
        _deletion(lambda other, target: other.name == target.name, itself=True),
    ),
    Mutant("deletion takes all", _CLASS, "INST-DEL-03", _deletion(lambda other, target: True, itself=True)),
)
