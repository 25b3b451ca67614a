"""Compares what two answers say of the same instance, without what may differ between any two answers. Pure.

Only properties of the contract are compared: a deployment may add its own, and they may change as they please.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from contract_tests.instances import COLOURS

_PLAIN = ("id", "strategy", "session_ttl", "auth_integration_id")
_LINKS = ("logo", "icon")


def text(value: Any) -> Any:
    """A text in the form in which two of them are the same to people; anything else as it is.

    The documents do not say which Unicode form, line ends or white space at the ends a deployment keeps.
    """
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFKC", value).replace("\r\n", "\n").strip()


def instant(value: Any) -> Any:
    """An instant as seconds, whatever its fraction and zone are written like; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except ValueError:
        return value


def configuration(instance: Any) -> dict[str, Any]:
    """The configuration of an instance in a form that compares; properties that are null or absent are left out.

    Links become whether there is one; sites and their subnets lose their order, which means nothing.
    """
    if not isinstance(instance, Mapping):
        return {}
    result: dict[str, Any] = {name: _lower(instance.get(name)) for name in _PLAIN}
    result["name"] = text(instance.get("name"))
    result["terms_text"] = text(instance.get("terms_text")) or None
    result["created_at"] = instant(instance.get("created_at"))
    if instance.get("strategy") == "oauth2":
        result["auth_window_ttl"] = instance.get("auth_window_ttl")
    theme = instance.get("theme")
    if isinstance(theme, Mapping):
        result["theme"] = theme_of(theme)
    if "sites" in instance:
        result["sites"] = sites_of(instance)
    return {name: value for name, value in result.items() if value is not None}


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def theme_of(theme: Mapping[str, Any]) -> dict[str, Any]:
    """The colours, in lower case, and which images there are."""
    shown = {name: _lower(theme[name]) for name in COLOURS if theme.get(name) is not None}
    return shown | {name: True for name in _LINKS if theme.get(name)}


def sites_of(instance: Any) -> dict[str, list[str]]:
    """Site id -> its subnets, sorted; what is no site is left out."""
    sites = instance.get("sites") if isinstance(instance, Mapping) else None
    return {
        str(site["id"]).lower(): sorted(str(subnet) for subnet in site.get("subnets") or [])
        for site in (sites if isinstance(sites, list) else [])
        if isinstance(site, Mapping) and "id" in site
    }


def lacking(wanted: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The properties of a request body that an instance does not show, with what it shows instead."""
    expected, seen = configuration(wanted), configuration(found)
    missing: dict[str, Any] = {}
    for name, value in expected.items():
        if name == "theme":
            theme = seen.get("theme") or {}
            missing |= {
                f"theme.{key}": theme.get(key) for key, part in value.items() if theme.get(key) != part
            }
        elif seen.get(name) != value:
            missing[name] = seen.get(name)
    return missing


def disturbed(before: Any, after: Any, *, apart_from: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that `before` shows and `after` shows otherwise, though the update did not name them."""
    old, new = configuration(before), configuration(after)
    return {name: new.get(name) for name in old if name not in apart_from and old[name] != new.get(name)}


def difference(expected: Any, found: Any) -> str:
    """What differs, in words; empty when nothing does."""
    if not isinstance(found, Mapping) or not isinstance(expected, Mapping):
        return f"expected an instance, found {type(found).__name__}"
    left, right = configuration(expected), configuration(found)
    parts = [
        f"{name}: {left.get(name, 'absent')!r} became {right.get(name, 'absent')!r}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
    return "; ".join(parts)


def find(listed: Any, identifier: str) -> list[Mapping[str, Any]]:
    """The items of a list of instances that have this id."""
    return [
        item
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, Mapping) and str(item.get("id")).lower() == identifier.lower()
    ]


INTEGRATION = ("id", "name", "type", "config.client_id", "config.tenant", "created_at")
ENTRY = ("id", "name", "type", "ip_address", "created_at")


def shown(resource: Any, properties: Iterable[str]) -> dict[str, Any]:
    """The properties (dotted paths) in a form that compares; those that are null or absent are left out.

    The documents do not say whether one address comes back as such or as the prefix that holds it alone.
    """
    result: dict[str, Any] = {}
    for path in properties:
        value = resource
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            continue
        if path == "id":
            value = _lower(value)
        elif path.endswith("_at"):
            value = instant(value)
        elif path == "ip_address":
            value = _network(value)
        result[path] = text(value)
    return result


def _network(value: Any) -> Any:
    try:
        return str(ip_network(str(value), strict=False))
    except ValueError:
        return value


def unlike(wanted: Any, found: Any, properties: Iterable[str]) -> dict[str, Any]:
    """The properties that `wanted` has and `found` shows otherwise, with what it shows instead."""
    named = tuple(properties)
    expected, seen = shown(wanted, named), shown(found, named)
    return {name: seen.get(name) for name, value in expected.items() if seen.get(name) != value}
