"""Every refusal on record that a served menu can give, provoked once over the wire, word for word."""

from __future__ import annotations

import pytest

from router_sim.behaviours import dhcp
from router_sim.engine import Command, Origin
from router_sim.transaction import Transaction
from tests.router_sim.bench import CHALLENGE, Bench

HOTSPOT = "/ip/hotspot"
LISTS = "/ip/firewall/address-list"
MAC = "00:00:5E:00:53:01"

Words = tuple[str, ...]

_UNKNOWN = ("no such command prefix", None)
_NO_MATCH = "input does not match any value of"

# Sentences that come before, the sentence that is refused, text and category of each trap, and the version.
PREPARED: tuple[Words, ...] = (
    ("/interface/bridge/add", "=name=br"),
    ("/ip/address/add", "=address=10.5.50.1/24", "=interface=br"),
    (f"{HOTSPOT}/user/profile/add", "=name=one"),
    (f"{HOTSPOT}/add", "=name=hotspot-1", "=interface=br", "=disabled=no"),
    (f"{HOTSPOT}/add", "=name=hotspot-2", "=interface=br"),
    (f"{HOTSPOT}/user/add", "=name=ann", "=password=secret", "=profile=one"),
    (f"{HOTSPOT}/user/add", "=name=ben", "=password=secret", "=limit-uptime=1s"),
    (f"{LISTS}/add", "=list=a", "=address=192.0.2.1"),
    ("/ip/dns/static/add", "=name=n.example", "=address=192.0.2.1"),
    ("/ip/pool/add", "=name=p", "=ranges=192.0.2.1-192.0.2.9"),
    ("/queue/simple/add", "=name=q", "=target=192.0.2.1"),
    ("/user/group/add", "=name=staff", "=policy=read,api"),
    ("/user/add", "=name=eve", "=group=staff", "=password=x"),
)

