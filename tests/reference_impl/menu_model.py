"""The menus of a router as plain lists, to apply plans to without a router."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from reference_impl.provisioning.desired import Claim, Desired, Portal, desired
from reference_impl.provisioning.menus import (
    ACTIVE,
    ADDRESS,
    ADDRESS_LIST,
    FILE,
    MENUS,
    SERVER,
    SERVER_PROFILE,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Operation,
    is_window,
)
from reference_impl.provisioning.plan import plan

YES_NO = {"yes": "true", "no": "false"}
PORTAL = Portal(
    "http://192.0.2.80/captive",
    IPv4Address("192.0.2.80"),
    "a secret of the tests",
    {"google": ("accounts.example.net", "203.0.113.7")},
)
A = "aaaaaaaa-0000-4000-8000-000000000001"
B = "bbbbbbbb-0000-4000-8000-000000000002"
C = "cccccccc-0000-4000-8000-000000000003"
SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
INTERFACES = ("bridge-guest", "vlan-2", "vlan-3")
NETWORKS = ("10.5.50", "10.5.51", "10.5.52")

Rows = dict[str, list[dict[str, str]]]
Watch = Callable[[Operation], None]

REFERENCES = {
    SERVER: {"profile": SERVER_PROFILE},
    USER: {"server": SERVER, "profile": USER_PROFILE},
    WALLED_GARDEN_IP: {"server": SERVER},
    ACTIVE: {"server": SERVER},
}


class Model:
    """The menus as lists of rows: unique names, checked references that follow a rename."""

    def __init__(self, rows: Rows) -> None:
        self.rows: Rows = {
            menu: [dict(row) for row in rows.get(menu, [])] for menu in {*rows, *MENUS, ACTIVE, ADDRESS_LIST}
        }
        self.next = 0x100

    def apply(self, operation: Operation) -> None:
        rows = self.rows[operation.menu]
        if operation.verb == "add":
            self.next += 1
            row = {".id": f"*{self.next:X}"}
            self._write(operation.menu, row, operation.properties)
            rows.append(row)
            return
        [row] = [row for row in rows if operation.target in (row[".id"], row.get("name"))]
        if operation.verb == "set":
            self._write(operation.menu, row, operation.properties)
            return
        for menu, properties in REFERENCES.items():
            for name, target in properties.items():
                if target == operation.menu and menu != ACTIVE:
                    assert all(other.get(name) != row["name"] for other in self.rows[menu]), operation
        rows.remove(row)
        if operation.menu == SERVER:
            self.rows[ACTIVE] = [other for other in self.rows[ACTIVE] if other["server"] != row["name"]]

    def _write(self, menu: str, row: dict[str, str], properties: Mapping[str, str]) -> None:
        values = {name: YES_NO.get(value, value) for name, value in properties.items()}
        for name, target in REFERENCES.get(menu, {}).items():
            if name in values:
                assert values[name] in {other["name"] for other in self.rows[target]}, (menu, values)
        if "name" in values and values["name"] != row.get("name"):
            assert values["name"] not in {other.get("name") for other in self.rows[menu]}, values["name"]
            for other_menu, references in REFERENCES.items():
                for name, target in references.items():
                    if target == menu:
                        for other in self.rows[other_menu]:
                            if "name" in row and other.get(name) == row["name"]:
                                other[name] = values["name"]
        row.update(values)

    def servers_on(self, interface: str) -> list[dict[str, str]]:
        return [
            row
            for row in self.rows[SERVER]
            if row["interface"] == interface and row.get("disabled") != "true"
        ]

    def reaches_portal(self, interface: str) -> bool:
        """Tell whether one server guards the interface, and lets its guests through to the portal."""
        servers = [row["name"] for row in self.servers_on(interface)]
        open_to = [row.get("server") for row in self.rows[WALLED_GARDEN_IP]]
        return len(servers) == 1 and servers[0] in open_to

    def foreign(self) -> Rows:
        rows = {menu: [row for row in self.rows[menu] if not MENUS[menu].owns(row)] for menu in MENUS}
        return {**rows, ADDRESS_LIST: [row for row in self.rows[ADDRESS_LIST] if not is_window(row)]}

    def open_to(self, interface: str) -> set[tuple[str, str]]:
        """What the guests of an interface reach without a session, and the list they have to be on for it."""
        servers = {row["name"] for row in self.servers_on(interface)}
        return {
            (row.get("dst-address") or row.get("dst-host", ""), row.get("src-address-list", ""))
            for row in self.rows[WALLED_GARDEN_IP]
            if row.get("server") in servers
        }


def addresses(interfaces: tuple[str, ...] = INTERFACES) -> list[dict[str, str]]:
    return [
        {".id": f"*{number}", "address": f"{network}.1/24", "interface": interface, "disabled": "false"}
        for number, (network, interface) in enumerate(zip(NETWORKS, interfaces, strict=True))
    ]


def operators_things() -> Rows:
    return {
        SERVER_PROFILE: [{".id": "*0", "name": "default"}, {".id": "*1", "name": "office"}],
        USER_PROFILE: [{".id": "*0", "name": "default"}, {".id": "*1", "name": "pc-lounge"}],
        SERVER: [
            {
                ".id": "*1",
                "name": "office",
                "interface": "vlan-office",
                "profile": "office",
                "disabled": "false",
            }
        ],
        USER: [
            {".id": "*1", "name": "pc-aaaaaaaa-10.5.50.1-mine", "profile": "default", "comment": "reception"},
            {".id": "*2", "name": "guest", "profile": "pc-lounge"},
        ],
        WALLED_GARDEN_IP: [{".id": "*1", "dst-address": "192.0.2.80", "comment": "portal"}],
        FILE: [
            {".id": "*1", "name": "hotspot", "type": "directory"},
            {".id": "*2", "name": "pc-photos/a"},
        ],
        ACTIVE: [{".id": "*1", "user": "guest", "server": "office"}],
        ADDRESS_LIST: [
            {".id": "*1", "list": "blocked", "comment": "portal-contract: not ours", "dynamic": "true"},
            {".id": "*2", "list": "pc-window-aaaaaaaa", "comment": "an operator's", "dynamic": "true"},
        ],
        ADDRESS: addresses(),
    }


def claim(
    instance: str, network: int, ttl: int = 3600, garden: tuple[str, ...] = (), provider: str | None = None
) -> Claim:
    return Claim(instance, SITE, f"{NETWORKS[network]}.0/24", ttl, garden, provider)


def window(instance: str, number: int = 1) -> dict[str, str]:
    """A login window that a guest of the instance has open."""
    comment = f"portal-contract:{instance}"
    return {".id": f"*E{number}", "list": f"pc-window-{instance[:8]}", "comment": comment, "dynamic": "true"}


def converge(model: Model, claims: list[Claim], watch: Watch = lambda _: None) -> Desired:
    """Plan and apply once, watched after each write, and check that a second plan would be empty."""
    goal = desired(claims, model.rows, PORTAL)
    for operation in plan(goal.items, model.rows):
        model.apply(operation)
        watch(operation)
    again = desired(claims, model.rows, PORTAL)
    assert again == goal
    assert plan(again.items, model.rows) == []
    return goal


def holds(model: Model, goal: Desired) -> bool:
    return all(
        any(
            all(row.get(key) == YES_NO.get(value, value) for key, value in item.properties.items())
            for row in model.rows[item.menu]
        )
        for item in goal.items
    )
