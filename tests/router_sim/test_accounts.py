"""Users of the router: passwords, logins in the log, and those who may not go."""

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.router import Router
from tests.router_sim.bench import Bench, Paper
from tests.router_sim.clients import framed, unframed
from tests.router_sim.conftest import Console

DENIED = (("not enough permissions (9)", None),)
LAST = (("failure: can not remove last user with full rights", None),)


def log_of(console: Console) -> list[tuple[str, str]]:
    return [(row["topics"], row["message"]) for row in console.rows("/log")]


def test_the_administrator_of_a_fresh_router_has_an_expired_password(still_clock: VirtualClock) -> None:
    console = Console(Router(name="r", clock=still_clock))
    row = console.row("/user", "admin")
    assert list(row) == [
        ".id", "name", "group", "address", "inactivity-policy", "inactivity-timeout", "expired", "disabled", "comment",
    ]  # fmt: skip
    assert (row["expired"], row["group"], row["comment"]) == ("true", "full", "system default user")
    assert console.router.authenticate("admin", "")
    console.set("/user", "admin", password="new")
    assert console.row("/user", "admin")["expired"] == "false"
    console.run("/user/expire-password", {"numbers": "admin"})
    assert console.row("/user", "admin")["expired"] == "true"
    assert console.router.authenticate("admin", "new")


def test_logins_are_logged(console: Console) -> None:
    router, origin = console.router, Origin("admin", "192.0.2.9", "api", 3)
    assert not router.authenticate("admin", "wrong", address="192.0.2.9")
    assert router.authenticate("admin", "secret", address="192.0.2.9")
    router.session_opened(origin)
    (job,) = console.rows("/system/script/job")
    assert (job["type"], job["owner"]) == ("api-login", "admin")
    (row,) = console.rows("/user/active")
    assert row == {
        ".id": "*1", "when": "2026-03-01 12:00:00", "name": "admin", "address": "192.0.2.9", "via": "api",
        "group": "full", "radius": "false",
    }  # fmt: skip
    router.session_closed(origin)
    assert log_of(console) == [
        ("system,error,critical", "login failure for user admin from 192.0.2.9 via api"),
        ("system,info,account", "user admin logged in from 192.0.2.9 via api"),
        ("system,info,account", "user admin logged out from 192.0.2.9 via api"),
    ]
    assert console.rows("/user/active") == console.rows("/system/script/job") == []
    assert not console.router.journal.entries()


def test_only_from_the_address_allowed(console: Console) -> None:
    console.set("/user", "admin", address="192.0.2.0/24")
    assert console.router.authenticate("admin", "secret", address="192.0.2.77")
    assert not console.router.authenticate("admin", "secret", address="198.51.100.1")


def test_the_last_who_administers_stays(console: Console) -> None:
    console.add("/user", name="helper", group="write", password="x")
    for path, given in (
        ("/user/remove", {"numbers": "admin"}),
        ("/user/remove", {".id": "admin,helper"}),
        ("/user/set", {".id": "admin", "group": "read"}),
    ):
        assert console.trap(path, given) == LAST
    operator = Console(console.router, "operator")
    operator.origin = Origin("operator", "", "winbox")
    assert operator.trap("/user/disable", {".id": "admin"}) == LAST
    console.add("/user", name="second", group="full", password="x")
    assert console.trap("/user/remove", {".id": "admin,second"}) == LAST
    console.run("/user/remove", {"numbers": "admin"})
    assert console.as_user("second").names("/user") == ["helper", "second"]


def test_whoever_disables_itself_is_told_nothing(console: Console) -> None:
    console.add("/user", name="second", group="full", password="x")
    console.run("/user/disable", {"numbers": "admin"})
    console.set("/user", "admin", disabled="yes", comment="still here")
    row = console.row("/user", "admin")
    assert (row["disabled"], row["comment"]) == ("false", "still here")
    console.run("/user/disable", {"numbers": "admin,second"})
    assert [row["disabled"] for row in console.rows("/user")] == ["false", "true"]
    console.run("/user/enable", {"numbers": "second"})
    console.set("/user", "second", disabled="yes")
    assert console.row("/user", "second")["disabled"] == "true"


