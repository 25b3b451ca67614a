"""Whatever clients, operators and time do: an address has one holder, and nothing is held by nobody."""

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from router_sim.behaviours import dhcp
from router_sim.clock import VirtualClock
from router_sim.engine import Trap
from router_sim.router import Router
from router_sim.transaction import Transaction
from tests.router_sim.conftest import START, Console

LEASE, POOL = "/ip/dhcp-server/lease", "/ip/pool"
MACS = st.sampled_from([f"02:00:00:00:00:{number:02X}" for number in range(5)])
ADDRESSES = st.sampled_from([f"10.0.0.{number}" for number in range(1, 7)])


class Leases(RuleBasedStateMachine):
    """A pool of four addresses, five clients, and an operator with leases of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(START, monotonic=lambda: 0.0)
        self.console = Console(Router(name="r", clock=self.clock))
        self.console.add(POOL, name="p", ranges="10.0.0.1-10.0.0.2,10.0.0.4-10.0.0.5")
        self.console.add(
            "/ip/dhcp-server", interface="ether1", address_pool="p", address_lists="guests", add_arp="yes"
        )

    @rule(mac=MACS, requested=st.one_of(st.just(""), ADDRESSES))
    def ask(self, mac: str, requested: str) -> None:
        def change(tx: Transaction) -> None:
            item = dhcp.lease(tx, "*1", mac, requested=requested)
            assert item is None or item.values["active-mac-address"] == mac

        self.console.router.write(change)

    @rule(mac=MACS)
    def leave(self, mac: str) -> None:
        self.console.router.write(lambda tx: dhcp.release(tx, mac))

    @rule(mac=MACS, address=ADDRESSES)
    def reserve(self, mac: str, address: str) -> None:
        self.attempt("add", {"mac-address": mac, "address": address})

    @rule(place=st.integers(0, 5), verb=st.sampled_from(["remove", "make-static", "disable", "enable"]))
    def handle(self, place: int, verb: str) -> None:
        rows = self.console.rows(LEASE)
        if place < len(rows):
            self.attempt(verb, {"numbers": rows[place][".id"]})

    @rule(seconds=st.sampled_from([1, 299, 600]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    def attempt(self, verb: str, given: dict[str, str]) -> None:
        with suppress(Trap):
            self.console.run(f"{LEASE}/{verb}", given)

    @invariant()
    def every_address_has_one_holder(self) -> None:
        bound = [row for row in self.console.rows(LEASE) if row["status"] == "bound"]
        held = [row["active-address"] for row in bound]
        used = [row["address"] for row in self.console.rows("/ip/pool/used")]
        listed = [row["address"] for row in self.console.rows("/ip/firewall/address-list")]
        learned = [row["address"] for row in self.console.rows("/ip/arp")]
        assert len(set(held)) == len(held)
        assert set(used) <= set(held)
        assert sorted(listed) == sorted(held)
        assert sorted(learned) == sorted(held)
        pool = self.console.row(POOL, "p")
        assert int(pool["used"]) == len(used) == int(pool["total"]) - int(pool["available"])
        assert all(row["expires-after"] != "0s" for row in bound)


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
