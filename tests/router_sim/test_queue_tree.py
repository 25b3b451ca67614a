"""The queue tree: names, parents, and what is left of a queue whose parent goes."""

from tests.router_sim.conftest import Console

TREE = "/queue/tree"


def test_queues_are_below_interfaces_and_other_queues(console: Console) -> None:
    whole = console.add(TREE, name="whole", parent="global", max_limit="10M")
    web = console.add(TREE, parent="whole", packet_mark="web", priority="3")
    row = console.row(TREE, web)
    assert (row["name"], row["parent"], row["queue"]) == ("queue1", "whole", "default-small")
    assert (row["limit-at"], row["burst-time"], row["bytes"], row["invalid"]) == ("0", "0s", "0", "false")
    assert console.row(TREE, whole)["max-limit"] == "10000000"
    console.run(f"{TREE}/remove", {".id": whole})
    assert console.row(TREE, web)["invalid"] == "true"
    console.set(TREE, web, parent="vlan10")
    assert console.row(TREE, web)["invalid"] == "false"


def test_what_a_parent_cannot_be(console: Console) -> None:
    whole = console.add(TREE, name="whole", parent="global")
    console.add(TREE, name="part", parent="whole")
    no_match = (("input does not match any value of parent", 1),)
    assert console.trap(f"{TREE}/add", {"name": "x", "parent": "nowhere"}) == no_match
    assert console.trap(f"{TREE}/set", {".id": whole, "parent": "whole"}) == no_match
    assert console.trap(f"{TREE}/set", {".id": whole, "parent": "part"}) == no_match
    assert console.trap(f"{TREE}/add", {"name": "x"})[0][0] == "missing =parent="
    twice = console.trap(f"{TREE}/add", {"name": "part", "parent": "global"})
    assert twice[0][0] == "failure: already have such name"
