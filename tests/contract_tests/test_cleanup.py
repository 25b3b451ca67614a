"""Clean-up after an interrupted run, from its ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore2
import httpx
import pytest
import respx

from contract_tests.cleanup import CleanupError, clean_up
from contract_tests.client import TargetLost
from contract_tests.config import Config
from contract_tests.ledger import Ledger, LedgerError, RunHeader, read_ledger
from tests.contract_tests.conftest import BASE

MakeConfig = Callable[..., Config]
LIST = f"{BASE}/instances"


@pytest.fixture
def behind() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.jsonl")
    made.start(RunHeader("run-1", "contract-abc123", BASE, "v1", None))
    yield made
    made.close()


def created(ledger: Ledger, identifier: str) -> None:
    name = f"contract-abc123 {identifier}"
    ledger.created(ledger.intend("instance", name), "instance", identifier, name)


def test_the_newest_goes_first(ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter) -> None:
    behind.delete(url__startswith=LIST).mock(httpx.Response(204))
    for identifier in ("one", "two", "three"):
        created(ledger, identifier)
    ledger.deleted("two")
    result = clean_up(make_config(), ledger.path)
    assert [resource.id for resource in result.deleted] == ["three", "one"]
    assert [call.request.url.path for call in behind.calls] == [
        "/captive/instances/three",
        "/captive/instances/one",
    ]
    assert (result.gone, result.left) == ((), ())
    assert read_ledger(ledger.path)[1] == ()


def test_an_empty_ledger_needs_no_request(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    result = clean_up(make_config(), ledger.path)
    assert (result.deleted, result.gone, result.left) == ((), (), ())
    assert len(behind.calls) == 0


def test_what_is_gone_already_is_struck_out(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    behind.delete(f"{LIST}/one").mock(httpx.Response(404))
    created(ledger, "one")
    result = clean_up(make_config(), ledger.path)
    assert [resource.id for resource in result.gone] == ["one"]
    assert read_ledger(ledger.path)[1] == ()


@pytest.mark.parametrize("status", [401, 409, 500])
def test_what_resists_is_told_with_the_command(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter, status: int
) -> None:
    behind.delete(f"{LIST}/one").mock(httpx.Response(status))
    behind.delete(f"{LIST}/two").mock(httpx.Response(204))
    created(ledger, "one")
    created(ledger, "two")
    result = clean_up(make_config(), ledger.path)
    assert [resource.id for resource in result.deleted] == ["two"]
    (left,) = result.left
    assert (left.id, left.name) == ("one", "contract-abc123 one")
    assert left.command == f"portal-contract cleanup {ledger.path}"
    assert [resource.id for resource in read_ledger(ledger.path)[1]] == ["one"]


def test_an_unanswered_creation_is_found_by_its_name(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    ledger.intend("instance", "contract-abc123 lost")
    ledger.intend("instance", "contract-abc123 never happened")
    behind.get(LIST).mock(
        httpx.Response(
            200,
            json=[
                {"id": "theirs", "name": "Lobby"},
                {"id": "ours", "name": "contract-abc123 lost"},
                {"id": "ours-twice", "name": "contract-abc123 lost"},
                "odd",
                {"name": "contract-abc123 lost"},
            ],
        )
    )
    deletion = behind.delete(url__startswith=LIST).mock(httpx.Response(204))
    result = clean_up(make_config(), ledger.path)
    assert {resource.id for resource in result.deleted} == {"ours", "ours-twice"}
    assert deletion.call_count == 2
    assert read_ledger(ledger.path)[1] == ()


def test_an_intent_without_a_name_matches_nobody(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    ledger.intend("instance", None)
    behind.get(LIST).mock(httpx.Response(200, json=[{"id": "theirs", "name": None}, {"id": "x"}]))
    assert clean_up(make_config(), ledger.path).deleted == ()
    assert all(call.request.method == "GET" for call in behind.calls)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401, json={"message": "no"}), "refuses the token"),
        (httpx.Response(403), "refuses the token"),
        (httpx.Response(500), "cannot be read"),
        (httpx.Response(200, text="<html>"), "cannot be read"),
        (httpx.Response(200, json={"data": []}), "cannot be read"),
    ],
)
def test_a_list_that_does_not_tell_keeps_the_intents(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter, answer: httpx.Response, words: str
) -> None:
    ledger.intend("instance", "contract-abc123 lost")
    behind.get(LIST).mock(answer)
    with pytest.raises(CleanupError, match=words):
        clean_up(make_config(), ledger.path)
    assert len(read_ledger(ledger.path)[1]) == 1


def test_a_known_resource_is_deleted_even_if_the_list_is_broken(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    created(ledger, "one")
    ledger.intend("instance", "contract-abc123 lost")
    behind.get(LIST).mock(httpx.Response(500))
    deletion = behind.delete(f"{LIST}/one").mock(httpx.Response(204))
    with pytest.raises(CleanupError):
        clean_up(make_config(), ledger.path)
    assert deletion.call_count == 1
    assert [resource.name for resource in read_ledger(ledger.path)[1]] == ["contract-abc123 lost"]


def test_a_ledger_of_another_deployment_is_not_touched(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    created(ledger, "one")
    with pytest.raises(CleanupError, match=f"belongs to a run against {BASE}, not https://other"):
        clean_up(make_config(target={"base_url": "https://other.test/captive"}), ledger.path)
    assert len(behind.calls) == 0


def test_a_target_that_is_gone(ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter) -> None:
    created(ledger, "one")
    behind.route().mock(side_effect=httpcore2.ConnectError("refused"))
    with pytest.raises(TargetLost):
        clean_up(make_config(), ledger.path)
    assert len(read_ledger(ledger.path)[1]) == 1


def test_a_read_only_configuration_deletes_nothing(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    created(ledger, "one")
    with pytest.raises(CleanupError, match="read-only"):
        clean_up(make_config(run={"read_only": True}), ledger.path)
    assert len(behind.calls) == 0


@pytest.mark.parametrize("content", ["", "{}\n", "no ledger\n"])
def test_a_file_that_is_no_ledger(tmp_path: Path, make_config: MakeConfig, content: Any) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(LedgerError):
        clean_up(make_config(), path)
    assert path.read_text("utf-8") == content


SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
OTHER = {"other_token": "the-token-of-tenant-b"}


def test_every_kind_is_deleted_at_its_path_by_who_made_it(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    behind.delete(url__startswith=BASE).mock(httpx.Response(204))
    for kind, identifier, path, tenant in (
        ("auth-integration", "int-1", "/auth-integrations/int-1", "other"),
        ("walled-garden-entry", "entry-1", f"/walled-garden/{SITE}/entry-1", "default"),
    ):
        ledger.created(ledger.intend(kind, "n"), kind, identifier, "n", path=path, tenant=tenant)
    result = clean_up(make_config(target=OTHER), ledger.path)
    assert [resource.id for resource in result.deleted] == ["entry-1", "int-1"]
    assert [(call.request.url.path, call.request.headers["authorization"]) for call in behind.calls] == [
        (f"/captive/walled-garden/{SITE}/entry-1", "Bearer the-token-of-tenant-a"),
        ("/captive/auth-integrations/int-1", "Bearer the-token-of-tenant-b"),
    ]
    assert read_ledger(ledger.path)[1] == ()


def test_what_is_in_use_goes_after_what_uses_it(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    created(ledger, "user")
    path = "/auth-integrations/used"
    ledger.created(ledger.intend("auth-integration", "n"), "auth-integration", "used", "n", path=path)
    behind.delete(f"{LIST}/user").mock(httpx.Response(204))
    behind.delete(BASE + path).mock(side_effect=[httpx.Response(409), httpx.Response(204)])
    result = clean_up(make_config(), ledger.path)
    assert [resource.id for resource in result.deleted] == ["user", "used"]
    assert result.left == ()


def test_an_unanswered_creation_of_any_kind_is_looked_for_in_its_list(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    listed = f"/walled-garden/{SITE}"
    ledger.intend("walled-garden-entry", "ours", path=listed)
    ledger.intend("walled-garden-entry", "never made", path=listed)
    ledger.intend("auth-integration", "ours too", path="/auth-integrations", tenant="other")
    garden = behind.get(BASE + listed).mock(
        httpx.Response(200, json=[{"id": "entry-1", "name": "ours"}, {"id": "x", "name": "theirs"}])
    )
    integrations = behind.get(f"{BASE}/auth-integrations").mock(
        httpx.Response(200, json=[{"id": "int-1", "name": "ours too"}, {"id": "y", "name": "ours"}])
    )
    behind.delete(url__startswith=BASE).mock(httpx.Response(204))
    result = clean_up(make_config(target=OTHER), ledger.path)
    assert {resource.id for resource in result.deleted} == {"entry-1", "int-1"}
    assert garden.call_count == integrations.call_count == 1
    assert integrations.calls.last.request.headers["authorization"] == "Bearer the-token-of-tenant-b"
    assert read_ledger(ledger.path)[1] == ()


def test_a_list_whose_parent_is_gone_holds_nothing(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    ledger.intend("coupon-schedule", "ours", path="/instances/gone/coupon-schedules")
    behind.get(f"{LIST}/gone/coupon-schedules").mock(httpx.Response(404))
    result = clean_up(make_config(), ledger.path)
    assert (result.deleted, result.left) == ((), ())
    assert read_ledger(ledger.path)[1] == ()


def test_a_ledger_of_old_holds_instances_without_paths(
    ledger: Ledger, make_config: MakeConfig, behind: respx.MockRouter
) -> None:
    with ledger.path.open("a", encoding="utf-8") as file:
        file.write('{"event": "intent", "key": "w-1", "kind": "instance", "name": "n"}\n')
        file.write('{"event": "created", "key": "w-1", "kind": "instance", "id": "one", "name": "n"}\n')
        file.write('{"event": "intent", "key": "w-2", "kind": "instance", "name": "lost"}\n')
    behind.get(LIST).mock(httpx.Response(200, json=[{"id": "two", "name": "lost"}]))
    behind.delete(url__startswith=LIST).mock(httpx.Response(204))
    result = clean_up(make_config(), ledger.path)
    assert {resource.id for resource in result.deleted} == {"one", "two"}
