"""Device mode: which features a router has at all, whoever asks for them."""

from router_sim.schema import Menu, Property, Span, shown

# What each mode allows unless it is said otherwise, as the manual's table has it. The word for the least
# restricted mode changed in 7.17.
FEATURES = (
    "scheduler", "socks", "fetch", "pptp", "l2tp", "bandwidth-test", "traffic-gen", "sniffer", "ipsec", "romon",
    "proxy", "hotspot", "smb", "email", "zerotier", "container", "install-any-version", "partitions", "routerboard",
)  # fmt: skip
NEVER_BY_DEFAULT = frozenset({"traffic-gen", "container", "install-any-version", "partitions", "routerboard"})
_BEYOND_HOME = frozenset({
    "scheduler", "socks", "fetch", "bandwidth-test", "sniffer", "romon", "proxy", "hotspot", "email", "zerotier",
})  # fmt: skip
_BEYOND_BASIC = frozenset({"bandwidth-test", "hotspot", "proxy", "socks", "zerotier"})
DENIED = {
    "advanced": NEVER_BY_DEFAULT,
    "enterprise": frozenset({"container"}),
    "home": NEVER_BY_DEFAULT | _BEYOND_HOME,
    "basic": NEVER_BY_DEFAULT | _BEYOND_BASIC,
    "rose": NEVER_BY_DEFAULT - {"container"},
}
RENAMED = "7.17"
_NEWER = frozenset({"install-any-version", "partitions", "routerboard"})


def _feature(name: str) -> Property:
    return shown(name, span=Span(since=RENAMED) if name in _NEWER else Span())


DEVICE_MODE = Menu(
    "/system/device-mode",
    (
        shown("mode"),
        shown("allowed-versions", "7.13+,6.49.8+", span=Span(since=RENAMED)),
        shown("flagged", "false"),
        shown("flagging-enabled", "true"),
        *(_feature(name) for name in FEATURES),
        shown("attempt-count", "0"),
    ),
    frozenset({"update"}),
    singleton=True,
    print_arguments=frozenset({"config"}),
    span=Span(since="7.1"),
)

MENUS = (DEVICE_MODE,)
