"""What holds for any rules and any guest: an allowing rule only ever opens, a denying one only ever closes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.access import GARDEN_IP, Decision, Request, decide
from router_sim.access_rules import GARDEN, Row, Rows, fits
from tests.router_sim.test_access import ACTIVE, BASE, GUEST, LISTED, NAMES, OTHER, SITE

MAYBE_NOT = st.sampled_from(["", "!"])


def condition(*values: str) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, MAYBE_NOT, st.sampled_from(values))


def address_rules(protocol: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    conditions = {
        "server": condition("guests", "other", "all"),
        "src-address": condition(GUEST.address, "10.5.50.0/25", "10.9.0.1"),
        "src-address-list": condition("open", "none"),
        "dst-address": condition(SITE, "198.51.100.0/24", "198.51.100.90-198.51.100.99"),
        "dst-host": st.sampled_from(["site.example", "*.example", "nowhere.example"]),
        "protocol": protocol,
        "dst-port": condition("80", "443", "22,8000-9000"),
        "disabled": st.sampled_from(["true", "false"]),
    }
    return st.fixed_dictionaries(
        {"action": st.sampled_from(["accept", "drop", "reject"])}, optional=conditions
    )


# A rule for all but one protocol keeps no web page from the proxy, but holds where another rule does: with
# such ones an allowing rule may close something, on routers too.
ADDRESS_RULE = address_rules(st.sampled_from(["tcp", "udp", "1"]))
WEB_RULE = st.fixed_dictionaries(
    {"action": st.sampled_from(["allow", "deny"])},
    optional={
        "server": condition("guests", "other"),
        "src-address": condition(GUEST.address, "10.9.0.0/16"),
        "method": condition("GET", "POST"),
        "dst-host": condition("site.example", "*.example", ":^www", ":("),
        "dst-port": condition("80", "443", "8080"),
        "path": condition("/", "/a*", ":b$"),
        "disabled": st.sampled_from(["true", "false"]),
    },
)
RULES = st.tuples(st.lists(ADDRESS_RULE, max_size=4), st.lists(WEB_RULE, max_size=4))
REQUESTS = st.one_of(
    st.builds(
        lambda scheme, host, port, path, method: Request.of_url(f"{scheme}://{host}{port}{path}", method),
        st.sampled_from(["http", "https"]),
        st.sampled_from([*NAMES, "nowhere.example", SITE, "10.5.50.1"]),
        st.sampled_from(["", ":8080", ":81"]),
        st.sampled_from(["/", "/a/b", "/b"]),
        st.sampled_from(["GET", "POST"]),
    ),
    st.builds(
        Request.of_packet,
        st.sampled_from([SITE, OTHER, "10.5.50.1"]),
        st.sampled_from([22, 53, 80, 443, 8080]),
        st.sampled_from(["tcp", "udp", "icmp"]),
    ),
    st.builds(Request.of_name, st.sampled_from(list(NAMES))),
)


def held(rules: tuple[list[Row], list[Row]], **more: Row) -> Rows:
    lists = [{".id": "*1", "list": LISTED["list"], "address": GUEST.address}]
    numbered = [[{".id": f"*{n:X}", **each} for n, each in enumerate(part)] for part in rules]
    return {
        **BASE,
        "/ip/firewall/address-list": lists,
        GARDEN_IP: numbered[0],
        GARDEN: numbered[1],
        **{menu: [row] for menu, row in more.items()},
    }


def judge(rows: Rows, request: Request) -> Decision:
    return decide(rows, GUEST, request, lambda name: NAMES.get(name, ()))


@settings(max_examples=80, deadline=None)
@given(RULES, REQUESTS, ADDRESS_RULE, WEB_RULE, st.integers(0, 4))
def test_rules_only_open_or_only_close(
    rules: tuple[list[Row], list[Row]], request: Request, address_rule: Row, web_rule: Row, place: int
) -> None:
    before = judge(held(rules), request)
    addresses, web = rules

    def with_rules(more_addresses: list[Row], more_web: list[Row]) -> Decision:
        changed = (
            addresses[:place] + more_addresses + addresses[place:],
            web[:place] + more_web + web[place:],
        )
        return judge(held(changed), request)

    opened = with_rules([{**address_rule, "action": "accept"}], [{**web_rule, "action": "allow"}])
    assert opened.passes or not before.passes, "an allowing rule closed something"
    for action in ("drop", "reject"):
        closed = with_rules([{**address_rule, "action": action}], [{**web_rule, "action": "deny"}])
        assert before.passes or not closed.passes, "a denying rule opened something"
    off = with_rules([{**address_rule, "disabled": "true"}], [{**web_rule, "disabled": "true"}])
    assert (off.outcome, off.refusal) == (before.outcome, before.refusal), "a rule that is off did something"


@settings(max_examples=40, deadline=None)
@given(RULES, REQUESTS)
def test_a_guest_who_is_logged_in_passes_whatever_the_rules(
    rules: tuple[list[Row], list[Row]], request: Request
) -> None:
    decision = judge(held(rules, **{"/ip/hotspot/active": ACTIVE}), request)
    own_tls = request.host == "10.5.50.1" and request.port == 443
    assert decision.passes or own_tls


@settings(max_examples=40, deadline=None)
@given(RULES, REQUESTS)
def test_a_decision_makes_sense(rules: tuple[list[Row], list[Row]], request: Request) -> None:
    rows = held(rules)
    decision = judge(rows, request)
    assert (decision.outcome == "redirected") == (decision.status == 302) == bool(decision.location)
    assert (decision.outcome == "refused") == bool(decision.refusal)
    if decision.rule is not None:
        menu, number = decision.rule
        assert any(row[".id"] == number for row in rows[menu])


@given(st.text(max_size=30), st.text(max_size=30))
def test_patterns_take_any_text(pattern: str, text: str) -> None:
    fits(pattern, text)
    assert fits("*", text)
    assert fits("?" * len(text), text)
