"""JavaScript clients of the API aimed at the simulator."""

from __future__ import annotations

import pytest

from tests.real_clients.lab import site

pytestmark = pytest.mark.tool("node")

DUPLICATE = "failure: already have user with this name for this server"


# This client knows no `!empty`, which came with 7.18.
@pytest.mark.parametrize("version", ["7.16", "6.49"])
async def test_node_routeros(version: str) -> None:
    async with site(version=version) as lab:
        told = await lab.node("node_routeros")
    # After a pause it hears everything twice, because it listens to its own channel twice.
    assert told.pop("heard") == ["192.0.2.77", "true", "192.0.2.79", "192.0.2.79"]
    assert told == {
        "added": 50,
        "first": ["many", "198.51.100.0", "a=b"],
        "counted": "50",
        "none": [],
        "bareWord": "no such command prefix",
        "trap": DUPLICATE,
        "heardWhilePaused": 0,
        "lost": None,
        "identity": "site",
        "wrongPassword": "Username or password is invalid",
    }


@pytest.mark.parametrize("version", ["7.16", "6.49"])
async def test_routeros_client(version: str) -> None:
    async with site(version=version) as lab:
        told = await lab.node("routeros_client")
    assert told == {
        "identity": "site",
        "vlans": ["vlan-guest-2", "vlan-office"],
        "guest": ["guest", "staff", "1h30m"],
        "comment": "through the model",
        "disabled": True,
        "left": ["default-trial", "reception", "visitor"],
        "garden": [["first.example", None], ["*.office.example", None]],
        "trap": DUPLICATE,
    }


async def test_mikronode() -> None:
    # It knows only the login from before 6.43.
    async with site(version="6.42") as lab:
        told = await lab.node("mikronode")
    assert told == {
        "identity": [{"name": "site"}],
        "interfaces": ["ether1", "bridge-guest", "vlan-guest-2", "vlan-office"],
        "heard": ["192.0.2.77", "true"],
        "trap": {"category": "1", "message": "input does not match any value of profile"},
    }


@pytest.mark.parametrize("version", ["7.22.3", "6.49"])
async def test_mikro_routeros(version: str) -> None:
    async with site(version=version) as lab:
        told = await lab.node("mikro_routeros")
    assert told == {
        "guest": ["guest", "a=b", "staff"],
        "changed": ["new", "1d"],
        "gone": [],
        "trap": f"RouterOS Error: {DUPLICATE}",
    }
