"""Which rights of a user's group a command needs, as data.

Documented: `read` to look, `write` to change, `policy` besides it for users and groups, `reboot`, `test` for the
tools, `password` for one's own password, `sensitive` to see and export secrets. Assumed: that monitors are
looking, that running a script needs no more than looking besides what the script itself needs, and what
`/tool/fetch` and `/ping` need.
"""

from collections.abc import Mapping
from functools import cache

LOOKING = frozenset(
    {"print", "getall", "get", "find", "read", "listen", "monitor", "monitor-traffic", "export"}
)

READ = frozenset({"read"})
WRITE = frozenset({"write"})
POLICY = frozenset({"write", "policy"})

# What changes below these menus need.
CHANGES: Mapping[str, frozenset[str]] = {
    "/user": POLICY,
    "/user/active": POLICY,
    "/user/group": POLICY,
    "/user/settings": POLICY,
    "/system/device-mode": POLICY,
}

# Commands with needs of their own, whatever their menu says.
COMMANDS: Mapping[str, frozenset[str]] = {
    "/password": frozenset({"password"}),
    "/system/reboot": frozenset({"reboot"}),
    "/system/shutdown": frozenset({"reboot"}),
    "/system/package/apply-changes": WRITE | {"reboot"},
    "/system/package/downgrade": WRITE | {"reboot"},
    "/system/script/run": READ,
    "/ping": frozenset({"test"}),
    "/tool/ping": frozenset({"test"}),
    "/tool/fetch": WRITE | {"test"},
    "/certificate/export-certificate": WRITE | {"sensitive"},
}


@cache
def needed(menu: str, verb: str) -> frozenset[str]:
    """The rights without which `verb` of the menu at `menu` is refused."""
    own = COMMANDS.get(f"{menu}/{verb}")
    if own is not None:
        return own
    return READ if verb in LOOKING else CHANGES.get(menu, WRITE)
