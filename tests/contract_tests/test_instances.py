"""Instances as the suite makes them: bodies, and a ledger that knows each one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpcore2
import httpx
import pytest
import respx

from contract_tests.events import Judgement
from contract_tests.instances import Instances
from contract_tests.ledger import read_ledger
from contract_tests.resources import pauses, resource_types
from contract_tests.verifier import CannotTell, Verifier
from spec.loader import Contract
from tests.contract_tests.conftest import BASE, Wire

LIST = f"{BASE}/instances"


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def wire(make_wire: Callable[..., Wire]) -> Wire:
    return make_wire()


@pytest.fixture
def said() -> list[Judgement]:
    return []


@pytest.fixture
def instances(wire: Wire, api: Contract, said: list[Judgement]) -> Instances:
    return Instances(
        resource_types(api)["instance"],
        wire.client,
        wire.ledger,
        Verifier(api.catalogue, said.append),
        tag="contract-abc123",
        settle_timeout=1.0,
        sleep=wire.clock.sleep,
    )


def open_in(wire: Wire) -> list[tuple[str | None, str | None]]:
    return [(resource.id, resource.name) for resource in read_ledger(wire.ledger.path)[1]]


def test_names_are_tagged_and_never_the_same(instances: Instances) -> None:
    names = {instances.name("guests") for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("contract-abc123 guests ") for name in names)


def test_bodies(instances: Instances, api: Contract) -> None:
    validator = api.request_validator("createInstance", documented_only=False)
    assert validator is not None
    assert validator.errors(instances.body()) == []
    assert instances.body(session_ttl=1200)["session_ttl"] == 1200
    assert "name" not in instances.body(name=...)
    assert instances.body(name=None)["name"] is None


def test_a_creation_is_in_the_ledger_before_it_is_sent(
    instances: Instances, wire: Wire, behind: respx.MockRouter
) -> None:
    seen = []

    def create(request: httpx.Request) -> httpx.Response:
        seen.extend(open_in(wire))
        return httpx.Response(201, json={"id": "id-1"})

    behind.post(LIST).mock(side_effect=create)
    assert instances.create({"name": "n"}, purpose="create").ok
    assert seen == [(None, "n")]
    assert open_in(wire) == [("id-1", "n")]
    assert wire.ledger.owns("id-1")


@pytest.mark.parametrize("body", [{"id": None}, {"id": ""}, {"id": "../x"}, {"id": 7}, [], {}])
def test_a_creation_whose_id_is_unknown_stays_an_intent(
    instances: Instances, wire: Wire, behind: respx.MockRouter, body: Any
) -> None:
    behind.post(LIST).mock(httpx.Response(201, json=body))
    instances.create({"name": "n"}, purpose="create")
    assert open_in(wire) == [(None, "n")]


def test_a_refused_creation_is_struck_out(instances: Instances, wire: Wire, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(400, json={}))
    instances.create({"name": "n"}, purpose="create")
    assert open_in(wire) == []


def test_an_unanswered_creation_may_have_happened(
    instances: Instances, wire: Wire, behind: respx.MockRouter
) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpcore2.ReadTimeout("no answer")

    behind.post(LIST).mock(side_effect=lost)
    behind.get(LIST).mock(httpx.Response(401))
    answer = instances.create({"name": "n"}, purpose="create")
    assert answer.status is None
    assert open_in(wire) == [(None, "n")]


def test_make_gives_the_instance_or_cannot_tell(instances: Instances, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1", "name": "n"}))
    assert instances.make()["id"] == "id-1"
    for answer in (httpx.Response(403, json={"message": "no"}), httpx.Response(201, text="ok")):
        behind.post(LIST).mock(answer)
        with pytest.raises(CannotTell, match="no instance could be created"):
            instances.make()


@pytest.mark.parametrize(("status", "left"), [(204, 0), (202, 0), (404, 0), (500, 1), (409, 1)])
def test_a_deletion_is_struck_out_when_it_is_gone(
    instances: Instances, wire: Wire, behind: respx.MockRouter, status: int, left: int
) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    behind.delete(f"{LIST}/id-1").mock(httpx.Response(status))
    behind.get(LIST).mock(httpx.Response(200, json=[]))
    instances.make()
    instances.delete("id-1")
    assert len(open_in(wire)) == left
    assert len(wire.ledger.open) == left


def test_a_deletion_that_was_only_accepted_is_waited_for(
    instances: Instances, wire: Wire, behind: respx.MockRouter
) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    behind.delete(f"{LIST}/id-1").mock(httpx.Response(202))
    still = httpx.Response(200, json=[{"id": "id-1"}, {"id": "theirs"}])
    listing = behind.get(LIST).mock(side_effect=[still, still, httpx.Response(200, json=[{"id": "theirs"}])])
    instances.make()
    instances.delete("id-1")
    assert listing.call_count == 3
    assert len(wire.clock.slept) == 2


def test_what_is_gone_may_be_asked_for_again(instances: Instances, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    route = behind.delete(f"{LIST}/id-1").mock(httpx.Response(204))
    instances.make()
    instances.delete("id-1")
    instances.delete("id-1")
    assert route.call_count == 2


def test_the_body_of_an_update_is_complete(instances: Instances, api: Contract) -> None:
    instance = {
        "id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6",
        "created_at": "2030-01-02T12:00:00Z",
        "name": "n",
        "strategy": "coupon",
        "session_ttl": 3600,
        "auth_integration_id": None,
        "auth_window_ttl": None,
        "theme": {"logo": "https://x/y?signature=1", "icon": None, "text_color": "#123456"},
        "terms_text": None,
        "sites": None,
    }
    body = instances.update_body(instance, session_ttl=1200, name=...)
    assert body == {
        "strategy": "coupon",
        "session_ttl": 1200,
        "theme": {"text_color": "#123456"},
        "sites": [],
    }
    oauth2 = instances.update_body(instance | {"strategy": "oauth2", "auth_window_ttl": 300})
    assert (oauth2["auth_window_ttl"], oauth2["auth_integration_id"]) == (300, None)
    validator = api.request_validator("updateInstance", documented_only=False)
    assert validator is not None
    assert validator.errors(instances.update_body(instance)) == []


def test_an_update_of_what_is_not_ours_is_not_sent(instances: Instances) -> None:
    with pytest.raises(Exception, match="did not create theirs"):
        instances.change({"id": "theirs", "name": "n"}, purpose="harm")


def test_an_accepted_update_is_waited_for(instances: Instances, wire: Wire, behind: respx.MockRouter) -> None:
    readings = iter(["old", "old", "new"])
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    behind.put(f"{LIST}/id-1").mock(httpx.Response(202))
    behind.get(f"{LIST}/id-1").mock(
        side_effect=lambda request: httpx.Response(200, json={"name": next(readings)})
    )
    instances.make()
    accepted = instances.update("id-1", {"name": "new"}, purpose="rename")
    answer = instances.reading_until(
        "id-1", accepted, lambda now: now["name"] == "new", purpose="see the name"
    )
    assert answer.json() == {"name": "new"}
    assert len(wire.clock.slept) == 2


def test_patience_ends(instances: Instances, wire: Wire, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    behind.put(f"{LIST}/id-1").mock(httpx.Response(202))
    behind.get(f"{LIST}/id-1").mock(httpx.Response(200, json={"name": "old"}))
    instances.make()
    accepted = instances.update("id-1", {"name": "new"}, purpose="rename")
    instances.reading_until("id-1", accepted, lambda now: False, purpose="see the name")
    assert sum(wire.clock.slept) == pytest.approx(1.0)


def test_an_update_that_was_done_is_read_once(instances: Instances, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    behind.put(f"{LIST}/id-1").mock(httpx.Response(200, json={}))
    route = behind.get(f"{LIST}/id-1").mock(httpx.Response(200, json={}))
    instances.make()
    done = instances.update("id-1", {"name": "new"}, purpose="rename")
    instances.reading_until("id-1", done, lambda now: False, purpose="see the name")
    assert route.call_count == 1


def test_an_upload_is_a_part_named_file(instances: Instances, behind: respx.MockRouter) -> None:
    behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    route = behind.post(f"{LIST}/id-1/images/logo").mock(httpx.Response(202))
    instances.make()
    instances.upload("id-1", "logo", b"\x89PNG", purpose="upload")
    content = route.calls.last.request.content
    assert b'name="file"; filename="logo.png"' in content
    assert b"\x89PNG" in content


@pytest.mark.parametrize("total", [0.01, 0.2, 1.0, 30.0])
def test_pauses_grow_and_keep_within_the_total(total: float) -> None:
    made = list(pauses(total))
    assert sum(made) == pytest.approx(total)
    assert made[:-1] == sorted(made[:-1])
    assert max(made) <= 2.0


def test_json_sent_is_the_body_given(instances: Instances, behind: respx.MockRouter) -> None:
    route = behind.post(LIST).mock(httpx.Response(201, json={"id": "id-1"}))
    body = instances.body("guests", session_ttl=7200)
    instances.create(body, purpose="create")
    assert json.loads(route.calls.last.request.content) == body
