"""The firewall rules a router makes for its hotspot: there while any server works, gone with the last.

One set of chains serves all servers: the condition `hotspot` of a rule tells guests from others. Which rules, and
in which order, is in the manual; the rule about ports 64872 to 64875 was seen on a router of 7.19. Assumed: that
the rules stand behind an operator's row of the chain unused-hs-chain ("place hotspot rules here"), and before
everything else where there is no such row; and that mail of all servers goes to the first smtp-server there is.
"""

from collections.abc import Mapping, Sequence

from router_sim.behaviour import Behaviour
from router_sim.behaviours.firewall import FILTER, NAT
from router_sim.behaviours.hotspot import NO_ADDRESS, PROFILE, SERVER, profile_of, text_of, working_servers
from router_sim.state import State
from router_sim.store import Hold, Item
from router_sim.transaction import Transaction

MADE = "hotspot"  # the mark of every rule made here
PLACE = "unused-hs-chain"
MAIL = "hs-smtp"

Rule = Mapping[str, str]


def _jump(chain: str, target: str, **conditions: str) -> Rule:
    return {"chain": chain, "action": "jump", "jump-target": target, **_named(conditions)}


def _redirect(chain: str, port: str, protocol: str, dst_port: str = "", **conditions: str) -> Rule:
    known = {"chain": chain, "action": "redirect", "to-ports": port, "protocol": protocol}
    return {**known, **({"dst-port": dst_port} if dst_port else {}), **_named(conditions)}


def _rule(chain: str, action: str, **conditions: str) -> Rule:
    return {"chain": chain, "action": action, **_named(conditions)}


def _named(conditions: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in conditions.items()}


NAT_RULES: Sequence[Rule] = (
    _jump("dstnat", "hotspot", hotspot="from-client"),
    _jump("hotspot", "pre-hotspot"),
    _redirect("hotspot", "64872", "udp", "53"),
    _redirect("hotspot", "64872", "tcp", "53"),
    _redirect("hotspot", "64873", "tcp", "80", hotspot="local-dst"),
    _redirect("hotspot", "64875", "tcp", "443", hotspot="local-dst"),
    _jump("hotspot", "hs-unauth", protocol="tcp", hotspot="!auth"),
    _jump("hotspot", "hs-auth", protocol="tcp", hotspot="auth"),
    _redirect("hs-unauth", "64874", "tcp", "80"),
    _redirect("hs-unauth", "64874", "tcp", "3128"),
    _redirect("hs-unauth", "64874", "tcp", "8080"),
    _redirect("hs-unauth", "64875", "tcp", "443"),
    _jump("hs-unauth", MAIL, protocol="tcp", dst_port="25"),
    _redirect("hs-auth", "64874", "tcp", hotspot="http"),
    _jump("hs-auth", MAIL, protocol="tcp", dst_port="25"),
)

FILTER_RULES: Sequence[Rule] = (
    _jump("forward", "hs-unauth", hotspot="from-client,!auth"),
    _jump("forward", "hs-unauth-to", hotspot="to-client,!auth"),
    _jump("input", "hs-input", hotspot="from-client"),
    _rule("input", "drop", protocol="tcp", dst_port="64872-64875", hotspot="!from-client"),
    _jump("hs-input", "pre-hs-input"),
    _rule("hs-input", "accept", protocol="udp", dst_port="64872"),
    _rule("hs-input", "accept", protocol="tcp", dst_port="64872-64875"),
    _jump("hs-input", "hs-unauth", hotspot="!auth"),
    _rule("hs-unauth", "reject", protocol="tcp", reject_with="tcp-reset"),
    _rule("hs-unauth", "reject", reject_with="icmp-net-prohibited"),
    _rule("hs-unauth-to", "reject", reject_with="icmp-host-prohibited"),
)
TABLES: Mapping[str, Sequence[Rule]] = {NAT: NAT_RULES, FILTER: FILTER_RULES}


def stand(state: State) -> bool:
    """Are the rules there?"""
    return any(MADE in rule.marks for rule in state.store(NAT).lookup(("chain",), ("hs-auth",)))


def install(tx: Transaction) -> None:
    """Put the rules into both tables."""
    for path, rules in TABLES.items():
        before = _place(tx.state, path)
        made = [tx.add(path, rule, hold=Hold.DYNAMIC, marks={MADE: 1.0}).id for rule in rules]
        if before is not None:
            tx.state.writable(path).move(made, before)


