"""A router as one finds it at a site: guest networks to be taken in hand, and an operator's own things."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from router_sim.clock import Clock
from router_sim.engine import Command, Origin
from router_sim.router import Router
from router_sim.state import Resolve, nothing_resolves

# The operator's things: nothing a controller does may touch them.
OPERATOR: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/interface/vlan", {"name": "vlan-office", "interface": "ether1", "vlan-id": "172"}),
    ("/ip/address", {"address": "172.20.0.1/24", "interface": "vlan-office", "comment": "office"}),
    ("/ip/pool", {"name": "pool-office", "ranges": "172.20.0.10-172.20.0.250"}),
    (
        "/ip/hotspot/profile",
        {
            "name": "office-profile",
            "hotspot-address": "172.20.0.1",
            "dns-name": "login.office.example",
            "login-by": "http-chap,cookie",
        },
    ),
    (
        "/ip/hotspot",
        {
            "name": "office-hotspot",
            "interface": "vlan-office",
            "address-pool": "pool-office",
            "profile": "office-profile",
            "disabled": "no",
        },
    ),
    ("/ip/hotspot/user/profile", {"name": "staff", "shared-users": "2", "session-timeout": "8h"}),
    (
        "/ip/hotspot/user",
        {
            "name": "reception",
            "password": "front-desk",
            "profile": "staff",
            "server": "office-hotspot",
            "comment": "front desk",
        },
    ),
    ("/ip/hotspot/user", {"name": "visitor", "password": "welcome", "limit-uptime": "1d"}),
    (
        "/ip/hotspot/walled-garden",
        {"dst-host": "*.office.example", "server": "office-hotspot", "comment": "intranet"},
    ),
    (
        "/ip/hotspot/walled-garden/ip",
        {
            "action": "accept",
            "dst-address": "192.0.2.80",
            "protocol": "tcp",
            "dst-port": "443",
            "server": "office-hotspot",
            "comment": "booking system",
        },
    ),
    (
        "/ip/hotspot/ip-binding",
        {
            "mac-address": "02:00:5E:00:53:A0",
            "server": "office-hotspot",
            "type": "bypassed",
            "comment": "printer",
        },
    ),
    (
        "/ip/firewall/address-list",
        {"list": "management", "address": "198.51.100.0/24", "comment": "head office"},
    ),
    ("/ip/firewall/address-list", {"list": "management", "address": "192.0.2.10"}),
)
FIRST_VLAN = 100


def lab_router(
    name: str,
    *,
    clock: Clock,
    version: str = "7.22.3",
    password: str = "",
    subnets: Sequence[str] = ("10.5.50.0/24", "10.5.51.0/24"),
    resolve: Resolve = nothing_resolves,
) -> Router:
    """A site's router with these guest networks, given as prefixes, and an operator's own hotspot.

    The first network is on `bridge-guest`, each further one on a virtual LAN of it named
    `vlan-guest-2` and so on; the router has the first address of each and a pool of the rest. `resolve` is
    what its upstream name servers answer. The state is marked as initial. Raises ValueError for text that
    is no network, or one too small.
    """
    router = Router(
        name=name, clock=clock, version=version, password=password, identity=name, resolve=resolve
    )
    seed = Origin("", "", "seed")

    def add(menu: str, values: Mapping[str, str]) -> None:
        router.execute(Command(f"{menu}/add", values), seed)

    uplink = {"address": "192.0.2.2/24", "interface": "ether1", "comment": "uplink"}
    add("/ip/address", uplink)
    router.execute(
        Command("/ip/dns/set", {"servers": "192.0.2.53,198.51.100.53", "allow-remote-requests": "yes"}), seed
    )
    add("/interface/bridge", {"name": "bridge-guest", "comment": "guests"})
    for number, text in enumerate(subnets, start=1):
        network = _network(text)
        interface = "bridge-guest"
        if number > 1:
            interface = f"vlan-guest-{number}"
            vlan = {"name": interface, "interface": "bridge-guest", "vlan-id": str(FIRST_VLAN + number)}
            add("/interface/vlan", vlan)
        address = {"address": f"{network[1]}/{network.prefixlen}", "interface": interface}
        add("/ip/address", {**address, "comment": f"guests {number}"})
        add("/ip/pool", {"name": f"pool-guest-{number}", "ranges": f"{network[2]}-{network[-2]}"})
    for menu, values in OPERATOR:
        add(menu, values)
    router.mark_initial()
    return router


def _network(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no guest network: {wrong}; write it like 10.5.50.0/24") from None
    if network.prefixlen > 29:
        raise ValueError(f"{text} is too small for guests; a /29 is the smallest network that will do")
    return network
