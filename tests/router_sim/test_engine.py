import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from router_sim.seed import lab_router
from router_sim.store import Hold
from router_sim.transaction import Transaction

USERS = "/ip/hotspot/user"
PROFILES = "/ip/hotspot/user/profile"
GARDEN = "/ip/hotspot/walled-garden"
SERVERS = "/ip/hotspot"


# -- what is refused, and how ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "attributes", "sentences"),
    [
        (
            "/interface/wireless/print",
            {},
            (("no such command or directory (wireless)", 0), ("no such command prefix", None)),
        ),
        ("/ip/wlan", {}, (("no such command or directory (wlan)", 0), ("no such command prefix", None))),
        (
            "/ip/hotspot/fly",
            {},
            (("no such command or directory (fly)", 0), ("no such command prefix", None)),
        ),
        (
            "/ip/hotspot/comment",
            {"numbers": "*1", "comment": "x"},
            (("no such command or directory (comment)", 0), ("no such command prefix", None)),
        ),
        ("/ip/dns/add", {}, (("no such command or directory (add)", 0), ("no such command prefix", None))),
        ("#", {}, (("no such command prefix", 0),)),
        ("somethingthatdoesntexist", {}, (("no such command prefix", 0),)),
        (f"{USERS}/add", {"name": "a", "colour": "red"}, (("unknown parameter colour", 1),)),
        (f"{USERS}/add", {"name": "a", "uptime": "1h"}, (("unknown parameter uptime", 1),)),
        (f"{SERVERS}/add", {"interface": "vlan10", "comment": "x"}, (("unknown parameter comment", 1),)),
        (
            "/ip/hotspot/profile/set",
            {".id": "default", "https-redirect": "no"},
            (("unknown parameter https-redirect", 1),),
        ),
        (f"{USERS}/print", {"colour": ""}, (("unknown parameter colour", 1),)),
        (f"{SERVERS}/add", {"name": "a"}, (("missing =interface=", None),)),
        (f"{SERVERS}/reset", {".id": "*1", "interface": ""}, (("missing =interface=", None),)),
        (f"{USERS}/get", {"value-name": "name"}, (("missing =number=", None),)),
        (f"{GARDEN}/unset", {".id": "*1"}, (("missing =value-name=", None),)),
        (
            "/ip/hotspot/service-port/set",
            {".id": "ftp", "ports": ""},
            (("invalid value for argument ports", 1),),
        ),
        ("/system/clock/set", {"date": "foo/02/2026"}, (("invalid value for argument date", 1),)),
        (f"{GARDEN}/reset-counters-all", {"numbers": "*1"}, (("unknown parameter numbers", 1),)),
        (
            "/ip/pool/add",
            {"ranges": "10.0.0.0/40"},
            (
                (
                    "invalid value for argument ranges\r\ninvalid value of range, expects range of ip addresses",
                    1,
                ),
            ),
        ),
        ("/interface/vlan/add", {"interface": "ether1"}, (("missing =vlan-id=", None),)),
        (f"{USERS}/set", {"name": "b"}, (("missing =.id=", None),)),
        (f"{SERVERS}/add", {"interface": "vlan99"}, (("input does not match any value of interface", 1),)),
        (
            f"{SERVERS}/add",
            {"interface": "vlan10", "profile": "gone"},
            (("input does not match any value of profile", 1),),
        ),
        (
            f"{SERVERS}/add",
            {"interface": "vlan10", "address-pool": "gone"},
            (("input does not match any value of address-pool", 1),),
        ),
        (f"{USERS}/add", {"name": "a", "server": "gone"}, (("input does not match any value of server", 1),)),
        (f"{GARDEN}/add", {"action": "accept"}, (("input does not match any value of action", 1),)),
        (
            "/ip/address/add",
            {"address": "10.0.0.300/24", "interface": "vlan10"},
            (("invalid value for argument address", 1),),
        ),
        (
            f"{USERS}/add",
            {"name": "a", "mac-address": "nonsense"},
            (("invalid value of mac-address, mac address required", 1),),
        ),
        (
            "/interface/vlan/add",
            {"interface": "ether1", "vlan-id": "5000"},
            (("value of vlan-id out of range (1..4095)", 1),),
        ),
        (f"{USERS}/set", {".id": "*FF", "comment": "x"}, (("no such item", 0),)),
        (f"{USERS}/remove", {"numbers": "nobody"}, (("no such item", 0),)),
        (f"{USERS}/print", {"from": "nobody"}, (("no such item", 0),)),
        (f"{PROFILES}/remove", {".id": "*0"}, (("failure: can not remove default profile", None),)),
        (f"{USERS}/remove", {".id": "default-trial"}, (("failure: can not remove default user", None),)),
        (
            f"{GARDEN}/unset",
            {".id": "*1", "value-name": "action"},
            (("input does not match any value of value-name", 1),),
        ),
        (
            f"{USERS}/get",
            {"number": "*0", "value-name": "colour"},
            (("input does not match any value of value-name", 1),),
        ),
        (
            "/interface/set",
            {".id": "vlan10", "name": "vlan20"},
            (("failure: already have interface with such name", None),),
        ),
        (
            "/system/clock/set",
            {"time-zone-name": "Mars/Base"},
            (("input does not match any value of time-zone-name", 1),),
        ),
        ("/system/clock/set", {"date": "2026-02-30"}, (("invalid value for argument date", 1),)),
    ],
)
def test_refusals_have_the_routers_words_and_leave_everything_as_it_was(
    console, path, attributes, sentences
) -> None:
    console.add(GARDEN, dst_host="a.example")
    assert console.trap(path, attributes) == sentences


