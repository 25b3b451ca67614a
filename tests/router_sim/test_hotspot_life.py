"""What holds for a hotspot at every moment, whatever guests, operators and time do."""

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from router_sim.behaviours import dns
from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.hotspot_service import CAUSES, LoginRefused
from router_sim.router import Router

SERVERS = "/ip/hotspot"
PROFILE = "/ip/hotspot/profile"
HOSTS = "/ip/hotspot/host"
ACTIVE = "/ip/hotspot/active"
USERS = "/ip/hotspot/user"
USER_PROFILE = "/ip/hotspot/user/profile"
COOKIES = "/ip/hotspot/cookie"
GARDEN = "/ip/hotspot/walled-garden"
ADDRESSES = "/ip/hotspot/walled-garden/ip"
BINDINGS = "/ip/hotspot/ip-binding"
MADE = ("/ip/firewall/nat", "/ip/firewall/filter", "/ip/dns/static", GARDEN, "/queue/simple", "/ip/pool/used")
INTERFACES = ("vlan10", "vlan20")
MACS = st.sampled_from([f"02:00:5E:00:53:0{number}" for number in range(3)])
IPS = st.sampled_from(["10.0.0.5", "10.0.0.6", "172.16.0.9", "10.0.10.5"])
NAMES = st.sampled_from(["a", "b"])
KEYS = st.sampled_from([f"*{number:X}" for number in range(8)])
METHODS = st.sampled_from(["http-pap", "https", "trial"])


def resolve(name: str) -> list[str]:
    return ["192.0.2.7", "192.0.2.8"] if name == "shop.example" else []


