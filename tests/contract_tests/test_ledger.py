"""The ledger: whatever happens to a run, the file tells what may still exist."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.ledger import Ledger, LedgerError, Resource, RunHeader, read_ledger

HEADER = RunHeader("run-1", "contract-abc123", "https://api.test/captive", "v1", "my.toml")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "deep" / "ledger.jsonl")
    made.start(HEADER)
    yield made
    made.close()


def test_what_was_created_and_not_deleted_is_read_again_newest_first(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        key = ledger.intend("instance", f"name {number}")
        ledger.created(key, "instance", f"id-{number}", f"name {number}")
    ledger.deleted("id-2")
    header, resources = read_ledger(ledger.path)
    assert header == HEADER
    assert [resource.id for resource in resources] == ["id-3", "id-1"]
    assert resources == ledger.open
    assert ledger.owns("id-1")
    assert not ledger.owns("id-2")


def test_an_intent_is_on_disk_before_its_answer(ledger: Ledger) -> None:
    key = ledger.intend("instance", "guests")
    assert read_ledger(ledger.path)[1] == (Resource("instance", None, "guests", key),)
    ledger.refused(key, 400)
    assert read_ledger(ledger.path)[1] == ()


def test_an_intent_without_a_name_is_kept_too(ledger: Ledger) -> None:
    ledger.intend("instance", None)
    ((resource,), known) = read_ledger(ledger.path)[1], ledger.open
    assert resource.id is None
    assert resource.name is None
    assert known == ()


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_last_line_cut_off_by_a_kill_is_passed_over(ledger: Ledger, cut: int) -> None:
    key = ledger.intend("instance", "guests")
    before = read_ledger(ledger.path)
    ledger.created(key, "instance", "id-1", "guests")
    ledger.path.write_bytes(ledger.path.read_bytes()[:-cut])
    assert read_ledger(ledger.path) == before


def test_several_workers_share_one_file(ledger: Ledger) -> None:
    workers = [Ledger(ledger.path, worker=name) for name in ("gw0", "gw1")]
    keys = [worker.intend("instance", "same name") for worker in workers for _ in range(2)]
    assert len(set(keys)) == 4
    workers[0].created(keys[0], "instance", "id-0", "same name")
    workers[1].created(keys[2], "instance", "id-1", "same name")
    workers[1].deleted("id-1")
    for worker in workers:
        worker.close()
    resources = read_ledger(ledger.path)[1]
    assert {(resource.id, resource.key) for resource in resources} == {
        ("id-0", keys[0]),
        (None, keys[1]),
        (None, keys[3]),
    }
    assert not ledger.owns("id-0")


@given(name=st.text())
def test_any_name_makes_one_line(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.jsonl")
    ledger.start(HEADER)
    ledger.intend("instance", name)
    ledger.close()
    assert len(ledger.path.read_bytes().splitlines()) == 2
    assert read_ledger(ledger.path)[1][0].name == name


def test_only_its_owner_reads_it(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_a_clean_up_in_the_same_file_is_part_of_the_story(ledger: Ledger) -> None:
    key = ledger.intend("instance", "guests")
    cleaner = Ledger(ledger.path, worker="cleanup")
    cleaner.created(key, "instance", "found", "guests")
    assert read_ledger(ledger.path)[1] == (Resource("instance", "found", "guests", key),)
    cleaner.deleted("found")
    cleaner.close()
    assert read_ledger(ledger.path)[1] == ()


GOOD = json.dumps(
    {"event": "run", "run_id": "r", "tag": "t", "base_url": "u", "generation": "v1", "config": None}
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no run is recorded"),
        ("hello\n", "line 1: not an entry of a ledger"),
        (f"{GOOD}\n[]\n", "line 2: not an entry of a ledger"),
        (f"{GOOD}\n7\n", "line 2: not an entry of a ledger"),
        (f'{GOOD}\n{{"event":"intent"}}\n', "line 2: not an entry of a ledger"),
        (f'{GOOD}\n{{"event":"dance"}}\n', "line 2: unknown event 'dance'"),
        ('{"event":"run"}\n', "line 1: not an entry"),
        ("\x00\x01\n", "line 1: not an entry"),
    ],
)
def test_a_file_that_is_no_ledger(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(LedgerError) as caught:
        read_ledger(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_ledger_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        read_ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(LedgerError, match="cannot be read"):
        read_ledger(tmp_path)
