"""Tenants: what one made, another neither sees nor changes nor uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contract_tests.context import Context
from contract_tests.instances import Instances
from contract_tests.ledger import OTHER_TENANT
from contract_tests.suite.comparison import ENTRY, find, unlike
from contract_tests.suite.integrations import make_integration, oauth2
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
from contract_tests.verifier import CannotTell, Verifier

_HIDDEN = frozenset({403, 404})
# The site's own kinds are looked at apart: a site may be one that both tenants know.
_OF_SITES = ("Walled Garden", "Site Users")


def _strangers_can_ask(context: Context) -> None:
    answer = context.instances_of(OTHER_TENANT).listing(purpose="see that the second tenant is let in")
    if not answer.ok:
        raise CannotTell(f"the second tenant cannot list its own instances: {answer.text}")


def _about_ours(context: Context, around: Surroundings) -> Iterator[Prepared]:
    """Each request that names something of the first tenant, as the first tenant would send it."""
    for prepared in every_operation(context, around):
        named = prepared.operation.path_parameters
        if named and prepared.operation.tag not in _OF_SITES and around.real(prepared.operation):
            yield prepared


# It makes a walled garden entry, which reaches the router of the site.
@pytest.mark.site(0)
@pytest.mark.verifies("ISO-READ-01", "ISO-LIST-01", "ISO-WRITE-01", "ISO-DELETE-01", "ISO-SITE-01")
def test_what_a_stranger_can_do(context: Context, verify: Verifier) -> None:
    """One resource of each kind of the first tenant, and every operation on it with the token of the second."""
    _strangers_can_ask(context)
    around = with_one_of_each(context, surroundings(context, unknown_id(context.seed)))
    untouched = True
    for methods in (("GET", "POST", "PUT"), ("DELETE",)):
        tried: set[str] = set()
        for prepared in _about_ours(context, around):
            if prepared.operation.method in methods:
                _hidden(context, verify, prepared)
                tried |= {prepared.name} if prepared.name else set()
        verify.start_scenario()
        changes = changes_to(context, around, tried) if untouched else []
        verify.check(
            "ISO-DELETE-01" if "DELETE" in methods else "ISO-WRITE-01",
            not changes,
            f"after requests of another tenant: {'; '.join(changes) or 'nothing has changed'}; expected no change",
        )
        untouched = not changes  # what is changed already cannot tell of the deletions
    _lists(context, verify, around)
    _site(context, verify, around)
    remove(context, around)


def _hidden(context: Context, verify: Verifier, prepared: Prepared) -> None:
    """Send the request as the second tenant: it must be told that there is no such thing, or that it may not."""
    verify.start_scenario()
    operation = prepared.operation
    what = f"{operation.id} of what another tenant made"
    answer = prepared.send(context, purpose=what, token=OTHER_TENANT)
    verify.check(
        {"GET": "ISO-READ-01", "DELETE": "ISO-DELETE-01"}.get(operation.method, "ISO-WRITE-01"),
        prepared.refused_with(answer, *_HIDDEN),
        f"{what} was answered {answer.text[:160]}; expected 404 or 403",
        exchange=answer.key,
    )


def _lists(context: Context, verify: Verifier, around: Surroundings) -> None:
    for kind in ("instance", "auth-integration"):
        if kind not in around.resources:
            continue
        answer = context.collection(kind, tenant=OTHER_TENANT).listing(
            purpose=f"list {kind} as another tenant"
        )
        if not answer.ok:
            verify.cannot_tell(
                "ISO-LIST-01", f"the second tenant's own list was answered {answer.text[:120]}"
            )
            continue
        shown = find(answer.json(), around.resources[kind]["id"])
        verify.check(
            "ISO-LIST-01",
            not shown,
            f"the list of another tenant, answered {answer.status}, {'holds' if shown else 'does not hold'} the {kind}",
        )


def _site(context: Context, verify: Verifier, around: Surroundings) -> None:
    """Walled garden entries of the first tenant: the second neither reads, lists, changes nor deletes them."""
    if "walled-garden-entry" not in around.resources:
        verify.cannot_tell("ISO-SITE-01", "no walled garden entry could be made")
        return
    verify.start_scenario()
    one, site = around.resources["walled-garden-entry"], around.ids["siteId"]
    theirs = context.collection("walled-garden-entry", tenant=OTHER_TENANT)
    reading = theirs.read(one["id"], purpose="read an entry of another tenant", siteId=site)
    listed = theirs.listing(purpose="list the entries as another tenant", siteId=site)
    _entry_changed(context, verify, one, site)
    deletion = theirs.delete(
        one["id"], purpose="delete an entry of another tenant", siteId=site, essential=False
    )
    left = context.collection("walled-garden-entry").read(
        one["id"], purpose="see whether it is still there", siteId=site
    )
    for what, answer, kept in (
        ("reading it", reading, reading.status in _HIDDEN),
        ("listing the site", listed, not find(listed.json(), one["id"])),
        ("deleting it", deletion, deletion.status in _HIDDEN and not unlike(one, left.json(), ENTRY)),
    ):
        verify.check(
            "ISO-SITE-01",
            kept,
            f"as another tenant {what} was answered {answer.text[:160]}; expected the entry to be hidden and kept",
        )


def _entry_changed(context: Context, verify: Verifier, one: Mapping[str, Any], site: str) -> None:
    """No page tells of the update of an entry; where there is one, it is the owner's alone."""
    theirs = context.collection("walled-garden-entry", tenant=OTHER_TENANT)
    if theirs.kind.update not in context.contract.operations:
        return
    body = {"name": theirs.name("taken"), "ip_address": "192.0.2.73"}
    answer = theirs.update(one["id"], body, purpose="change an entry of another tenant", siteId=site)
    left = context.collection("walled-garden-entry").read(
        one["id"], purpose="see whether it is as it was", siteId=site
    )
    verify.check(
        "ISO-SITE-01",
        answer.status in _HIDDEN | ABSENT and not unlike(one, left.json(), ENTRY),
        f"as another tenant changing it was answered {answer.text[:160]}, then the entry was answered "
        f"{left.text[:160]}; expected the entry to be hidden and kept",
    )


@pytest.mark.verifies("ISO-USE-01")
def test_an_integration_of_a_stranger(context: Context, instances: Instances, verify: Verifier) -> None:
    """The second tenant makes an integration; the first names it in a creation and in an update."""
    _strangers_can_ask(context)
    theirs = make_integration(context, label="theirs", tenant=OTHER_TENANT)
    mine = instances.make("without an integration")
    creation = instances.create(
        instances.body("borrowing", **oauth2(theirs)), purpose="create with the integration of another tenant"
    )
    update = instances.change(mine, purpose="update to the integration of another tenant", **oauth2(theirs))
    for what, answer in (("a creation", creation), ("an update", update)):
        verify.check(
            "ISO-USE-01",
            answer.refused,
            f"{what} with the integration of another tenant was answered {answer.text[:160]}; expected a client error",
            exchange=answer.key,
        )
    created = creation.json() if creation.ok else None
    if isinstance(created, dict) and isinstance(created.get("id"), str):
        instances.delete(created["id"])
    instances.delete(mine["id"])
    context.collection("auth-integration", tenant=OTHER_TENANT).delete(theirs["id"])
