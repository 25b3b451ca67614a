"""Anything said to the network's menus is taken or refused, and what is then printed can be said again."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from router_sim.schema import Menu

ROOTS = ("/interface", "/ip/address", "/ip/arp", "/ip/pool", "/ip/dhcp-server", "/ip/dns", "/ip/firewall",
         "/ip/service", "/queue", "/radius")  # fmt: skip
MENUS = [menu for path, menu in catalogue("7.22.3").menus.items() if path.startswith(ROOTS)]
GROWING = [menu for menu in MENUS if "add" in menu.verbs]
TEXTS = st.sampled_from(
    ["", "!", "*1", "!*1", "0", "-1", "7", "9" * 24, "10.0.0.1", "!10.0.0.0/8", "10.0.0.9-10.0.0.12", "10.0.0.9-",
     "192.0.2.0/24", "2001:DB8::1", "yes", "no", "all", "none", "static", "static-only", "ether1", "lo", "br", "a,b",
     ",", "/", "1/2", "512k/1M", "1M", "0.50/1", "\udcff", "10s", "1w2d", "00:01:00", "auto", "A", "CNAME", "MX",
     "default", "default-small", "pfifo", "tcp", "80", "80,90-99", "8h-16h,mon", "input", "jump", "(", "^a$",
     "02-00-00-00-00-0a", "*FFFFFFFF", "name", "!auth,from-client", "related,established", "0x80", "²", "1e5"]
)  # fmt: skip
ORIGIN = Origin("admin", "192.0.2.1")


def drawn(data: st.DataObject, menu: Menu) -> dict[str, str]:
    """Some properties with texts that may or may not be values of them, those that must be given among them."""
    needed = {each.name for each in menu.properties if each.required}
    names = data.draw(st.sets(st.sampled_from(sorted(menu.writable)), max_size=4))
    return {name: data.draw(TEXTS) for name in sorted(needed | names)}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_printed_can_be_said_again(data: st.DataObject) -> None:
    router = Router(name="r", clock=VirtualClock())
    router.execute(Command("/interface/bridge/add", {"name": "br"}), ORIGIN)
    router.execute(Command("/ip/dhcp-server/add", {"interface": "br", "name": "a"}), ORIGIN)
    for _ in range(4):
        menu = data.draw(st.sampled_from(GROWING))
        try:
            key = router.execute(Command(f"{menu.path}/add", drawn(data, menu)), ORIGIN).ret
        except Trap:
            continue
        show = Command(f"{menu.path}/print", {"from": key or ""})
        (before,) = router.execute(show, ORIGIN).rows
        said = {name: text for name, text in before.items() if name in menu.writable}
        router.execute(Command(f"{menu.path}/set", {".id": key or "", **said}), ORIGIN)
        (after,) = router.execute(show, ORIGIN).rows
        assert {name: after.get(name) for name in before} == before, menu.path


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_command_is_answered(data: st.DataObject) -> None:
    clock = VirtualClock()
    router = Router(
        name="r", clock=clock, version=data.draw(st.sampled_from(["6.49", "7.16", "7.22.3", "7.24"]))
    )
    menus = [menu for path, menu in catalogue(router.version).menus.items() if path.startswith(ROOTS)]
    for _ in range(8):
        menu = data.draw(st.sampled_from(menus))
        verb = data.draw(st.sampled_from([*sorted(menu.verbs), "print", "get"]))
        names = st.sampled_from(
            [*sorted(menu.writable), "numbers", "value-name", "destination", "place-before"]
        )
        attributes = data.draw(st.dictionaries(names, TEXTS, max_size=4))
        with suppress(Trap):
            router.execute(Command(f"{menu.path}/{verb}", attributes), ORIGIN)
        clock.advance(data.draw(st.sampled_from([0, 1, 100_000])))
    assert router.snapshot()
