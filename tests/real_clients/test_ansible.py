"""community.routeros aimed at the simulator: what is applied twice changes nothing the second time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from router_sim.menus.catalogue import catalogue
from tests.real_clients.desired import DESIRED, Data, Desired
from tests.real_clients.lab import Site, site

VERSIONS = ("7.22.3", "7.16", "6.49")
# The client tells rights apart by the text a router prints, and version 6 has others; routes are not what it knows.
OTHER_WORDS = {("6.49", "user group"), ("6.49", "ip route")}
TRACES = {"/log", "/user", "/user/active"}
REMOVE = {"handle_absent_entries": "remove", "handle_entries_content": "remove_as_much_as_possible"}


def served(version: str) -> list[str]:
    """The menus of a version, written as ansible writes them."""
    return [path[1:].replace("/", " ") for path in catalogue(version).menus]


def configuration(lab: Site) -> dict[str, list[dict[str, str]]]:
    """All menus but those in which every login leaves a trace."""
    return {path: rows for path, rows in lab.router.snapshot().items() if path not in TRACES}


async def told(lab: Site, *tasks: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = await lab.python("ansible_modules", tasks=tasks)
    return results


def modify(wish: Desired, data: Data, **more: Any) -> tuple[str, dict[str, Any]]:
    limits: dict[str, Any] = {}
    if wish.only is not None:
        limits["restrict"] = [{"field": wish.only[0], "regex": wish.only[1]}]
    return (
        "api_modify",
        {"path": wish.path, "data": data, "handle_write_only": "create_only", **limits, **more},
    )


def wanted(version: str) -> Iterator[Desired]:
    """What can be wanted of a version: of the menus it has, with the properties they have there."""
    for wish in DESIRED:
        menu = catalogue(version).menus.get("/" + wish.path.replace(" ", "/"))
        if menu is None or (version, wish.path) in OTHER_WORDS:
            continue
        known = {*menu.by_name, *(f"!{name}" for name in menu.by_name)}
        first, then = (
            data and [{name: row[name] for name in row if name in known} for row in data]
            for data in (wish.first, wish.then)
        )
        if then == first:
            then = None
        yield replace(wish, first=first or [], then=then)


def exactly(wish: Desired, version: str) -> dict[str, Any]:
    """This and nothing else, as far as the menu permits it, and in this order where there is one."""
    menu = catalogue(version).menus["/" + wish.path.replace(" ", "/")]
    if wish.fixed or menu.singleton:
        return {"handle_entries_content": REMOVE["handle_entries_content"]}
    return {**REMOVE, "ensure_order": menu.ordered}


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_applied_twice_changes_nothing_the_second_time(version: str) -> None:
    wishes = list(wanted(version))
    asked: list[tuple[Desired, str, bool, tuple[str, dict[str, Any]]]] = []
    for wish in wishes:
        asked.append((wish, "first", True, modify(wish, wish.first)))
        asked.append((wish, "first again", False, modify(wish, wish.first)))
        if wish.then is not None:
            asked.append((wish, "then", True, modify(wish, wish.then, **exactly(wish, version))))
            asked.append((wish, "then again", False, modify(wish, wish.then, **exactly(wish, version))))
    async with site(version=version) as lab:
        results = await told(lab, *(task for _, _, _, task in asked))
        orders = {
            wish.path: [row.get("dst-host") for row in lab.run("/" + wish.path.replace(" ", "/") + "/print")]
            for wish in wishes
            if wish.path == "ip hotspot walled-garden"
        }
    wrong = [
        f"{wish.path}, {when}: {result.get('msg') or ('changed' if result['changed'] else 'unchanged')}"
        for (wish, when, changed, _), result in zip(asked, results, strict=True)
        if result.get("failed") or result.get("changed") is not changed
    ]
    assert not wrong, "\n".join(wrong)
    assert orders["ip hotspot walled-garden"] == ["pay.t.example", "*.t.example", None]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_menu_holds_can_be_applied_to_it_and_changes_nothing(version: str) -> None:
    paths = served(version)
    async with site(version=version) as lab:
        known = await told(lab, *(("api_info", {"path": path, "handle_disabled": "omit"}) for path in paths))
        held = {path: info["result"] for path, info in zip(paths, known, strict=True) if "result" in info}
        unknown = {
            info["msg"]
            for info in known
            if "result" not in info
            and "must be one of" not in info["msg"]
            and "not supported" not in info["msg"]
        }
        assert unknown == set()
        assert held.keys() >= {
            "ip hotspot",
            "ip hotspot user",
            "ip hotspot walled-garden",
            "ip hotspot service-port",
        }
        tasks = []
        for path, data in held.items():
            given = {"path": path, "data": data, "handle_read_only": "ignore"}
            tasks += [
                ("api_modify", given),
                ("api_modify", {**given, "handle_entries_content": REMOVE["handle_entries_content"]}),
            ]
            menu = catalogue(version).menus["/" + path.replace(" ", "/")]
            if menu.ordered:
                tasks.append(("api_modify", {**given, **REMOVE, "ensure_order": True}))
        before = configuration(lab)
        results = await told(lab, *tasks)
        assert configuration(lab) == before
    wrong = [
        f"{task[1]['path']}: {result.get('msg', 'changed')}"
        for task, result in zip(tasks, results, strict=True)
        if result.get("failed") or result.get("changed")
    ]
    assert not wrong, "\n".join(wrong)


async def test_a_playbook_has_nothing_to_do_the_second_time() -> None:
    async with site() as lab:
        await lab.playbook("site", first_time=True)
        await lab.playbook("site", first_time=False)
        assert [row["name"] for row in lab.run("/ip/hotspot/user/print") if row["profile"] == "staff"] == [
            "reception",
            "desk-1",
        ]
        assert [row["dst-host"] for row in lab.run("/ip/hotspot/walled-garden/print")] == [
            "ads.example",
            "*.example",
        ]
        (printer,) = lab.run("/ip/hotspot/ip-binding/print")
        assert printer["comment"] == "new printer"
        assert "server" not in printer


async def test_single_commands() -> None:
    users, garden = {"path": "ip hotspot user"}, {"path": "ip hotspot walled-garden"}
    where = {"attribute": "name", "is": "in", "value": ["visitor", "guest 1"]}
    async with site() as lab:
        results = await told(
            lab,
            ("api", {**users, "add": 'name="guest 1" password="p w" profile=staff limit-uptime=90m'}),
            ("api", {**users, "query": '.id name WHERE name == "guest 1"'}),
            ("api", {**users, "extended_query": {"attributes": ["name", "profile"], "where": [where]}}),
            ("api", {**users, "update": ".id=*3 comment=late"}),
            ("api", {**users, "cmd": "print .proplist=name"}),
            ("api", {**users, "query": "name WHERE name == nobody"}),
            ("api", {**users, "remove": "*3"}),
            ("api", {**users, "remove": "*3"}),
            ("api", {**garden, "add": "dst-hosts=x.example"}),
            ("api", {"path": "ip hotspots"}),
        )
        assert [row["name"] for row in lab.run("/ip/hotspot/user/print")] == [
            "default-trial",
            "reception",
            "visitor",
        ]
    said = [result["msg"] for result in results]
    assert said[:3] == [
        ["added: .id= *3"],
        [{".id": "*3", "name": "guest 1"}],
        [{"name": "visitor", "profile": "default"}, {"name": "guest 1", "profile": "staff"}],
    ]
    assert said[5:7] == [
        ["no results for 'ip hotspot user 'query' name WHERE name == nobody"],
        ["removed: .id= *3"],
    ]
    assert [result.get("failed", False) for result in results] == [False] * 7 + [True] * 3
    refusals = (
        "no such item",
        "unknown parameter dst-hosts",
        "no such command or directory (hotspots), no such command prefix",
    )
    for refusal, text in zip(refusals, said[7:], strict=True):
        assert refusal in text


async def test_facts() -> None:
    """Facts are gathered menu by menu; those of menus that are not there are told as warnings, not as errors."""
    async with site() as lab:
        lab.run("/ip/route/add", {"gateway": "192.0.2.1", "comment": "out"})
        lab.run("/ipv6/address/add", {"address": "2001:db8::1/64", "interface": "bridge-guest"})
        (told_of,) = await told(lab, ("api_facts", {"gather_subset": ["all"]}))
    facts = {name.removeprefix("ansible_net_"): value for name, value in told_of["ansible_facts"].items()}
    assert (facts["hostname"], facts["version"], facts["arch"]) == ("site", "7.22.3 (stable)", "x86_64")
    assert facts["interfaces"].keys() == {"ether1", "lo", "bridge-guest", "vlan-guest-2", "vlan-office"}
    assert facts["interfaces"]["bridge-guest"]["ipv4"] == [{"address": "10.5.50.1", "subnet": 24}]
    assert facts["interfaces"]["bridge-guest"]["ipv6"] == [{"address": "2001:db8::1", "subnet": 64}]
    assert facts["all_ipv4_addresses"] == ["192.0.2.2", "10.5.50.1", "10.5.51.1", "172.20.0.1"]
    assert facts["all_ipv6_addresses"] == ["2001:db8::1"]
    assert (facts["memtotal_mb"], facts["neighbors"]) == (1024.0, [])
    assert len(facts["route"]) == 1
    warned = {warning["event"]["msg"].split(":")[0] for warning in told_of["warnings"]}
    assert warned == {
        f"Error while querying path routing {path}"
        for path in ("bgp peer", "bgp vpnv4-route", "bgp instance", "ospf instance", "ospf neighbor")
    }
