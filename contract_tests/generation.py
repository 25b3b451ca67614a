"""Random request bodies from the spec: schemathesis generates them, this module makes them fit to be sent.

schemathesis knows the schema, not the manners of a shared deployment. So every generated body gets a name with the
run's tag, no site that the run may not use, and, where it is meant to be valid, nothing that the documents leave
open (oauth2 without an integration, names of odd characters).
"""

from __future__ import annotations

import copy
import json
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, Literal

import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from contract_tests.instances import COLOURS, MAX_SESSION_TTL, MIN_SESSION_TTL, session_ttls
from spec.loader import Contract

Mode = Literal["valid", "any"]
NO_BODY = object()
MOST_EXTRA = (
    12  # characters after the tag in a generated name: how long a name may be is for the deployment to say
)

_PRINTABLE_CATEGORIES_OUT = {"Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp"}


def bodies(
    contract: Contract,
    operation_id: str,
    mode: Mode,
    *,
    name: Callable[[], str],
    tame: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> SearchStrategy[Any]:
    """Bodies for an operation. `NO_BODY`: send none.

    `valid` ones keep every constraint. `any` ones break a documented one, or hold properties nobody documented.
    `tame` makes an object fit for a resource that is no instance: what it gives is as valid as what it is given.
    """
    operation = contract.operations[operation_id]
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(contract.document)))
    generated = schema[operation.path][operation.method].as_strategy(
        generation_mode=GenerationMode.POSITIVE if mode == "valid" else GenerationMode.NEGATIVE
    )
    properties = frozenset((operation.request_schema() or {}).get("properties", {}))
    session = session_ttls(contract)

    def fit(case: Any) -> Any:
        body = case.body
        if isinstance(body, NotSet):
            return NO_BODY
        if tame is not None and isinstance(body, Mapping):
            return tame(_with_name(body, properties if mode == "valid" else None, name))
        return fit_valid(body, properties, name, session) if mode == "valid" else fit_any(body, name)

    fitted = generated.filter(lambda case: _is_json(case.body)).map(fit)
    if mode == "valid":
        return fitted
    validator = contract.request_validator(operation_id)

    def tells_something(body: Any) -> bool:
        # A generated case may break a header and leave the body in order: to send it would prove nothing new.
        in_order = isinstance(body, Mapping) and validator is not None and validator.is_valid(body)
        return not in_order or not properties.issuperset(body)

    return fitted.filter(tells_something)


def _is_json(body: Any) -> bool:
    """Can the body be sent as JSON? Some generated ones are bytes, or hold a number JSON does not know."""
    if isinstance(body, NotSet):
        return True
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _with_name(
    body: Mapping[str, Any], properties: frozenset[str] | None, name: Callable[[], str]
) -> dict[str, Any]:
    """With the run's tag where there is a name; nothing beside `properties`, if they are given."""
    fitted = {key: value for key, value in body.items() if properties is None or key in properties}
    if isinstance(fitted.get("name"), str):
        fitted["name"] = f"{name()} {_plain(fitted['name'])}".strip()
    return fitted


def tame_integration(body: dict[str, Any], *, secret: Callable[[], str]) -> dict[str, Any]:
    """An auth integration whose secret is one of the run's own; a tenant is for azure to have.

    Where there is none they are put in: whether an update needs the secret, and azure a tenant, is open.
    """
    config = body.get("config")
    if not isinstance(config, Mapping):
        return body
    fitted = {key: value for key, value in config.items() if key in ("client_id", "client_secret", "tenant")}
    for key, value in fitted.items():
        if isinstance(value, str):
            fitted[key] = secret() if key == "client_secret" else _plain(value) or "application"
    fitted.setdefault("client_secret", secret())
    if fitted.get("tenant") is None:
        fitted["tenant"] = "organizations"
    if body.get("type") != "azure":
        del fitted["tenant"]
    return {**body, "config": fitted}


def tame_entry(body: dict[str, Any]) -> dict[str, Any]:
    """A walled garden entry that opens nothing but an address set aside for documentation."""
    try:
        ip_network(str(body.get("ip_address")), strict=False)
    except ValueError:
        return body
    return {**body, "ip_address": "192.0.2.73"}


def tame_batch(body: dict[str, Any]) -> dict[str, Any]:
    """A batch of coupons that ends within a month: how long they may be valid is for the deployment to say."""
    minutes = body.get("minutes_valid")
    return {**body, "minutes_valid": min(minutes, 43200)} if isinstance(minutes, int | float) else body


def fit_valid(
    body: Any,
    properties: frozenset[str],
    name: Callable[[], str],
    session: tuple[int, int] = (MIN_SESSION_TTL, MAX_SESSION_TTL),
) -> dict[str, Any]:
    """A generated valid body, made valid by every reading of the documents; `session` bounds session_ttl (seconds)."""
    assert isinstance(body, Mapping)
    fitted = {key: value for key, value in body.items() if key in properties}
    fitted |= {"name": f"{name()} {_plain(str(body.get('name', '')))}".strip(), "strategy": "coupon"}
    for unspoken in ("auth_integration_id", "auth_window_ttl", "locale"):
        fitted.pop(unspoken, None)
    if isinstance(fitted.get("session_ttl"), int):
        fitted["session_ttl"] = min(max(fitted["session_ttl"], session[0]), session[1])
    if "sites" in fitted:
        fitted["sites"] = []
    theme = fitted.get("theme")
    if isinstance(theme, Mapping):
        fitted["theme"] = {
            key: value
            for key, value in theme.items()
            if key in COLOURS and isinstance(value, str) and value[:1] == "#"
        }
    if isinstance(fitted.get("terms_text"), str):
        fitted["terms_text"] = _plain(fitted["terms_text"]) or "Terms"
    return fitted


def fit_any(body: Any, name: Callable[[], str]) -> Any:
    """A generated body that may break anything but our manners: a text as name carries the tag, sites stay out."""
    if not isinstance(body, Mapping):
        return body
    fitted = dict(body)
    if isinstance(fitted.get("name"), str):
        fitted["name"] = f"{name()} {_plain(fitted['name'])}".strip()
    if isinstance(fitted.get("sites"), list):
        del fitted["sites"]
    return fitted


def _plain(text: str) -> str:
    """At most `MOST_EXTRA` printable characters of the text, in composed form, without white space at the ends."""
    kept = "".join(
        character for character in text if unicodedata.category(character) not in _PRINTABLE_CATEGORIES_OUT
    )
    # Composed last: what was taken out may have kept a letter and its accent apart.
    return " ".join(unicodedata.normalize("NFC", " ".join(kept.split()))[:MOST_EXTRA].split())
