"""Overlays: what each action does, and what cannot be done."""

from __future__ import annotations

from typing import Any

import pytest

from spec.overlay import OverlayError, apply

DOCUMENT: dict[str, Any] = {
    "a": {"x": 1, "list": [1, 2], "deep": {"y": "z"}},
    "items": [{"name": "one"}, {"name": "two"}, {"name": "three"}],
    "none": None,
}


def after(*actions: dict[str, Any]) -> dict[str, Any]:
    return apply({"actions": actions}, DOCUMENT)


@pytest.mark.parametrize(
    ("target", "update", "place", "expected"),
    [
        ("$.a", {"new": 3}, "a", {"x": 1, "list": [1, 2], "deep": {"y": "z"}, "new": 3}),
        ("$.a", {"x": 2, "list": [3], "deep": {"q": 1}}, "a", {"x": 2, "list": [1, 2, 3], "deep": {"y": "z", "q": 1}}),
        ("$.a.list", 3, "a", {"x": 1, "list": [1, 2, 3], "deep": {"y": "z"}}),
        ("$.a.list", [3, 4], "a", {"x": 1, "list": [1, 2, 3, 4], "deep": {"y": "z"}}),
        ("$.a.x", 9, "a", {"x": 9, "list": [1, 2], "deep": {"y": "z"}}),
        ("$.none", 5, "none", 5),
        ("$.items[?@.name != 'two']", {"k": 1},
            "items", [{"name": "one", "k": 1}, {"name": "two"}, {"name": "three", "k": 1}]),
        ("$", {"b": True}, "b", True),
    ],
)  # fmt: skip
def test_an_update_merges(target: str, update: Any, place: str, expected: Any) -> None:
    assert after({"target": target, "update": update})[place] == expected


def test_a_removal_takes_out_every_target() -> None:
    assert after({"target": "$.items[?@.name != 'two']", "remove": True})["items"] == [{"name": "two"}]
    assert after({"target": "$.a['x', 'deep']", "remove": True})["a"] == {"list": [1, 2]}


def test_a_move_is_an_update_a_copy_and_a_removal() -> None:
    moved = after(
        {"target": "$", "update": {"b": {}}},
        {"target": "$.b", "copy": "$.a"},
        {"target": "$.a", "remove": True},
        {"target": "$.b.list", "update": 3},
    )
    assert moved["b"] == {**DOCUMENT["a"], "list": [1, 2, 3]}
    assert "a" not in moved


def test_a_copy_shares_nothing_with_its_source_nor_the_result_with_the_document() -> None:
    both = after(
        {"target": "$", "update": {"b": {}}},
        {"target": "$.b", "copy": "$.a"},
        {"target": "$.b.deep", "update": {"y": "changed"}},
    )
    assert both["a"]["deep"] == DOCUMENT["a"]["deep"] == {"y": "z"}


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"target": "$.nowhere", "update": 1}, r"action 1, \$\.nowhere: the target selects nothing"),
        ({"target": "$.a", "update": [1]}, "list cannot be merged into dict"),
        ({"target": "$.a.x", "update": {"y": 1}}, "dict cannot be merged into int"),
        ({"target": "$.a", "copy": "$.items[*]"}, r"selects 3 places; a copy needs one"),
        ({"target": "$", "remove": True}, "the whole document cannot be removed"),
        ({"target": "$.a[", "remove": True}, r"action 1, \$\.a\[: "),
    ],
)
def test_an_action_that_cannot_be_carried_out(action: dict[str, Any], words: str) -> None:
    with pytest.raises(OverlayError, match=words):
        after(action)
