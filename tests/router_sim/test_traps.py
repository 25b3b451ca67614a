"""Refusals that belong to no one menu, word for word with their categories."""

import pytest

from router_sim.engine import Trap
from tests.router_sim.conftest import Console

HOTSPOT = "/ip/hotspot"


def test_the_beginning_of_several_names_is_ambiguous(console: Console) -> None:
    for number in ("10", "20"):
        console.add(HOTSPOT, name=f"hotspot-{number}", interface=f"vlan{number}")
    words = "ambiguous value of server, more than one possible value matches input"
    given = {"name": "guest", "server": "hotspot-"}
    assert console.trap(f"{HOTSPOT}/user/add", given) == ((words, 1),)
    for text in ("hotspot-1", "hotspot-30", ""):
        with pytest.raises(Trap, match="input does not match any value of server"):
            console.run(f"{HOTSPOT}/user/add", {"name": "guest", "server": text})
    console.add(f"{HOTSPOT}/user", name="guest", server="hotspot-10")


def test_a_binding_names_what_it_wants(console: Console) -> None:
    for given, words in (
        ({"address": "nonsense"}, "value of address expects range of ip addresses"),
        ({"address": "10.0.0.9-10.0.0.1"}, "value of address expects range of ip addresses"),
        ({"address": "10.0.0.9-"}, "value of range must have ip address after '-'"),
        ({"mac-address": "nonsense"}, "invalid value of mac-address, mac address required"),
    ):
        assert console.trap(f"{HOTSPOT}/ip-binding/add", given) == ((words, 1),)
