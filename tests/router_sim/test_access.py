"""What a guest may reach, as a table of cases over rows as a router prints them."""

from __future__ import annotations

import pytest

from router_sim.access import Decision, Guest, Request, Rows, decide
from router_sim.access_rules import Row, fits

GUEST = Guest("02:00:00:00:00:01", "10.5.50.20", "bridge-guest")
SITE = "198.51.100.7"
NAMES = {
    "site.example": [SITE],
    "www.site.example": ["198.51.100.8", SITE],
    "portal.example": ["203.0.113.5"],
    "secure.example": ["203.0.113.6"],
}

SERVER: Row = {
    ".id": "*1",
    "name": "guests",
    "interface": "bridge-guest",
    "profile": "p1",
    "invalid": "false",
    "disabled": "false",
}
PROFILE: Row = {
    ".id": "*1",
    "name": "p1",
    "hotspot-address": "10.5.50.1",
    "dns-name": "",
    "login-by": "cookie,http-chap",
}
BASE: dict[str, list[Row]] = {
    "/ip/hotspot": [SERVER],
    "/ip/hotspot/profile": [PROFILE],
    "/ip/address": [
        {".id": "*1", "address": "10.5.50.1/24", "interface": "bridge-guest", "disabled": "false"},
        {".id": "*2", "address": "192.0.2.2/24", "interface": "ether1", "disabled": "false"},
    ],
}
GARDEN = "/ip/hotspot/walled-garden"
GARDEN_IP = "/ip/hotspot/walled-garden/ip"
LISTS = "/ip/firewall/address-list"
BINDING = "/ip/hotspot/ip-binding"
STATIC = "/ip/dns/static"


def rows(**more: Row | list[Row]) -> Rows:
    """The base with rows of further menus, by the short names below."""
    found: dict[str, list[Row]] = dict(BASE)
    for name, given in more.items():
        found[MENUS[name]] = given if isinstance(given, list) else [given]
    return found


MENUS = {
    "web": GARDEN,
    "ip": GARDEN_IP,
    "lists": LISTS,
    "binding": BINDING,
    "static": STATIC,
    "active": "/ip/hotspot/active",
    "host": "/ip/hotspot/host",
    "server": "/ip/hotspot",
    "profile": "/ip/hotspot/profile",
    "ports": "/interface/bridge/port",
}


def ask(held: Rows, what: str, guest: Guest = GUEST) -> Decision:
    """`GET http://…`, `tcp 1.2.3.4:5`, or `name x`."""
    kind, _, rest = what.partition(" ")
    if rest.startswith(("http://", "https://")):
        request = Request.of_url(rest, kind)
    elif kind == "name":
        request = Request.of_name(rest)
    else:
        address, _, port = rest.partition(":")
        request = Request.of_packet(address, int(port or 0), kind)
    return decide(held, guest, request, lambda name: NAMES.get(name, ()))


def row(**values: str) -> Row:
    return {".id": "*7", **{name.replace("_", "-"): value for name, value in values.items()}}


OTHER = "198.51.100.99"
HOST = row(mac_address=GUEST.mac, address=GUEST.address, to_address=GUEST.address, server="guests")
ACTIVE = row(mac_address=GUEST.mac, address=GUEST.address, server="guests", user="u")
LISTED = row(list="open", address=GUEST.address)

