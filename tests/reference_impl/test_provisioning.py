"""Provisioning of simulated routers over TCP: what is written, when, and how it survives trouble."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from librouteros.exceptions import TrapError

from reference_impl.app import create_app
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import FILE, SERVER, USER_PROFILE, Operation
from reference_impl.provisioning.reconcile import Pace, Provisioning
from reference_impl.settings import RouterSettings
from router_sim.engine import Command, Origin
from router_sim.faults import Fault
from router_sim.fleet import Fleet
from router_sim.seed import lab_router
from tests.reference_impl.conftest import SITE, Api, TurnedClock, make_settings, running

FIRST = [{"id": SITE, "subnets": ["10.5.50.0/24"]}]
SECOND = [{"id": SITE, "subnets": ["10.5.51.0/24"]}]
BOTH = [{"id": SITE, "subnets": ["10.5.50.0/24", "10.5.51.0/24"]}]
QUIET = Pace(resync=3600, first_retry=0.01, longest_retry=0.05)
BUSY = Pace(resync=0.02, first_retry=0.01, longest_retry=0.05)
OPERATOR = Origin("operator", "192.0.2.10")


class Bench:
    """A service with one simulated router, and hands on both."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock = TurnedClock()
        self.router = lab_router("site-1", clock=self.clock, password="router-pass")
        self.fleet = Fleet({"127.0.1.1": self.router}, port=0)
        self.tmp_path = tmp_path
        self.ids = itertools.count(1)
        self.provisioning: Provisioning
        self.api: Api
        self.other: Api

    def settings(self) -> Any:
        router = RouterSettings(
            host="127.0.1.1", port=self.fleet.port, username="admin", password="router-pass"
        )
        return make_settings(self.tmp_path, router)

    @asynccontextmanager
    async def service(self, pace: Pace = QUIET) -> AsyncIterator[None]:
        async with running(create_app(self.settings(), clock=self.clock, pace=pace)) as app:
            self.provisioning = app.state.service.provisioning
            self.api, self.other = Api(app), Api(app, "token-b")
            yield
            await self.api.client.aclose()
            await self.other.client.aclose()

    async def settle(self) -> None:
        async with asyncio.timeout(20):
            await self.provisioning.settled()

    async def create(self, sites: list[Any], **changes: Any) -> str:
        made = await self.api.create(**changes)
        await self.put(made["id"], sites=sites, **changes)
        return str(made["id"])

    async def put(self, instance: str, **changes: Any) -> None:
        answer = await self.api.put(instance, **changes)
        assert answer.status_code == 200, answer.text
        await self.settle()

    async def delete(self, instance: str) -> None:
        assert (await self.api.send("DELETE", f"/instances/{instance}")).status_code == 204
        await self.settle()

    def rows(self, menu: str, **values: str) -> list[dict[str, str]]:
        rows = self.router.snapshot()[menu]
        return [
            row
            for row in rows
            if all(row.get(key.replace("_", "-")) == value for key, value in values.items())
        ]

    def operate(self, command: str, **attributes: str) -> str | None:
        words = {key.replace("_", "-"): value for key, value in attributes.items()}
        if "numbers" in words:
            words[".id"] = words.pop("numbers")
        return self.router.execute(Command(command, words), OPERATOR).ret

    def written(self) -> list[tuple[str, str]]:
        """The writes of the service since the last look: command and id."""
        entries = [entry for entry in self.router.journal.entries() if entry.user == "admin"]
        self.router.journal.clear()
        return [(entry.command, entry.id) for entry in entries]

    def configuration(self) -> dict[str, list[dict[str, str]]]:
        """All that is configured, without what only tells the time or who is logged in."""
        return {
            menu: rows
            for menu, rows in self.router.snapshot().items()
            if menu not in ("/user", "/user/active", "/ip/hotspot/host", "/ip/hotspot/active")
        }

    def admit(self, address: str, user: str) -> None:
        password = self.rows("/ip/hotspot/user", name=user)[0]["password"]
        self.operate("/ip/hotspot/active/login", user=user, password=password, ip=address)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.fleet:
        yield bench


