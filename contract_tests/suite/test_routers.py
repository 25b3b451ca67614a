"""What the router of a site must hold while an instance comes, changes and goes."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.judge_access import captive_throughout
from contract_tests.device.judge_openness import not_wide_open
from contract_tests.device.judge_writes import economical, guarded_throughout, no_writes
from contract_tests.instances import COLOURS, MIN_SESSION_TTL, Instances
from contract_tests.suite.provisioning import assign, changed, provisioned, say, wish
from contract_tests.verifier import CannotTell, Verifier

# No multiples of each other, of a minute or of an hour: a wrong unit or a rounding shows.
FIRST_TTL, LONGER_TTL, SHORTER_TTL = 3671, 7384, 1999


def _session(verify: Verifier, site: Site, now: Any, subnet: str, session_ttl: int) -> None:
    longer, shorter = judge.session_limit(now, site.baseline, subnet, session_ttl)
    say(verify, "DEV-SESSION-01", longer)
    say(verify, "DEV-SESSION-02", shorter)


@pytest.mark.site(1)
@pytest.mark.verifies(
    "DEV-GUARD-01",
    "DEV-GUARD-02",
    "DEV-GARDEN-01",
    "DEV-SESSION-01",
    "DEV-SESSION-02",
    "DEV-SESSION-03",
    "DEV-SESSION-04",
    "DEV-FRAME-01",
    "DEV-HYGIENE-01",
    "DEV-ECON-01",
    "DEV-ECON-02",
    "DEV-QUIET-01",
    "DEV-QUIET-02",
    "DEV-REMOVE-01",
    "DEV-REMOVE-04",
    "DEV-FINAL-01",
)
def test_an_instance_on_a_router(
    context: Context, instances: Instances, verify: Verifier, site: Site
) -> None:
    """One subnet: guarded, with the right session limit, quiet under changes that do not concern it, then gone."""
    subnet = site.subnets[0]
    instance = instances.make("guarded", session_ttl=FIRST_TTL)
    start = site.mark()
    instance = assign(instances, site, instance, [subnet])
    now, _ = provisioned(site, {subnet: FIRST_TTL})
    if not say(verify, "DEV-GUARD-01", judge.guarded(now, subnet)):
        raise CannotTell(f"{subnet} is not guarded, so nothing about its hotspot server can be judged")
    # The rest of what is said of an instance holds when all of it is in place.
    mark = site.rest()
    now = site.snapshot()
    say(verify, "DEV-GUARD-02", judge.login_methods(now, subnet, site.contract))
    say(verify, "DEV-GARDEN-01", not_wide_open(now, site.baseline))
    _session(verify, site, now, subnet, FIRST_TTL)
    say(verify, "DEV-SESSION-04", judge.returning_logins(now, subnet, site.contract))
    say(verify, "DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))
    tokens = [token for token in (context.config.target.token, context.config.target.other_token) if token]
    say(verify, "DEV-HYGIENE-01", judge.free_of(now, tokens))
    writes = site.writes(start)[: mark - start]
    say(verify, "DEV-ECON-02", economical(site.baseline, now, writes, site.contract))

    verify.start_scenario()
    changed(instances, instance, purpose="the same update once more")
    say(verify, "DEV-ECON-01", no_writes(site.writes_after_patience(mark), site.contract, now))

    verify.start_scenario()
    mark = site.mark()
    bounded = "INST-UPD-05" in context.contract.catalogue
    refusal = instances.change(
        instance,
        purpose="an update that must be refused",
        session_ttl=MIN_SESSION_TTL - 1 if bounded else "an hour",
    )
    if refusal.refused:
        say(verify, "DEV-ECON-01", no_writes(site.writes_after_patience(mark), site.contract, now))

    for what, changes in (
        ("name", {"name": instances.name("renamed")}),
        ("theme", {"theme": {"accent_color": "#123456"} | _colours(instance)}),
        ("terms", {"terms_text": "Other terms."}),
    ):
        verify.start_scenario()
        mark = site.mark()
        instance = changed(instances, instance, purpose=f"change the {what} alone", **changes)
        say(verify, "DEV-QUIET-01", no_writes(site.writes_after_patience(mark), site.contract, now))

    for session_ttl in (LONGER_TTL, SHORTER_TTL):
        verify.start_scenario()
        before = site.snapshot()
        instance = changed(
            instances, instance, purpose=f"change session_ttl to {session_ttl}", session_ttl=session_ttl
        )
        now, _ = provisioned(site, {subnet: session_ttl})
        say(verify, "DEV-SESSION-03", *judge.session_limit(now, site.baseline, subnet, session_ttl))
        say(verify, "DEV-QUIET-02", judge.same_server(before, now, subnet))
        say(verify, "DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))

    verify.start_scenario()
    if not instances.delete(instance["id"]).ok:
        raise CannotTell("the instance cannot be deleted")
    now, findings = site.restored()
    say(verify, "DEV-REMOVE-01", *findings)
    say(verify, "DEV-REMOVE-04", judge.pages_restored(site.baseline, now, site.contract))
    say(verify, "DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))


def _colours(instance: dict[str, Any]) -> dict[str, str]:
    theme = instance.get("theme")
    return {
        name: value
        for name, value in (theme.items() if isinstance(theme, dict) else ())
        if isinstance(value, str) and name in COLOURS and name != "accent_color"
    }


@pytest.mark.site(1)
@pytest.mark.verifies(
    "DEV-GUARD-01",
    "DEV-GUARD-03",
    "DEV-SESSION-01",
    "DEV-SESSION-02",
    "DEV-REMOVE-02",
    "DEV-REMOVE-03",
    "DEV-FRAME-01",
)
def test_subnets_come_and_go(instances: Instances, verify: Verifier, site: Site) -> None:
    """All subnets of the site, then one less, then none."""
    if len(site.subnets) < 2:
        raise CannotTell(f"site {site.id} lists one subnet; the check needs two")
    first, second = site.subnets[:2]
    instance = instances.make("two subnets", session_ttl=FIRST_TTL)
    instance = assign(instances, site, instance, [first, second])
    now, _ = provisioned(site, {first: FIRST_TTL, second: FIRST_TTL})
    say(verify, "DEV-GUARD-03", judge.guarded(now, first), judge.guarded(now, second))
    for subnet in (first, second):
        _session(verify, site, now, subnet, FIRST_TTL)
    say(verify, "DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))

    verify.start_scenario()
    instance = assign(instances, site, instance, [first])
    now, _ = provisioned(site, {first: FIRST_TTL})
    say(
        verify,
        "DEV-REMOVE-02",
        judge.unguarded(now, site.baseline, second),
        judge.guarded(now, first),
    )

    verify.start_scenario()
    assign(instances, site, instance, [])
    now, findings = site.restored()
    say(verify, "DEV-REMOVE-03", *findings)
    say(verify, "DEV-FRAME-01", judge.untouched(site.baseline, now, site.contract))
    instances.delete(instance["id"])


@pytest.mark.site(1)
@pytest.mark.verifies("DEV-HANDOVER-01", "DEV-HANDOVER-02", "DEV-OPEN-01")
def test_a_subnet_changes_hands(instances: Instances, verify: Verifier, site: Site) -> None:
    """The second instance asks for the subnet while the first has it; refused, it asks after the first let go."""
    subnet = site.subnets[0]
    giver = instances.make("gives a subnet", session_ttl=FIRST_TTL)
    taker = instances.make("takes a subnet", session_ttl=LONGER_TTL)
    giver = assign(instances, site, giver, [subnet])
    provisioned(site, {subnet: FIRST_TTL})
    site.rest()
    before, mark = site.snapshot(), site.mark()
    answer = instances.change(
        taker, purpose="take a subnet that another instance has", sites=wish(site, [subnet])
    )
    refusal: Finding | None = None
    if answer.ok:
        now_giver = instances.read(giver["id"]).json()
        if isinstance(now_giver, dict) and now_giver.get("sites"):
            assign(instances, site, now_giver, [])
    elif answer.refused:
        site.rest()
        refusal = guarded_throughout(before, site.writes(mark), subnet)
        assign(instances, site, giver, [])
        assign(instances, site, taker, [subnet])
    else:
        raise CannotTell(f"asking for a subnet of another instance was answered {answer.text}")
    now, _ = provisioned(site, {subnet: LONGER_TTL})
    say(
        verify,
        "DEV-HANDOVER-01",
        judge.guarded(now, subnet),
        *judge.session_limit(now, site.baseline, subnet, LONGER_TTL),
    )
    site.rest()
    # A deployment that refuses leaves the subnet with the first, and guarded.
    say(
        verify,
        "DEV-HANDOVER-02",
        guarded_throughout(before, site.writes(mark), subnet) if refusal is None else refusal,
    )
    if refusal is None:
        say(verify, "DEV-OPEN-01", captive_throughout(before, site.writes(mark), subnet))
    for instance in (giver, taker):
        instances.delete(instance["id"])


HOSTILE_NAMES = (
    "quote\" apostrophe' backslash\\ end",
    "$(id) ${x} [/user add name=evil] ; # {}",
    "Gäste · 访客 · ضيوف 📶",
    "two\nlines\r\nand a tab\t.",
)


@pytest.mark.site(1)
@pytest.mark.verifies("DEV-HYGIENE-02")
def test_hostile_names(instances: Instances, verify: Verifier, site: Site) -> None:
    """Each name guards the subnet like any other, leaves the rest of the router alone and goes without a trace."""
    subnet = site.subnets[0]
    accepted_names = 0
    for characters in HOSTILE_NAMES:
        verify.start_scenario()
        answer = instances.create(
            instances.body(name=f"{instances.name('hostile')} {characters}", session_ttl=FIRST_TTL),
            purpose="create with a name that is hostile to routers",
        )
        created = answer.json() if answer.ok else None
        if not isinstance(created, dict) or not isinstance(created.get("id"), str):
            continue  # which names are allowed is for the deployment to say
        accepted_names += 1
        assign(instances, site, created, [subnet])
        now, _ = provisioned(site, {subnet: FIRST_TTL})
        say(
            verify,
            "DEV-HYGIENE-02",
            judge.guarded(now, subnet),
            judge.untouched(site.baseline, now, site.contract),
            *judge.session_limit(now, site.baseline, subnet, FIRST_TTL),
        )
        instances.delete(created["id"])
        _, findings = site.restored()
        say(verify, "DEV-HYGIENE-02", *findings)
    if not accepted_names:
        raise CannotTell("the deployment refuses every such name")