def test_own_password(console: Console) -> None:
    console.add("/user/group", name="plain", policy="read,api,password")
    console.add("/user/group", name="mute", policy="read,api")
    console.add("/user", name="eve", group="plain", password="old")
    console.add("/user", name="bob", group="mute", password="old")
    given = {"old-password": "old", "new-password": "sesame", "confirm-new-password": "sesame"}
    eve = console.as_user("eve")
    assert console.as_user("bob").trap("/password", given) == DENIED
    assert eve.trap("/user/set", {".id": "eve", "password": "new"}) == DENIED
    assert eve.trap("/password", {**given, "old-password": "x"})[0][0] == "failure: wrong old password"
    assert (
        eve.trap("/password", {**given, "new-password": "x"})[0][0] == "failure: new passwords do not match"
    )
    for name in given:
        assert (
            eve.trap("/password", {key: given[key] for key in given if key != name})[0][0]
            == f"missing ={name}="
        )
    eve.run("/password", given)
    assert console.router.authenticate("eve", "sesame")
    assert not console.router.authenticate("eve", "old")
    assert "sesame" not in str(console.router.journal.entries())
    assert eve.trap("/print")[0][0] == "no such command or directory (print)"


def test_passwords_have_to_be_strong_where_that_is_asked(console: Console) -> None:
    console.run("/user/settings/set", {"minimum-password-length": "8", "minimum-categories": "3"})
    for weak in ("Ab1", "abcdefgh", "abcd1234"):
        assert console.trap("/user/add", {"name": "x", "group": "read", "password": weak})[0][0].startswith(
            "failure: password is too "
        )
    console.add("/user", name="x", group="read", password="Abcdefg1")
    assert console.trap("/user/set", {".id": "x", "password": "short"})
    console.set("/user", "x", comment="unchanged password")


def test_who_was_removed_or_disabled_has_no_rights_left(console: Console) -> None:
    console.add("/user", name="eve", group="full", password="x")
    console.add("/user", name="bob", group="full", password="x")
    eve, bob = console.as_user("eve"), console.as_user("bob")
    eve.rows("/ip/address")
    console.run("/user/remove", {"numbers": "eve"})
    console.run("/user/disable", {"numbers": "bob"})
    assert eve.trap("/ip/address/print") == bob.trap("/ip/address/print") == DENIED
    console.run("/user/enable", {"numbers": "bob"})
    bob.rows("/ip/address")


def test_a_session_that_is_removed_may_do_nothing_more(console: Console) -> None:
    router, theirs = console.router, Origin("admin", "192.0.2.9", "api", 9)
    router.session_opened(theirs)
    (row,) = console.rows("/user/active")
    console.run("/user/active/remove", {"numbers": row[".id"]})
    assert console.rows("/user/active") == []
    with pytest.raises(Trap, match="not enough permissions"):
        router.execute(Command("/system/identity/print", {}), theirs)
    console.rows("/system/identity")
    router.session_closed(theirs)
    router.session_opened(theirs)
    router.execute(Command("/system/identity/print", {}), theirs)


def test_groups_of_version_6_know_no_rest(still_clock: VirtualClock) -> None:
    old = Console(Router(name="r", clock=still_clock, version="6.49.10"))
    assert "rest-api" not in old.row("/user/group", "full")["policy"]
    assert old.row("/user/group", "read")["policy"].endswith("romon,!ftp,!write,!policy")
    assert "expired" not in old.row("/user", "admin")


def test_sessions_follow_their_user() -> None:
    bench = Bench().logged_in()
    other = Paper()
    guest = bench.another(other, 2)
    bench.say("/user/add", "=name=eve", "=password=x", "=group=full")
    guest.receive(framed("/login", "=name=eve", "=password=x"))
    guest.receive(framed("/ip/firewall/address-list/listen", ".tag=l"))
    other.written = b""
    # A renamed user goes on.
    bench.say("/user/set", "=.id=eve", "=name=eva")
    guest.receive(framed("/system/identity/print"))
    assert unframed(other.written)[0] == ["!re", "=name=MikroTik"]
    bench.say("/ip/firewall/address-list/add", "=list=a", "=address=10.0.0.1")
    assert b".tag=l" in other.written
    # One that is removed sees and does nothing more.
    other.written = b""
    bench.say("/user/remove", "=numbers=eva")
    assert [row[2] for row in bench.say("/user/active/print", "=.proplist=.id,name")[:-1]] == ["=name=admin"]
    bench.say("/ip/firewall/address-list/add", "=list=a", "=address=10.0.0.2")
    assert other.written == b""
    guest.receive(framed("/system/identity/print", ".tag=2"))
    assert unframed(other.written) == [
        ["!trap", ".tag=2", "=message=not enough permissions (9)"], ["!done", ".tag=2"],
    ]  # fmt: skip
    messages = [row["message"] for row in bench.router.snapshot()["/log"]]
    assert messages[-1] == "user eve logged out from 127.0.0.1 via api"