def without_ids(configuration: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    return {
        menu: [{key: value for key, value in row.items() if key != ".id"} for row in rows]
        for menu, rows in configuration.items()
    }


async def test_an_instance_becomes_a_hotspot(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(FIRST)
    short, name = f"pc-{instance[:8]}", f"pc-{instance[:8]}-10.5.50.1"
    [server] = bench.rows("/ip/hotspot", name=name)
    assert (server["interface"], server["profile"], server["disabled"]) == ("bridge-guest", name, "false")
    assert server.get("invalid") != "true"
    assert "address-pool" not in server
    [profile] = bench.rows("/ip/hotspot/profile", name=name)
    assert profile["hotspot-address"] == "10.5.50.1"
    assert profile["login-by"] == "http-chap,http-pap"
    assert profile["html-directory"] == short
    [user_profile] = bench.rows("/ip/hotspot/user/profile", name=short)
    assert user_profile["session-timeout"] == "12h"
    assert user_profile["shared-users"] == "unlimited"
    assert user_profile["add-mac-cookie"] == "false"
    [user] = bench.rows("/ip/hotspot/user", comment=f"portal-contract:{instance}")
    assert (user["name"], user["server"], user["profile"]) == (name, name, short)
    assert len(user["password"]) == 64
    [rule] = bench.rows("/ip/hotspot/walled-garden/ip", comment=f"portal-contract:{instance}")
    assert (rule["action"], rule["dst-address"], rule["server"]) == ("accept", "192.0.2.80", name)
    [page] = bench.rows("/file", name=f"{short}/login.html")
    assert f"http://192.0.2.80:8080/captive/portal/{instance}?mac=" in page["contents"]


async def test_a_changed_ttl_is_one_write_and_other_changes_are_none(bench: Bench) -> None:
    async with bench.service():
        instance = await bench.create(BOTH)
        bench.written()
        await bench.put(instance, sites=BOTH)
        await bench.put(instance, sites=BOTH, name="Ω \" '", theme={"box_color": "#000000"}, terms_text="x")
        assert bench.written() == []
        await bench.put(instance, sites=BOTH, session_ttl=7200)
        assert [command for command, _ in bench.written()] == ["/ip/hotspot/user/profile/set"]
        [profile] = bench.rows("/ip/hotspot/user/profile", name=f"pc-{instance[:8]}")
        assert profile["session-timeout"] == "2h"
    async with bench.service():
        await bench.settle()
        assert bench.written() == []


@pytest.mark.parametrize("removal", ["delete", "site", "subnet"])
async def test_removal_leaves_the_router_as_it_was(bench: Bench, removal: str) -> None:
    before = bench.configuration()
    async with bench.service():
        instance = await bench.create(BOTH)
        assert bench.configuration() != before
        bench.router.associate("02:00:5E:00:53:01", "10.5.50.9", "bridge-guest")
        bench.admit("10.5.50.9", f"pc-{instance[:8]}-10.5.50.1")
        assert len(bench.rows("/ip/hotspot/active")) == 1
        if removal == "delete":
            await bench.delete(instance)
        else:
            await bench.put(instance, sites=[] if removal == "site" else [{"id": SITE, "subnets": []}])
    assert bench.configuration() == before
    assert bench.rows("/ip/hotspot/active") == []


@pytest.fixture
def guarded(bench: Bench) -> Iterator[list[int]]:
    """The number of enabled servers on bridge-guest after each write to a server."""
    counts: list[int] = []

    def look(_record: object) -> None:
        servers = bench.rows("/ip/hotspot", interface="bridge-guest", disabled="false")
        counts.append(len([row for row in servers if row.get("invalid") != "true"]))

    stop = bench.router.watch("/ip/hotspot", look)
    yield counts
    stop()


async def test_a_subnet_is_handed_over_on_the_same_row(bench: Bench, guarded: list[int]) -> None:
    async with bench.service():
        giver, taker = await bench.create(BOTH), await bench.create([])
        row = bench.rows("/ip/hotspot", interface="bridge-guest")[0][".id"]
        for number, network, interface in ((1, "10.5.50", "bridge-guest"), (2, "10.5.51", "vlan-guest-2")):
            bench.router.associate(f"02:00:5E:00:53:0{number}", f"{network}.9", interface)
            bench.admit(f"{network}.9", f"pc-{giver[:8]}-{network}.1")
        guarded.clear()
        bench.written()
        await bench.put(taker, sites=FIRST)
        writes = bench.written()
    assert [write for write in writes if write[0].startswith("/ip/hotspot/set")] == [("/ip/hotspot/set", row)]
    assert set(guarded) == {1}
    [server] = bench.rows("/ip/hotspot", interface="bridge-guest")
    assert server["name"] == server["profile"] == f"pc-{taker[:8]}-10.5.50.1"
    assert [active["address"] for active in bench.rows("/ip/hotspot/active")] == ["10.5.51.9"]
    names = {user["name"] for user in bench.rows("/ip/hotspot/user") if user["name"].startswith("pc-")}
    assert names == {f"pc-{taker[:8]}-10.5.50.1", f"pc-{giver[:8]}-10.5.51.1"}
    assert {row["server"] for row in bench.rows("/ip/hotspot/walled-garden/ip")[1:]} == names


async def test_swapping_two_subnets(bench: Bench, guarded: list[int]) -> None:
    async with bench.service():
        one, two = await bench.create(FIRST), await bench.create(SECOND)
        guarded.clear()
        await bench.put(one, sites=BOTH)
        await bench.put(two, sites=FIRST)
    assert set(guarded) == {1}
    servers = {row["interface"]: row["name"] for row in bench.rows("/ip/hotspot")}
    assert servers["bridge-guest"] == f"pc-{two[:8]}-10.5.50.1"
    assert servers["vlan-guest-2"] == f"pc-{one[:8]}-10.5.51.1"


async def test_two_tenants_on_one_router_do_not_meet(bench: Bench) -> None:
    async with bench.service():
        mine = await bench.create(FIRST)
        before = bench.configuration()
        theirs = (await bench.other.create())["id"]
        await bench.other.put(theirs, sites=SECOND)
        await bench.settle()
        assert len(bench.rows("/ip/hotspot")) == 3
        await bench.other.send("DELETE", f"/instances/{theirs}")
        await bench.settle()
        assert bench.configuration() == before
        assert bench.rows("/ip/hotspot", name=f"pc-{mine[:8]}-10.5.50.1")


async def test_an_unreachable_router_delays_nothing_but_itself(bench: Bench) -> None:
    port = bench.fleet.port
    await bench.fleet.close()
    async with bench.service():
        made = await bench.api.create()
        assert (await bench.api.put(made["id"], sites=FIRST)).status_code == 200
        [reconciler] = bench.provisioning.reconcilers
        assert reconciler.failure is not None
        bench.fleet = Fleet({"127.0.1.1": bench.router}, port=port)
        async with bench.fleet:
            await bench.settle()
            assert reconciler.failure is None
            assert bench.rows("/ip/hotspot", name=f"pc-{made['id'][:8]}-10.5.50.1")


async def run_through(bench: Bench) -> Any:
    """Create, hand over and delete; return what the router then holds, ids and instance names aside."""
    states = []
    one, two = await bench.create(BOTH), await bench.create([])
    for step in ("create", "hand over", "delete"):
        if step == "hand over":
            await bench.put(two, sites=FIRST)
        if step == "delete":
            await bench.delete(one)
        text = repr(without_ids(bench.configuration()))
        for instance, name in ((one, "ONE"), (two, "TWO")):
            text = text.replace(instance, name).replace(f"pc-{instance[:8]}", f"pc-{name}")
        states.append(sorted(text.replace("'", "").split("{")))
    return [[line for line in state if "password" not in line] for state in states]


@pytest.mark.parametrize("verb", ["add", "set", "remove"])
@pytest.mark.parametrize("kind", ["trap", "drop_before", "drop_after"])
async def test_trouble_at_any_write_leads_to_the_same_state(tmp_path: Path, kind: str, verb: str) -> None:
    expected = None
    for skip in itertools.count(-1):
        (tmp_path / str(skip)).mkdir()
        bench = Bench(tmp_path / str(skip))
        async with bench.fleet, bench.service():
            if skip >= 0:
                bench.fleet.faults.add(Fault(kind=kind, path=f"*/{verb}", skip=skip, count=1))
            state = await run_through(bench)
        expected = expected or state
        assert state == expected, skip
        if bench.fleet.faults.active():
            # There was no write of that number any more.
            assert skip >= 2
            return


async def test_orphans_are_removed_without_a_database(bench: Bench, tmp_path: Path) -> None:
    before = bench.configuration()
    async with bench.service():
        await bench.create(BOTH)
    assert bench.configuration() != before
    (tmp_path / "fresh").mkdir()
    bench.tmp_path = tmp_path / "fresh"
    async with bench.service():
        await bench.settle()
    assert bench.configuration() == before


async def changed(bench: Bench, menu: str, goal: Any) -> None:
    """Wait until the condition holds after a write to the menu."""
    moved = asyncio.Event()
    stop = bench.router.watch(menu, lambda _record: moved.set())
    async with asyncio.timeout(20):
        while not goal():
            await moved.wait()
            moved.clear()
    stop()


async def test_an_operators_server_is_not_overwritten(bench: Bench) -> None:
    foreign = bench.operate("/ip/hotspot/add", name="lounge", interface="bridge-guest", disabled="no")
    before = bench.configuration()
    async with bench.service(BUSY):
        instance = await bench.create(FIRST)
        assert bench.configuration() == before
        [missed] = bench.provisioning.reconcilers[0].unprovisioned
        assert (missed.instance_id, missed.subnet) == (instance, "10.5.50.0/24")
        assert "bridge-guest" in missed.reason
        bench.operate("/ip/hotspot/remove", numbers=str(foreign))
        await changed(
            bench,
            "/ip/hotspot",
            lambda: bench.rows("/ip/hotspot", interface="bridge-guest", disabled="false"),
        )
        await bench.settle()
        bench.provisioning.wake([SITE])
        await bench.settle()
        assert bench.provisioning.reconcilers[0].unprovisioned == ()


async def test_a_subnet_is_provisioned_when_its_address_appears(bench: Bench) -> None:
    before = bench.configuration()
    async with bench.service(BUSY):
        instance = await bench.create([{"id": SITE, "subnets": ["10.7.0.0/24"]}])
        assert bench.configuration() == before
        [missed] = bench.provisioning.reconcilers[0].unprovisioned
        assert "no enabled address" in missed.reason
        bench.operate("/ip/address/add", address="10.7.0.254/24", interface="bridge-guest")
        name = f"pc-{instance[:8]}-10.7.0.254"
        await changed(bench, "/ip/hotspot", lambda: bench.rows("/ip/hotspot", name=name, disabled="false"))


async def test_what_an_operator_breaks_is_repaired(bench: Bench) -> None:
    async with bench.service(BUSY):
        instance = await bench.create(FIRST)
        name = f"pc-{instance[:8]}-10.5.50.1"
        bench.operate("/ip/hotspot/set", numbers=name, disabled="yes")
        await changed(bench, "/ip/hotspot", lambda: bench.rows("/ip/hotspot", name=name, disabled="false"))
        bench.operate("/ip/hotspot/user/remove", numbers=name)
        await changed(
            bench, "/ip/hotspot/user", lambda: bench.rows("/ip/hotspot/user", name=name, server=name)
        )


async def test_addresses_that_change_places_are_followed(bench: Bench) -> None:
    async with bench.service():
        one, two = await bench.create(FIRST), await bench.create(SECOND)
        first, second = (bench.rows("/ip/address", address=f"10.5.5{n}.1/24")[0][".id"] for n in (0, 1))
        bench.operate("/ip/address/set", numbers=first, interface="vlan-guest-2")
        bench.operate("/ip/address/set", numbers=second, interface="bridge-guest")
        bench.provisioning.wake([SITE])
        await bench.settle()
        servers = {row["interface"]: row["name"] for row in bench.rows("/ip/hotspot")}
        assert servers["vlan-guest-2"] == f"pc-{one[:8]}-10.5.50.1"
        assert servers["bridge-guest"] == f"pc-{two[:8]}-10.5.51.1"
        users = {row["name"]: row["server"] for row in bench.rows("/ip/hotspot/user") if "server" in row}
        assert users[servers["bridge-guest"]] == servers["bridge-guest"]
        assert users[servers["vlan-guest-2"]] == servers["vlan-guest-2"]


async def test_sites_of_one_router_do_not_remove_each_other(bench: Bench) -> None:
    settings = bench.settings()
    sites = [site.model_copy(update={"router": settings.sites[0].router}) for site in settings.sites]
    settings = settings.model_copy(update={"sites": sites})
    async with running(create_app(settings, pace=QUIET)) as app:
        bench.provisioning, bench.api = app.state.service.provisioning, Api(app)
        assert len(bench.provisioning.reconcilers) == 1
        await bench.create(FIRST)
        await bench.create([{"id": sites[1].id, "subnets": ["10.5.51.0/24"]}])
        await bench.put((await bench.api.create())["id"])
        assert len(bench.rows("/ip/hotspot")) == 3
        await bench.api.client.aclose()


async def test_no_secret_of_the_service_reaches_the_router(bench: Bench) -> None:
    async with bench.service():
        await bench.create(BOTH)
    text = repr(bench.router.snapshot())
    for secret in ("a secret of the tests", "token-a", "token-b", "router-pass"):
        assert secret not in text


def device(bench: Bench, timeout: float = 10.0) -> Device:
    router = bench.settings().sites[0].router
    assert router is not None
    return Device(router, timeout)


async def test_the_connection_is_reused_after_a_trap_and_dropped_after_a_timeout(bench: Bench) -> None:
    used = device(bench, timeout=0.2)
    await used.read()
    connections = {row[".id"] for row in bench.rows("/user/active")}
    with pytest.raises(TrapError, match="no such item"):
        await used.apply(Operation("set", USER_PROFILE, "*FFFF", {"name": "x"}))
    await used.apply(Operation("remove", USER_PROFILE, "*FFFF"))
    await used.read()
    assert {row[".id"] for row in bench.rows("/user/active")} == connections
    bench.fleet.faults.add(Fault(kind="latency", path="/ip/address/print", delay=600, count=1))
    with pytest.raises(TimeoutError):
        await used.read()
    rows = await used.read()
    assert [row["address"] for row in rows["/ip/address"]][:2] == ["192.0.2.2/24", "10.5.50.1/24"]
    assert {row[".id"] for row in bench.rows("/user/active")} - connections
    used.disconnect()


async def test_values_are_read_as_they_are_printed(bench: Bench) -> None:
    bench.operate("/ip/hotspot/profile/add", name="yes", html_directory="007")
    bench.operate("/file/add", name="pc-0a0b0c0d/login.html", contents="a=b\ncafé")
    used = device(bench)
    rows = await used.read()
    assert any(row["name"] == "yes" and row["html-directory"] == "007" for row in rows["/ip/hotspot/profile"])
    assert [row["contents"] for row in rows[FILE] if "contents" in row] == ["a=b\ncafé"]
    assert {row["disabled"] for row in rows[SERVER]} == {"false"}
    used.disconnect()


async def test_a_wrong_password_is_refused_by_the_router(bench: Bench) -> None:
    router = bench.settings().sites[0].router.model_copy(update={"password": "x"})
    with pytest.raises(TrapError, match="invalid user name or password"):
        await Device(router).read()
