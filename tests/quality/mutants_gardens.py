"""Mutants of walled gardens: which addresses are taken, what is kept, at which site."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, Final

from sqlalchemy import select

from reference_impl.records import GardenRecord
from reference_impl.settings import Settings
from reference_impl.stores import garden
from reference_impl.stores.garden import GardenStore
from tests.quality.mutants_doors import (
    Document,
    changed,
    deleting,
    field,
    kept_after_deletion,
    refused_but_done,
    refusing,
    repeated_update,
    rewriting,
    with_body,
)
from tests.quality.mutants_stage import Call, Inside, Mutant, Reply, Stage, answer, on_body, on_reply, through

_LIST, _CREATE, _GET = "listWalledGardenEntries", "createWalledGardenEntry", "getWalledGardenEntry"
_UPDATE, _DELETE = "updateWalledGardenEntry", "deleteWalledGardenEntry"

# Addresses.


def _address(change: Any) -> Any:
    """Another address is stored than the one that was sent."""

    def rewrite(body: Document) -> Document | None:
        address = body.get("ip_address")
        return {"ip_address": change(address)} if isinstance(address, str) else None

    return rewrite


def _class_c(address: str) -> str:
    """Single addresses are opened with their neighbours."""
    return address if "/" in address else str(IPv4Network(f"{address}/24", strict=False))


def _host_alone(address: str) -> str:
    return address.partition("/")[0]


def _whole_bytes(address: str) -> str:
    """Prefixes end where bytes end, as in the days of classes."""
    if "/" not in address:
        return address
    network = IPv4Network(address)
    return str(network.supernet(new_prefix=network.prefixlen // 8 * 8)) if network.prefixlen % 8 else address


def _resembles(form: str) -> Any:
    """What resembles an address is taken for one."""

    def rewrite(body: Document) -> Document | None:
        address = body.get("ip_address")
        if not isinstance(address, str) or not re.match(form, address):
            return None
        try:
            IPv4Network(address)
        except ValueError:
            return {"ip_address": "192.0.2.1"}
        return None

    return rewrite


def _left_out(name: str, value: Any) -> Any:
    return lambda body: None if name in body else {name: value}


def _as_text(name: str) -> Any:
    return lambda body: {name: str(body[name])} if isinstance(body.get(name), int) else None


def _no_such_type(body: Document) -> Document | None:
    return {"type": None} if body.get("type") not in (None, "captive-auth", "captive-portal") else None


async def _refused_but_made(call: Call, inside: Inside, settings: Settings) -> Reply:
    """The entry is stored, then what is wrong with it is noticed."""
    reply = await inside(call)
    if call.operation == _CREATE and reply.status == 400 and isinstance(call.json, dict):
        name = call.json.get("name")
        if isinstance(name, str):
            await inside(call.with_json({"name": name, "ip_address": "192.0.2.1"}))
    return reply


# Sites.


def _site_forgotten(stage: Stage, *, deleting_too: bool) -> None:
    """An entry is looked for by its id alone."""

    async def find(session: Any, site_id: str, entry_id: str, tenant: str) -> GardenRecord | None:
        query = select(GardenRecord).where(GardenRecord.id == entry_id, GardenRecord.tenant == tenant)
        found: GardenRecord | None = await session.scalar(query)
        return found

    async def delete(self: GardenStore, site_id: str, entry_id: str, tenant: str) -> bool:
        if not deleting_too and await original_entry(self, site_id, entry_id, tenant) is None:
            return False
        return bool(await original_delete(self, site_id, entry_id, tenant))

    async def entry(self: GardenStore, site_id: str, entry_id: str, tenant: str) -> GardenRecord | None:
        async with self._database.reading() as session:
            look: Any = original_find if deleting_too else find
            record: GardenRecord | None = await look(session, site_id, entry_id, tenant)
            return record

    original_find = garden._find
    original_entry = stage.patch(GardenStore, "entry", entry)
    original_delete = stage.patch(GardenStore, "delete", delete)
    if deleting_too:
        stage.patch(garden, "_find", find)


async def _all_sites(call: Call, inside: Inside, settings: Settings) -> Reply:
    """A list of the entries of every site."""
    reply = await inside(call)
    if call.operation != _LIST or not reply.ok:
        return reply
    entries = reply.json
    for site in settings.sites:
        if str(site.id) != call.last_id:
            entries += (await inside(replace(call, path=f"/walled-garden/{site.id}"))).json
    return reply.with_json(entries)


def _updated_anew(stage: Stage) -> None:
    """An update takes the entry away and makes another."""
    updated: set[str] = set()

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        reply = await inside(call)
        if call.operation == _UPDATE and reply.ok:
            updated.add(call.last_id)
        if call.operation == _GET and call.last_id in updated and reply.ok:
            return reply.with_json(changed(reply.json, "created_at", "2026-01-01T00:00:00Z"))
        return reply

    stage.door(door)


_PORTAL: Final = with_body(lambda body: body.get("type") == "captive-portal")
_SHAPE: Final = "http-shape"
_RULES: Final = "validation"
_MEANING: Final = "semantics"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "single addresses open a network",
        _MEANING,
        "GARDEN-CREATE-01",
        rewriting(_CREATE, change=_address(_class_c)),
    ),
    Mutant(
        "single addresses are refused",
        _RULES,
        "GARDEN-CREATE-01",
        refusing(_CREATE, when=with_body(lambda body: "/" not in str(body.get("ip_address")))),
    ),
    Mutant(
        "entries are named after their address",
        _MEANING,
        "GARDEN-CREATE-01",
        rewriting(_CREATE, change=lambda body: {"name": str(body.get("ip_address"))}),
    ),
    Mutant(
        "names of entries are ASCII",
        _MEANING,
        "GARDEN-CREATE-01",
        rewriting(_CREATE, change=lambda body: {"name": body["name"].encode("ascii", "replace").decode()}),
    ),
    Mutant(
        "prefixes lose their length",
        _MEANING,
        "GARDEN-CREATE-02",
        rewriting(_CREATE, change=_address(_host_alone)),
    ),
    Mutant(
        "prefixes are refused",
        _RULES,
        "GARDEN-CREATE-02",
        refusing(_CREATE, when=with_body(lambda body: "/" in str(body.get("ip_address")))),
    ),
    Mutant("captive-portal is refused", _RULES, "GARDEN-CREATE-03", refusing(_CREATE, when=_PORTAL)),
    Mutant(
        "every entry is captive-auth",
        _MEANING,
        "GARDEN-CREATE-03",
        rewriting(_CREATE, change=lambda body: {"type": "captive-auth"} if "type" in body else None),
    ),
    Mutant(
        "prefixes end with a byte",
        _MEANING,
        "GARDEN-CREATE-03",
        rewriting(_CREATE, change=_address(_whole_bytes)),
    ),
    Mutant(
        "nameless entries are named",
        _RULES,
        "GARDEN-CREATE-04",
        rewriting(_CREATE, change=_left_out("name", "Entry")),
    ),
    Mutant(
        "entries without an address",
        _RULES,
        "GARDEN-CREATE-04",
        rewriting(_CREATE, change=_left_out("ip_address", "192.0.2.1")),
    ),
    Mutant(
        "four numbers are an address",
        _RULES,
        "GARDEN-CREATE-05",
        rewriting(_CREATE, change=_resembles(r"^\d+(\.\d+){3}(/\d+)?$")),
    ),
    Mutant(
        "what follows an address is not read",
        _RULES,
        "GARDEN-CREATE-05",
        rewriting(_CREATE, change=_resembles(r"^192\.0\.2\.(0/24/|1-)")),
    ),
    Mutant(
        "a long prefix is cut",
        _RULES,
        "GARDEN-CREATE-05",
        rewriting(_CREATE, change=_resembles(r"^192\.0\.2\.0/33$")),
    ),
    Mutant(
        "no address is everything",
        _RULES,
        "GARDEN-CREATE-05",
        rewriting(_CREATE, change=_resembles(r"^$")),
    ),
    Mutant("other types are none", _RULES, "GARDEN-CREATE-06", rewriting(_CREATE, change=_no_such_type)),
    Mutant(
        "a number names an entry", _RULES, "GARDEN-CREATE-06", rewriting(_CREATE, change=_as_text("name"))
    ),
    Mutant("refused entries are made", _MEANING, "GARDEN-CREATE-07", through(_refused_but_made), budget=60),
    Mutant(
        "an entry has no type by itself",
        _MEANING,
        "GARDEN-CREATE-08",
        rewriting(_CREATE, change=lambda body: None if "type" in body else {"type": "captive-portal"}),
        generation="spa",
    ),
    Mutant(
        "reading shows the address alone",
        _MEANING,
        "GARDEN-GET-01",
        on_body(_GET, change=field("ip_address", _host_alone)),
    ),
    Mutant(
        "reading forgets the type",
        _MEANING,
        "GARDEN-GET-01",
        on_body(_GET, change=field("type", lambda kind: None)),
    ),
    Mutant(
        "reading shows now as created_at",
        _MEANING,
        "GARDEN-GET-01",
        on_body(_GET, change=field("created_at", lambda text: "2026-01-01T00:00:00Z")),
    ),
    Mutant(
        "an entry is read under any site",
        _MEANING,
        "GARDEN-SITE-01",
        lambda stage: _site_forgotten(stage, deleting_too=False),
    ),
    Mutant(
        "an entry is deleted under any site",
        _MEANING,
        "GARDEN-SITE-02",
        lambda stage: _site_forgotten(stage, deleting_too=True),
    ),
    Mutant(
        "list has captive-auth alone",
        _MEANING,
        "GARDEN-LIST-01",
        on_body(_LIST, change=lambda body: [item for item in body if item["type"] == "captive-auth"]),
    ),
    Mutant(
        "list has entries twice", _MEANING, "GARDEN-LIST-01", on_body(_LIST, change=lambda body: body * 2)
    ),
    Mutant(
        "list shows addresses alone",
        _MEANING,
        "GARDEN-LIST-01",
        on_body(_LIST, change=field("ip_address", _host_alone)),
    ),
    Mutant("list is that of all sites", _MEANING, "GARDEN-LIST-02", through(_all_sites)),
    Mutant(
        "update leaves the address",
        _MEANING,
        "GARDEN-UPD-01",
        rewriting(_UPDATE, change=_address(lambda address: "192.0.2.7"), claims=True),
    ),
    Mutant(
        "update leaves the type",
        _MEANING,
        "GARDEN-UPD-01",
        rewriting(_UPDATE, change=lambda body: {"type": None}, claims=True),
    ),
    Mutant(
        "update of an entry is undone",
        _MEANING,
        "GARDEN-UPD-01",
        repeated_update(_UPDATE, lambda shown, sent: sent | {"name": "Entry"}),
    ),
    Mutant("update makes an entry anew", _MEANING, "GARDEN-UPD-01", _updated_anew),
    Mutant("entries are not updated", _RULES, "GARDEN-UPD-01", refusing(_UPDATE)),
    Mutant(
        "update takes any address",
        _RULES,
        "GARDEN-UPD-02",
        rewriting(_UPDATE, change=_resembles(r"^\d+(\.\d+){3}$")),
    ),
    Mutant(
        "refused update renames an entry",
        _MEANING,
        "GARDEN-UPD-02",
        refused_but_done(_UPDATE, lambda now, sent: now | {"name": sent["name"]}),
    ),
    Mutant("entries stay for ever", _RULES, "GARDEN-DEL-01", refusing(_DELETE)),
    Mutant("deleted entry is still read", _MEANING, "GARDEN-DEL-01", kept_after_deletion(_DELETE, _GET)),
    Mutant(
        "deleting an entry again is fine",
        _MEANING,
        "GARDEN-DEL-01",
        on_reply(_DELETE, change=lambda reply: answer(204) if reply.status == 404 else reply, failed=True),
    ),
    Mutant(
        "deletion takes the walled garden",
        _MEANING,
        "GARDEN-DEL-02",
        deleting(_DELETE, lambda other, target: True),
    ),
    Mutant(
        "deletion takes what the prefix holds",
        _MEANING,
        "GARDEN-DEL-02",
        deleting(
            _DELETE,
            lambda other, target: other["ip_address"].split(".")[0] == target["ip_address"].split(".")[0],
        ),
    ),
)
