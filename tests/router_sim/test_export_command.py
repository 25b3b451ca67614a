"""The `export` command writes a script to a file, and tells nothing itself."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.exchange import Command, Origin
from router_sim.router import Router
from tests.router_sim.conftest import Console


def contents(console: Console, name: str) -> str:
    (row,) = [row for row in console.rows("/file") if row["name"] == name]
    return row["contents"]


def test_a_file_holds_what_was_configured(console: Console) -> None:
    console.add("/ip/hotspot/user", name="anna", password="s3cret-of-anna")
    assert not console.run("/export", {"file": "all"}).rows
    text = contents(console, "all.rsc")
    assert text.splitlines()[0] == "# 2026-03-01 12:00:00 by RouterOS 7.22.3"
    assert "/interface vlan\n" in text
    assert "/ip hotspot user\nadd name=anna\n" in text
    console.run("/export", {"file": "all.rsc", "show-sensitive": ""})
    assert "s3cret-of-anna" in contents(console, "all.rsc")
    assert console.names("/file").count("all.rsc") == 1


def test_a_menu_exports_itself_and_what_is_below(console: Console) -> None:
    console.add("/ip/hotspot/user", name="anna", profile="default")
    console.add("/ip/hotspot/user/profile", name="gold", shared_users="3")
    console.run("/ip/hotspot/user/export", {"file": "users"})
    text = contents(console, "users.rsc")
    assert "/ip hotspot user profile\nadd" in text
    assert "/interface" not in text
    console.add("/ip/hotspot", name="guests", interface="vlan10")
    console.add("/ip/hotspot/user", name="boris", server="guests")
    console.run("/ip/hotspot/user/export", {"file": "users"})
    assert "add name=boris server=guests\n" in contents(console, "users.rsc")
    console.run("/ip/hotspot/user/profile/export", {"file": "verbose", "verbose": "yes"})
    assert "keepalive-timeout=2m" in contents(console, "verbose.rsc")


def test_without_a_file_nothing_happens(console: Console) -> None:
    before = console.rows("/file")
    assert not console.run("/export", {"verbose": "yes"}).rows
    assert console.rows("/file") == before
    assert console.trap("/export", {"colour": "yes"})[0][0] == "unknown parameter colour"
    assert console.trap("/export", {"verbose": "perhaps"}) == (
        ("input does not match any value of verbose", 1),
    )
    assert console.trap("/tool/export", {"file": "x"})[0][0] == "no such command or directory (export)"


@pytest.mark.parametrize(("version", "arguments", "shown"), [
    ("6.49", {}, True),
    ("6.49", {"hide-sensitive": ""}, False),
    ("7.22.3", {}, False),
    ("7.22.3", {"show-sensitive": ""}, True),
])  # fmt: skip
def test_secrets(still_clock: VirtualClock, version: str, arguments: dict[str, str], shown: bool) -> None:
    console = Console(Router(name="r", clock=still_clock, version=version, password="secret"))
    console.add("/ip/hotspot/user", name="anna", password="s3cret-of-anna")
    console.run("/export", {"file": "all", **arguments})
    assert ("s3cret-of-anna" in contents(console, "all.rsc")) is shown


def test_users_without_the_right_export_no_secrets(console: Console) -> None:
    console.add("/user/group", name="careful", policy="read,write,api")
    console.add("/user", name="cleo", group="careful", password="long-enough")
    console.add("/ip/hotspot/user", name="anna", password="s3cret-of-anna")
    command = Command("/export", {"file": "all", "show-sensitive": ""})
    console.router.execute(command, Origin("cleo", "127.0.0.1", "api"))
    assert "s3cret-of-anna" not in contents(console, "all.rsc")
