"""Mutants of the users of a site: how they are listed, whose they are, and the end of their sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select

from reference_impl import site_users
from reference_impl.clock import instant
from reference_impl.provisioning.sessions import GuestSessions
from reference_impl.records import AdmissionRecord, InstanceRecord
from reference_impl.settings import Settings
from reference_impl.stores import admissions
from tests.quality.mutants_stage import (
    Call,
    Inside,
    Mutant,
    Reply,
    Stage,
    each,
    on_body,
    replaces,
    through,
)


def _shows(**others: Callable[[dict[str, Any]], Any]) -> Callable[[Stage], None]:
    """Users are shown with other values of some properties."""
    return on_body(
        "listSiteUsers",
        change=each(lambda item: item | {name: value(item) for name, value in others.items()}),
    )


def _ignores(name: str) -> Callable[[Stage], None]:
    """A filter has no effect."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        if call.operation != "listSiteUsers":
            return await inside(call)
        kept = [(key, value) for key, value in parse_qsl(call.query) if key != name]
        return await inside(replace(call, query=urlencode(kept)))

    return through(door)


def _active_whatever_is_said(stage: Stage) -> None:
    """`active=false` is taken for the filter being there, which is taken for true."""

    async def door(call: Call, inside: Inside, settings: Settings) -> Reply:
        query = call.query.replace("active=false", "active=true")
        return await inside(replace(call, query=query))

    stage.door(door)


def _session_of(length: timedelta) -> Callable[[Stage], None]:
    """The end of a session is written down as if sessions had this length, and the router is not asked."""

    def make(original: Any) -> Any:
        def view(session: Any) -> Any:
            shown = original(session)
            shown.expires_at = instant(session.begun_at + length)
            return shown

        return view

    return replaces(site_users, "_view", make)


def _in_the_log_alone(stage: Stage) -> None:
    """Disconnecting a guest says that it was done, and the router is not told."""

    async def end(self: GuestSessions, site_id: str, ip: str, mac: str) -> bool:
        return True

    stage.patch(GuestSessions, "end", end)


def _of_every_tenant(original: Any) -> Any:
    def at_site(site_id: str, tenant: str) -> Any:
        return (
            select(AdmissionRecord)
            .join(InstanceRecord, InstanceRecord.id == AdmissionRecord.instance_id)
            .where(AdmissionRecord.site_id == site_id)
            .order_by(AdmissionRecord.sequence.desc())
        )

    return at_site


MUTANTS: Final[tuple[Mutant, ...]] = (
    Mutant(
        "users without their address",
        "http-shape",
        "USER-01",
        on_body(
            "listSiteUsers",
            change=each(lambda item: {name: value for name, value in item.items() if name != "ip_address"}),
        ),
    ),
    Mutant("the end of a session in seconds", "http-shape", "USER-01", _shows(expires_at=lambda item: 2400)),
    Mutant("users of any activity", "semantics", "USER-02", _ignores("active")),
    Mutant("users of any instance", "semantics", "USER-02", _ignores("instance_id")),
    Mutant("false is true", "semantics", "USER-02", _active_whatever_is_said),
    Mutant("sessions of twelve hours", "semantics", "USER-03", _session_of(timedelta(hours=12))),
    Mutant("a session as long as its coupon", "semantics", "USER-03", _session_of(timedelta(minutes=600))),
    Mutant("users are online for good", "semantics", "USER-04", _shows(active=lambda item: True)),
    Mutant("disconnected in the log alone", "semantics", "USER-04", _in_the_log_alone),
    Mutant(
        "users of every tenant", "semantics", "USER-05", replaces(admissions, "_at_site", _of_every_tenant)
    ),
)
