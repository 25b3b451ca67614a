"""Moves of a random walk: instances, and their subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract_tests.client import Answer
from contract_tests.instances import COLOURS, session_ttls
from contract_tests.ledger import DEFAULT_TENANT
from contract_tests.suite.comparison import disturbed, lacking, sites_of
from contract_tests.suite.integrations import oauth2
from contract_tests.suite.walk_model import INSTANCE, INTEGRATIONS, Instance, Step, step
from contract_tests.suite.walk_state import Walk


def makers(walk: Walk) -> Sequence[str]:
    return walk.tenants if walk.room(INSTANCE) else ()


def make_instance(walk: Walk, tenant: str, number: int) -> Step:
    """With the strategy oauth2 every other time, if the tenant has an integration."""
    integrations = walk.model.of(INTEGRATIONS, tenant)
    login = oauth2(integrations[number % len(integrations)].body) if integrations and number % 2 else {}
    requirement = "INT-USE-01" if login else "INST-CREATE-01"
    shortest, longest = session_ttls(walk.context.contract)
    instances = walk.instances(tenant)
    body = instances.body("walk", session_ttl=shortest + number * 61 % (longest - shortest), **login)
    answer = instances.create(body, purpose="create an instance")
    created = answer.json() if answer.ok else None
    good = isinstance(created, dict) and isinstance(created.get("id"), str)
    walk.demand(requirement, good, f"a creation was answered {answer.text[:160]}")
    assert isinstance(created, dict)
    wrong = lacking(body, created)
    walk.demand("INST-CREATE-02", not wrong, f"created from {body}, the answer has {wrong or 'the same'}")
    made = Instance(INSTANCE, tenant, created)
    walk.model.add(made)
    return step(requirement, "create", made)


def update(walk: Walk, requirement: str, instance: Instance, what: str, **changes: Any) -> Answer:
    """Send an update with `changes`. If it succeeds, the instance has to show it, and nothing else has to change."""
    instances = walk.instances(instance.tenant)
    answer = instances.change(instance.body, purpose=what, **changes)
    if not answer.ok:
        return answer
    wanted = {name: value for name, value in changes.items() if value is not ...}
    signs_in = wanted.get("strategy", instance.body.get("strategy")) == "oauth2"

    def shows(body: Any) -> bool:
        if not isinstance(body, dict) or lacking(wanted, body):
            return False
        return signs_in or body.get("auth_integration_id") is None

    reading = instances.reading_until(instance.id, answer, shows, purpose="read it after the update")
    body = reading.json()
    walk.demand(requirement, shows(body), f"after {what} it reads {reading.text[:300]}")
    others = disturbed(instance.body, body, apart_from=changes)
    walk.demand(requirement, not others, f"{what} also changed {others or 'nothing'}")
    instance.body = body
    return answer


def must_update(walk: Walk, requirement: str, instance: Instance, what: str, **changes: Any) -> Step:
    answer = update(walk, requirement, instance, what, **changes)
    walk.demand(requirement, answer.ok, f"{what} was answered {answer.text[:160]}")
    return step(requirement, "update", instance)


def any_instance(walk: Walk) -> Sequence[Instance]:
    return walk.model.instances()


def configure(walk: Walk, instance: Instance, number: int) -> Step:
    """Another name, colour, text or session."""
    shortest, longest = session_ttls(walk.context.contract)
    theme = instance.body.get("theme")
    colours = {
        name: theme[name]
        for name in COLOURS
        if isinstance(theme, Mapping) and isinstance(theme.get(name), str)
    }
    requirement, changes = (
        ("INST-UPD-01", {"session_ttl": shortest + number * 367 % (longest - shortest)}),
        ("INST-UPD-01", {"name": walk.instances(instance.tenant).name("renamed")}),
        ("INST-UPD-02", {"theme": colours | {COLOURS[number % len(COLOURS)]: f"#{number * 4099:06x}"}}),
        ("INST-UPD-03", {"terms_text": f"Terms {number}."}),
    )[number % 4]
    return must_update(walk, requirement, instance, f"an update of {', '.join(changes)}", **changes)


def strategies(walk: Walk) -> Sequence[Instance]:
    # What becomes of the schedules of an instance whose guests sign in is left open.
    return [
        each
        for each in walk.model.instances()
        if each.signs_in or (walk.model.of(INTEGRATIONS, each.tenant) and not walk.model.schedules(each.id))
    ]


def change_strategy(walk: Walk, instance: Instance, number: int) -> Step:
    if instance.signs_in:
        return to_coupons(walk, instance)
    integrations = walk.model.of(INTEGRATIONS, instance.tenant)
    instance.doubt(instance.coupons)
    login = oauth2(integrations[number % len(integrations)].body)
    return must_update(walk, "INT-USE-02", instance, "a change of strategy to oauth2", **login)


def to_coupons(walk: Walk, instance: Instance) -> Step:
    changes = {"strategy": "coupon", "auth_integration_id": ..., "auth_window_ttl": ...}
    return must_update(walk, "INT-USE-02", instance, "a change of strategy to coupon", **changes)


def delete_instance(walk: Walk, instance: Instance, number: int) -> Step:
    answer = walk.collection(instance).delete(instance.id)
    walk.demand("INST-DEL-02", answer.ok, f"a deletion was answered {answer.text[:160]}")
    walk.model.remove(instance)
    return step("INST-DEL-02", "delete", instance)


Place = tuple[Instance, str, str]  # an instance, a site, one of its subnets


def free_subnets(walk: Walk) -> Sequence[Place]:
    return [
        (instance, site, subnet)
        for site, subnets in walk.subnets.items()
        for subnet in subnets
        if subnet not in walk.model.holders(site)
        for instance in walk.model.instances()
        if ("site", instance.tenant, site) not in walk.refused
        and (("several sites",) not in walk.refused or not instance.subnets.keys() - {site})
    ]


def _sites(subnets: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"id": site, "subnets": list(names)} for site, names in subnets.items() if names]


def _with(instance: Instance, site: str, subnet: str) -> dict[str, list[str]]:
    return instance.subnets | {site: [*instance.subnets.get(site, ()), subnet]}


def _without(instance: Instance, site: str, subnet: str) -> dict[str, list[str]]:
    left = {
        name: [each for each in subnets if (name, each) != (site, subnet)]
        for name, subnets in instance.subnets.items()
    }
    return {name: subnets for name, subnets in left.items() if subnets}


def give(walk: Walk, place: Place, number: int) -> Step:
    instance, site, subnet = place
    wanted = _with(instance, site, subnet)
    answer = update(walk, "INST-UPD-04", instance, f"an update that adds {subnet}", sites=_sites(wanted))
    if answer.refused and len(wanted) > 1:
        walk.refused.add(("several sites",))
    elif answer.refused and instance.tenant != DEFAULT_TENANT:
        walk.refused.add(("site", instance.tenant, site))
    else:
        walk.demand(
            "INST-UPD-04", answer.ok, f"an update that adds {subnet} was answered {answer.text[:160]}"
        )
        instance.subnets = wanted
    return step("INST-UPD-04" if answer.ok else "INST-UPD-06", "update", instance)


def held_subnets(walk: Walk) -> Sequence[Place]:
    return [
        (instance, site, subnet)
        for site in walk.subnets
        for subnet, instance in walk.model.holders(site).items()
    ]


def take_away(walk: Walk, place: Place, number: int) -> Step:
    instance, site, subnet = place
    instance.subnets = _without(instance, site, subnet)
    return must_update(walk, "INST-UPD-04", instance, f"an update without {subnet}", sites=instance.sites)


def wanted_subnets(walk: Walk) -> Sequence[tuple[Place, Instance]]:
    """Subnets that one instance has and another one of the tenant may ask for."""
    return [
        (place, taker)
        for place in held_subnets(walk)
        for taker in walk.model.instances(place[0].tenant)
        if taker is not place[0] and not taker.subnets.keys() - {place[1]}
    ]


def hand_over(walk: Walk, wanted: tuple[Place, Instance], number: int) -> Step:
    """Ask for a subnet that another instance has. Taken over, refused, held by both: all lead to the same."""
    (giver, site, subnet), taker = wanted
    left, gained = _without(giver, site, subnet), _with(taker, site, subnet)
    answer = update(walk, "INST-UPD-04", taker, f"an update that asks for {subnet}", sites=_sites(gained))
    if answer.ok:
        reading = walk.instances(giver.tenant).read(giver.id, purpose="read who had the subnet")
        now = reading.json()
        others = disturbed(giver.body, now, apart_from={"sites": []})
        walk.demand(
            "INST-UPD-08", reading.ok and not others, f"who had {subnet} before reads {reading.text[:200]}"
        )
        giver.body = now
    else:
        walk.demand("INST-UPD-04", answer.refused, f"asking for {subnet} was answered {answer.text[:160]}")
    giver.subnets = left
    if sites_of(giver.body) != {name.lower(): sorted(subnets) for name, subnets in left.items()}:
        must_update(walk, "INST-UPD-04", giver, f"an update without {subnet}", sites=giver.sites)
    taker.subnets = gained
    if not answer.ok:
        must_update(walk, "INST-UPD-04", taker, f"an update that adds {subnet}", sites=taker.sites)
    return step("INST-UPD-04", "update", taker, giver)
