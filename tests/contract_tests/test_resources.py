"""Handles of resources: paths from the contract, a ledger for everything that is made, a guard for all the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from contract_tests.client import Client, NotAllowed
from contract_tests.ledger import OTHER_TENANT, read_ledger
from contract_tests.resources import Collection, ResourceType, resource_types
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract
from tests.contract_tests.conftest import BASE, TOKEN, Wire

SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
GARDEN = f"{BASE}/walled-garden/{SITE}"
OTHER_TOKEN = "the-token-of-tenant-b"


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def wire(make_wire: Callable[..., Wire]) -> Wire:
    return make_wire(target={"other_token": OTHER_TOKEN}, sites=[{"id": SITE, "subnets": ["192.0.2.0/24"]}])


@pytest.fixture
def kinds(api: Contract) -> dict[str, ResourceType]:
    return resource_types(api)


@pytest.fixture
def collection(wire: Wire, api: Contract, kinds: dict[str, ResourceType]) -> Callable[..., Collection]:
    def make(kind: str, tenant: str = "default") -> Collection:
        verifier = Verifier(api.catalogue, lambda judgement: None)
        return Collection(
            kinds[kind], wire.client, wire.ledger, verifier, tag="contract-abc123", tenant=tenant,
            settle_timeout=1.0, sleep=wire.clock.sleep,
        )  # fmt: skip

    return make


def held(wire: Wire) -> list[tuple[str, str | None, str, str]]:
    return [(item.kind, item.id, item.path, item.tenant) for item in read_ledger(wire.ledger.path)[1]]


def test_the_contract_tells_the_kinds(kinds: dict[str, ResourceType]) -> None:
    assert set(kinds) == {
        "instance",
        "auth-integration",
        "coupon",
        "coupon-schedule",
        "walled-garden-entry",
        "site-user",
    }
    assert kinds["coupon-schedule"].parents == {"instanceId": "instance"}
    assert kinds["coupon"].delete is None
    assert kinds["site-user"].create is None
    assert kinds["auth-integration"].write_only == ("config.client_secret",)


def test_a_life_below_a_parent(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    seen: list[Any] = []

    def create(request: httpx.Request) -> httpx.Response:
        seen.extend(held(wire))
        return httpx.Response(201, json={"id": "entry-1", "name": "n"})

    behind.post(GARDEN).mock(side_effect=create)
    behind.route(url=f"{GARDEN}/entry-1").mock(httpx.Response(200, json={"id": "entry-1"}))
    listing = behind.get(GARDEN).mock(httpx.Response(200, json=[]))
    entries = collection("walled-garden-entry")
    assert entries.make("open", body={"name": "n"}, siteId=SITE)["id"] == "entry-1"
    assert seen == [("walled-garden-entry", None, f"/walled-garden/{SITE}", "default")]
    assert held(wire) == [("walled-garden-entry", "entry-1", f"/walled-garden/{SITE}/entry-1", "default")]
    assert entries.read("entry-1", siteId=SITE).ok
    assert entries.update("entry-1", {}, purpose="change", siteId=SITE).ok
    assert entries.listing(siteId=SITE, query="type=captive-auth").ok
    assert str(listing.calls.last.request.url).endswith("?type=captive-auth")
    assert entries.delete("entry-1", siteId=SITE).ok
    assert held(wire) == []


def test_what_cannot_be_deleted_goes_with_its_parent(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    behind.post(f"{BASE}/instances").mock(httpx.Response(201, json={"id": "inst-1"}))
    behind.post(f"{BASE}/instances/inst-1/coupons").mock(httpx.Response(201, json=[{"id": "coupon-1"}]))
    collection("instance").make("guests", body={"name": "n"})
    assert collection("coupon").create({"count": 1}, purpose="make", instanceId="inst-1").ok
    assert [identifier for _, identifier, _, _ in held(wire)] == ["inst-1"]


def test_children_are_gone_with_their_parent(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    behind.post(f"{BASE}/instances").mock(httpx.Response(201, json={"id": "inst-1"}))
    schedules = f"{BASE}/instances/inst-1/coupon-schedules"
    behind.post(schedules).mock(httpx.Response(201, json={"id": "sched-1"}))
    behind.delete(url__startswith=BASE).mock(httpx.Response(204))
    collection("instance").make("guests", body={"name": "n"})
    collection("coupon-schedule").make("daily", body={"name": "s"}, instanceId="inst-1")
    collection("instance").delete("inst-1")
    assert held(wire) == []
    assert wire.ledger.open == ()
    # Whatever answers there now, it was ours.
    assert collection("coupon-schedule").delete("sched-1", instanceId="inst-1").ok


def test_each_tenant_has_its_token_and_deletes_its_own(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    made = behind.post(f"{BASE}/auth-integrations").mock(httpx.Response(201, json={"id": "int-1"}))
    deleted = behind.delete(f"{BASE}/auth-integrations/int-1").mock(httpx.Response(204))
    theirs = collection("auth-integration", OTHER_TENANT)
    theirs.make("sign-in", body={"name": "n"})
    assert made.calls.last.request.headers["authorization"] == f"Bearer {OTHER_TOKEN}"
    assert held(wire) == [("auth-integration", "int-1", "/auth-integrations/int-1", OTHER_TENANT)]
    collection("auth-integration").delete("int-1")
    assert deleted.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"
    assert len(held(wire)) == 1, "the success of a stranger is not believed"
    theirs.delete("int-1")
    assert held(wire) == []


def test_a_404_below_another_parent_says_nothing(
    make_wire: Callable[..., Wire],
    collection: Callable[..., Collection],
    wire: Wire,
    behind: respx.MockRouter,
) -> None:
    behind.post(GARDEN).mock(httpx.Response(201, json={"id": "entry-1"}))
    behind.delete(url__startswith=BASE).mock(httpx.Response(404))
    entries = collection("walled-garden-entry")
    entries.make("open", body={"name": "n"}, siteId=SITE)
    entries.delete("entry-1", siteId=wire.client.invent("0" * 8))
    assert len(held(wire)) == 1
    entries.delete("entry-1", siteId=SITE)
    assert held(wire) == []


def test_nothing_is_made_at_a_site_that_is_not_configured(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    anything = behind.route().mock(httpx.Response(201, json={"id": "x"}))
    elsewhere = "11111111-2222-4333-8444-555555555555"
    with pytest.raises(NotAllowed, match=r"\[\[sites\]\] does not name"):
        collection("walled-garden-entry").create({"name": "n"}, purpose="harm", siteId=elsewhere)
    assert anything.call_count == 0
    assert held(wire) == []
    assert collection("walled-garden-entry").listing(siteId=elsewhere).ok, "looking does no harm"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/auth-integrations/theirs"),
        ("DELETE", "/auth-integrations/theirs"),
        ("POST", "/instances/theirs/coupons"),
        ("POST", "/instances/theirs/coupon-schedules/mine/run"),
        ("POST", "/instances/mine/coupon-schedules/theirs/run"),
        ("PATCH", "/instances/theirs/coupon-schedules"),
        ("DELETE", f"/site-users/{SITE}/theirs"),
        ("DELETE", f"/walled-garden/{SITE}/theirs"),
        ("PUT", "/instances/theirs/odd/thing"),
        ("DELETE", "/instances/%74heirs"),
    ],
)
def test_what_is_not_ours_stays_as_it_is(
    wire: Wire, behind: respx.MockRouter, method: str, path: str
) -> None:
    anything = behind.route().mock(httpx.Response(200, json={}))
    client: Client = wire.client
    client.invent("mine")
    with pytest.raises(NotAllowed, match="did not create theirs"):
        client.send(method, path, purpose="harm", json_body={})
    assert anything.call_count == 0
    wire.ledger.created(wire.ledger.intend("k", "n"), "k", "theirs", "n")
    assert client.send(method, path, purpose="now it is ours", json_body={}).ok


def test_a_kind_without_the_operation_cannot_tell(collection: Callable[..., Collection]) -> None:
    with pytest.raises(CannotTell, match="no such operation on a site-user"):
        collection("site-user").create({}, purpose="make", siteId=SITE)
    with pytest.raises(CannotTell, match="no such operation on a coupon"):
        collection("coupon").delete("x", instanceId="y")


def test_a_deletion_that_was_only_accepted_is_waited_for(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    behind.post(GARDEN).respond(201, json={"id": "Entry-1", "name": "n"})
    behind.delete(f"{GARDEN}/Entry-1").respond(202)
    lists = [[{"id": "entry-1"}, {"id": "other"}], [{"id": "entry-1"}], [{"id": "other"}]]
    listing = behind.get(GARDEN).mock(side_effect=[httpx.Response(200, json=body) for body in lists])
    garden = collection("walled-garden-entry")
    garden.make("one", body={"name": "n"}, siteId=SITE)
    assert garden.delete("Entry-1", siteId=SITE).status == 202
    assert listing.call_count == 3


def test_the_wait_for_a_deletion_has_an_end(
    collection: Callable[..., Collection], wire: Wire, behind: respx.MockRouter
) -> None:
    behind.post(GARDEN).respond(201, json={"id": "entry-1", "name": "n"})
    behind.delete(f"{GARDEN}/entry-1").respond(202)
    behind.get(GARDEN).respond(200, json=[{"id": "entry-1"}])
    garden = collection("walled-garden-entry")
    garden.make("one", body={"name": "n"}, siteId=SITE)
    before = wire.clock.monotonic()
    garden.delete("entry-1", siteId=SITE)
    assert wire.clock.monotonic() - before == pytest.approx(1.0)
