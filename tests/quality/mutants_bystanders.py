"""Mutants that harm others: the operator, the guests before login, the owner of a secret, the next instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from contract_tests.lab import Lab
from reference_impl.provisioning import desired as wishes
from reference_impl.provisioning.desired import Claim
from reference_impl.provisioning.device import Device
from reference_impl.provisioning.menus import (
    SERVER,
    USER,
    USER_PROFILE,
    WALLED_GARDEN_IP,
    Actual,
    Item,
    Operation,
    owner,
)
from router_sim.engine import Command, Origin
from tests.quality.mutants_routers import (
    Apply,
    Plan,
    change_foreign,
    claims,
    meddling,
    named_claims,
    of,
    plans,
    row_of,
    when_a_server_comes,
)
from tests.quality.mutants_stage import Mutant, Stage

# Open to all.


def _anywhere(item: Item) -> Item:
    """An entry of the walled garden that names no destination, which means every one."""
    kept = {
        name: value
        for name, value in item.properties.items()
        if name != "protocol" and not name.startswith("dst-")
    }
    return replace(item, properties=kept)


def _all_tcp(item: Item) -> Item:
    """An entry of the walled garden that names a protocol alone."""
    kept = {name: value for name, value in item.properties.items() if not name.startswith("dst-")}
    return replace(item, properties=kept)


async def _bypass_all(device: Device) -> None:
    await device.connection.call("/ip/hotspot/ip-binding/add", "=type=bypassed", "=address=10.5.50.0/24")


async def _allow_all_hosts(device: Device) -> None:
    await device.connection.call("/ip/hotspot/walled-garden/add", "=action=allow", "=dst-host=*")


# The operator's things.


def _foreign(menu: str, query: str, verb: str, *words: str) -> Apply:
    """When the first server is made, one item of the operator is changed."""

    async def deed(device: Device) -> None:
        await change_foreign(device, menu, query, verb, *words)

    return when_a_server_comes(deed)


async def _other_dns(device: Device) -> None:
    await device.connection.call("/ip/dns/set", "=servers=198.51.100.1")


def _other_order(stage: Stage) -> None:
    """The operator has two walled-garden entries; the second is moved before the first."""

    def prepare(lab: Lab) -> None:
        entry = {"action": "accept", "dst-address": "192.0.2.81", "comment": "second entry"}
        for router in lab.fleet.routers.values():
            router.execute(Command(f"{WALLED_GARDEN_IP}/add", entry), Origin("", "", "operator"))

    async def deed(device: Device) -> None:
        [first] = await device.connection.print(WALLED_GARDEN_IP, "", "?comment=booking system")
        [second] = await device.connection.print(WALLED_GARDEN_IP, "", "?comment=second entry")
        await device.connection.call(
            f"{WALLED_GARDEN_IP}/move", f"=numbers={second['.id']}", f"=destination={first['.id']}"
        )

    stage.prepare = prepare
    when_a_server_comes(deed)(stage)


# Secrets and names.


def _token_in_pages(stage: Stage) -> None:
    def page(instance_id: str, site_id: str, base: str) -> str:
        assert stage.settings is not None
        token = stage.settings.tenants[0].token
        text: str = original(instance_id, site_id, base)
        return text.replace("?site=", f"?api_key={token}&amp;site=")

    original = stage.patch(wishes, "login_page", page)


def _token_as_password(stage: Stage) -> None:
    def password(secret: str, instance_id: str, server: str) -> str:
        assert stage.settings is not None
        return stage.settings.tenants[0].token

    stage.patch(wishes, "technical_password", password)


def _ascii_alone(claim: Claim, name: str) -> Claim:
    name.encode("ascii")
    return claim


def _semicolon_ends_it(claim: Claim, name: str) -> Claim:
    return replace(claim, session_ttl=604800) if ";" in name else claim


def _scripts_run(stage: Stage) -> None:
    """A command in brackets in the name of an instance is carried out."""
    hostile: set[str] = set()

    def change(claim: Claim, name: str) -> Claim:
        if "[/user" in name:
            hostile.add(claim.instance_id)
        return claim

    async def deed(device: Device) -> None:
        await device.connection.call("/ip/hotspot/user/add", "=name=evil")

    named_claims(change)(stage)
    meddling(lambda step: step.verb == "add" and step.menu == SERVER and bool(hostile), deed)(stage)


# One instance after the other.


def _hand_over(
    instead: Callable[[Operation, Item], list[Operation]],
) -> Callable[[Plan, Sequence[Item], Actual], Plan]:
    """A server that changes hands is treated otherwise."""

    def change(plan: Plan, items: Sequence[Item], actual: Actual) -> Plan:
        steps: Plan = []
        for step in plan:
            name = step.properties.get("name", "")
            row = row_of(actual, SERVER, step.target)
            passes = step.verb == "set" and step.menu == SERVER and owner(row.get("name", "")) != owner(name)
            item = next((item for item in items if item.menu == SERVER and item.key == (name,)), None)
            steps += instead(step, item) if passes and item is not None else [step]
        return steps

    return change


def _removed_then_added(step: Operation, item: Item) -> list[Operation]:
    enabled = {**item.properties, "address-pool": "none", "disabled": "no"}
    return [Operation("remove", SERVER, step.target), Operation("add", SERVER, None, enabled)]


def _stopped_then_started(step: Operation, item: Item) -> list[Operation]:
    return [
        Operation("set", SERVER, step.target, {"disabled": "yes"}),
        step,
        Operation("set", SERVER, step.target, {"disabled": "no"}),
    ]


def _first_holder(change: Callable[[Claim, Claim], Claim | None]) -> Apply:
    """What becomes of a claim on a subnet that another instance held first: `change(claim, first)`."""

    def apply(stage: Stage) -> None:
        first: dict[tuple[str, str], Claim] = {}

        def changed(found: list[Claim]) -> list[Claim]:
            kept = []
            for claim in found:
                holder = first.setdefault((claim.site_id, claim.subnet), claim)
                if holder.instance_id == claim.instance_id:
                    kept.append(claim)
                elif (other := change(claim, holder)) is not None:
                    kept.append(other)
            return kept

        claims(changed)(stage)

    return apply


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "walled garden without a destination",
        "device-wrong",
        "DEV-GARDEN-01",
        of(WALLED_GARDEN_IP, _anywhere),
    ),
    Mutant("walled garden of all TCP", "device-wrong", "DEV-GARDEN-01", of(WALLED_GARDEN_IP, _all_tcp)),
    Mutant(
        "walled garden of all hosts", "device-wrong", "DEV-GARDEN-01", when_a_server_comes(_allow_all_hosts)
    ),
    Mutant(
        "the whole network is bypassed", "device-wrong", "DEV-GARDEN-01", when_a_server_comes(_bypass_all)
    ),
    Mutant(
        "operator's walled garden goes",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign("/ip/hotspot/walled-garden", "?comment=intranet", "remove"),
    ),
    Mutant(
        "operator's entry is narrowed",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign(WALLED_GARDEN_IP, "?comment=booking system", "set", "=dst-port=80"),
    ),
    Mutant(
        "operator's profile is changed",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign(USER_PROFILE, "?name=staff", "set", "=session-timeout=1h"),
    ),
    Mutant(
        "operator's server is disabled",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign(SERVER, "?name=office-hotspot", "set", "=disabled=yes"),
    ),
    Mutant(
        "operator's user is removed",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign(USER, "?name=visitor", "remove"),
    ),
    Mutant(
        "operator's binding is removed",
        "device-disturbing",
        "DEV-FRAME-01",
        _foreign("/ip/hotspot/ip-binding", "?comment=printer", "remove"),
    ),
    Mutant("operator's DNS is changed", "device-disturbing", "DEV-FRAME-01", when_a_server_comes(_other_dns)),
    Mutant("operator's order is changed", "device-disturbing", "DEV-FRAME-01", _other_order),
    Mutant("token in the login page", "device-hygiene", "DEV-HYGIENE-01", _token_in_pages),
    Mutant("token as a password", "device-hygiene", "DEV-HYGIENE-01", _token_as_password),
    Mutant(
        "only ASCII names are provisioned",
        "device-hygiene",
        "DEV-HYGIENE-02",
        named_claims(_ascii_alone),
        difference=False,
    ),
    Mutant(
        "a semicolon in a name ends the limit",
        "device-hygiene",
        "DEV-HYGIENE-02",
        named_claims(_semicolon_ends_it),
    ),
    Mutant("a script in a name is run", "device-hygiene", "DEV-HYGIENE-02", _scripts_run),
    Mutant(
        "hand-over removes and adds",
        "device-order",
        "DEV-HANDOVER-02",
        plans(_hand_over(_removed_then_added)),
    ),
    Mutant(
        "hand-over stops and starts",
        "device-order",
        "DEV-HANDOVER-02",
        plans(_hand_over(_stopped_then_started)),
    ),
    Mutant(
        "hand-over keeps the first limit",
        "device-order",
        "DEV-HANDOVER-01",
        _first_holder(lambda claim, first: replace(claim, session_ttl=first.session_ttl)),
    ),
    Mutant(
        "hand-over leaves it unguarded",
        "device-order",
        "DEV-HANDOVER-01",
        _first_holder(lambda claim, first: None),
        difference=False,
    ),
)