class HotspotLife(RuleBasedStateMachine):
    """Guests, an operator and time at work on one hotspot."""

    @initialize()
    def start(self) -> None:
        self.clock = VirtualClock(monotonic=lambda: 0.0)
        self.router = Router(name="r", clock=self.clock, resolve=resolve)
        self.hotspot = self.router.hotspot
        for interface in INTERFACES:
            number = interface.removeprefix("vlan")
            self.command("/interface/vlan/add", name=interface, interface="ether1", vlan_id=number)
            self.command("/ip/address/add", address=f"10.0.{int(number) - 10}.1/24", interface=interface)
        self.command("/ip/pool/add", name="p", ranges="10.0.0.200-10.0.0.201")
        methods = "mac,cookie,http-pap,https,trial,mac-cookie"
        self.command(f"{PROFILE}/set", numbers="default", login_by=methods, dns_name="hs.example")
        self.command(f"{USERS}/add", name="a")
        self.ended: dict[int, float] = defaultdict(float)
        self.running: dict[str, tuple[int, float]] = {}
        self.router.watch(ACTIVE, self.hear_session)
        self.router.watch(USERS, self.hear_user)

    def hear_session(self, row) -> None:
        state = self.router._state
        if ".dead" not in row:
            session = state.item(state.menus[ACTIVE], row[".id"])
            self.running[row[".id"]] = (int(session.marks["user"]), session.marks["since"])
        elif row[".id"] in self.running:
            user, since = self.running.pop(row[".id"])
            self.ended[user] += state.now().timestamp() - since

    def hear_user(self, row) -> None:
        if ".dead" in row:
            self.ended.pop(int(row[".id"][1:], 16), None)

    def command(self, path: str, **values: str) -> None:
        given = {name.replace("_", "-"): value for name, value in values.items()}
        try:
            self.router.execute(Command(path, given), Origin("admin", "127.0.0.1", connection=1))
        except Trap as trap:
            self.last_trap = trap.message

    # -- the operator ------------------------------------------------------------------------------------

    @rule(name=NAMES, interface=st.sampled_from(INTERFACES), pool=st.sampled_from(["none", "p"]))
    def add_server(self, name: str, interface: str, pool: str) -> None:
        self.command(f"{SERVERS}/add", name=name, interface=interface, address_pool=pool)

    @rule(name=NAMES, limit=st.sampled_from(["0s", "10m"]), most=st.sampled_from(["0", "1000"]))
    def add_user(self, name: str, limit: str, most: str) -> None:
        self.command(f"{USERS}/add", name=name, limit_uptime=limit, limit_bytes_total=most, server="all")

    @rule(
        timeout=st.sampled_from(["0s", "5m"]),
        idle=st.sampled_from(["none", "2m"]),
        shared=st.sampled_from(["1", "unlimited"]),
        rate=st.sampled_from(["", "1M/2M"]),
        pool=st.sampled_from(["none", "p"]),
    )
    def set_profile(self, timeout: str, idle: str, shared: str, rate: str, pool: str) -> None:
        given = {"session_timeout": timeout, "idle_timeout": idle, "shared_users": shared, "rate_limit": rate}
        self.command(f"{USER_PROFILE}/set", numbers="default", address_pool=pool, address_list="in", **given)

    @rule(queue=st.booleans(), name=st.sampled_from(["", "hs.example", "shop.example"]))
    def set_server_profile(self, queue: bool, name: str) -> None:
        switch = "yes" if queue else "no"
        self.command(f"{PROFILE}/set", numbers="default", dns_name=name, install_hotspot_queue=switch)

    @rule(
        host=st.sampled_from(["", "shop.example", "nowhere.example", "*.example"]),
        action=st.sampled_from(["accept", "drop", "reject"]),
        server=st.sampled_from(["all", "a", "!b"]),
    )
    def open_garden(self, host: str, action: str, server: str) -> None:
        where = {"dst_host": host} if host else {"dst_address": "192.0.2.1"}
        self.command(f"{ADDRESSES}/add", action=action, server=server, **where)

    @rule(key=KEYS, to=KEYS)
    def move_garden(self, key: str, to: str) -> None:
        self.command(f"{ADDRESSES}/move", numbers=key, destination=to)

    @rule(
        mac=MACS,
        kind=st.sampled_from(["regular", "bypassed", "blocked"]),
        to=st.sampled_from(["", "10.0.0.77"]),
    )
    def bind(self, mac: str, kind: str, to: str) -> None:
        self.command(f"{BINDINGS}/add", mac_address=mac, type=kind, to_address=to)

    @rule(
        menu=st.sampled_from(
            [SERVERS, USERS, HOSTS, ACTIVE, COOKIES, ADDRESSES, BINDINGS, "/interface/vlan"]
        ),
        verb=st.sampled_from(["remove", "disable", "enable"]),
        key=KEYS,
    )
    def change_something(self, menu: str, verb: str, key: str) -> None:
        self.command(f"{menu}/{verb}", numbers=key)

    @rule(name=NAMES, address=IPS)
    def admit(self, name: str, address: str) -> None:
        self.command(f"{ACTIVE}/login", user=name, ip=address)

    # -- guests ------------------------------------------------------------------------------------------

    @rule(mac=MACS, address=IPS, interface=st.sampled_from(INTERFACES))
    def see(self, mac: str, address: str, interface: str) -> None:
        self.hotspot.seen(mac, address, interface)

    @rule(mac=MACS)
    def lose(self, mac: str) -> None:
        self.hotspot.gone(mac)

    @rule(mac=MACS, answers=st.booleans())
    def look_for(self, mac: str, answers: bool) -> None:
        self.hotspot.reachable(mac, answers)

    @rule(mac=MACS, address=IPS, sent=st.sampled_from([0, 10, 600]))
    def talk(self, mac: str, address: str, sent: int) -> None:
        self.hotspot.traffic(mac, address, bytes_in=sent, packets_in=1)

    @rule(address=IPS, method=METHODS, name=NAMES)
    def log_in(self, address: str, method: str, name: str) -> None:
        try:
            self.hotspot.login(address, method=method, user="" if method == "trial" else name)
        except LoginRefused as refusal:
            self.last_trap = refusal.text

    @rule(address=IPS, cause=st.sampled_from(CAUSES), erase=st.booleans())
    def log_out(self, address: str, cause: str, erase: bool) -> None:
        self.hotspot.logout(address, cause, erase_cookie=erase)

    @rule()
    def ask_for_a_name(self) -> None:
        self.router.write(lambda tx: dns.note(tx, "shop.example", resolve("shop.example")))

    @rule(seconds=st.sampled_from([1, 119.5, 400, 100000]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: len(self.router.journal.entries()) > 20)
    @rule()
    def reboot(self) -> None:
        before = list(self.running)
        self.router.reboot()
        now = self.router._state.now().timestamp()
        for key in before:
            user, since = self.running.pop(key)
            self.ended[user] += now - since
        self.router.watch(ACTIVE, self.hear_session)
        self.router.watch(USERS, self.hear_user)

    # -- what holds --------------------------------------------------------------------------------------

    @invariant()
    def every_session_has_its_host(self) -> None:
        held = self.router.snapshot()
        admitted = sorted(
            (row["mac-address"], row["to-address"]) for row in held[HOSTS] if row["authorized"] == "true"
        )
        assert admitted == sorted((row["mac-address"], row["address"]) for row in held[ACTIVE])
        working = {row["name"] for row in held[SERVERS] if row.get("proxy-status") == "running"}
        assert {row["server"] for row in held[HOSTS]} <= working

    @invariant()
    def what_the_router_made_has_its_reason(self) -> None:
        held = self.router.snapshot()
        made = {menu: [row for row in held[menu] if row.get("dynamic") == "true"] for menu in MADE}
        working = [row["name"] for row in held[SERVERS] if row.get("proxy-status") == "running"]
        if not working:
            assert not any(made.values())
        queues = sum(row["name"].startswith("<hotspot-") for row in made["/queue/simple"])
        assert queues <= len(held[ACTIVE])
        assert {row["name"] for row in made["/queue/simple"] if row["name"].startswith("hs-")} <= {
            f"hs-<{name}>" for name in working
        }
        rows = {row[".id"] for row in held[ADDRESSES] if row["disabled"] == "false"}
        state = self.router._state
        for menu in ("/ip/firewall/nat", "/ip/firewall/filter", GARDEN):
            gardens = {
                f"*{int(item.marks['garden']):X}" for item in state.store(menu) if "garden" in item.marks
            }
            assert gardens <= rows
        used = [row["address"] for row in held["/ip/pool/used"]]
        assert len(used) == len(set(used))
        holding = {item.values.get("before-login", "") for item in state.store(HOSTS)}
        assert set(used) <= {row["to-address"] for row in held[HOSTS]} | holding
        translated = [row for row in held[HOSTS] if row["address"] != row["to-address"]]
        rules = [row for row in made["/ip/firewall/nat"] if row["action"] in ("dst-nat", "src-nat")]
        assert len(rules) == 2 * len(translated)
        listed = [row for row in held["/ip/firewall/address-list"] if row["dynamic"] == "true"]
        assert {row["address"] for row in listed} <= {row["address"] for row in held[ACTIVE]}

    @invariant()
    def rules_of_the_walled_garden_keep_its_order(self) -> None:
        state = self.router._state
        order = [item.id for item in state.store(ADDRESSES)]
        for menu, chain in (("/ip/firewall/nat", "hs-unauth"), ("/ip/firewall/filter", "hs-unauth")):
            places = [
                order.index(int(item.marks["garden"])) if "garden" in item.marks else len(order)
                for item in state.store(menu)
                if item.values["chain"] == chain
            ]
            assert places == sorted(places)

    @invariant()
    def users_are_charged_for_the_sessions_that_ended(self) -> None:
        for user in self.router._state.store(USERS):
            assert all(value >= 0 for value in user.marks.values())
            if user.id:  # that of all trials counts those of users gone as well
                assert abs(user.marks.get("counted-uptime", 0.0) - self.ended[user.id]) < 0.01

    @invariant()
    def nothing_counts_below_nothing(self) -> None:
        for menu in (HOSTS, ACTIVE):
            for item in self.router._state.store(menu):
                assert all(value >= 0 for value in item.marks.values())


HotspotLife.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestHotspotLife = HotspotLife.TestCase
