"""Monitors take places in a list, as exporters give them; writes do not."""

import pytest

from router_sim.engine import Trap
from tests.router_sim.conftest import Console


def test_a_monitor_takes_places_in_the_list(console: Console) -> None:
    assert console.run("/interface/ethernet/monitor", {"numbers": "0", "once": ""}).stream is not None
    for numbers in ("1", "0,7", "99999999999", "-1", "٣", ""):
        with pytest.raises(Trap, match="no such item"):
            console.run("/interface/ethernet/monitor", {"numbers": numbers, "once": ""})
    assert console.trap("/interface/ethernet/set", {"numbers": "0", "comment": "x"})[0][0] == "no such item"


def test_a_name_made_of_digits_is_a_name(console: Console) -> None:
    console.run("/interface/ethernet/set", {".id": "ether1", "name": "7"})
    assert console.run("/interface/ethernet/monitor", {"numbers": "7", "once": ""}).stream is not None
