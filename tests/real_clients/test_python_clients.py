"""Python clients of the API aimed at the simulator."""

from __future__ import annotations

import pytest

from tests.real_clients.lab import site

NO_ITEM = {"7.22.3": "no such item", "6.49": "no such item (4)", "6.42": "no such item (4)"}
DUPLICATE = "failure: already have user with this name for this server"
LOGINS = pytest.mark.parametrize(
    ("version", "login"), [("7.22.3", "plain"), ("6.49", "plain"), ("6.42", "token")]
)


@LOGINS
async def test_librouteros(version: str, login: str) -> None:
    async with site(version=version) as lab:
        told = await lab.python("drive_librouteros", login=login)
        assert lab.fleet.connections == 0
    traps = told.pop("traps")
    assert told == {
        "added": ["*3", "*4"],
        "where": [{"name": "visitor", "profile": "default"}, {"name": "anna", "profile": "staff"}],
        "both": [{"name": "boris"}],
        "in": [{"name": "anna"}, {"name": "boris"}],
        "not": ["reception", "anna"],
        "none": [],
        "one": [{"name": "anna", "comment": "Zimmer 7 ☕"}],
        "updated": [256, "1h30m", False],
        "counted": [{"ret": 3}],
        "raw": [{"name": "site"}],
        "walled garden": ["*.office.example"],
        "long": True,
        "left": ["default-trial", "reception", "visitor"],
    }
    assert traps == [
        ["trap", [[DUPLICATE, None]]],
        ["trap", [["input does not match any value of profile", 1]]],
        ["trap", [["unknown parameter colour", 1]]],
        ["trap", [[NO_ITEM[version], 0]]],
        ["multi", [["no such command or directory (hotspots)", 0], ["no such command prefix", None]]],
        ["FatalError", []],
    ]


@LOGINS
async def test_librouteros_on_many_connections(version: str, login: str) -> None:
    async with site(version=version) as lab:
        told = await lab.python("drive_librouteros_async", login=login, connections=12)
    assert told["held"] == [[["198.51.100.0", f"l{number}"], ["198.51.100.9", None]] for number in range(12)]
    # A router from before 6.43 ignores the words it does not know and sends a challenge.
    refused = ["invalid user name or password (6)", None] if login == "plain" else None
    assert told.get("wrong password") == refused


@LOGINS
async def test_routeros_api(version: str, login: str) -> None:
    async with site(version=version) as lab:
        told = await lab.python("drive_routeros_api", login=login)
    assert told == {
        "added": "*3",
        "row": {
            "limit-uptime": 5400.0,
            "limit-bytes-total": 1_000_000_000,
            "disabled": False,
            "uptime": 0.0,
            "bytes-in": 0,
            "id": "*3",
        },
        "nobody": [],
        "comment": "späť",
        "bytes": True,
        "promises": [4, "4", 1],
        "twice": DUPLICATE,
        "left": ["default-trial", "reception", "visitor"],
        "wrong password": "cannot log in" if login == "token" else "invalid user name or password (6)",
    }


async def test_routeros_client() -> None:
    async with site() as lab:
        told = await lab.python("drive_routeros_client")
    assert told == {
        "identity": "site",
        "version": "7.22.3 (stable)",
        "alive": True,
        "added": 100,
        "found": 100,
        "streamed": 100,
        "ensured": [False, True],
        "removed": 101,
        "left": [],
        "stopped early": "ether1",
        "afterwards": 5,
        "trap": DUPLICATE,
        "heard": [
            [".id", "address", "creation-time", "disabled", "dynamic", "list"],
            [".dead", ".id"],
        ],
        "still there": "site",
    }


@pytest.mark.parametrize(("version", "secret"), [("7.22.3", ""), ("6.49", " password=front-desk")])
async def test_librouteros_on_the_configuration(version: str, secret: str) -> None:
    async with site(version=version) as lab:
        told = await lab.python("drive_librouteros_config")
    assert f"by RouterOS {version}\n" in told["before"]
    reception = f'add comment="front desk" name=reception{secret} profile=staff'
    users = told["users"].replace("\\\n    ", "").split("\n")
    assert [line for line in users if "reception" in line] == [f"{reception} server=office-hotspot"]
    changed = [line for line in told["differences"].split("\n") if line[:1] in "+-" and line[1:2] not in "+-"]
    assert [line for line in changed if line] == ["+add name=guest profile=staff"]
    assert told["secrets"] is True
    assert all(name.startswith("hotspot") for name in told["files"])
