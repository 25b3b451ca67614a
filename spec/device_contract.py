"""The device contract as types: the menus to observe, the outcomes to judge (`device_contract.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ObservedMenu:
    """A RouterOS menu the observer reads.

    `volatile` properties change by themselves and never count as a difference. In an `ordered` menu the order
    of items is state. Items of a menu that is not `configuration` are running state (sessions). `pages` marks
    the menu of files. `proplist` limits what is read (empty: everything). In a
    `self_updating` menu a reported item without a change is no sign of a write.
    """

    path: str
    volatile: frozenset[str]
    ordered: bool = False
    configuration: bool = True
    pages: bool = False
    proplist: tuple[str, ...] = ()
    self_updating: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome (D1 to D16) that any implementation owes."""

    id: str
    title: str
    statement: str


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """A place where the length of sessions is configured: a time property of a menu."""

    menu: str
    property: str


@dataclass(frozen=True, slots=True)
class DeviceContract:
    """The whole device contract.

    `derived` properties are worked out by the router from others: state, yet never somebody's write. Login
    methods map to the reason why they matter.
    """

    version: str
    menus: Mapping[str, ObservedMenu]
    outcomes: Mapping[str, Outcome]
    session_limits: tuple[SessionLimit, ...]
    open_login_methods: Mapping[str, str]
    returning_login_methods: Mapping[str, str]
    derived: frozenset[str] = frozenset()


def device_contract_from(data: Mapping[str, Any]) -> DeviceContract:
    """The device contract from its YAML form; KeyError where a part is missing."""
    menus = {
        menu["path"]: ObservedMenu(
            path=menu["path"],
            volatile=frozenset(menu["volatile"]),
            ordered=menu.get("order", False),
            configuration=menu.get("configuration", True),
            pages=menu.get("pages", False),
            proplist=tuple(menu.get("proplist", ())),
            self_updating=menu.get("self_updating", False),
        )
        for menu in data["menus"]
    }
    outcomes = {
        outcome["id"]: Outcome(outcome["id"], outcome["title"], outcome["statement"])
        for outcome in data["outcomes"]
    }
    return DeviceContract(
        version=data["version"],
        menus=menus,
        outcomes=outcomes,
        session_limits=tuple(SessionLimit(row["menu"], row["property"]) for row in data["session_limit"]),
        open_login_methods=data["open_login_methods"],
        returning_login_methods=data["returning_login_methods"],
        derived=frozenset(data.get("derived", ())),
    )
