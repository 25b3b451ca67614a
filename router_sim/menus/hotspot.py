"""Hotspot configuration: servers, server profiles, users and user profiles.

Names, types and order of `login-by` follow the console of RouterOS 7.22; what is left out while
unset follows records printed by routers over the API. Neither servers nor profiles have a comment.
"""

from dataclasses import dataclass

from router_sim.network import Address, Endpoint, Mac
from router_sim.schema import (
    COMMENT,
    LIST,
    TOGGLE,
    BuiltIn,
    Menu,
    Presence,
    Property,
    Span,
    Unique,
    about,
    comment,
    disabled,
    flag,
    shown,
)
from router_sim.values import Bool, Choice, Duration, Flags, Int, Listed, RateLimit, Reference, Text, Words

SET = Presence.SET


@dataclass(frozen=True, slots=True)
class DurationPair:
    """Two time intervals with a slash between them, as versions before 7 write the two times of a trial."""

    def parse(self, text: str) -> str:
        """Both in their printed form."""
        first, _, second = text.partition("/")
        return f"{Duration().parse(first)}/{Duration().parse(second)}"


TIME_OR_NONE = Words(("none",), Duration(), zero="none")
POOL = Reference("/ip/pool", ("none",))
LOGIN_METHODS = ("mac", "cookie", "http-chap", "https", "http-pap", "trial", "mac-cookie")
MAC_FORMATS = (
    "XX XX XX XX XX XX",
    "XX-XX-XX-XX-XX-XX",
    "XX:XX:XX:XX:XX:XX",
    "XXXX:XXXX:XXXX",
    "XXXXXX-XXXXXX",
    "XXXXXX:XXXXXX",
    "XXXXXXXXXXXX",
)
QUEUE_TYPES = (
    "default",
    "default-small",
    "ethernet-default",
    "hotspot-default",
    "multi-queue-ethernet-default",
    "only-hardware-queue",
    "pcq-download-default",
    "pcq-upload-default",
    "synchronous-default",
    "wireless-default",
)
WITH_RADIUS = ("use-radius", "true")
WITH_TRIAL = ("login-by", "trial")
WITH_MAC = ("login-by", "mac")

SERVER = Menu(
    "/ip/hotspot",
    (
        Property("name"),
        Property("interface", Reference("/interface"), required=True),
        Property("address-pool", POOL, "none", SET),
        Property("profile", Reference("/ip/hotspot/profile", missing="default"), "*0"),
        Property("idle-timeout", TIME_OR_NONE, "5m"),
        Property("keepalive-timeout", TIME_OR_NONE, "none"),
        Property("login-timeout", TIME_OR_NONE, "none"),
        Property("addresses-per-mac", Words(("unlimited",), Int(1, 2**32 - 1)), "2"),
        shown("proxy-status"),
        shown("ip-of-dns-name"),
        flag("invalid"),
        flag("HTTPS"),
        disabled(),
        about(),
    ),
    LIST | TOGGLE | {"reset-html"},
    auto_name="server",
    unique=(Unique(("name",), "already have server with such name"),),
    noun="server",
)

PROFILE = Menu(
    "/ip/hotspot/profile",
    (
        Property("name"),
        Property("hotspot-address", Address(), "0.0.0.0"),  # noqa: S104 - the unset address, nothing binds
        Property("dns-name", Text(), ""),
        Property("html-directory", Text(), "hotspot"),
        Property("html-directory-override", Text(), ""),
        Property("rate-limit", RateLimit(), "", SET),
        Property("http-proxy", Endpoint(), "0.0.0.0:0"),
        Property("smtp-server", Address(), "0.0.0.0"),  # noqa: S104 - the unset address, nothing binds
        Property("login-by", Flags(LOGIN_METHODS), "cookie,http-chap"),
        Property(
            "mac-auth-mode",
            Choice(("mac-as-username", "mac-as-username-and-password")),
            "mac-as-username",
            shown_with=WITH_MAC,
        ),
        Property("mac-auth-password", Text(), "", SET, sensitive=True),
        Property("http-cookie-lifetime", Duration(), "3d"),
        Property("ssl-certificate", Reference("/certificate", ("none",)), "none", SET),
        Property("split-user-domain", Bool(), "false"),
        Property("use-radius", Bool(), "false"),
        Property("install-hotspot-queue", Bool(), "false", span=Span(since="7.0")),
        Property("trial-uptime", DurationPair(), "30m/1d", shown_with=WITH_TRIAL, span=Span(until="7.0")),
        Property("trial-uptime-limit", Duration(), "30m", shown_with=WITH_TRIAL, span=Span(since="7.0")),
        Property("trial-uptime-reset", Duration(), "1d", shown_with=WITH_TRIAL, span=Span(since="7.0")),
        Property(
            "trial-user-profile",
            Reference("/ip/hotspot/user/profile", missing="default"),
            "*0",
            shown_with=WITH_TRIAL,
        ),
        Property("radius-accounting", Bool(), "true", shown_with=WITH_RADIUS),
        Property(
            "radius-interim-update", Words(("received",), Duration()), "received", shown_with=WITH_RADIUS
        ),
        Property("radius-default-domain", Text(), "", shown_with=WITH_RADIUS),
        Property("radius-location-id", Text(), "", shown_with=WITH_RADIUS),
        Property("radius-location-name", Text(), "", shown_with=WITH_RADIUS),
        Property("radius-mac-format", Choice(MAC_FORMATS), "XX:XX:XX:XX:XX:XX", shown_with=WITH_RADIUS),
        Property(
            "nas-port-type",
            Choice(("cable", "ethernet", "wireless-802.11")),
            "wireless-802.11",
            shown_with=WITH_RADIUS,
        ),
        flag("default", Presence.TRUE),
        about(),
    ),
    LIST,
    auto_name="hsprof",
    unique=(Unique(("name",), "already have profile with such name"),),
    built_in=(BuiltIn(0, {"name": "default"}),),
    noun="profile",
)

