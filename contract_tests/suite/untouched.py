"""Looks whether resources are as they were, after requests that had no right to do anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract_tests.context import Context
from contract_tests.resources import resource_types
from contract_tests.suite.comparison import ENTRY, INTEGRATION, find, unlike
from contract_tests.suite.requests import Surroundings, parents

# What has to be as it was, of each kind; an instance is looked at more closely.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "auth-integration": INTEGRATION,
    "coupon-schedule": ("id", "name", "count"),
    "walled-garden-entry": ENTRY,
}


def changes_to(context: Context, around: Surroundings, tried: set[str]) -> list[str]:
    """What was changed, deleted, or made under a name that was `tried`, in words."""
    return [*_instance_changes(context, around), *_other_changes(context, around, tried)]


def _instance_changes(context: Context, around: Surroundings) -> list[str]:
    """What a refused request has done to the instance, or made beside it, in words."""
    before = around.resources["instance"]
    reading = context.instances.read(before["id"], purpose="see whether a refused request changed it")
    now = reading.json()
    if not reading.ok or not isinstance(now, dict):
        return [f"the instance was answered {reading.text[:200]}"]
    changes = [
        f"{name} of the instance"
        for name in ("name", "strategy", "session_ttl", "sites")
        if now.get(name) != before.get(name)
    ]
    if bool(_logo(now)) != bool(_logo(before)):
        changes.append("theme.logo of the instance")
    return changes


def _logo(instance: Mapping[str, Any]) -> Any:
    theme = instance.get("theme")
    return theme.get("logo") if isinstance(theme, Mapping) else None


def _other_changes(context: Context, around: Surroundings, tried: set[str]) -> list[str]:
    """What the lists tell: resources that were made, changed or deleted, in words."""
    changes: list[str] = []
    for kind in ("instance", "coupon", *_KEPT):
        # Coupons are looked for, whoever made none: the others are where one was made before.
        if kind not in (resource_types(context.contract) if kind == "coupon" else around.resources):
            continue
        collection = context.collection(kind)
        answer = collection.listing(
            purpose="see whether a refused request did something", **parents(collection, around)
        )
        listed = answer.json() if answer.ok else None
        if not isinstance(listed, list):
            continue  # whether there is such a list is judged elsewhere
        if kind == "coupon":
            changes += [f"{len(listed)} coupons were made"] if listed else []
            continue
        changes += [
            f"{item['name']} was made or renamed"
            for item in listed
            if isinstance(item, dict) and isinstance(item.get("name"), str) and item["name"] in tried
        ]
        if kind in _KEPT:
            before = around.resources[kind]
            found = find(listed, before["id"])
            wrong = unlike(before, found[0], _KEPT[kind]) if found else "it is not in its list"
            changes += [f"{kind}: {wrong}"] if wrong else []
    return changes