DUPLICATES = [
    (USERS, {"name": "a"}, "already have user with this name for this server"),
    ("/ip/address", {"address": "10.0.0.1/24", "interface": "vlan10"}, "already have such address"),
    ("/ip/firewall/address-list", {"list": "l", "address": "10.0.0.1"}, "already have such entry"),
    ("/ip/pool", {"name": "p", "ranges": "10.0.0.2-10.0.0.9"}, "pool with such name exists"),
    ("/interface/bridge", {"name": "br"}, "already have interface with such name"),
    ("/user", {"name": "u", "group": "read"}, "user with the same name already exists"),
]


@pytest.mark.parametrize(("menu", "values", "words"), DUPLICATES)
def test_a_second_item_of_the_same_identity_is_refused(console, menu, values, words) -> None:
    console.run(f"{menu}/add", values)
    assert console.trap(f"{menu}/add", values) == ((f"failure: {words}", None),)


def test_setting_an_item_to_its_own_name_is_no_duplicate(console) -> None:
    user = console.add(USERS, name="a")
    console.set(USERS, user, name="a")
    assert console.row(USERS, user)["name"] == "a"


def test_two_items_cannot_be_given_one_name_in_one_command(console) -> None:
    first, second = console.add("/ip/pool", ranges="10.0.0.1"), console.add("/ip/pool", ranges="10.0.0.2")
    console.trap("/ip/pool/set", {"numbers": f"{first},{second}", "name": "same"})


def test_one_name_may_be_used_on_two_servers(console) -> None:
    console.add(SERVERS, name="hs1", interface="vlan10")
    console.add(USERS, name="a", server="hs1")
    console.add(USERS, name="a")
    assert [row.get("server", "all") for row in console.rows(USERS, "name=a")] == ["hs1", "all"]


def test_a_command_on_many_items_does_all_or_nothing(console) -> None:
    first = console.add(USERS, name="a")
    assert console.trap(f"{USERS}/set", {"numbers": f"{first},nobody", "comment": "x"}) == (
        ("no such item", 0),
    )
    assert console.trap(f"{USERS}/remove", {"numbers": f"{first},default-trial"})
    assert "a" in console.names(USERS)


def test_version_6_words_for_a_missing_item() -> None:
    router = Router(name="old", clock=VirtualClock(), version="6.49.10")
    with pytest.raises(Trap, match=r"no such item \(4\)"):
        router.execute(Command(f"{USERS}/remove", {".id": "*99"}), Origin("admin", "::1"))


# -- adding and numbering ------------------------------------------------------------------------------


def test_numbers_are_upper_case_hexadecimal_and_never_used_again(console) -> None:
    keys = [console.add(USERS, name=f"u{number}") for number in range(1, 12)]
    assert keys == ["*1", "*2", "*3", "*4", "*5", "*6", "*7", "*8", "*9", "*A", "*B"]
    console.run(f"{USERS}/remove", {".id": "*A,*B"})
    assert console.add(USERS, name="next") == "*C"


def test_identifiers_are_found_in_either_case(console) -> None:
    for number in range(10):
        console.add(USERS, name=f"u{number}")
    console.run(f"{USERS}/set", {".id": "*a", "comment": "ten"})
    assert console.row(USERS, "*A")["comment"] == "ten"


