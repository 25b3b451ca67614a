"""The instances of all tenants, in memory. Updates are accepted at once and take effect a moment later.

Some of what the contract leaves open are habits, so that both sides of it can be shown to the suite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network
from typing import Any, Literal
from uuid import uuid4

from tests.quality.variant.bodies import COLOURS
from tests.quality.variant.refusals import Refusal, missing, wrong

OURS = "guest-"
"""What the name of everything of this service on a router begins with."""

EFFECT_AFTER = 0.1
"""Seconds between the acceptance of an update and its effect."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What one deployment does this way and another one that way.

    `takes_over`: a network goes to who asked last; otherwise the wish for a network in use is refused.
    `deletes_later`: a deletion is accepted and takes effect like an update; otherwise at once.
    `own_clock`: it goes by the clock of the machine, whatever clock it is given.
    `admits`: by `ticket`, with which the browser of the guest logs in at the router, good for one stay; by `binding`,
    which the service takes away in time; by `list`, from which the router takes the guest by itself.
    `strict`: a group that does not exist, an address that is open already, and coupons of an instance whose guests
    sign in at a provider are refused, and a credential in a body where it means nothing; an update of an
    integration needs the secret.
    `upkeep`: the operations that no page prints are those on site users, the update of a walled-garden entry and the
    reading of one schedule; otherwise the run of a schedule by hand.
    `codes`: the alphabet of coupons. `clean`: a schedule takes its coupons with it.
    `outside`: where links to coupons lead, if not to the service itself.
    """

    takes_over: bool = False
    deletes_later: bool = False
    own_clock: bool = True
    admits: Literal["ticket", "binding", "list"] = "ticket"
    strict: bool = True
    upkeep: bool = False
    codes: str = "0123456789"
    clean: bool = True
    outside: str | None = None


class Later:
    """Calls that are due some seconds from now; those not yet due are dropped at the end of the service."""

    def __init__(self) -> None:
        self._handles: set[asyncio.TimerHandle] = set()

    def call(self, seconds: float, action: Callable[[], None]) -> None:
        def run() -> None:
            self._handles.discard(handle)
            action()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._handles.add(handle)

    def drop(self) -> None:
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()


@dataclass(slots=True)
class Instance:
    """One portal. `sites` maps the id of a site to its networks, `images` a type to the key of a picture."""

    id: str
    tenant: str
    name: str
    session_ttl: int
    created_at: datetime
    strategy: str = "coupon"
    integration: str | None = None
    window_ttl: int = 240
    colours: dict[str, str] = field(default_factory=lambda: dict(COLOURS))
    terms: str | None = None
    sites: dict[str, list[str]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A network that an instance serves at a site, and for how many seconds a guest may stay."""

    instance: str
    subnet: str
    session_ttl: int

    @property
    def server(self) -> str:
        """What the hotspot server of the claim is called, on every router."""
        network = IPv4Network(self.subnet)
        return f"{OURS}{self.instance[:13]}-{int(network.network_address):x}-{network.prefixlen}"