REFUSED: tuple[tuple[Words, tuple[tuple[str, int | None], ...], str], ...] = (
    (("/interface/wireless/print",), (("no such command or directory (wireless)", 0), _UNKNOWN), ""),
    ((f"{HOTSPOT}/teleport",), (("no such command or directory (teleport)", 0), _UNKNOWN), ""),
    ((f"{HOTSPOT}/setup", "=interface=br"), (("no such command or directory (setup)", 0), _UNKNOWN), ""),
    (("somethingthatdoesntexist",), (("no such command prefix", 0),), ""),
    (("#",), (("no such command prefix", 0),), ""),
    ((f"{HOTSPOT}/user/add", "=foo=1"), (("unknown parameter foo", 1),), ""),
    ((f"{HOTSPOT}/profile/set", "=.id=*0", "=https-redirect=yes"), (("unknown parameter https-redirect", 1),), ""),
    (("/system/license/renew",), (("missing =account=", None),), ""),
    ((f"{HOTSPOT}/add", "=interface=nowhere"), ((f"{_NO_MATCH} interface", 1),), ""),
    ((f"{HOTSPOT}/add", "=interface=br", "=profile=none-such"), ((f"{_NO_MATCH} profile", 1),), ""),
    ((f"{HOTSPOT}/add", "=interface=br", "=address-pool=x"), ((f"{_NO_MATCH} address-pool", 1),), ""),
    ((f"{HOTSPOT}/user/add", "=profile=none-such"), ((f"{_NO_MATCH} profile", 1),), ""),
    ((f"{HOTSPOT}/user/add", "=server=none-such"), ((f"{_NO_MATCH} server", 1),), ""),
    ((f"{HOTSPOT}/user/add", "=server=hotspot"),
     (("ambiguous value of server, more than one possible value matches input", 1),), ""),
    (("/ip/address/add", "=address=ten", "=interface=br"), (("invalid value for argument address", 1),), ""),
    (("/ip/pool/add", "=ranges=many"),
     (("invalid value for argument ranges\r\ninvalid value of range, expects range of ip addresses", 1),), ""),
    (("/ip/pool/add", "=ranges=192.0.2.1-"), (("value of range must have ip address after '-'", 1),), ""),
    ((f"{HOTSPOT}/ip-binding/add", "=address=many"), (("value of address expects range of ip addresses", 1),), ""),
    ((f"{HOTSPOT}/ip-binding/add", "=mac-address=x"),
     (("invalid value of mac-address, mac address required", 1),), ""),
    (("/system/device-mode/update", "=activation-timeout=1s"),
     (("value of activation-timeout is out of range (00:00:10 .. 1d00:00:00)", 1),), ""),
    ((f"{HOTSPOT}/user/set", "=.id=*99", "=comment=x"), (("no such item", 0),), ""),
    ((f"{HOTSPOT}/user/remove", "=numbers=nobody"), (("no such item", 0),), ""),
    ((f"{HOTSPOT}/user/enable", "=.id=*99"), (("no such item", 0),), ""),
    ((f"{HOTSPOT}/user/remove", "=.id=*99"), (("no such item (4)", 0),), "6.49.18"),
    ((f"{HOTSPOT}/user/add", "=name=ann"), (("failure: already have user with this name for this server", None),), ""),
    (("/ip/address/add", "=address=10.5.50.1/24", "=interface=br"),
     (("failure: already have such address", None),), ""),
    ((f"{LISTS}/add", "=list=a", "=address=192.0.2.1"), (("failure: already have such entry", None),), ""),
    (("/ip/dns/static/add", "=name=n.example", "=address=192.0.2.1"), (("failure: entry already exists", None),), ""),
    (("/ip/pool/add", "=name=p", "=ranges=192.0.2.1"), (("failure: pool with such name exists", None),), ""),
    (("/interface/bridge/add", "=name=br"), (("failure: already have interface with such name", None),), ""),
    (("/queue/simple/add", "=name=q", "=target=192.0.2.2"), (("failure: already have such name", None),), ""),
    (("/user/add", "=name=eve", "=group=staff"),
     (("failure: user with the same name already exists", None),), ""),
    (("/user/group/remove", "=numbers=staff"), (("failure: group has some users", None),), ""),
    (("/ip/firewall/nat/set", "=.id=*1", "=comment=x"), (("failure: can not change dynamic", None),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ann", "=ip=10.5.50.99"), (("unknown host IP 10.5.50.99", None),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ann", "=ip=there"), (("invalid value for argument ip", 1),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ann", "=password=secret", "=ip=10.5.50.20", "=mac-address=x"),
     (("invalid value of mac-address, mac address required", 1),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ann", "=password=wrong", "=ip=10.5.50.20"),
     (("invalid username or password", None),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ben", "=password=secret", "=ip=10.5.50.20"),
     (("user ben has reached uptime limit", None),), ""),
    ((f"{HOTSPOT}/active/login", "=user=ann", "=password=secret", "=ip=10.5.50.20"),
     (("no more sessions are allowed for user ann", None),), ""),
)  # fmt: skip


def traps(sentences: list[list[str]]) -> tuple[tuple[str, int | None], ...]:
    """Text and category of each trap, of a reply that holds nothing but traps and the end."""
    assert sentences[-1] == ["!done"]
    found = []
    for word, *attributes in sentences[:-1]:
        assert word == "!trap"
        *category, message = attributes
        assert message.startswith("=message=")
        number = int(category[0].removeprefix("=category=")) if category else None
        found.append((message.removeprefix("=message="), number))
    return tuple(found)


def prepared(version: str = "") -> Bench:
    """A router with one of everything, a guest logged in and another one who is not."""
    bench = Bench(version or "7.22.3").logged_in()
    for words in PREPARED:
        assert bench.say(*words)[-1][0] == "!done"
    hotspot = bench.router.hotspot
    for number in (20, 21):
        assert hotspot.seen(MAC[:-2] + str(number), f"10.5.50.{number}", "br") is not None
    for user, address in (("ben", "10.5.50.20"), ("ann", "10.5.50.21")):
        assert bench.say(
            f"{HOTSPOT}/active/login", f"=user={user}", "=password=secret", f"=ip={address}"
        ) == [["!done"]]
        bench.clock.advance(2)
    return bench


def test_every_refusal_on_record() -> None:
    benches = {version: prepared(version) for version in {version for _, _, version in REFUSED}}
    for words, expected, version in REFUSED:
        bench = benches[version]
        assert (words, traps(bench.say(*words))) == (words, expected)


def test_a_wrong_hardware_address_is_named() -> None:
    given = ("=user=ann", "=password=secret", "=ip=10.5.50.20", "=mac-address=00:00:5E:00:53:77")
    ((text, category),) = traps(prepared().say(f"{HOTSPOT}/active/login", *given))
    assert text.startswith("wrong MAC provided")
    assert category is None


def test_a_dynamic_lease_is_called_one() -> None:
    bench = Bench().logged_in()
    for words in (
        ("/ip/address/add", "=address=10.5.50.1/24", "=interface=ether1"),
        ("/ip/pool/add", "=name=p", "=ranges=10.5.50.10-10.5.50.20"),
        ("/ip/dhcp-server/add", "=name=d", "=interface=ether1", "=address-pool=p", "=disabled=no"),
    ):
        assert bench.say(*words)[-1][0] == "!done"

    def arrive(tx: Transaction) -> None:
        assert dhcp.lease(tx, tx.state.find("/interface", "ether1") or "", MAC)

    bench.router.write(arrive)
    reply = bench.say("/ip/dhcp-server/lease/set", "=.id=*1", "=comment=x")
    assert traps(reply) == (("failure: can not change dynamic lease", None),)


def test_rights_and_what_was_cancelled() -> None:
    bench = Bench().logged_in()
    bench.say("/user/add", "=name=eve", "=group=read", "=password=x")
    bench.say("/login", "=name=eve", "=password=x")
    assert traps(bench.say("/system/identity/set", "=name=x")) == (("not enough permissions (9)", None),)
    bench.say(f"{LISTS}/listen", ".tag=L")
    assert bench.say("/cancel", "=tag=L")[0] == ["!trap", ".tag=L", "=category=2", "=message=interrupted"]


def test_what_the_device_mode_forbids() -> None:
    bench = Bench()
    bench.router.execute(Command("/system/device-mode/update", {"fetch": "no"}), Origin("", ""))
    bench.router.power_cycle()
    bench.clock.advance(60)
    bench.logged_in()
    expected = (("failure: not allowed by device-mode", None),)
    assert traps(bench.say("/tool/fetch", "=url=http://h.example/")) == expected


@pytest.mark.parametrize(
    ("version", "text"),
    [("6.42.12", "cannot log in"), ("6.43", "invalid user name or password (6)"),
     ("7.22.3", "invalid user name or password (6)")],
)  # fmt: skip
def test_logins_that_fail(version: str, text: str) -> None:
    bench = Bench(version)
    for _ in range(2):
        assert bench.say("/login") == [["!done", f"=ret={CHALLENGE.hex()}"]]
        assert traps(bench.say("/login", "=name=admin", "=response=00ff")) == ((text, None),)
    assert bench.say("/login", "=name=x", "=password=y") == [["!fatal", "too many commands before login"]]