CASES: dict[str, tuple[Rows, str, str]] = {
    # what is asked by a captive guest, with no rule at all
    "web page": (BASE, "GET http://site.example/", "redirected"),
    "web page on 8080": (BASE, "GET http://site.example:8080/", "redirected"),
    "web page on 3128": (BASE, "GET http://site.example:3128/", "redirected"),
    "web page on another port": (BASE, "GET http://site.example:8888/", "refused reset"),
    "name that resolves to nothing": (BASE, "GET http://nowhere.example/", "redirected"),
    "TLS": (BASE, "GET https://site.example/", "refused reset"),
    "TLS on a port of the web proxy": (BASE, "GET https://site.example:8080/", "refused reset"),
    "ssh": (BASE, f"tcp {SITE}:22", "refused reset"),
    "bare connection to 80": (BASE, f"tcp {SITE}:80", "redirected"),
    "ping": (BASE, f"icmp {SITE}", "refused unreachable"),
    "udp": (BASE, f"udp {SITE}:4500", "refused unreachable"),
    "question for a name": (BASE, "name site.example", "allowed"),
    "name service elsewhere": (BASE, "udp 8.8.8.8:53", "allowed"),
    "name service over tcp": (BASE, "tcp 8.8.8.8:53", "allowed"),
    "lease": (BASE, "udp 255.255.255.255:67", "allowed"),
    # the router itself
    "login page": (BASE, "GET http://10.5.50.1/login", "servlet"),
    "other address of the router": (BASE, "GET http://192.0.2.2/", "servlet"),
    "router over TLS": (BASE, "GET https://10.5.50.1/login", "refused reset"),
    "management of the router": (BASE, "tcp 10.5.50.1:8728", "refused reset"),
    "login page by name": (
        rows(profile={**PROFILE, "dns-name": "wifi.example"}),
        "GET http://wifi.example/",
        "servlet",
    ),
    "login page by name over TLS": (
        rows(profile={**PROFILE, "dns-name": "w.example", "login-by": "https", "ssl-certificate": "c"}),
        "GET https://w.example/login",
        "servlet",
    ),
    "foreign site with TLS login": (
        rows(profile={**PROFILE, "login-by": "http-chap,https", "ssl-certificate": "c"}),
        "GET https://site.example/",
        "refused certificate",
    ),
    "TLS login without certificate": (
        rows(profile={**PROFILE, "login-by": "https", "ssl-certificate": "none"}),
        "GET https://site.example/",
        "refused reset",
    ),
    # which server guards
    "no server": (rows(server=[]), "GET http://site.example/", "open"),
    "server switched off": (rows(server={**SERVER, "disabled": "true"}), f"tcp {SITE}:22", "open"),
    "invalid server": (rows(server={**SERVER, "invalid": "true"}), f"tcp {SITE}:22", "open"),
    "server elsewhere": (rows(server={**SERVER, "interface": "ether3"}), f"tcp {SITE}:22", "open"),
    "server not allowed by device-mode": (
        rows(server={**SERVER, "about": "inactivated, not allowed by device-mode"}),
        f"tcp {SITE}:22",
        "open",
    ),
    "second of two servers": (
        rows(server=[{**SERVER, "invalid": "true", "name": "x"}, SERVER]),
        "GET http://site.example/",
        "redirected",
    ),
    # who the guest is
    "logged in": (rows(active=ACTIVE), f"tcp {SITE}:22", "allowed /ip/hotspot/active"),
    "somebody else is": (
        rows(active={**ACTIVE, "mac-address": "02:00:00:00:00:02"}),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "logged in elsewhere": (rows(active={**ACTIVE, "server": "other"}), f"tcp {SITE}:22", "refused reset"),
    "logged in with another address": (
        rows(active={**ACTIVE, "address": "10.5.50.21"}),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "logged in behind one-to-one": (
        rows(active={**ACTIVE, "address": "10.5.50.77"}, host={**HOST, "to-address": "10.5.50.77"}),
        f"tcp {SITE}:22",
        "allowed /ip/hotspot/active",
    ),
    "authorized host": (rows(host={**HOST, "authorized": "true"}), f"tcp {SITE}:22", "allowed /ip/hotspot/host"),
    "host not yet": (rows(host={**HOST, "authorized": "false"}), f"tcp {SITE}:22", "refused reset"),
    "logged in, login page": (rows(active=ACTIVE), "GET http://10.5.50.1/status", "servlet"),
    "logged in, other port of the router": (rows(active=ACTIVE), "tcp 10.5.50.1:8728", "allowed /ip/hotspot/active"),
    "bypassed": (
        rows(binding=row(mac_address=GUEST.mac, type="bypassed")),
        f"tcp {SITE}:22",
        "allowed /ip/hotspot/ip-binding",
    ),
    "bypassed host": (rows(host={**HOST, "bypassed": "true"}), f"tcp {SITE}:22", "allowed /ip/hotspot/host"),
    "bypassed network": (
        rows(binding=row(address="10.5.50.16-10.5.50.31", type="bypassed")),
        f"tcp {SITE}:22",
        "allowed /ip/hotspot/ip-binding",
    ),
    "binding of another address": (
        rows(binding=row(mac_address=GUEST.mac, address="10.5.50.21", type="bypassed")),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "binding of another server": (
        rows(binding=row(mac_address=GUEST.mac, server="other", type="bypassed")),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "binding switched off": (
        rows(binding=row(mac_address=GUEST.mac, type="bypassed", disabled="true")),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "binding of nobody": (rows(binding=row(type="bypassed")), f"tcp {SITE}:22", "refused reset"),
    "first binding wins": (
        rows(binding=[row(address="10.5.50.0/24"), row(mac_address=GUEST.mac, type="bypassed")]),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "blocked": (rows(binding=row(mac_address=GUEST.mac, type="blocked")), "name site.example", "refused dropped"),
    "blocked though logged in": (
        rows(binding=row(mac_address=GUEST.mac, type="blocked"), active=ACTIVE),
        "GET http://site.example/",
        "refused dropped",
    ),
    # rules for addresses
    "address": (rows(ip=row(dst_address=SITE)), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "address over TLS": (rows(ip=row(dst_address=SITE)), "GET https://site.example/", f"allowed {GARDEN_IP}"),
    "address over HTTP": (rows(ip=row(dst_address=SITE)), "GET http://site.example/", f"allowed {GARDEN_IP}"),
    "another address": (rows(ip=row(dst_address=SITE)), f"tcp {OTHER}:22", "refused reset"),
    "prefix": (rows(ip=row(dst_address="198.51.100.0/25")), f"tcp {OTHER}:22", f"allowed {GARDEN_IP}"),
    "range": (rows(ip=row(dst_address="198.51.100.7-198.51.100.9")), f"tcp {SITE}:1", f"allowed {GARDEN_IP}"),
    "beyond the range": (rows(ip=row(dst_address="198.51.100.8-198.51.100.9")), f"tcp {SITE}:1", "refused reset"),
    "all but an address": (rows(ip=row(dst_address=f"!{SITE}")), f"tcp {OTHER}:1", f"allowed {GARDEN_IP}"),
    "the address left out": (rows(ip=row(dst_address=f"!{SITE}")), f"tcp {SITE}:1", "refused reset"),
    "protocol": (rows(ip=row(protocol="udp")), f"udp {SITE}:4500", f"allowed {GARDEN_IP}"),
    "protocol by number": (rows(ip=row(protocol="17")), f"udp {SITE}:4500", f"allowed {GARDEN_IP}"),
    "other protocol": (rows(ip=row(protocol="udp")), f"tcp {SITE}:4500", "refused reset"),
    "not that protocol": (rows(ip=row(protocol="!tcp")), f"icmp {SITE}", f"allowed {GARDEN_IP}"),
    "not that protocol, web page": (rows(ip=row(protocol="!udp")), "GET http://site.example/", "redirected"),
    "ports": (rows(ip=row(protocol="tcp", dst_port="22,8000-8002")), f"tcp {SITE}:8001", f"allowed {GARDEN_IP}"),
    "beyond the ports": (rows(ip=row(protocol="tcp", dst_port="22,8000-8002")), f"tcp {SITE}:8003", "refused reset"),
    "not that port": (rows(ip=row(protocol="tcp", dst_port="!25")), f"tcp {SITE}:25", "refused reset"),
    "port of what has none": (rows(ip=row(dst_port="!25")), f"icmp {SITE}", "refused unreachable"),
    "drop": (rows(ip=row(action="drop")), "GET http://site.example/", "refused dropped"),
    "reject": (rows(ip=row(action="reject")), f"tcp {SITE}:22", "refused unreachable"),
    "first rule wins": (
        rows(ip=[row(action="drop", dst_address=SITE), row(dst_address="198.51.100.0/24")]),
        f"tcp {SITE}:22",
        "refused dropped",
    ),
    "rule switched off": (rows(ip=row(disabled="true")), f"tcp {SITE}:22", "refused reset"),
    "invalid rule": (rows(ip=row(invalid="true")), f"tcp {SITE}:22", "refused reset"),
    "this server": (rows(ip=row(server="guests")), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "any server": (rows(ip=row(server="all")), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "other server": (rows(ip=row(server="other")), f"tcp {SITE}:22", "refused reset"),
    "not this server": (rows(ip=row(server="!guests")), f"tcp {SITE}:22", "refused reset"),
    "guest's address": (rows(ip=row(src_address="10.5.50.20")), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "other guest's address": (rows(ip=row(src_address="10.5.50.21")), f"tcp {SITE}:22", "refused reset"),
    "guest's address after translation": (
        rows(ip=row(src_address="10.5.50.77"), host={**HOST, "to-address": "10.5.50.77"}),
        f"tcp {SITE}:22",
        f"allowed {GARDEN_IP}",
    ),
    "guest on a list": (rows(ip=row(src_address_list="open"), lists=LISTED), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "guest on another list": (
        rows(ip=row(src_address_list="open"), lists={**LISTED, "list": "x"}),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "entry switched off": (
        rows(ip=row(src_address_list="open"), lists={**LISTED, "disabled": "true"}),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "list of prefixes": (
        rows(ip=row(dst_address_list="free"), lists=row(list="free", address="198.51.100.0/24")),
        f"tcp {SITE}:22",
        f"allowed {GARDEN_IP}",
    ),
    "list of names": (
        rows(ip=row(dst_address_list="free"), lists=row(list="free", address="site.example")),
        f"tcp {SITE}:22",
        f"allowed {GARDEN_IP}",
    ),
    "list that holds something else": (
        rows(ip=row(dst_address_list="free"), lists=row(list="free", address="2001:db8::/32")),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "not on the list": (
        rows(ip=row(dst_address_list="!free"), lists=row(list="free", address=SITE)),
        f"tcp {OTHER}:22",
        f"allowed {GARDEN_IP}",
    ),
    "host": (rows(ip=row(dst_host="site.example")), "GET https://site.example/", f"allowed {GARDEN_IP}"),
    "host by its address": (rows(ip=row(dst_host="site.example")), f"tcp {SITE}:22", f"allowed {GARDEN_IP}"),
    "host unknown": (rows(ip=row(dst_host="nowhere.example")), f"tcp {SITE}:22", "refused reset"),
    "host wins over address": (
        rows(ip=row(dst_host="portal.example", dst_address=SITE)),
        f"tcp {SITE}:22",
        "refused reset",
    ),
    "hosts that guests have resolved": (
        rows(ip=row(dst_host="*.site.example")),
        "GET https://www.site.example/",
        f"allowed {GARDEN_IP}",
    ),
    "hosts do not hold their domain": (
        rows(ip=row(dst_host="*.site.example")),
        "GET https://site.example/",
        "refused reset",
    ),
    "addresses the router has noted": (
        rows(
            ip=row(dst_host="*.cdn.example", dst_port="443"),
            web=row(dst_address=OTHER, comment="*.cdn.example", dynamic="true"),
        ),
        f"tcp {OTHER}:443",
        f"allowed {GARDEN_IP}",
    ),
    "noted addresses open no other port": (
        rows(
            ip=row(dst_host="*.cdn.example", dst_port="443"),
            web=row(dst_address=OTHER, comment="*.cdn.example", dynamic="true", action="allow"),
        ),
        f"tcp {OTHER}:80",
        "redirected",
    ),
    # rules for web pages
    "web host": (rows(web=row(dst_host="site.example")), "GET http://SITE.example/x", f"allowed {GARDEN}"),
    "web host is the whole": (rows(web=row(dst_host="site.example")), "GET http://www.site.example/", "redirected"),
    "web hosts": (rows(web=row(dst_host="*.example")), "GET http://site.example/", f"allowed {GARDEN}"),
    "web hosts, their domain": (rows(web=row(dst_host="*.site.example")), "GET http://site.example/", "redirected"),
    "web expression": (
        rows(web=row(dst_host=":^www.site", path=":/test$")),
        "GET http://www.site.example/test",
        f"allowed {GARDEN}",
    ),
    "web expression, longer path": (
        rows(web=row(dst_host=":^www.site", path=":/test$")),
        "GET http://www.site.example/test/test.php",
        "redirected",
    ),
    "web path": (rows(web=row(path="/help/*")), "GET http://site.example/help/me?x=1", f"allowed {GARDEN}"),
    "web method": (rows(web=row(method="GET")), "POST http://site.example/", "redirected"),
    "not that web method": (rows(web=row(method="!GET")), "POST http://site.example/", f"allowed {GARDEN}"),
    "web port": (rows(web=row(dst_port="8080")), "GET http://site.example:8080/", f"allowed {GARDEN}"),
    "not that web port": (rows(web=row(dst_port="!8080")), "GET http://site.example:8080/", "redirected"),
    "web server": (rows(web=row(server="other")), "GET http://site.example/", "redirected"),
    "web guest": (rows(web=row(src_address="!10.5.50.20")), "GET http://site.example/", "redirected"),
    "web deny": (
        rows(web=[row(action="deny", path="/admin*"), row(action="allow")]),
        "GET http://site.example/admin",
        f"redirected {GARDEN}",
    ),
    "web deny elsewhere": (
        rows(web=[row(action="deny", path="/admin*"), row(action="allow")]),
        "GET http://site.example/",
        f"allowed {GARDEN}",
    ),
    "web rules open no other port": (rows(web=row(action="allow")), f"tcp {SITE}:22", "refused reset"),
    "web host over TLS": (rows(web=row(dst_host="site.example")), f"tcp {SITE}:443", f"allowed {GARDEN}"),
    "web host over TLS elsewhere": (rows(web=row(dst_host="site.example")), f"tcp {OTHER}:443", "refused reset"),
    "web path over TLS": (
        rows(web=row(dst_host="site.example", path="/*")),
        "GET https://site.example/",
        "refused reset",
    ),
    "web rule switched off": (rows(web=row(disabled="true")), "GET http://site.example/", "redirected"),
    # names of the router's own
    "static name": (
        rows(static=row(name="site.example", address=OTHER), ip=row(dst_address=OTHER)),
        "GET https://site.example/",
        f"allowed {GARDEN_IP}",
    ),
    "static domain": (
        rows(static=row(name="inner.example", address=OTHER, match_subdomain="true"), ip=row(dst_address=OTHER)),
        "GET https://a.inner.example/",
        f"allowed {GARDEN_IP}",
    ),
    "static expression": (
        rows(static=row(regexp="^in.*", address=OTHER), ip=row(dst_address=OTHER)),
        "GET https://inner.example/",
        f"allowed {GARDEN_IP}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    held, what, expected = CASES[name]
    decision = ask(held, what)
    told = "servlet" if decision.servlet else decision.outcome
    if decision.refusal:
        told += f" {decision.refusal}"
    menu = decision.rule[0] if decision.rule and not decision.servlet and "refused" not in told else ""
    assert f"{told} {menu}".strip() == expected
    assert decision.passes == (decision.outcome in ("allowed", "open"))


def test_where_a_guest_is_sent() -> None:
    decision = ask(BASE, "GET http://site.example/a b?x=1&y=ü")
    assert decision.status == 302
    assert decision.location == (
        "http://10.5.50.1/login?dst=http%3A%2F%2Fsite.example%2Fa+b%3Fx%3D1%26y%3D%C3%BC"
    )
    named = rows(profile={**PROFILE, "dns-name": "login.wifi.example"})
    assert ask(named, "GET http://site.example/").location.startswith("http://login.wifi.example/login?dst=")
    unset = rows(profile={**PROFILE, "hotspot-address": "0.0.0.0"})  # noqa: S104 - the unset address
    assert ask(unset, f"tcp {SITE}:80").location == (f"http://10.5.50.1/login?dst=http%3A%2F%2F{SITE}%2F")


def test_the_rule_that_decided_is_named() -> None:
    held = rows(ip=[row(dst_address=OTHER), {".id": "*B", "dst-address": SITE}])
    assert ask(held, f"tcp {SITE}:22").rule == (GARDEN_IP, "*B")
    assert ask(BASE, f"tcp {SITE}:22").rule is None


def test_a_guest_on_a_port_of_the_bridge_is_behind_its_server() -> None:
    held = rows(ports=row(interface="ether5", bridge="bridge-guest"))
    guest = Guest(GUEST.mac, GUEST.address, "ether5")
    assert ask(held, "GET http://site.example/", guest).outcome == "redirected"
    assert ask(BASE, "GET http://site.example/", guest).outcome == "open"


@pytest.mark.parametrize(
    "url", ["", "site.example", "ftp://site.example/", "http://", "http://a:b/", "http://[/"]
)
def test_what_is_no_request(url: str) -> None:
    with pytest.raises(ValueError):
        Request.of_url(url)


def test_what_is_no_packet() -> None:
    with pytest.raises(ValueError, match="IPv4"):
        Request.of_packet("site.example", 80)
    with pytest.raises(ValueError, match="no port"):
        Request.of_packet(SITE, 70000)


def test_patterns() -> None:
    assert fits("a*b?d", "axxbcd")
    assert not fits("a*b?d", "axxbd")
    assert fits("", "")
    assert fits("**", "")
    assert not fits("", "a")
    assert fits(":[[:digit:]]+", "a1")
    assert not fits(":(", "(")
    assert not fits(":[[x", "")
    assert not fits("*a" * 50 + "b", "a" * 2000), "takes no exponential time"
