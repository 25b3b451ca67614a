"""The words in which commands of the system menus are refused, one row a text."""

from __future__ import annotations

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.router import Router
from tests.router_sim.conftest import Console

Sentence = tuple[str, int | None]

# Recorded or fixed in clients' code: command, attributes, sentences.
KNOWN: tuple[tuple[str, dict[str, str], tuple[Sentence, ...]], ...] = (
    ("/system/nothing/print", {}, (("no such command or directory (nothing)", 0), ("no such command prefix", None))),
    ("/system/identity/add", {}, (("no such command or directory (add)", 0), ("no such command prefix", None))),
    ("/tool/nothing", {}, (("no such command or directory (nothing)", 0), ("no such command prefix", None))),
    ("/certificate/card-verify", {},
     (("no such command or directory (card-verify)", 0), ("no such command prefix", None))),
    ("/system/identity/set", {"foo": "1"}, (("unknown parameter foo", 1),)),
    ("/user/add", {"name": "x", "group": "read", "foo": "1"}, (("unknown parameter foo", 1),)),
    ("/certificate/sign", {"number": "x", "foo": "1"}, (("unknown parameter foo", 1),)),
    ("/system/device-mode/update", {"foo": "1"}, (("unknown parameter foo", 1),)),
    ("/tool/fetch", {"url": "http://h/", "foo": "1"}, (("unknown parameter foo", 1),)),
    ("/system/license/renew", {}, (("missing =account=", None),)),
    ("/user/add", {"group": "read"}, (("missing =name=", None),)),
    ("/user/add", {"name": "x"}, (("missing =group=", None),)),
    ("/file/add", {"contents": "x"}, (("missing =name=", None),)),
    ("/file/read", {}, (("missing =file=", None),)),
    ("/certificate/sign", {}, (("missing =number=", None),)),
    ("/tool/fetch", {}, (("missing =url=", None),)),
    ("/log/info", {}, (("missing =message=", None),)),
    ("/user/add", {"name": "x", "group": "nobody"}, (("input does not match any value of group", 1),)),
    ("/user/add", {"name": "x", "group": "read", "disabled": "maybe"},
     (("input does not match any value of disabled", 1),)),
    ("/certificate/add", {"name": "x", "key-size": "1"}, (("input does not match any value of key-size", 1),)),
    ("/certificate/add", {"name": "x", "key-usage": "all"}, (("input does not match any value of key-usage", 1),)),
    ("/system/script/add", {"policy": "everything"}, (("input does not match any value of policy", 1),)),
    ("/system/clock/set", {"time-zone-name": "Mars"}, (("input does not match any value of time-zone-name", 1),)),
    ("/tool/fetch", {"url": "http://h/", "output": "x"}, (("input does not match any value of output", 1),)),
    ("/user/add", {"name": "x", "group": "read", "address": "x"}, (("invalid value for argument address", 1),)),
    ("/certificate/add", {"days-valid": "x"}, (("invalid value for argument days-valid", 1),)),
    ("/certificate/add", {"subject-alt-name": "x"}, (("invalid value for argument subject-alt-name", 1),)),
    ("/system/scheduler/add", {"interval": "x"}, (("invalid value for argument interval", 1),)),
    ("/system/clock/set", {"date": "x"}, (("invalid value for argument date", 1),)),
    ("/system/device-mode/update", {"activation-timeout": "1s"},
     (("value of activation-timeout is out of range (00:00:10 .. 1d00:00:00)", 1),)),
    ("/user/add", {"name": "x", "group": "read", "inactivity-timeout": "1s"},
     (("value of inactivity-timeout is out of range (00:01:00 .. 1d00:00:00)", 1),)),
    ("/certificate/add", {"days-valid": "0"}, (("value of days-valid out of range (1..36500)", 1),)),
    *(
        (f"{menu}/{verb}", {"numbers": "*99"}, (("no such item", 0),))
        for menu, verbs in (
            ("/user", "set remove enable disable comment expire-password"), ("/user/group", "set remove comment"),
            ("/user/active", "remove"), ("/file", "set remove"), ("/system/script", "set remove comment run"),
            ("/system/script/job", "set remove"), ("/system/scheduler", "set remove enable disable comment"),
            ("/system/package", "enable disable uninstall unschedule"),
            ("/certificate", "set remove unset sign export-certificate issued-revoke"),
        )
        for verb in verbs.split()
        if verb != "unset"
    ),
    ("/user/add", {"name": "admin", "group": "full"}, (("failure: user with the same name already exists", None),)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "given", "sentences"), KNOWN, ids=[f"{path} {given}" for path, given, _ in KNOWN]
)
def test_a_refusal(
    console: Console, path: str, given: dict[str, str], sentences: tuple[Sentence, ...]
) -> None:
    assert console.trap(path, given) == sentences


def test_rights_and_device_mode(console: Console) -> None:
    console.add("/user", name="eve", group="read", password="x")
    assert console.as_user("eve").trap("/system/identity/set", {"name": "x"}) == (
        ("not enough permissions (9)", None),
    )
    console.run("/system/device-mode/update", {"fetch": "no"})
    console.router.power_cycle()
    assert console.trap("/tool/fetch", {"url": "http://h/"}) == (
        ("failure: not allowed by device-mode", None),
    )


def test_version_6_numbers_a_missing_item(still_clock: VirtualClock) -> None:
    console = Console(Router(name="r", clock=still_clock, version="6.49.10"))
    for menu in ("/user", "/certificate", "/system/script", "/system/scheduler"):
        assert console.trap(f"{menu}/remove", {".id": "*99"}) == (("no such item (4)", 0),)


def test_a_group_with_members_stays(console: Console) -> None:
    group = console.add("/user/group", name="staff", policy="read,api")
    console.add("/user", name="eve", group="staff", password="x")
    assert console.trap("/user/group/remove", {"numbers": group}) == (
        ("failure: group has some users", None),
    )
    console.run("/user/remove", {"numbers": "eve"})
    console.run("/user/group/remove", {"numbers": group})


def test_built_in_groups_stay(console: Console) -> None:
    for name in ("read", "write", "full"):
        with pytest.raises(Trap, match="failure: "):
            console.run("/user/group/remove", {"numbers": name})
