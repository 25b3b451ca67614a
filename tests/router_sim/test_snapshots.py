"""Snapshots as files: nothing lost on the way, a stable form, and errors that name the line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router_sim.snapshots import FORMAT, Snapshot, snapshot_of
from tests.router_sim.conftest import Console

texts = st.text(max_size=20) | st.binary(max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
rows = st.lists(st.dictionaries(texts, texts, max_size=4), max_size=4)


@given(st.dictionaries(texts, rows, max_size=4), texts)
def test_a_file_holds_all_of_it(menus: dict[str, list[dict[str, str]]], identity: str) -> None:
    snapshot = Snapshot("7.22.3", identity, "2026-03-01T12:00:00Z", menus)
    text = snapshot.to_ndjson()
    assert text.isascii()
    assert Snapshot.from_ndjson(text) == snapshot
    assert Snapshot.from_ndjson(text).to_ndjson() == text


def test_a_snapshot_of_a_router_says_what_it_is_of(console: Console) -> None:
    console.run("/system/identity/set", {"name": "site 1"})
    snapshot = snapshot_of(console.router)
    header, *lines = snapshot.to_ndjson().splitlines()
    assert json.loads(header) == {
        "format": FORMAT,
        "version": "7.22.3",
        "identity": "site 1",
        "taken": "2026-03-01T12:00:00Z",
        "menus": list(snapshot.menus),
    }
    assert "/system" not in snapshot.menus  # commands and no items
    assert json.loads(lines[0])["menu"] == "/interface"
    assert "secret" not in snapshot.to_ndjson()


HEADER = json.dumps({"format": FORMAT, "version": "7.22.3", "identity": "", "taken": "", "menus": ["/a"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: a snapshot begins with its header"),
        ("\n{", "line 2: this is not JSON"),
        ("[]", "line 1: a JSON object is needed"),
        ("{}", "line 1: the format is None"),
        (HEADER.replace("7.22.3", "seven"), "line 1: version: 'seven'"),
        (HEADER.replace("7.22.3", "7.22 \\u001b"), "line 1: version: '7.22 "),
        (HEADER.replace('"7.22.3"', "7"), "line 1: version: 7 is no text"),
        (HEADER.replace('["/a"]', '"/a"'), "line 1: menus: a list"),
        (HEADER + '\n{"menu":"/b","row":{}}', "line 2: menu: '/b' is not among those"),
        (HEADER + '\n\n{"menu":"/a","row":{"x":1}}', "line 3: row: an object whose values are texts"),
        (HEADER + '\n{"menu":"/a","row":{"x":"\\ud800"}}', "line 2: a text has half of a surrogate pair"),
        ("[" * 100_000, "line 1: this is not JSON"),
    ],
)
def test_what_is_no_snapshot_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Snapshot.from_ndjson(text)
