"""Questions about RouterOS that only a router can answer, each a short script of requests, as data.

`{name}` in a word stands for something known when the script runs: `{interface}`, `{address}` (the router's
own address there, without length), `{guest}` (an address for a guest), `{mac}`, or an identifier that an
earlier step kept. Everything a probe makes is named `probe-...`, and `cleanup` takes it away again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Needs(Enum):
    """What a probe asks of its laboratory beyond the API service."""

    GUEST = "guest"  # somebody behind the hotspot interface
    REST = "rest"  # the www service, on a version that has REST
    RADIUS = "radius"  # a RADIUS server that answers the router


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence to the API. `keep` names the identifier it returns; `stranger` sends it before any login."""

    words: tuple[str, ...]
    keep: str = ""
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request to the www service. `login` false leaves the credentials out."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    login: bool = True


@dataclass(frozen=True, slots=True)
class Guest:
    """The guest comes, goes, or shows itself again."""

    does: str  # appear | vanish | announce


Step = Say | Ask | Guest


@dataclass(frozen=True, slots=True)
class Probe:
    """One question, its script, and what takes away what the script made."""

    number: int
    name: str
    question: str
    steps: tuple[Step, ...]
    cleanup: tuple[Say, ...] = ()
    needs: frozenset[Needs] = frozenset()


def say(*words: str, keep: str = "", stranger: bool = False) -> Say:
    """A sentence, in short."""
    return Say(words, keep, stranger)


HOTSPOT: Final = "/ip/hotspot"
USER: Final = "/ip/hotspot/user"
ACTIVE: Final = "/ip/hotspot/active"
ADDRESS_LIST: Final = "/ip/firewall/address-list"

SERVE: Final = (
    say(f"{HOTSPOT}/profile/add", "=name=probe-server", "=hotspot-address={address}",
        "=login-by=http-pap,http-chap", keep="profile"),
    say(f"{HOTSPOT}/add", "=name=probe-hotspot", "=interface={interface}", "=profile=probe-server",
        "=disabled=no", keep="server"),
    say(f"{USER}/add", "=name=probe-user", "=password=probe-pass", keep="user"),
)  # fmt: skip
UNSERVE: Final = (
    say(f"{HOTSPOT}/remove", "=.id=probe-hotspot"),
    say(f"{USER}/remove", "=.id=probe-user"),
    say(f"{HOTSPOT}/profile/remove", "=.id=probe-server"),
)
LOG_IN: Final = say(f"{ACTIVE}/login", "=user=probe-user", "=password=probe-pass", "=ip={guest}",
                    "=mac-address={mac}")  # fmt: skip
HOSTS: Final = say(f"{HOTSPOT}/host/print")
SESSIONS: Final = say(f"{ACTIVE}/print")
GUEST: Final = frozenset({Needs.GUEST})