@pytest.mark.parametrize(
    ("menu", "values", "names"),
    [
        (SERVERS, {"interface": "vlan10"}, ["server1", "server2"]),
        ("/ip/hotspot/profile", {}, ["default", "hsprof1", "hsprof2"]),
        (PROFILES, {}, ["default", "uprof1", "uprof2"]),
        ("/ip/pool", {"ranges": "10.0.0.1"}, ["pool1", "pool2"]),
        ("/interface/bridge", {}, ["bridge1", "bridge2"]),
    ],
)
def test_items_without_a_name_get_one(console, menu, values, names) -> None:
    console.run(f"{menu}/add", values)
    console.run(f"{menu}/add", values)
    assert console.names(menu) == names


def test_a_copy_takes_everything_but_the_name(console) -> None:
    console.add(PROFILES, name="gold", session_timeout="1h", rate_limit="1M/1M", shared_users="3")
    console.add(PROFILES, name="silver", copy_from="gold", rate_limit="512k/512k")
    gold, silver = console.row(PROFILES, "gold"), console.row(PROFILES, "silver")
    assert silver == {**gold, ".id": "*2", "name": "silver", "rate-limit": "512k/512k"}


def test_rules_are_placed_and_moved(console) -> None:
    first, last = console.add(GARDEN, dst_host="1"), console.add(GARDEN, dst_host="2")
    middle = console.add(GARDEN, dst_host="3", place_before=last)

    def order() -> list[str]:
        return [row[".id"] for row in console.rows(GARDEN)]

    assert order() == [first, middle, last]
    console.run(f"{GARDEN}/move", {"numbers": last, "destination": first})
    assert order() == [last, first, middle]
    console.run(f"{GARDEN}/move", {"numbers": f"{first},{last}"})
    assert order() == [middle, first, last]
    assert console.trap(f"{GARDEN}/move", {".id": middle, "destination": middle}) == (
        ("failure: can not move object before itself", None),
    )
    console.run(f"{GARDEN}/move", {".id": first, "destination": "*99"})
    assert order() == [middle, last, first]


# -- changing --------------------------------------------------------------------------------------------


def test_items_are_named_by_identifier_or_name_one_or_many(console) -> None:
    first, second = console.add(USERS, name="a"), console.add(USERS, name="b")
    console.run(f"{USERS}/set", {"numbers": f"a,{second}", "comment": "both"})
    assert [row["comment"] for row in console.rows(USERS) if row["name"] in "ab"] == ["both", "both"]
    console.run(f"{USERS}/disable", {".id": "a,b"})
    assert [row["name"] for row in console.rows(USERS, "disabled=yes")] == ["a", "b"]
    console.run(f"{USERS}/enable", {"numbers": first})
    console.run(f"{USERS}/comment", {"numbers": second, "comment": ""})
    assert "comment" not in console.row(USERS, second)
    assert console.row(USERS, first)["disabled"] == "false"


def test_a_name_with_a_comma_is_still_a_name(console) -> None:
    console.add(USERS, name="a,b")
    console.set(USERS, "a,b", comment="x")
    assert console.row(USERS, "a,b")["comment"] == "x"


def test_unset_takes_a_matcher_away_and_reset_goes_back_to_the_default(console) -> None:
    rule = console.add(GARDEN, dst_host="a.example", dst_port="!443", action="deny")
    console.run(f"{GARDEN}/unset", {".id": rule, "value-name": "dst-port"})
    assert "dst-port" not in console.row(GARDEN, rule)
    console.set(GARDEN, rule, dst_host="")
    assert "dst-host" not in console.row(GARDEN, rule)
    console.run(f"{GARDEN}/reset", {"numbers": rule, "action": ""})
    assert console.row(GARDEN, rule)["action"] == "allow"
    console.run(f"{PROFILES}/set", {".id": "default", "keepalive-timeout": "9m"})
    console.run(f"{PROFILES}/unset", {".id": "default", "value-name": "keepalive-timeout"})
    assert console.row(PROFILES, "default")["keepalive-timeout"] == "2m"


def test_a_singleton_needs_no_identifier_and_prints_none(console) -> None:
    console.run("/ip/dns/set", {"servers": "192.0.2.1,192.0.2.2", "cache-size": "4096KiB"})
    (row,) = console.rows("/ip/dns")
    assert ".id" not in row
    assert (row["servers"], row["cache-size"], row["allow-remote-requests"]) == (
        "192.0.2.1,192.0.2.2",
        "4096",
        "false",
    )
    console.run("/ip/dns/reset", {"servers": ""})
    assert console.run("/ip/dns/get", {"value-name": "servers"}).ret == ""
    console.run("/system/identity/set", {"name": "gate"})
    assert console.rows("/system/identity") == [{"name": "gate"}]


