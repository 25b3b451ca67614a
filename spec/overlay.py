"""OpenAPI Overlays: a list of actions that make one document out of another. Pure.

Of the Overlay Specification 1.1.0: `update` merges, `copy` merges what another place of the document holds, `remove`
takes out. A path is renamed by an update that makes the new one, a copy and a removal.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import jsonpath


class OverlayError(ValueError):
    """An action cannot be carried out; the message names its number, its target and the fault."""


def apply(overlay: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `document` after all actions of `overlay`, in their order.

    Stricter than the specification in one thing: a target that selects nothing is an error, because here it can only
    be a mistake. Raises `OverlayError`.
    """
    result = copy.deepcopy(dict(document))
    for number, action in enumerate(overlay["actions"], start=1):
        try:
            _act(action, result)
        except (OverlayError, jsonpath.JSONPathError) as error:
            raise OverlayError(f"action {number}, {action['target']}: {error}") from None
    return result


def _act(action: Mapping[str, Any], document: dict[str, Any]) -> None:
    matches = list(jsonpath.finditer(action["target"], document, strict=True))
    if not matches:
        raise OverlayError("the target selects nothing")
    if action.get("remove"):
        # The last first: what is removed from a list moves all that follow it.
        for match in reversed(matches):
            if match.parent is None:
                raise OverlayError("the whole document cannot be removed")
            del match.parent.obj[match.parts[-1]]  # type: ignore[attr-defined]
        return
    if "copy" in action:
        sources = list(jsonpath.finditer(action["copy"], document, strict=True))
        if len(sources) != 1:
            raise OverlayError(f"{action['copy']} selects {len(sources)} places; a copy needs one")
        update = sources[0].obj
    else:
        update = action["update"]
    for match in matches:
        merged = _merged(match.obj, copy.deepcopy(update))
        if match.parent is None:
            document.clear()
            document.update(merged)
        else:
            match.parent.obj[match.parts[-1]] = merged  # type: ignore[index]


def _merged(target: Any, update: Any) -> Any:
    """Objects are merged property by property, lists joined, everything else replaced by the update."""
    if isinstance(target, dict) and isinstance(update, dict):
        both = {name: _merged(target[name], update[name]) for name in target.keys() & update.keys()}
        return {**target, **update, **both}
    if isinstance(target, list):
        return [*target, *update] if isinstance(update, list) else [*target, update]
    if isinstance(target, dict) or isinstance(update, dict | list):
        raise OverlayError(f"{type(update).__name__} cannot be merged into {type(target).__name__}")
    return update