PROBES: Final[Sequence[Probe]] = (
    Probe(
        1,
        "categories",
        "Which category goes with each refusal, menu by menu?",
        (
            say(f"{USER}/add", "=name=probe-x", "=nonsense=1"),
            say(f"{HOTSPOT}/add", "=interface=probe-none"),
            say(f"{HOTSPOT}/profile/set", "=.id=probe-none", "=dns-name=x"),
            say("/ip/address/add", "=address=nonsense", "=interface={interface}"),
            say("/ip/address/add", "=address=192.0.2.200/24", "=interface=probe-none"),
            say(f"{ADDRESS_LIST}/set", "=.id=*FFFFFE", "=list=probe"),
            say(f"{USER}/remove", "=.id=*FFFFFE"),
            say("/ip/pool/add", "=name=probe-pool", "=ranges=nonsense"),
            say("/interface/vlan/add", "=name=probe-vlan", "=vlan-id=9999", "=interface={interface}"),
            say("/ip/hotspot/nonsense"),
            say("/nonsense/print"),
            say("nonsense"),
        ),
    ),
    Probe(
        2,
        "empty",
        "Where does `!empty` stand: set, remove, enable, move, a count of nothing, getall, listen?",
        (
            say(f"{ADDRESS_LIST}/print", "?list=probe-none"),
            say(f"{ADDRESS_LIST}/getall", "?list=probe-none"),
            say(f"{ADDRESS_LIST}/print", "=count-only=", "?list=probe-none"),
            say(f"{ADDRESS_LIST}/find", "?list=probe-none"),
            say(f"{ADDRESS_LIST}/add", "=list=probe", "=address=192.0.2.201", keep="entry"),
            say(f"{ADDRESS_LIST}/set", "=.id={entry}", "=comment=probe"),
            say(f"{ADDRESS_LIST}/disable", "=.id={entry}"),
            say(f"{ADDRESS_LIST}/enable", "=.id={entry}"),
            say(f"{ADDRESS_LIST}/print", "=from={entry}", "=.proplist=nonsense"),
            say(f"{ADDRESS_LIST}/remove", "=.id={entry}"),
            say("/cancel", "=tag=nonsense"),
        ),
    ),
    Probe(
        3,
        "in use",
        "What becomes of the holder when a profile or a pool in use is removed, and can built-in ones go?",
        (
            say(f"{USER}/profile/add", "=name=probe-profile", keep="userprofile"),
            say(f"{USER}/add", "=name=probe-holder", "=profile=probe-profile", keep="holder"),
            say(f"{USER}/profile/remove", "=.id={userprofile}"),
            say(f"{USER}/print", "?name=probe-holder", "=.proplist=name,profile"),
            say("/ip/pool/add", "=name=probe-pool", "=ranges=192.0.2.210-192.0.2.220", keep="pool"),
            *SERVE,
            say(f"{HOTSPOT}/set", "=.id={server}", "=address-pool=probe-pool"),
            say("/ip/pool/remove", "=.id={pool}"),
            say(f"{HOTSPOT}/print", "?name=probe-hotspot", "=.proplist=name,address-pool,profile"),
            say(f"{HOTSPOT}/profile/remove", "=.id={profile}"),
            say(f"{HOTSPOT}/print", "?name=probe-hotspot", "=.proplist=name,address-pool,profile"),
            say(f"{HOTSPOT}/profile/remove", "=.id=default"),
            say(f"{USER}/profile/remove", "=.id=default"),
            say(f"{USER}/remove", "=.id=default-trial"),
        ),
        (
            say(f"{USER}/remove", "=.id=probe-holder"),
            say(f"{USER}/profile/remove", "=.id=probe-profile"),
            *UNSERVE,
            say("/ip/pool/remove", "=.id=probe-pool"),
        ),
    ),
    Probe(
        4,
        "server with sessions",
        "What becomes of sessions when their server is disabled, enabled again, and removed?",
        (
            *SERVE,
            Guest("appear"),
            LOG_IN,
            say(f"{HOTSPOT}/disable", "=.id={server}"),
            SESSIONS,
            HOSTS,
            say(f"{HOTSPOT}/enable", "=.id={server}"),
            Guest("announce"),
            SESSIONS,
            HOSTS,
            LOG_IN,
            say(f"{HOTSPOT}/remove", "=.id={server}"),
            SESSIONS,
            HOSTS,
            Guest("vanish"),
        ),
        UNSERVE,
        GUEST,
    ),
    Probe(
        5,
        "logins",
        "How are repeated, crowded, disabled and wrong logins refused, and what is `login-by`?",
        (
            *SERVE,
            say(f"{USER}/add", "=name=probe-other", "=password=probe-pass", keep="other"),
            Guest("appear"),
            say(f"{ACTIVE}/login", "=user=probe-user", "=password=wrong", "=ip={guest}"),
            say(f"{ACTIVE}/login", "=user=probe-user", "=password=probe-pass", "=ip=192.0.2.254"),
            say(f"{ACTIVE}/login", "=user=probe-user", "=password=probe-pass", "=ip=nonsense"),
            say(f"{ACTIVE}/login", "=user=probe-user", "=password=probe-pass", "=ip={guest}",
                "=mac-address=02:00:5E:00:53:99"),
            LOG_IN,
            SESSIONS,
            LOG_IN,
            SESSIONS,
            say(f"{ACTIVE}/login", "=user=probe-other", "=password=probe-pass", "=ip={guest}"),
            SESSIONS,
            say(f"{USER}/disable", "=.id={other}"),
            say(f"{ACTIVE}/login", "=user=probe-other", "=password=probe-pass", "=ip={guest}"),
            Guest("vanish"),
        ),
        (say(f"{USER}/remove", "=.id=probe-other"), *UNSERVE),
        GUEST,
    ),
    Probe(
        6,
        "binding",
        "When does a binding made later take effect on a host that is there already?",
        (
            *SERVE,
            Guest("appear"),
            HOSTS,
            say(f"{HOTSPOT}/ip-binding/add", "=mac-address={mac}", "=type=bypassed", keep="binding"),
            HOSTS,
            Guest("announce"),
            HOSTS,
            say(f"{HOTSPOT}/host/print", "=.proplist=.id", keep="host"),
            say(f"{HOTSPOT}/ip-binding/remove", "=.id={binding}"),
            Guest("announce"),
            HOSTS,
            Guest("vanish"),
        ),
        UNSERVE,
        GUEST,
    ),
    Probe(
        7,
        "dynamic rows",
        "With which words are set and remove of dynamic rows refused?",
        (
            *SERVE,
            say("/ip/firewall/nat/print", "?dynamic=true", "=.proplist=.id,chain,action", keep="nat"),
            say("/ip/firewall/nat/set", "=.id={nat}", "=comment=probe"),
            say("/ip/firewall/nat/remove", "=.id={nat}"),
            say("/ip/firewall/filter/print", "?dynamic=true", "=.proplist=.id,chain,action", keep="filter"),
            say("/ip/firewall/filter/set", "=.id={filter}", "=comment=probe"),
            say("/ip/firewall/filter/remove", "=.id={filter}"),
            say(f"{ADDRESS_LIST}/add", "=list=probe", "=address=192.0.2.202", "=timeout=1m", keep="entry"),
            say(f"{ADDRESS_LIST}/set", "=.id={entry}", "=comment=probe"),
            say(f"{ADDRESS_LIST}/remove", "=.id={entry}"),
        ),
        UNSERVE,
    ),
    Probe(
        8,
        "strangers",
        "What happens to commands before the login, and after how many failed ones does the router hang up?",
        (
            say("/system/identity/print", stranger=True),
            *(say("/login", "=name=probe-nobody", "=password=wrong", stranger=True) for _ in range(6)),
        ),
    ),
    Probe(
        9,
        "rest",
        "What do PATCH and DELETE answer without an identifier, with a dead one, and with `%2A` for `*`?",
        (
            say(f"{ADDRESS_LIST}/add", "=list=probe", "=address=192.0.2.203", keep="entry"),
            Ask("GET", "/rest/system/identity", login=False),
            Ask("GET", "/rest/system/identity"),
            Ask("PATCH", f"/rest{ADDRESS_LIST}", {"comment": "probe"}),
            Ask("DELETE", f"/rest{ADDRESS_LIST}"),
            Ask("PATCH", f"/rest{ADDRESS_LIST}/*FFFFFE", {"comment": "probe"}),
            Ask("DELETE", f"/rest{ADDRESS_LIST}/*FFFFFE"),
            Ask("GET", f"/rest{ADDRESS_LIST}/*FFFFFE"),
            Ask("PATCH", f"/rest{ADDRESS_LIST}/{{entry}}", {"comment": "probe"}),
            Ask("GET", f"/rest{ADDRESS_LIST}/%2A{{entry_digits}}"),
            Ask("GET", f"/rest{ADDRESS_LIST}?list=probe-none"),
            Ask("GET", "/rest/nonsense"),
            Ask("POST", f"/rest{ADDRESS_LIST}/remove", {".id": "*FFFFFE"}),
            Ask("PUT", f"/rest{ADDRESS_LIST}", {"list": "probe", "address": "192.0.2.1/99"}),
            Ask("DELETE", f"/rest{ADDRESS_LIST}/{{entry}}"),
            Ask("DELETE", f"/rest{ADDRESS_LIST}/{{entry}}"),
        ),
        (say(f"{ADDRESS_LIST}/remove", "=.id={entry}"),),
        frozenset({Needs.REST}),
    ),
    Probe(
        10,
        "hosts",
        "Which flags does a host row print when they are false, and what does `found-by` look like?",
        (*SERVE, Guest("appear"), HOSTS, LOG_IN, HOSTS, Guest("vanish")),
        UNSERVE,
        GUEST,
    ),
    Probe(
        11,
        "identifiers",
        "Are identifiers of hosts and sessions used again, or do they count on?",
        (
            *SERVE,
            Guest("appear"),
            LOG_IN,
            say(f"{ACTIVE}/print", "=.proplist=.id", keep="first"),
            say(f"{ACTIVE}/remove", "=.id={first}"),
            LOG_IN,
            say(f"{ACTIVE}/print", "=.proplist=.id", keep="second"),
            say(f"{ACTIVE}/print", "?.id={first}", "=.proplist=user"),
            say(f"{ACTIVE}/print", "?.id={second}", "=.proplist=user"),
            Guest("vanish"),
        ),
        UNSERVE,
        GUEST,
    ),
    Probe(
        12,
        "radius and local users",
        "With use-radius, who is asked first for a name that is also a local user?",
        (
            *SERVE,
            say("/radius/add", "=service=hotspot", "=address={radius}", "=authentication-port={radius_port}",
                "=secret=probe-secret", "=timeout=1s", keep="radius_entry"),
            say(f"{HOTSPOT}/profile/set", "=.id={profile}", "=use-radius=yes"),
            Guest("appear"),
            LOG_IN,
            SESSIONS,
            Guest("vanish"),
        ),
        (say("/radius/remove", "=.id={radius_entry}"), *UNSERVE),
        frozenset({Needs.GUEST, Needs.RADIUS}),
    ),
    Probe(
        13,
        "control characters",
        "How does REST write control characters and foreign letters of a comment, and in which order keys?",
        (
            say(f"{ADDRESS_LIST}/add", "=list=probe", "=address=192.0.2.204",
                "=comment=a\x01b\tc\"d\\e \u00e9", keep="entry"),
            say(f"{ADDRESS_LIST}/print", "=from={entry}"),
            Ask("GET", f"/rest{ADDRESS_LIST}/{{entry}}"),
        ),
        (say(f"{ADDRESS_LIST}/remove", "=.id={entry}"),),
        frozenset({Needs.REST}),
    ),
    Probe(
        14,
        "row numbers",
        "Does `numbers` take the row numbers of an earlier print over the API?",
        (
            say(f"{ADDRESS_LIST}/add", "=list=probe", "=address=192.0.2.205", keep="entry"),
            say(f"{ADDRESS_LIST}/print", "=.proplist=list"),
            say(f"{ADDRESS_LIST}/set", "=numbers=0", "=comment=probe"),
            say(f"{ADDRESS_LIST}/print", "?comment=probe", "=.proplist=list"),
            say(f"{ADDRESS_LIST}/set", "=numbers={entry}", "=comment=probe"),
        ),
        (say(f"{ADDRESS_LIST}/remove", "=.id={entry}"),),
    ),
    Probe(
        15,
        "case of identifiers",
        "Do identifiers compare without regard to the case of their digits?",
        (
            *(
                say(f"{ADDRESS_LIST}/add", "=list=probe", f"=address=192.0.2.{number}", keep=f"entry{number}")
                for number in range(206, 217)
            ),
            say(f"{ADDRESS_LIST}/print", "?.id={entry216_lower}", "=.proplist=address"),
            say(f"{ADDRESS_LIST}/print", "?.id={entry216}", "=.proplist=address"),
            say(f"{ADDRESS_LIST}/set", "=.id={entry216_lower}", "=comment=probe"),
        ),
        tuple(say(f"{ADDRESS_LIST}/remove", f"=.id={{entry{number}}}") for number in range(206, 217)),
    ),
)  # fmt: skip