# -- reading ---------------------------------------------------------------------------------------------


def test_print_returns_what_was_asked_for(console) -> None:
    first, second = console.add(USERS, name="a", comment="x"), console.add(USERS, name="b")
    rows = console.run(
        f"{USERS}/print", {".proplist": "name,comment,nothing", "from": f"{first},{second}"}
    ).rows
    assert rows == ({"name": "a", "comment": "x"}, {"name": "b"})
    assert console.run(f"{USERS}/getall", {".proplist": ".id"}, "name=b").rows == ({".id": second},)
    assert console.run(f"{USERS}/print", {".proplist": "comment"}, "name=b").rows == ({},)
    reply = console.run(f"{USERS}/print", {"count-only": ""}, "name=a")
    assert (reply.rows, reply.ret) == ((), "1")
    assert console.run(f"{USERS}/print", {"detail": "", "terse": "", "without-paging": ""}).data is True
    assert console.run(f"{USERS}/print", {}, "name=nobody").rows == ()
    assert console.run(f"{USERS}/print", {".proplist": ""}).rows == tuple(console.rows(USERS))


def test_queries_see_what_is_printed(console) -> None:
    console.add(USERS, name="a", server="all", limit_uptime="1h")
    console.add(USERS, name="b", disabled="yes")
    assert [row["name"] for row in console.rows(USERS, "limit-uptime")] == ["a"]
    assert [row["name"] for row in console.rows(USERS, "disabled=yes")] == ["b"]
    assert [row["name"] for row in console.rows(USERS, "name=a", "name=b", "#|")] == ["a", "b"]
    assert [row["name"] for row in console.rows(USERS, ".id=*2", "disabled=true")] == ["b"]
    assert console.rows(USERS, ".id=b") == []


def test_get_and_find(console) -> None:
    first, second = console.add(USERS, name="a", password="p"), console.add(USERS, name="b")
    assert console.run(f"{USERS}/get", {"number": first, "value-name": "password"}).ret == "p"
    assert console.run(f"{USERS}/get", {".id": "b", "value-name": "comment"}).ret == ""
    assert (console.run(f"{USERS}/get", {"numbers": "b"}).ret or "").startswith(f".id={second};name=b;")
    assert console.run(f"{USERS}/find", {}, "name=a", "name=b", "#|").ret == f"{first};{second}"


# -- references ------------------------------------------------------------------------------------------


def test_a_rename_is_followed_by_those_who_name_the_item(console) -> None:
    console.add(PROFILES, name="gold")
    console.add(SERVERS, name="hs1", interface="vlan10")
    user = console.add(USERS, name="a", profile="gold", server="hs1")
    rule = console.add(GARDEN, server="!hs1")
    console.set(PROFILES, "gold", name="silver")
    console.set(SERVERS, "hs1", name="hs2")
    console.set("/interface", "vlan10", name="lobby")
    assert (console.row(USERS, user)["profile"], console.row(USERS, user)["server"]) == ("silver", "hs2")
    assert console.row(GARDEN, rule)["server"] == "!hs2"
    assert console.row(SERVERS, "hs2")["interface"] == "lobby"
    assert console.row("/interface/vlan", "lobby")["vlan-id"] == "10"


def test_a_profile_in_use_can_go_and_its_users_fall_back_to_default(console) -> None:
    console.add(PROFILES, name="gold")
    console.add("/ip/hotspot/profile", name="fine")
    console.add(SERVERS, name="hs1", interface="vlan10", profile="fine")
    users = [console.add(USERS, name=name, profile="gold") for name in "ab"]
    console.set(PROFILES, "default", name="basic")
    console.run(f"{PROFILES}/remove", {".id": "gold"})
    console.run("/ip/hotspot/profile/remove", {".id": "fine"})
    assert [console.row(USERS, user)["profile"] for user in users] == ["basic", "basic"]
    assert console.row(SERVERS, "hs1")["profile"] == "default"


def test_whoever_named_a_removed_interface_shows_its_number(console) -> None:
    key = console.row("/interface", "vlan10")[".id"]
    console.add("/ip/address", address="10.0.0.1/24", interface="vlan10")
    console.run("/interface/vlan/remove", {"numbers": "vlan10"})
    (row,) = console.rows("/ip/address")
    assert (row["interface"], row["invalid"]) == (key, "true")


