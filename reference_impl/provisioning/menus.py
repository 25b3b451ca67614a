"""The RouterOS menus the service writes to: what identifies an item there, and what marks it as ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

ADDRESS = "/ip/address"
SERVER = "/ip/hotspot"
SERVER_PROFILE = "/ip/hotspot/profile"
USER = "/ip/hotspot/user"
USER_PROFILE = "/ip/hotspot/user/profile"
ACTIVE = "/ip/hotspot/active"
HOST = "/ip/hotspot/host"
WALLED_GARDEN_IP = "/ip/hotspot/walled-garden/ip"
ADDRESS_LIST = "/ip/firewall/address-list"
LEASE = "/ip/dhcp-server/lease"
FILE = "/file"

Row = Mapping[str, str]
Actual = Mapping[str, Sequence[Row]]
"""What a router holds: the printed rows of each menu, in order."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu the service keeps items in.

    `key` are the properties that identify an item of ours; `tag` is the property that marks it as ours.
    Hotspot servers and all profiles have no comment in any RouterOS version, so the name carries the tag.
    """

    path: str
    key: tuple[str, ...]
    tag: Literal["name", "comment"]

    def key_of(self, row: Row) -> tuple[str, ...]:
        """Return what identifies this row."""
        return tuple(row.get(name, "") for name in self.key)

    def owns(self, row: Row) -> bool:
        """Tell whether this row was made by the service, for whichever instance."""
        return _TAGS[self.tag].fullmatch(row.get(self.tag, "")) is not None


_TAGS = {
    "name": re.compile(r"pc-[0-9a-f]{8}([-/].*)?"),
    "comment": re.compile(r"portal-contract:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}

MENUS = {
    menu.path: menu
    for menu in (
        Menu(USER_PROFILE, ("name",), "name"),
        Menu(SERVER_PROFILE, ("name",), "name"),
        Menu(FILE, ("name",), "name"),
        Menu(SERVER, ("name",), "name"),
        Menu(
            WALLED_GARDEN_IP, ("comment", "server", "dst-address", "dst-host", "src-address-list"), "comment"
        ),
        Menu(USER, ("name",), "comment"),
    )
}


@dataclass(frozen=True, slots=True)
class Item:
    """An item that shall exist: `properties` are kept as they are here, `initial` only given by `add`."""

    menu: str
    properties: Mapping[str, str]
    initial: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        return MENUS[self.menu].key_of(self.properties)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write: `target` is the `.id`, or the name of an item whose id is not known yet."""

    verb: Literal["add", "set", "remove"]
    menu: str
    target: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        # Without the values: one of them may be a password.
        return f"{self.menu}/{self.verb} {self.target or self.properties.get('name', '')}".rstrip()


_WORDS = {"yes": "true", "no": "false"}


def same(wanted: str, printed: str) -> bool:
    """Compare a value as sent with a value as printed; RouterOS prints `yes` as `true`, and `none` not always."""
    return _WORDS.get(wanted, wanted) == _WORDS.get(printed, printed) or (wanted, printed) == ("none", "")


def short(instance_id: str) -> str:
    """Return the part of an instance's id that names on the router carry."""
    return instance_id[:8]


def owner(name: str) -> str:
    """Return the short instance id in a name of ours."""
    return name[3:11]


def tag(owner_id: str) -> str:
    """Return the comment of items that belong to an instance or a site."""
    return f"portal-contract:{owner_id}"


def window_list(instance_id: str) -> str:
    """Return the address list of the guests of an instance whose login window is open."""
    return f"pc-window-{short(instance_id)}"


def is_window(row: Row) -> bool:
    """Tell whether an entry of an address list is a login window of ours, of whichever instance."""
    return _WINDOW.fullmatch(row.get("list", "")) is not None and (
        _TAGS["comment"].fullmatch(row.get("comment", "")) is not None
    )


_WINDOW = re.compile(r"pc-window-[0-9a-f]{8}")


def duration(seconds: int) -> str:
    """Write a number of seconds as RouterOS prints it: 43200 is `12h`, 90061 is `1d1h1m1s`."""
    text = ""
    for unit, length in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def seconds(text: str) -> int:
    """Read a duration as RouterOS prints it, `1d1h1m1s` or `1d01:01:01`; parts of seconds are cut off."""
    if colon := re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d ?)?(\d+):(\d+):(\d+)(?:\.\d+)?", text):
        parts = [int(part or 0) for part in colon.groups()]
        return sum(part * length for part, length in zip(parts, (604800, 86400, 3600, 60, 1), strict=True))
    lengths = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(int(count) * lengths[unit] for count, unit in re.findall(r"(\d+)([wdhms])(?![a-z])", text))
