"""What a hotspot can tell a guest about itself and about how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from router_sim.behaviours import hotspot_trial
from router_sim.behaviours.hotspot import (
    COUNTERS,
    PROFILE,
    USER_PROFILE,
    address_of,
    profile_of,
    server_of,
    session_of,
    text_of,
)
from router_sim.behaviours.hotspot_login import Challenge, methods_of
from router_sim.behaviours.hotspot_servers import serves_https
from router_sim.state import State
from router_sim.store import Item


@dataclass(frozen=True, slots=True)
class GuestStatus:
    """Everything a login or status page can tell a guest.

    Times are whole seconds, None where nothing limits them; `bytes_left` and its like are what may still be
    used. `profile` holds the printed values of the server profile with their defaults, `user_profile` those of
    the user profile of somebody logged in. `trial` tells whether a trial can be had now. `error` is why the last
    login failed.
    """

    mac: str
    address: str
    to_address: str
    logged_in: bool
    bypassed: bool
    blocked: bool
    server: str
    server_address: str
    interface: str
    dns_name: str
    hotspot_address: str
    html_directory: str
    html_directory_override: str
    login_by: tuple[str, ...]
    https: bool
    trial: bool
    challenge: Challenge
    error: str
    user: str = ""
    domain: str = ""
    method: str = ""
    uptime: int = 0
    session_time_left: int | None = None
    session_timeout: int | None = None
    idle_timeout: str = "none"
    keepalive_timeout: str = "none"
    bytes_in: int = 0
    bytes_out: int = 0
    packets_in: int = 0
    packets_out: int = 0
    limit_bytes_in: int | None = None
    limit_bytes_out: int | None = None
    limit_bytes_total: int | None = None
    bytes_in_left: int | None = None
    bytes_out_left: int | None = None
    bytes_total_left: int | None = None
    profile: Mapping[str, str] = field(default_factory=dict)
    user_profile: Mapping[str, str] = field(default_factory=dict)


def status_of(state: State, host: Item, challenge: Challenge, error: str) -> GuestStatus | None:
    """How the guest of a host stands; None when its server is gone.

    `challenge` and `error` are those of its login page.
    """
    server = server_of(state, host)
    profile = profile_of(state, server) if server else None
    if server is None or profile is None:
        return None
    found = GuestStatus(
        mac=host.values["mac-address"],
        address=host.values["address"],
        to_address=host.values["to-address"],
        logged_in="session" in host.marks,
        bypassed=host.values["bypassed"] == "true",
        blocked=bool(host.marks.get("blocked")),
        server=server.values["name"],
        server_address=address_of(state, server),
        interface=state.name_of("/interface", server.values["interface"]),
        dns_name=text_of(state, PROFILE, profile, "dns-name"),
        hotspot_address=text_of(state, PROFILE, profile, "hotspot-address"),
        html_directory=text_of(state, PROFILE, profile, "html-directory"),
        html_directory_override=text_of(state, PROFILE, profile, "html-directory-override"),
        login_by=tuple(methods_of(state, profile)),
        https=serves_https(state, profile),
        trial=hotspot_trial.is_available(state, host, profile),
        challenge=challenge,
        error=error,
        profile=_values(state, PROFILE, profile),
    )
    session = session_of(state, host)
    return found if session is None else _with_session(state, found, session)


def _with_session(state: State, found: GuestStatus, session: Item) -> GuestStatus:
    now = state.now().timestamp()
    marks, values = session.marks, session.values
    ends = marks.get("ends")
    counts = {name: int(marks.get(name, 0)) for name in COUNTERS}
    used = {"in": counts["bytes-in"], "out": counts["bytes-out"]}
    used["total"] = used["in"] + used["out"]
    limits = {
        kind: int(values[f"limit-bytes-{kind}"]) if f"limit-bytes-{kind}" in values else None for kind in used
    }
    left = {kind: None if limit is None else max(0, limit - used[kind]) for kind, limit in limits.items()}
    profile = hotspot_trial.user_profile_of(state, session)
    return replace(
        found,
        user=values["user"],
        domain=values.get("domain", ""),
        method=values["login-by"],
        uptime=int(now - marks["since"] + 0.001),
        session_time_left=None if ends is None else max(0, round(ends - now + 0.499)),
        session_timeout=None if ends is None else round(ends - marks["since"]),
        idle_timeout=values.get("idle-timeout", "none"),
        keepalive_timeout=values.get("keepalive-timeout", "none"),
        bytes_in=counts["bytes-in"],
        bytes_out=counts["bytes-out"],
        packets_in=counts["packets-in"],
        packets_out=counts["packets-out"],
        limit_bytes_in=limits["in"],
        limit_bytes_out=limits["out"],
        limit_bytes_total=limits["total"],
        bytes_in_left=left["in"],
        bytes_out_left=left["out"],
        bytes_total_left=left["total"],
        user_profile=_values(state, USER_PROFILE, profile) if profile else {},
    )


def _values(state: State, path: str, item: Item) -> dict[str, str]:
    menu = state.menus[path]
    values = {each.name: state.value(menu, item, each.name) for each in menu.properties}
    for each, reference in menu.references():
        values[each.name] = state.name_of(reference.store, values[each.name])
    return values
