"""Addresses for many routers, and routers that are twins."""

from __future__ import annotations

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin
from router_sim.router import Router
from router_sim.sites import addresses_from, site_routers

LISTS = "/ip/firewall/address-list"


def test_addresses_count_up_and_skip_the_ends_of_a_network() -> None:
    assert addresses_from("127.0.1.253", 5) == (
        "127.0.1.253",
        "127.0.1.254",
        "127.0.2.1",
        "127.0.2.2",
        "127.0.2.3",
    )
    assert len(set(addresses_from("127.0.1.1", 10_000))) == 10_000
    assert addresses_from("127.0.0.1", 1) == ("127.0.0.1",)


@pytest.mark.parametrize(("first", "count"), [("10.0.0.1", 1), ("127.255.255.250", 10)])
def test_addresses_stay_on_loopback(first: str, count: int) -> None:
    with pytest.raises(ValueError, match=first):
        addresses_from(first, count)


def test_twins_have_names_of_their_own_and_change_apart() -> None:
    routers = site_routers(
        addresses_from("127.0.1.1", 3),
        clock=VirtualClock(),
        version="7.22.3",
        password="s3cret",
        subnets=["10.9.0.0/24"],
    )
    assert [router.name for router in routers.values()] == ["router-1", "router-2", "router-3"]
    first, second, third = routers.values()
    assert identity(second) == "router-2"
    assert second.journal.entries() == []
    assert third.authenticate("admin", "s3cret")
    before = third.snapshot()
    second.execute(
        Command(f"{LISTS}/add", {"list": "a", "address": "10.0.0.1"}), Origin("admin", "127.0.0.1")
    )
    assert len(second.journal.entries()) == 1
    assert third.snapshot() == before
    assert first.journal.entries() == []
    second.reset()
    assert identity(second) == "router-2"
    assert second.snapshot()[LISTS] == before[LISTS]


def identity(router: Router) -> str:
    return router.snapshot()["/system/identity"][0]["name"]
