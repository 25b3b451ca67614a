"""Which requirements a run judges, and why it cannot judge the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contract_tests.config import Config
from contract_tests.selection import missing_capabilities, select, unknown_names
from spec.loader import Contract

MakeConfig = Callable[..., Config]
SITE: dict[str, Any] = {"id": "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6", "subnets": ["10.5.50.0/24"]}
ROUTER = {"host": "127.0.1.1"}


def test_a_target_alone_lacks_everything_but_itself(make_config: MakeConfig) -> None:
    missing = missing_capabilities(make_config())
    assert set(missing) == {"site", "device", "second_tenant", "clock", "guest", "identity", "faults"}
    assert "[[sites]]" in missing["site"]
    assert "other_token_env" in missing["second_tenant"]


@pytest.mark.parametrize(
    ("tables", "need"),
    [
        ({"target": {"other_token": "t"}}, "second_tenant"),
        ({"sites": [SITE]}, "site"),
        ({"sites": [SITE | {"router": ROUTER}]}, "device"),
        ({"lab": {"clock": "http://x"}}, "clock"),
        ({"lab": {"guests": "http://x"}}, "guest"),
        ({"lab": {"faults": "http://x"}}, "faults"),
    ],
)
def test_what_the_configuration_gives_is_there(
    make_config: MakeConfig, tables: dict[str, Any], need: str
) -> None:
    assert need not in missing_capabilities(make_config(**tables))


def test_options_take_capabilities_away(make_config: MakeConfig) -> None:
    sites = [SITE | {"router": ROUTER}]
    missing = missing_capabilities(make_config(sites=sites, run={"no_device": True, "read_only": True}))
    assert "--no-device" in missing["device"]
    assert "read-only" in missing["write"]


def test_a_site_without_a_router_is_no_witness(make_config: MakeConfig) -> None:
    assert "[sites.router]" in missing_capabilities(make_config(sites=[SITE]))["device"]


def test_everything_is_selected_unless_told_otherwise(make_config: MakeConfig, api: Contract) -> None:
    chosen = select(make_config(), api.catalogue)
    assert len(chosen.selected) == len(api.catalogue)
    assert "AUTH-01" in chosen.possible
    assert "DEV-GUARD-01" in chosen.unavailable
    assert chosen.possible.isdisjoint(chosen.unavailable)
    assert len(chosen.possible) + len(chosen.unavailable) == len(chosen.selected)


def test_profiles_and_globs(make_config: MakeConfig, api: Contract) -> None:
    def ids(**run: Any) -> list[str]:
        return [item.id for item in select(make_config(run=run), api.catalogue).selected]

    assert {api.catalogue[item].profile for item in ids(profile=["images"])} == {"images"}
    assert ids(only=["AUTH-0[12]"]) == ["AUTH-01", "AUTH-02"]
    assert ids(only=["AUTH-*"], skip=["*-01", "*-02"]) == ["AUTH-03", "AUTH-04", "AUTH-05"]
    assert ids(profile=["images"], only=["AUTH-*"]) == []
    assert ids(only=["auth-01"]) == []


def test_a_read_only_run_keeps_what_reading_can_tell(make_config: MakeConfig, api: Contract) -> None:
    chosen = select(make_config(run={"read_only": True}), api.catalogue)
    assert {"AUTH-01", "ERR-04", "WIRE-01"} <= chosen.possible
    assert all("write" not in api.catalogue[item].needs for item in chosen.possible)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"profile": ["cores"]}, ("'cores'", "core", "images")),
        ({"only": ["AUTH-1"]}, ("--only AUTH-1", "portal-contract requirements")),
        ({"only": ["AUTH-*", "NO-*"]}, ("--only NO-*",)),
        ({"skip": ["auth-*"]}, ("--skip auth-*",)),
    ],
)
def test_a_name_that_names_nothing(
    make_config: MakeConfig, api: Contract, run: dict[str, Any], words: tuple[str, ...]
) -> None:
    sentence = unknown_names(make_config(run=run), api.catalogue)
    assert sentence is not None
    assert all(word in sentence for word in words)


def test_names_that_are_fine(make_config: MakeConfig, api: Contract) -> None:
    config = make_config(run={"profile": ["core"], "only": ["AUTH-*"], "skip": ["AUTH-01"]})
    assert unknown_names(config, api.catalogue) is None