def test_counters_go_back_to_nought_for_one_rule_or_all(console) -> None:
    state = console.router._state
    tx = Transaction(state, 0.0)
    keys = [
        tx.add(GARDEN, {"dst-host": host}, marks={"counted-hits": 7.0}).key
        for host in ("a.example", "b.example")
    ]
    assert [row["hits"] for row in console.rows(GARDEN)] == ["7", "7"]
    console.run(f"{GARDEN}/reset-counters", {"numbers": keys[0]})
    assert [row["hits"] for row in console.rows(GARDEN)] == ["0", "7"]
    console.run(f"{GARDEN}/reset-counters-all")
    assert [row["hits"] for row in console.rows(GARDEN)] == ["0", "0"]


def test_a_rule_the_router_made_is_neither_changed_nor_removed(console) -> None:
    key = (
        Transaction(console.router._state, 0.0).add(GARDEN, {"dst-host": "a.example"}, hold=Hold.DYNAMIC).key
    )
    assert console.row(GARDEN, key)["dynamic"] == "true"
    assert console.trap(f"{GARDEN}/disable", {".id": key}) == (("failure: can not change dynamic", None),)
    assert console.trap(f"{GARDEN}/remove", {".id": key}) == (("failure: can not remove dynamic rule", None),)


def test_from_and_queries_together(console) -> None:
    keys = [console.add(USERS, name=name, comment="x") for name in "abc"]
    reply = console.run(f"{USERS}/print", {"from": f"{keys[0]},{keys[2]}", ".proplist": "name"}, "comment=x")
    assert [row["name"] for row in reply.rows] == ["a", "c"]


# -- rights ----------------------------------------------------------------------------------------------


def test_what_a_group_lacks_its_users_may_not_do(console) -> None:
    console.add("/user/group", name="viewer", policy="api,read")
    console.add("/user/group", name="blind", policy="api,write")
    console.add("/user", name="eve", group="viewer", password="x")
    console.add("/user", name="bob", group="blind", password="x")
    console.add("/user", name="will", group="write", password="x")
    console.add(USERS, name="guest", password="hidden")
    eve, bob, will = (console.as_user(name) for name in ("eve", "bob", "will"))
    denied = (("not enough permissions (9)", None),)
    assert eve.trap(f"{USERS}/add", {"name": "x"}) == denied
    assert bob.trap(f"{USERS}/print") == denied
    assert will.trap("/user/set", {".id": "eve", "group": "full"}) == denied
    assert "password" not in eve.row(USERS, "guest")
    assert eve.run(f"{USERS}/get", {"number": "guest", "value-name": "password"}).ret == ""
    assert eve.rows(USERS, "password=hidden") == []
    assert will.row(USERS, "guest")["password"] == "hidden"


# -- any sequence of commands ----------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "default", "*0", "*1", "*2", "lab", "vlan-office", "bridge-guest", ""])
TEXTS = NAMES | st.sampled_from(
    ["yes", "no", "1h", "10.5.50.9", "10.5.50.9/24", "00:11:22:33:44:55", "all", "!a"]
)
VERBS = st.sampled_from(
    [
        "add",
        "set",
        "remove",
        "enable",
        "disable",
        "comment",
        "unset",
        "reset",
        "move",
        "reset-counters",
        "print",
        "login",
    ]
)


@st.composite
def commands(draw: st.DrawFn) -> Command:
    menu = draw(st.sampled_from([menu for menu in catalogue("7.22.3").menus.values() if menu.verbs]))
    names = st.sampled_from([".id", "numbers", "value-name", "destination", *menu.by_name])
    attributes = draw(st.dictionaries(names, TEXTS, max_size=5))
    return Command(f"{menu.path}/{draw(VERBS)}", attributes)


@settings(max_examples=60, deadline=None)
@given(st.lists(commands(), max_size=25))
def test_whatever_is_sent_a_trap_changes_nothing_and_the_rest_is_in_the_journal(sent: list[Command]) -> None:
    clock = VirtualClock(monotonic=lambda: 0.0)
    router = lab_router("lab", clock=clock, subnets=("10.5.50.0/24",))
    origin = Origin("admin", "127.0.0.1", connection=3)
    start = before = router.snapshot()
    for command in sent:
        seen = len(router.journal.entries())
        try:
            router.execute(command, origin)
        except Trap:
            assert router.snapshot() == before
            assert len(router.journal.entries()) <= seen + 1
            continue
        after = router.snapshot()
        if after != before:
            assert any(entry.user == "admin" for entry in router.journal.entries()[seen:])
        before = after
    router.reset()
    assert router.snapshot() == start
    assert router.journal.entries() == []
