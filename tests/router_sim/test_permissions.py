"""What each right of a group opens, and what it does not."""

import pytest

from router_sim.engine import Trap
from router_sim.menus.accounts import RIGHTS
from tests.router_sim.conftest import Console

DENIED = (("not enough permissions (9)", None),)

# A command, and the smallest policy that may give it.
NEEDS = (
    ("/system/identity/print", {}, "read"),
    ("/system/resource/monitor", {"once": ""}, "read"),
    ("/system/identity/set", {"name": "x"}, "write"),
    ("/ip/address/add", {"address": "10.9.9.9/24", "interface": "ether1"}, "write"),
    ("/log/info", {"message": "x"}, "write"),
    ("/user/add", {"name": "x", "group": "read"}, "write,policy"),
    ("/user/group/add", {"name": "x"}, "write,policy"),
    ("/user/settings/set", {"minimum-categories": "1"}, "write,policy"),
    ("/system/device-mode/update", {"smb": "no"}, "write,policy"),
    ("/tool/fetch", {"url": "http://192.0.2.1/"}, "write,test"),
    ("/system/package/downgrade", {}, "write,reboot"),
    ("/system/reboot", {}, "reboot"),
    ("/system/shutdown", {}, "reboot"),
)


@pytest.mark.parametrize(("path", "given", "policy"), NEEDS, ids=[path for path, _, _ in NEEDS])
def test_a_command_needs_these_rights(
    console: Console, path: str, given: dict[str, str], policy: str
) -> None:
    rights = policy.split(",")
    for missing in rights:
        others = ",".join(right for right in RIGHTS if right != missing)
        console.add("/user/group", name=f"no-{missing}", policy=others)
        console.add("/user", name=f"no-{missing}", group=f"no-{missing}", password="x")
        assert console.as_user(f"no-{missing}").trap(path, given) == DENIED
    console.add("/user/group", name="just", policy=policy)
    console.add("/user", name="just", group="just", password="x")
    console.as_user("just").run(path, given)


def test_exporting_keys_needs_sensitive(console: Console) -> None:
    console.add("/user", name="will", group="write", password="x")
    console.set("/user/group", "write", policy="read,write,api")
    assert console.as_user("will").trap("/certificate/export-certificate", {"numbers": "x"}) == DENIED


def test_a_script_is_run_by_who_has_its_rights(console: Console) -> None:
    console.add("/user/group", name="reader", policy="read,api")
    console.add("/user", name="eve", group="reader", password="x")
    eve = console.as_user("eve")
    script = console.add(
        "/system/script", name="s", policy="read,write", source="/ip pool add name=p ranges=10.1.1.2"
    )
    assert eve.trap("/system/script/run", {"number": "s"}) == DENIED
    console.set("/system/script", script, dont_require_permissions="yes")
    eve.run("/system/script/run", {"number": "s"})


def test_rights_follow_the_group_at_once(console: Console) -> None:
    console.add("/user/group", name="g", policy="read,write,api")
    console.add("/user", name="eve", group="g", password="x")
    eve = console.as_user("eve")
    eve.run("/system/identity/set", {"name": "a"})
    console.set("/user/group", "g", policy="read,api")
    assert eve.trap("/system/identity/set", {"name": "b"}) == DENIED
    console.set("/user/group", "g", policy="write,api")
    with pytest.raises(Trap):
        eve.rows("/system/identity")
