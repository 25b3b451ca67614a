"""Steps that the checks of routers share: give an instance subnets, wait, say what the router shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract_tests.context import Context, Site
from contract_tests.device import judge
from contract_tests.device.judge import Finding
from contract_tests.device.snapshot import Snapshot
from contract_tests.instances import Instances
from contract_tests.suite.comparison import lacking
from contract_tests.verifier import CannotTell, Verifier


def say(verify: Verifier, requirement: str, *findings: Finding) -> bool:
    """Record findings on the router under a requirement; one that this moment cannot tell is no verdict."""
    good = True
    for finding in findings:
        if not finding.visible:
            verify.cannot_tell(requirement, finding.message)
        elif not verify.check(requirement, finding.ok, finding.message, device=finding.difference):
            good = False
    return good


def wish(site: Site, subnets: Iterable[str]) -> list[dict[str, Any]]:
    """`sites` of an instance: these subnets at this site, or no site at all."""
    chosen = list(subnets)
    return [{"id": site.id, "subnets": chosen}] if chosen else []


def assign(
    instances: Instances, site: Site, instance: Mapping[str, Any], subnets: Sequence[str], **changes: Any
) -> dict[str, Any]:
    """Give the instance these subnets of the site; gives the instance as it reads afterwards."""
    return changed(
        instances,
        instance,
        purpose=f"set its subnets to {', '.join(subnets) or 'none'}",
        sites=wish(site, subnets),
        **changes,
    )


def changed(
    instances: Instances, instance: Mapping[str, Any], *, purpose: str, **changes: Any
) -> dict[str, Any]:
    """The instance after an update that has to succeed; one that was only accepted is waited for.

    Raises `CannotTell` if it does not succeed.
    """
    answer = instances.change(instance, purpose=purpose, **changes)
    if not answer.ok:
        raise CannotTell(f"the update that the check builds on was answered {answer.text}")
    body = answer.json()
    if answer.status == 202 or not isinstance(body, dict):
        reading = instances.reading_until(
            instance["id"],
            answer,
            lambda body: not lacking(changes, body),
            purpose="read it after the update",
        )
        body = reading.json()
    if not isinstance(body, dict):
        raise CannotTell("the instance cannot be read after an update")
    return body


def provisioned(
    site: Site, subnets: Mapping[str, int], *, baseline: Snapshot | None = None
) -> tuple[Snapshot, Sequence[Finding]]:
    """Wait until each subnet is guarded with its session_ttl; subnets of the site that are not named, unguarded."""
    start = site.baseline if baseline is None else baseline

    def wanted(now: Snapshot) -> list[Finding]:
        findings: list[Finding] = []
        for subnet in site.subnets:
            if subnet in subnets:
                findings.append(judge.guarded(now, subnet))
                findings += judge.session_limit(now, start, subnet, subnets[subnet])
            else:
                findings.append(judge.unguarded(now, start, subnet))
        return findings

    return site.settle(wanted)


# Names under which guests know the identity providers, besides those of a laboratory.
PROVIDER_HOSTS = (
    "accounts.google.com",
    "github.com",
    "login.microsoftonline.com",
    "oauth2.googleapis.com",
    "www.googleapis.com",
)


def provider_hosts(context: Context) -> tuple[str, ...]:
    """Every host where a guest may expect an identity provider."""
    identity = context.config.lab.identity
    return (*PROVIDER_HOSTS, *(identity.hosts.values() if identity else ()))


def make_integration(context: Context, kind: str = "google") -> dict[str, Any]:
    """An auth integration of this type with credentials made up here. Raises `CannotTell` if there can be none."""
    integrations = context.collection("auth-integration")
    config = {"client_id": "portal-contract", "client_secret": context.secret()}
    if kind == "azure":
        config["tenant"] = "3f2b1c0d-9e8f-4a7b-8c6d-5e4f3a2b1c0d"
    body = {"name": integrations.name(kind), "type": kind, "config": config}
    return integrations.make(kind, body=body)


def open_address(context: Context, site: Site, addresses: str) -> dict[str, Any]:
    """A walled-garden entry of the site. Raises `CannotTell` if there can be none."""
    garden = context.collection("walled-garden-entry")
    body = {"name": garden.name("garden"), "ip_address": addresses}
    return garden.make(addresses, body=body, siteId=site.id)