class Book:
    """`moved` is called with the sites whose networks or durations have changed.

    `has_integration` tells whether a tenant has one; `gone` is called with an instance that is no more.
    """

    def __init__(
        self,
        sites: Mapping[str, frozenset[str]],
        later: Later,
        now: Callable[[], datetime],
        moved: Callable[[Iterable[str]], None],
        habits: Habits,
    ) -> None:
        self.habits = habits
        self.has_integration: Callable[[str, str], bool] = lambda tenant, integration: False
        self.gone: Callable[[Instance], None] = lambda instance: None
        self._sites = sites
        """For each site the tenants that may use it."""
        self._later = later
        self._now = now
        self._moved = moved
        self._instances: dict[str, Instance] = {}

    def of(self, tenant: str) -> list[Instance]:
        """The tenant's instances, the newest first."""
        return [instance for instance in reversed(self._instances.values()) if instance.tenant == tenant]

    def get(self, tenant: str, identifier: str) -> Instance:
        """Raises `Refusal`: 404 for an id that names nothing, 403 for somebody else's."""
        instance = self._instances.get(identifier.lower())
        if instance is None:
            raise missing("instance")
        if instance.tenant != tenant:
            raise Refusal(403, "forbidden", "This instance belongs to another account.")
        return instance

    def find(self, identifier: str) -> Instance | None:
        return self._instances.get(identifier)

    def create(self, tenant: str, values: Mapping[str, Any]) -> Instance:
        self._refuse_known_name(tenant, values["name"], None)
        strategy, integration = self._login(tenant, values, None)
        instance = Instance(str(uuid4()), tenant, values["name"], values["session_ttl"], self._now())
        instance.strategy, instance.integration = strategy, integration
        self._instances[instance.id] = instance
        return instance

    def update(self, instance: Instance, values: Mapping[str, Any]) -> None:
        """Accept an update. What it does not name stays. Raises `Refusal`."""
        if "name" in values:
            self._refuse_known_name(instance.tenant, values["name"], instance)
        if "sites" in values:
            self._refuse_unfit_sites(instance, values["sites"])
        strategy, integration = self._login(instance.tenant, values, instance)
        if strategy == "coupon" and "auth_window_ttl" in values:
            raise wrong({"auth_window_ttl": "means nothing for an instance with coupons"})
        complete = {**values, "strategy": strategy, "auth_integration_id": integration}
        self._later.call(EFFECT_AFTER, lambda: self._take_effect(instance, complete))

    def delete(self, instance: Instance) -> None:
        """Forget the instance, now or a moment later. Deleting it again meanwhile changes nothing."""
        if self.habits.deletes_later:
            self._later.call(EFFECT_AFTER, lambda: self._forget(instance))
        else:
            self._forget(instance)

    def forget_integration(self, integration: str) -> None:
        """It is no more. Where links are strict, instances go on to show its id; guests cannot log in there."""
        for instance in self._instances.values():
            if instance.integration == integration and not self.habits.strict:
                instance.integration = None

    def guarding(self, site: str, server: str) -> tuple[Instance, Claim] | None:
        """The instance and the claim that a hotspot server of a site stands for."""
        for claim in self.claims(site):
            if claim.server == server:
                return self._instances[claim.instance], claim
        return None

    def may_use(self, tenant: str, site: str) -> bool:
        return tenant in self._sites.get(site, ())

    def claims(self, site: str) -> Iterator[Claim]:
        """What the router of a site is to serve."""
        for instance in self._instances.values():
            for subnet in instance.sites.get(site, ()):
                yield Claim(instance.id, subnet, instance.session_ttl)

    def _forget(self, instance: Instance) -> None:
        if self._instances.pop(instance.id, None) is not None:
            self.gone(instance)
            self._moved(instance.sites)

    def _take_effect(self, instance: Instance, values: Mapping[str, Any]) -> None:
        if instance.id not in self._instances:
            return
        before = {*instance.sites}
        instance.name = values.get("name", instance.name)
        instance.session_ttl = values.get("session_ttl", instance.session_ttl)
        instance.strategy, instance.integration = values["strategy"], values["auth_integration_id"]
        instance.window_ttl = values.get("auth_window_ttl", instance.window_ttl)
        instance.terms = values.get("terms_text", instance.terms)
        instance.colours |= values.get("theme", {})
        instance.sites = values.get("sites", instance.sites)
        self._take_from_others(instance)
        self._moved(before | {*instance.sites})

    def _take_from_others(self, instance: Instance) -> None:
        """What overlaps with a network of this instance is nobody else's any more."""
        for other in self._instances.values():
            if other is instance:
                continue
            for site in instance.sites.keys() & other.sites.keys():
                mine = [IPv4Network(subnet) for subnet in instance.sites[site]]
                other.sites[site] = [
                    subnet
                    for subnet in other.sites[site]
                    if not any(IPv4Network(subnet).overlaps(network) for network in mine)
                ]
            other.sites = {site: subnets for site, subnets in other.sites.items() if subnets}

    def _login(
        self, tenant: str, values: Mapping[str, Any], before: Instance | None
    ) -> tuple[str, str | None]:
        """How guests log in once these values are in effect. Raises `Refusal`."""
        strategy = values.get("strategy", before.strategy if before else "coupon")
        given = values.get("auth_integration_id")
        if strategy == "coupon":
            if given is not None and self.habits.strict:
                raise wrong({"auth_integration_id": "means nothing for an instance with coupons"})
            return strategy, None
        if "auth_integration_id" not in values and before is not None:
            given = before.integration
        if given is None or not self.has_integration(tenant, given):
            raise wrong({"auth_integration_id": "must name an auth integration of this account"})
        return strategy, given

    def _refuse_known_name(self, tenant: str, name: str, but: Instance | None) -> None:
        if any(other.name == name for other in self.of(tenant) if other is not but):
            raise Refusal(409, "name_taken", "Another instance has this name.", fields={"name": "is taken"})

    def _refuse_unfit_sites(self, instance: Instance, sites: Mapping[str, list[str]]) -> None:
        for site, subnets in sites.items():
            if instance.tenant not in self._sites.get(site, ()):
                raise wrong({"sites": f"names the site {site}, which this account does not have"})
            wanted = [IPv4Network(subnet) for subnet in subnets]
            held = [IPv4Network(claim.subnet) for claim in self.claims(site) if claim.instance != instance.id]
            for index, network in enumerate(wanted):
                if any(network.overlaps(other) for other in wanted[:index]):
                    raise wrong({"sites": "lists networks that overlap"})
                if not self.habits.takes_over and any(network.overlaps(other) for other in held):
                    raise Refusal(409, "subnet_in_use", f"Another instance serves {network} of this site.")
