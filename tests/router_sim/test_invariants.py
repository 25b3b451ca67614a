"""What holds on every router at every moment, whatever is done to it in whatever order."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.seed import lab_router

SERVERS = "/ip/hotspot"
HOSTS = "/ip/hotspot/host"
ACTIVE = "/ip/hotspot/active"
USERS = "/ip/hotspot/user"
LISTS = "/ip/firewall/address-list"
INTERFACES = ("bridge-guest", "vlan-guest-2", "vlan-office")
MACS = st.sampled_from([f"02:00:5E:00:53:0{number}" for number in range(4)])
ADDRESSES = st.sampled_from([f"10.5.50.{number}" for number in range(10, 15)])
NAMES = st.sampled_from(["a", "b", "c"])
MENUS = st.sampled_from(
    [SERVERS, USERS, f"{USERS}/profile", HOSTS, ACTIVE, LISTS, "/interface/vlan", "/interface"]
)
KEYS = st.sampled_from([f"*{number:X}" for number in range(12)])

Printed = dict[str, list[dict[str, str]]]


class RouterLife(RuleBasedStateMachine):
    """An operator, a controller, guests and time at work on one router."""

    @initialize()
    def start(self) -> None:
        self.clock = VirtualClock(monotonic=lambda: 0.0)
        self.router = lab_router("lab", clock=self.clock)
        self.twin = self.router.twin("twin")
        self.of_twin = self.twin.snapshot()
        # A mirror that knows only what the watcher is told.
        self.mirrored = (SERVERS, USERS, HOSTS, ACTIVE, LISTS, f"{USERS}/profile")
        first = self.router.snapshot()
        self.mirror = {menu: {row[".id"]: row for row in first[menu]} for menu in self.mirrored}
        for menu in self.mirrored:
            self.router.watch(menu, self.listener(menu))

    def listener(self, menu: str):
        def hear(row) -> None:
            if ".dead" in row:
                del self.mirror[menu][row[".id"]]
            else:
                self.mirror[menu][row[".id"]] = dict(row)

        return hear

    def run_command(self, path: str, **values: str) -> None:
        given = {name.replace("_", "-"): value for name, value in values.items()}
        try:
            self.router.execute(Command(path, given), Origin("admin", "127.0.0.1", connection=1))
        except Trap as trap:
            self.last_trap = trap.message

    @rule(name=NAMES, interface=st.sampled_from(INTERFACES), off=st.booleans())
    def add_server(self, name: str, interface: str, off: bool) -> None:
        self.run_command(f"{SERVERS}/add", name=name, interface=interface, disabled="yes" if off else "no")

    @rule(name=NAMES, interface=st.sampled_from(INTERFACES))
    def move_server(self, name: str, interface: str) -> None:
        self.run_command(f"{SERVERS}/set", numbers=name, interface=interface)

    @rule(
        name=NAMES,
        profile=st.sampled_from(["default", "staff", "p"]),
        limit=st.sampled_from(["0s", "10m", "1h"]),
    )
    def add_user(self, name: str, profile: str, limit: str) -> None:
        self.run_command(f"{USERS}/add", name=name, profile=profile, limit_uptime=limit)

    @rule(timeout=st.sampled_from(["0s", "5m", "2h"]), listed=st.sampled_from(["", "in", "in,vip"]))
    def add_profile(self, timeout: str, listed: str) -> None:
        self.run_command(f"{USERS}/profile/add", name="p", session_timeout=timeout, address_list=listed)

    @rule(mac=MACS, address=ADDRESSES, interface=st.sampled_from(INTERFACES))
    def see_guest(self, mac: str, address: str, interface: str) -> None:
        self.router.associate(mac, address, interface)

    @rule(mac=MACS)
    def lose_guest(self, mac: str) -> None:
        self.router.disassociate(mac)

    @rule(name=NAMES, address=ADDRESSES)
    def login(self, name: str, address: str) -> None:
        self.run_command(f"{ACTIVE}/login", user=name, ip=address)

    @rule(address=ADDRESSES, timeout=st.sampled_from(["1m", "3m", "1h"]))
    def open_window(self, address: str, timeout: str) -> None:
        self.run_command(f"{LISTS}/add", list="in", address=address, timeout=timeout)

    @rule(menu=MENUS, verb=st.sampled_from(["remove", "disable", "enable"]), key=KEYS)
    def change_something(self, menu: str, verb: str, key: str) -> None:
        self.run_command(f"{menu}/{verb}", numbers=key)

    @rule(seconds=st.sampled_from([1, 59.5, 300, 3600, 90000]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def reset(self) -> None:
        self.router.reset()
        now = self.router.snapshot()
        self.mirror = {menu: {row[".id"]: row for row in now[menu]} for menu in self.mirrored}

    def one_server_works_on_each_interface(self, held: Printed) -> None:
        usable = {row["name"] for row in held["/interface"] if row["disabled"] == "false"}
        enabled = [row for row in held[SERVERS] if row["disabled"] == "false"]
        working = Counter(row["interface"] for row in enabled if row["invalid"] == "false")
        assert working == Counter({row["interface"] for row in enabled if row["interface"] in usable})

    def sessions_and_authorised_hosts_are_the_same_guests(self, held: Printed) -> None:
        working = {row["name"] for row in held[SERVERS] if row.get("proxy-status") == "running"}
        assert {row["server"] for row in held[HOSTS]} <= working
        admitted = sorted(row["to-address"] for row in held[HOSTS] if row["authorized"] == "true")
        assert sorted(row["address"] for row in held[ACTIVE]) == admitted

    def addresses_are_listed_for_sessions_or_windows_only(self, held: Printed) -> None:
        admitted = {row["address"] for row in held[ACTIVE]}
        for row in held[LISTS]:
            assert row["list"] == "management" or "timeout" in row or row["address"] in admitted

    @invariant()
    def what_is_printed_fits_together(self) -> None:
        held = self.router.snapshot()  # takes most of the time, so once for all
        self.one_server_works_on_each_interface(held)
        self.sessions_and_authorised_hosts_are_the_same_guests(held)
        self.addresses_are_listed_for_sessions_or_windows_only(held)
        self.watchers_know_every_item_there_is(held)

    @invariant()
    def nothing_overdue_is_left(self) -> None:
        for path, store in self.router._state.stores.items():
            for item in store:
                assert item.due is None or item.due > self.clock.now().timestamp(), (path, item)

    @invariant()
    def indexes_say_what_the_items_say(self) -> None:
        for store in self.router._state.stores.values():
            for key, entries in store._index.items():
                found = sorted(number for ids in entries.values() for number in ids)
                assert found == sorted(item.id for item in store)
                for value, ids in entries.items():
                    assert all(store._value(key, store.get(number)) == value for number in ids)

    def watchers_know_every_item_there_is(self, held: Printed) -> None:
        for menu in self.mirrored:
            assert set(self.mirror[menu]) == {row[".id"] for row in held[menu]}
            for row in held[menu]:
                told = self.mirror[menu][row[".id"]]
                for name in (
                    "name",
                    "disabled",
                    "invalid",
                    "authorized",
                    "user",
                    "address",
                    "list",
                    "interface",
                ):
                    # Nobody is told that what an item names is gone: the item itself is what it was.
                    if not row.get(name, "").startswith("*"):
                        assert told.get(name) == row.get(name), (menu, name)

    @invariant()
    def the_twin_is_left_alone(self) -> None:
        now = self.twin.snapshot()
        for menu in ("/interface", SERVERS, USERS, LISTS, HOSTS, ACTIVE, "/ip/address", "/ip/pool"):
            assert now[menu] == self.of_twin[menu]


RouterLife.TestCase.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestRouterLife = RouterLife.TestCase
