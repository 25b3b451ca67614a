"""What a declarative client wants of each menu: first, and then instead of that.

`only` limits a client to the items whose field matches a pattern, so that the operator's stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Data = list[dict[str, Any]]


@dataclass(frozen=True)
class Desired:
    """Two desired contents of a menu that is written `ip hotspot user`; `then` may be left out.

    Of a `fixed` menu no items can be added or removed.
    """

    path: str
    first: Data
    then: Data | None = None
    only: tuple[str, str] | None = None
    fixed: bool = False


RIGHTS = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password", "web",
    "sniff", "sensitive", "api", "romon", "rest-api",
)  # fmt: skip


def policy(*granted: str) -> str:
    """The rights of a group as a router of 7.22 prints them."""
    denied = [f"!{right}" for right in RIGHTS if right not in granted]
    return ",".join([*(right for right in RIGHTS if right in granted), *denied])


DESIRED = (
    Desired(
        "interface bridge",
        [
            {"name": "t-br1", "comment": "one", "ageing-time": "10m"},
            {"name": "t-br2", "protocol-mode": "none"},
        ],
        [{"name": "t-br2", "comment": "two", "vlan-filtering": True}],
        ("name", "t-.*"),
    ),
    Desired(
        "interface vlan",
        [
            {"name": "t-vlan1", "interface": "ether1", "vlan-id": 901, "mtu": 1496},
            {"name": "t-vlan2", "interface": "ether1", "vlan-id": 902, "comment": "two"},
        ],
        [{"name": "t-vlan2", "interface": "ether1", "vlan-id": 903}],
        ("name", "t-.*"),
    ),
    Desired(
        "interface list",
        [{"name": "t-LAN", "comment": "inside"}, {"name": "t-WAN", "exclude": "dynamic"}],
        [{"name": "t-WAN", "include": "t-LAN"}, {"name": "t-LAN"}],
        ("name", "t-.*"),
    ),
    Desired(
        "interface list member",
        [{"list": "t-LAN", "interface": "t-br2"}, {"list": "t-WAN", "interface": "ether1", "disabled": True}],
        [{"list": "t-WAN", "interface": "ether1", "comment": "uplink"}],
    ),
    Desired(
        "interface bridge port",
        [{"bridge": "t-br2", "interface": "t-vlan2", "pvid": 20, "edge": "yes", "horizon": 1}],
        [
            {
                "bridge": "t-br2",
                "interface": "t-vlan2",
                "frame-types": "admit-only-vlan-tagged",
                "comment": "x",
            }
        ],
    ),
    Desired(
        "ip address",
        [
            {"address": "203.0.113.1/25", "interface": "t-br2", "comment": "test"},
            {"address": "203.0.113.129/25", "interface": "t-br2", "disabled": True},
        ],
        [{"address": "203.0.113.129/25", "interface": "t-br2"}],
        ("interface", "t-.*"),
    ),
    Desired(
        "ip arp",
        [{"address": "203.0.113.140", "mac-address": "02:00:5E:00:53:0A", "interface": "t-br2"}],
        [
            {"address": "203.0.113.140", "mac-address": "02:00:5E:00:53:0B", "interface": "t-br2"},
            {"address": "203.0.113.141", "interface": "t-br2", "published": True, "comment": "proxied"},
        ],
        ("interface", "t-.*"),
    ),
    Desired(
        "ip pool",
        [{"name": "t-p1", "ranges": "203.0.113.10-203.0.113.20"}, {"name": "t-p2", "ranges": "203.0.113.30"}],
        [{"name": "t-p2", "ranges": "203.0.113.30-203.0.113.31,203.0.113.40", "next-pool": "pool-office"}],
        ("name", "t-.*"),
    ),
    Desired(
        "ip dhcp-server",
        [{"name": "t-dhcp", "interface": "t-br2", "address-pool": "t-p2", "lease-time": "1h"}],
        [
            {
                "name": "t-dhcp",
                "interface": "t-br2",
                "address-pool": "t-p2",
                "comment": "guests",
                "disabled": True,
            }
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "ip dhcp-server network",
        [{"address": "203.0.113.0/25", "gateway": "203.0.113.1", "dns-server": "203.0.113.1,192.0.2.53"}],
        [{"address": "203.0.113.0/25", "gateway": "203.0.113.1", "domain": "guests.example", "netmask": 25}],
        ("address", "203.*"),
    ),
    Desired(
        "ip dhcp-server lease",
        [
            {
                "server": "t-dhcp",
                "address": "203.0.113.30",
                "mac-address": "02:00:5E:00:53:1A",
                "comment": "tv",
            }
        ],
        [
            {
                "server": "t-dhcp",
                "address": "203.0.113.31",
                "mac-address": "02:00:5E:00:53:1A",
                "disabled": True,
            }
        ],
        ("server", "t-.*"),
    ),
    Desired(
        "ip dns",
        # The client knows the default size only as an export writes it, with its unit, and would set it for ever.
        [{"servers": "192.0.2.53,192.0.2.54", "allow-remote-requests": True, "cache-max-ttl": "1d"}],
        [{"servers": "192.0.2.53", "cache-size": 4096}],
    ),
    Desired(
        "ip dns static",
        [
            {"name": "a.t.example", "address": "192.0.2.61", "ttl": "5m"},
            {"name": "b.t.example", "address": "192.0.2.63"},
            {"name": "c.t.example", "type": "CNAME", "cname": "a.t.example"},
            {"regexp": "^x[0-9]+\\.t\\.example$", "address": "192.0.2.62", "comment": "many"},
        ],
        [
            {"regexp": "^x[0-9]+\\.t\\.example$", "address": "192.0.2.62"},
            {"name": "b.t.example", "address": "192.0.2.63", "match-subdomain": True},
            {"name": "a.t.example", "address": "192.0.2.61", "disabled": True},
        ],
    ),
    Desired(
        "ip firewall address-list",
        [
            {"list": "t-list", "address": "198.51.100.7"},
            {"list": "t-list", "address": "www.t.example", "comment": "x"},
        ],
        [{"list": "t-list", "address": "198.51.100.0/25"}, {"list": "t-list", "address": "198.51.100.7"}],
        ("list", "t-.*"),
    ),
    *(
        Desired(
            f"ip firewall {table}",
            [
                {
                    "chain": chain,
                    "action": "accept",
                    "protocol": "tcp",
                    "dst-port": "80,443",
                    "comment": "web",
                },
                {"chain": chain, "action": "log", "src-address": "!192.0.2.0/24", "log-prefix": "odd"},
                {"chain": chain, "action": "accept", "in-interface": "ether1", "disabled": True},
            ],
            [
                {"chain": chain, "action": "accept", "src-address-list": "management"},
                {"chain": chain, "action": "accept", "protocol": "tcp", "dst-port": "443", "comment": "web"},
            ],
        )
        for table, chain in (
            ("filter", "forward"),
            ("nat", "dstnat"),
            ("mangle", "prerouting"),
            ("raw", "prerouting"),
        )
    ),
    Desired(
        "ip hotspot profile",
        [
            {
                "name": "t-prof",
                "hotspot-address": "203.0.113.1",
                "dns-name": "login.t.example",
                "login-by": "cookie,http-pap",
                "http-cookie-lifetime": "1d",
                "html-directory": "flash/hotspot",
                "use-radius": True,
            },
            {"name": "t-prof2", "rate-limit": "2M/4M", "split-user-domain": True},
        ],
        [
            {
                "name": "t-prof",
                "dns-name": "wifi.t.example",
                "login-by": "http-chap,trial",
                "trial-uptime-limit": "5m",
            }
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "ip hotspot user profile",
        [
            {"name": "t-gold", "rate-limit": "10M/20M", "shared-users": 3, "session-timeout": "4h"},
            {"name": "t-silver", "address-pool": "t-p2", "idle-timeout": "5m", "keepalive-timeout": "1m"},
            {
                "name": "t-ads",
                "advertise": True,
                "advertise-url": "http://ads.example/",
                "advertise-interval": "30m",
            },
        ],
        [
            {"name": "t-silver", "rate-limit": "1M", "address-list": "t-list", "transparent-proxy": True},
            {"name": "t-gold", "shared-users": "unlimited", "mac-cookie-timeout": "1d"},
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "ip hotspot",
        [
            {
                "name": "t-hs",
                "interface": "t-br2",
                "address-pool": "t-p2",
                "profile": "t-prof",
                "disabled": False,
            }
        ],
        [{"name": "t-hs", "interface": "t-br2", "idle-timeout": "10m", "addresses-per-mac": "unlimited"}],
        ("name", "t-.*"),
    ),
    Desired(
        "ip hotspot user",
        [
            {
                "name": "t-ann",
                "password": "one",
                "profile": "t-gold",
                "limit-uptime": "1d",
                "comment": "room 1",
            },
            {"name": "t-bob", "password": "two", "server": "t-hs", "limit-bytes-total": 1073741824},
            {
                "name": "t-cat",
                "address": "203.0.113.35",
                "mac-address": "02:00:5E:00:53:2A",
                "email": "c@t.example",
            },
        ],
        [
            {"name": "t-cat", "password": "three", "routes": "198.51.100.0/24 10.0.0.1 1", "disabled": True},
            {"name": "t-bob", "password": "two", "profile": "t-silver", "limit-bytes-in": 5000},
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "ip hotspot walled-garden",
        [
            {"dst-host": "*.t.example", "server": "t-hs", "comment": "shop"},
            {
                "dst-host": "ads.t.example",
                "action": "deny",
                "dst-port": "!443",
                "method": "GET",
                "path": "/x*",
            },
        ],
        [
            {"dst-host": "pay.t.example"},
            {"dst-host": "*.t.example", "comment": "shop", "disabled": True},
            {"src-address": "203.0.113.7", "action": "allow"},
        ],
    ),
    Desired(
        "ip hotspot walled-garden ip",
        [
            {"dst-address": "192.0.2.81", "protocol": "tcp", "dst-port": "443", "server": "t-hs"},
            {"action": "drop", "dst-address": "192.0.2.0/25", "comment": "no way", "disabled": True},
            {"action": "reject", "dst-address-list": "t-list"},
        ],
        [
            # The client's own default for `disabled` is a word that no router prints, so it is given here.
            {
                "action": "reject",
                "dst-address-list": "!t-list",
                "src-address": "203.0.113.0/25",
                "disabled": False,
            },
            {"dst-address": "192.0.2.82", "protocol": "udp", "disabled": False},
        ],
    ),
    Desired("ip hotspot service-port", [{"name": "ftp", "ports": "21,2121", "disabled": True}]),
    Desired(
        "ip service",
        [
            {"name": "ssh", "disabled": True},
            {"name": "api", "address": "127.0.0.0/8,192.0.2.0/24", "max-sessions": 30},
        ],
    ),
    Desired(
        "ip route",
        [{"dst-address": "0.0.0.0/0", "gateway": "192.0.2.1", "comment": "out"}],
        [
            {"dst-address": "0.0.0.0/0", "gateway": "192.0.2.3", "distance": 5, "check-gateway": "ping"},
            {"dst-address": "198.51.100.0/25", "blackhole": ""},
        ],
    ),
    Desired(
        "ipv6 address",
        [{"address": "2001:db8:1::1/64", "interface": "t-br2", "advertise": False}],
        [{"address": "2001:db8:1::2/64", "interface": "t-br2", "comment": "six"}],
        ("interface", "t-.*"),
    ),
    Desired(
        "queue simple",
        [
            {"name": "t-q1", "target": "203.0.113.0/25", "max-limit": "10000000/20000000"},
            {"name": "t-q2", "target": "t-br2"},
        ],
        [
            {
                "name": "t-q2",
                "target": "203.0.113.7/32",
                "burst-limit": "4000000/4000000",
                "comment": "two",
                "disabled": True,
            }
        ],
        ("name", "t-.*"),
    ),
    Desired(
        # The client writes the default of `radsec-timeout` as no router does, so it is given here.
        "radius",
        [{"address": "192.0.2.90", "secret": "shh", "service": "hotspot", "timeout": "1s"}],
        [{"address": "192.0.2.91", "secret": "shh", "service": "hotspot", "radsec-timeout": "3s300ms"}],
    ),
    Desired("radius incoming", [{"accept": True, "port": 1700}], [{"accept": False, "port": 3799}]),
    Desired("system identity", [{"name": "t-site"}], [{"name": "site"}]),
    Desired("system note", [{"note": "property of t.example", "show-at-login": False}], [{"note": ""}]),
    Desired(
        "system script",
        [{"name": "t-hello", "source": ':log info "hello"\n:log info "again"', "comment": "x"}],
        [
            {
                "name": "t-hello",
                "source": ":log info bye",
                "policy": "read,write",
                "dont-require-permissions": True,
            }
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "system scheduler",
        [{"name": "t-tick", "interval": "1h", "on-event": ":log info tick", "start-time": "startup"}],
        [{"name": "t-tick", "interval": "1d", "on-event": "t-hello", "disabled": True, "policy": "read"}],
        ("name", "t-.*"),
    ),
    Desired(
        "user group",
        # A router tells of all rights, those denied with a mark, and the client compares texts.
        [{"name": "t-ops", "policy": policy("read", "write", "test", "api")}],
        [{"name": "t-ops", "policy": policy("read", "api"), "comment": "operators"}],
        ("name", "t-.*"),
    ),
    Desired(
        "user",
        [{"name": "t-op", "password": "long-enough-1", "group": "write", "address": "192.0.2.0/24"}],
        [
            {
                "name": "t-op",
                "password": "long-enough-1",
                "group": "read",
                "comment": "gone soon",
                "disabled": True,
            }
        ],
        ("name", "t-.*"),
    ),
    Desired(
        "interface ethernet",
        [{"default-name": "ether1", "mtu": 1492, "comment": "uplink", "loop-protect": "on"}],
        [{"default-name": "ether1", "name": "ether1", "auto-negotiation": True}],
        fixed=True,
    ),
    Desired(
        "routing table",
        [{"name": "t-guests", "fib": ""}, {"name": "t-two", "disabled": True}],
        [{"name": "t-two", "comment": "two"}],
        ("name", "t-.*"),
    ),
    Desired(
        "snmp", [{"enabled": True, "contact": "noc@t.example", "trap-version": 2}], [{"location": "cellar"}]
    ),
    Desired(
        "snmp community",
        [{"name": "t-public", "addresses": "192.0.2.0/24", "read-access": True}],
        [{"name": "t-public", "addresses": "::/0", "comment": "watched", "disabled": True}],
        ("name", "t-.*"),
    ),
    Desired("ip cloud", [{"ddns-enabled": "yes", "update-time": False}], [{"ddns-enabled": "auto"}]),
    Desired("system clock", [{"time-zone-autodetect": False, "time-zone-name": "Europe/Riga"}], None),
    Desired(
        "system ntp client",
        [{"enabled": True, "servers": "192.0.2.123,time.t.example"}],
        [{"mode": "broadcast"}],
    ),
    Desired("system package update", [{"channel": "long-term"}], [{"channel": "stable"}]),
    Desired("user settings", [{"minimum-password-length": 8, "minimum-categories": 2}], None),
    Desired(
        "queue tree",
        [
            {"name": "t-all", "parent": "global", "max-limit": 100000000},
            {"name": "t-web", "parent": "t-all", "packet-mark": "web", "priority": 3, "queue": "default"},
        ],
        [{"name": "t-all", "parent": "ether1", "comment": "uplink", "limit-at": 5000000}],
        ("name", "t-.*"),
    ),
    Desired(
        "queue type",
        [{"name": "t-pcq", "kind": "pcq", "pcq-rate": 1000000, "pcq-classifier": "dst-address"}],
        [
            {"name": "t-pcq", "kind": "pcq", "pcq-classifier": "src-address"},
            {"name": "t-fifo", "kind": "pfifo"},
        ],
        ("name", "t-.*"),
    ),
)
