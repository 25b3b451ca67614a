"""The device contract: read from its data, and complete."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from spec.device_contract import SessionLimit, device_contract_from
from spec.loader import load_contract

DATA: dict[str, Any] = {
    "version": "1",
    "menus": [
        {"path": "/a", "volatile": ["x"]},
        {
            "path": "/b",
            "volatile": [],
            "order": True,
            "configuration": False,
            "pages": True,
            "proplist": ["name"],
            "self_updating": True,
        },
    ],
    "outcomes": [{"id": "D1", "title": "t", "statement": "s"}],
    "session_limit": [{"menu": "/a", "property": "p"}],
    "open_login_methods": {"trial": "why"},
    "returning_login_methods": {"cookie": "why"},
}


def test_what_is_not_said_has_its_default() -> None:
    menu = device_contract_from(DATA).menus["/a"]
    assert menu.volatile == {"x"}
    assert (menu.ordered, menu.configuration, menu.pages, menu.proplist, menu.self_updating) == (
        False, True, False, (), False,
    )  # fmt: skip


def test_what_is_said_is_kept() -> None:
    contract = device_contract_from(DATA | {"derived": ["invalid"]})
    menu = contract.menus["/b"]
    assert (menu.ordered, menu.configuration, menu.pages, menu.proplist, menu.self_updating) == (
        True, False, True, ("name",), True,
    )  # fmt: skip
    assert contract.session_limits == (SessionLimit("/a", "p"),)
    assert contract.derived == {"invalid"}
    assert contract.outcomes["D1"].statement == "s"


@pytest.mark.parametrize("part", sorted(DATA))
def test_a_missing_part_is_named(part: str) -> None:
    data = copy.deepcopy(DATA)
    del data[part]
    with pytest.raises(KeyError, match=part):
        device_contract_from(data)


def test_the_contract_of_the_project_holds_together() -> None:
    contract = load_contract().device
    assert list(contract.outcomes) == [f"D{number}" for number in range(1, 17)]
    for path in contract.menus:
        assert path.startswith("/")
        assert not path.endswith("/")
    for limit in contract.session_limits:
        assert limit.menu in contract.menus
    for menu in contract.menus.values():
        assert not menu.volatile & contract.derived
    assert not set(contract.open_login_methods) & set(contract.returning_login_methods)
    for reason in (*contract.open_login_methods.values(), *contract.returning_login_methods.values()):
        assert reason.strip()