USER = Menu(
    "/ip/hotspot/user",
    (
        Property("server", Reference("/ip/hotspot", ("all",)), "all", SET),
        Property("name", Text(), ""),
        Property("password", Text(), "", SET, sensitive=True),
        Property("totp-secret", Text(), "", SET, sensitive=True, span=Span(since="7.21", until="7.21.3")),
        Property("otp-secret", Text(), "", SET, sensitive=True, span=Span(since="7.21.3")),
        Property("address", Address(), "0.0.0.0", SET),  # noqa: S104 - the unset address, nothing binds
        Property("mac-address", Mac(), "00:00:00:00:00:00", SET),
        Property("profile", Reference("/ip/hotspot/user/profile", missing="default"), "*0"),
        Property("routes", Text(), "", SET),
        Property("email", Text(), "", SET),
        Property("limit-uptime", Duration(), "0s", SET),
        Property("limit-bytes-in", Int(), "0", SET),
        Property("limit-bytes-out", Int(), "0", SET),
        Property("limit-bytes-total", Int(), "0", SET),
        shown("uptime", "0s"),
        shown("bytes-in", "0"),
        shown("bytes-out", "0"),
        shown("packets-in", "0"),
        shown("packets-out", "0"),
        flag("default", Presence.TRUE),
        flag("dynamic"),
        disabled(),
        comment(),
        about(),
    ),
    LIST | TOGGLE | COMMENT | {"reset-counters"},
    unique=(Unique(("name", "server"), "already have user with this name for this server"),),
    built_in=(BuiltIn(0, {"name": "default-trial", "comment": "counters and limits for trial users"}),),
    print_arguments=frozenset({"bytes", "packets", "show-sensitive"}),
    noun="user",
)

USER_PROFILE = Menu(
    "/ip/hotspot/user/profile",
    (
        Property("name"),
        Property("address-pool", POOL, "none", SET),
        Property("session-timeout", Duration(), "0s", SET),
        Property("idle-timeout", TIME_OR_NONE, "none", clearable=True),
        Property("keepalive-timeout", TIME_OR_NONE, "2m", clearable=True),
        Property("status-autorefresh", TIME_OR_NONE, "1m"),
        Property("shared-users", Words(("unlimited",), Int(1, 2**32 - 1)), "1"),
        Property("add-mac-cookie", Bool(), "true"),
        Property("mac-cookie-timeout", Duration(), "3d", clearable=True),
        Property("rate-limit", RateLimit(), "", SET),
        Property("incoming-packet-mark", Text(), "", SET),
        Property("outgoing-packet-mark", Text(), "", SET),
        Property("incoming-filter", Text(), "", SET),
        Property("outgoing-filter", Text(), "", SET),
        Property("address-list", Listed(Text()), ""),
        Property("insert-queue-before", Choice(("bottom", "first")), "", SET, clearable=True),
        Property("parent-queue", Reference("/queue/simple", ("none",)), "", SET, clearable=True),
        Property("queue-type", Reference("/queue/type", QUEUE_TYPES), "", SET, clearable=True),
        Property("open-status-page", Choice(("always", "http-login")), "always"),
        Property("on-login", Text(), "", SET),
        Property("on-logout", Text(), "", SET),
        Property("advertise", Bool(), "false"),
        Property("advertise-url", Text(), "", shown_with=("advertise", "true")),
        Property("advertise-interval", Listed(Duration()), "30m,10m", shown_with=("advertise", "true")),
        Property(
            "advertise-timeout",
            Words(("immediately", "never"), Duration(), zero="immediately"),
            "1m",
            shown_with=("advertise", "true"),
        ),
        Property("transparent-proxy", Bool(), "false"),
        flag("default", Presence.TRUE),
        about(),
    ),
    LIST | {"unset"},
    auto_name="uprof",
    unique=(Unique(("name",), "already have profile with such name"),),
    built_in=(BuiltIn(0, {"name": "default"}),),
    noun="profile",
)

MENUS = (SERVER, PROFILE, USER, USER_PROFILE)
