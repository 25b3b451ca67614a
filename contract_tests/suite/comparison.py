"""Compares what two answers say of the same instance, without what may differ between any two answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Temporary signed links: made anew for each answer.
_VOLATILE = frozenset({"preview_url"})
_LINKS = frozenset({"logo", "icon"})


def configuration(instance: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of an instance in a form that compares.

    Links become whether there is one; sites and their subnets lose their order, which means nothing.
    """
    result: dict[str, Any] = {}
    for name, value in instance.items():
        if name in _VOLATILE:
            continue
        if name == "theme" and isinstance(value, Mapping):
            result[name] = {
                key: bool(part) if key in _LINKS else part.lower() if isinstance(part, str) else part
                for key, part in value.items()
                if key not in _LINKS or part
            }
        elif name == "sites":
            result[name] = sites_of(instance)
        else:
            result[name] = value
    return result


def sites_of(instance: Any) -> dict[str, list[str]]:
    """Site id -> its subnets, sorted; what is no site is left out."""
    sites = instance.get("sites") if isinstance(instance, Mapping) else None
    return {
        str(site["id"]).lower(): sorted(str(subnet) for subnet in site.get("subnets") or [])
        for site in (sites if isinstance(sites, list) else [])
        if isinstance(site, Mapping) and "id" in site
    }


def difference(expected: Any, found: Any) -> str:
    """What differs, in words; empty when nothing does. Properties that only one answer shows do count."""
    if not isinstance(found, Mapping) or not isinstance(expected, Mapping):
        return f"expected an instance, found {type(found).__name__}"
    left, right = configuration(expected), configuration(found)
    parts = [
        f"{name}: {left.get(name, 'absent')!r} became {right.get(name, 'absent')!r}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
    return "; ".join(parts)