def withdraw(tx: Transaction) -> None:
    """Take everything out of both tables that was put there for the hotspot."""
    for path in TABLES:
        for rule in [rule for rule in tx.state.store(path) if MADE in rule.marks]:
            tx.drop(path, rule.id)


def settle_mail(tx: Transaction) -> None:
    """Send mail of guests to the smtp-server of the first profile that has one."""
    state = tx.state
    wanted = next(filter(None, (_mail_server(state, server) for server in working_servers(state))), "")
    held = [rule for rule in state.store(NAT).lookup(("chain",), (MAIL,)) if MADE in rule.marks]
    if [rule.values["to-addresses"] for rule in held] == ([wanted] if wanted else []):
        return
    for rule in held:
        tx.drop(NAT, rule.id)
    if wanted:
        values = _rule(MAIL, "dst-nat", to_addresses=wanted, protocol="tcp", dst_port="25")
        tx.add(NAT, values, hold=Hold.DYNAMIC, marks={MADE: 1.0})


def _mail_server(state: State, server: Item) -> str:
    profile = profile_of(state, server)
    address = text_of(state, PROFILE, profile, "smtp-server") if profile else NO_ADDRESS
    return "" if address == NO_ADDRESS else address


def _place(state: State, path: str) -> int | None:
    """The rule in front of which the hotspot's stand."""
    store = state.store(path)
    places = store.lookup(("chain",), (PLACE,))
    if not places:
        return next((rule.id for rule in store), None)
    following = iter(store)
    for rule in following:
        if rule.id == places[0].id:
            break
    return next((rule.id for rule in following), None)


class Translations(Behaviour):
    """Rules that give a guest another address: one for each direction, at the end of the table (assumed)."""

    def __init__(self) -> None:
        super().__init__("hotspot translations", watches=("/ip/hotspot/host",))

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A host has another address of its own or another translated one."""
        old, new = _pair(before), _pair(after)
        if old == new:
            return
        number = float((before or after or _NOBODY).id)
        if old is not None:
            for chain in ("dstnat", "srcnat"):
                for rule in tx.state.store(NAT).lookup(("chain",), (chain,)):
                    if rule.marks.get("host") == number:
                        tx.drop(NAT, rule.id)
        if new is not None:
            own, given = new
            marks = {MADE: 1.0, "host": number}
            inward = _rule("dstnat", "dst-nat", dst_address=given, to_addresses=own)
            outward = _rule("srcnat", "src-nat", src_address=own, to_addresses=given)
            for rule_values in (inward, outward):
                tx.add(NAT, rule_values, hold=Hold.DYNAMIC, marks=marks)


_NOBODY = Item(0, {})


def _pair(host: Item | None) -> tuple[str, str] | None:
    if host is None or host.values["address"] == host.values["to-address"]:
        return None
    return host.values["address"], host.values["to-address"]


class HotspotRules(Behaviour):
    """Puts the rules in place with the first server that works, and takes them out with the last."""

    def __init__(self) -> None:
        super().__init__("hotspot rules", watches=(SERVER, PROFILE))

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """A server begins or ends to work, or mail goes elsewhere."""
        if store == PROFILE:
            if before is not None and after is not None and _mail(before) != _mail(after) and stand(tx.state):
                settle_mail(tx)
            return
        # Whether a server works changes apart from everything else about it.
        worked, works = _works(before), _works(after)
        if works and not worked and not stand(tx.state):
            install(tx)
        elif worked and not works and stand(tx.state) and not working_servers(tx.state):
            withdraw(tx)
        if worked != works or _profile(before) != _profile(after):
            state = tx.state
            mailing = any(_mail_server(state, server) for server in (before, after) if server is not None)
            if stand(state) and (mailing or state.store(NAT).holds(("chain",), (MAIL,))):
                settle_mail(tx)


def _profile(server: Item | None) -> str | None:
    return server.values.get("profile") if server else None


def _works(server: Item | None) -> bool:
    return server is not None and bool(server.marks.get("works"))


def _mail(profile: Item) -> str:
    return profile.values.get("smtp-server", NO_ADDRESS)
