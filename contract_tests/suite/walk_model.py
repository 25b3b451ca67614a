"""What a random walk expects of a deployment: everything it made, and what the lists must show of it. Pure.

What the documents leave open is in the model as it was learned from answers, or as not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contract_tests.coupons import Coupon, about, coupons_in, differing, repeated
from contract_tests.coupons import instant as moment
from contract_tests.suite.comparison import ENTRY, INTEGRATION, difference, unlike

INSTANCE, INTEGRATIONS, SCHEDULE = "instance", "auth-integration", "coupon-schedule"
GARDEN, COUPON = "walled-garden-entry", "coupon"

List = tuple[str, str, str]  # kind, tenant, id of the site or instance that it is of
Verb = Literal["create", "update", "delete", "use"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something is not as the model has it, and the requirement that asks for it."""

    requirement: str
    message: str


@dataclass(slots=True)
class Resource:
    """`body` is what was shown of it last; `place` the id of the site or instance that it belongs to."""

    kind: str
    tenant: str
    body: dict[str, Any]
    place: str = ""

    @property
    def id(self) -> str:
        return str(self.body["id"])


@dataclass(slots=True)
class Instance(Resource):
    """`subnets` maps the id of a site to what the instance guards there, never to nothing.

    `coupons` have to be listed; `doubtful` ones need not, since their schedule is gone or the strategy was another.
    """

    subnets: dict[str, list[str]] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    doubtful: dict[str, Coupon] = field(default_factory=dict)
    had_schedules: bool = False

    @property
    def signs_in(self) -> bool:
        """Do its guests sign in at an identity provider?"""
        return self.body.get("strategy") == "oauth2"

    @property
    def sites(self) -> list[dict[str, Any]]:
        """`sites` of a body."""
        return [{"id": site, "subnets": list(subnets)} for site, subnets in self.subnets.items()]

    def doubt(self, coupons: Iterable[str]) -> None:
        """From now on these coupons may be gone."""
        for identifier in [*coupons]:
            if identifier in self.coupons:
                self.doubtful[identifier] = self.coupons.pop(identifier)


@dataclass(slots=True)
class Schedule(Resource):
    """`coupons` are the ids of those that its runs were seen to make."""

    coupons: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Step:
    """What was done last: to resources of one kind, of which it may have changed `ids` alone.

    `requirement` asks for what these are like now; `lists` show it, each by kind, tenant and place.
    """

    kind: str
    verb: Verb
    ids: frozenset[str]
    requirement: str
    lists: frozenset[List]


def step(requirement: str, verb: Verb, *resources: Resource, further: Iterable[List] = ()) -> Step:
    """A step that was about these resources of one kind; `further` lists may tell of it."""
    shown = {(each.kind, each.tenant, each.place) for each in resources}
    kind, ids = resources[0].kind, frozenset(each.id for each in resources)
    return Step(kind, verb, ids, requirement, frozenset({*shown, *further}))


@dataclass(frozen=True, slots=True)
class _Rules:
    """What asks for a list to be complete, to show others as before, nothing that is gone, nothing of others."""

    listed: str
    kept: str
    after: Mapping[str, str]
    gone: str
    strangers: str
    elsewhere: str = ""


_RULES = {
    INSTANCE: _Rules(
        "INST-LIST-01",
        "INST-UPD-08",
        {"update": "INST-UPD-08", "delete": "INST-DEL-03"},
        "INST-DEL-02",
        "ISO-LIST-01",
    ),
    INTEGRATIONS: _Rules(
        "INT-LIST-01",
        "INT-LIST-01",
        {"update": "INT-UPD-04", "delete": "INT-DEL-03"},
        "INT-DEL-02",
        "ISO-LIST-01",
    ),
    GARDEN: _Rules(
        "GARDEN-LIST-01",
        "GARDEN-LIST-01",
        {"delete": "GARDEN-DEL-02"},
        "GARDEN-DEL-01",
        "ISO-SITE-01",
        "GARDEN-LIST-02",
    ),
    SCHEDULE: _Rules(
        "SCHED-03",
        "SCHED-03",
        {"update": "SCHED-14", "delete": "SCHED-16"},
        "SCHED-15",
        "ISO-READ-01",
        "SCHED-04",
    ),
}


def _schedule_otherwise(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Any:
    created = moment(expected.get("created_at"))
    if created is not None and created != moment(found.get("created_at")):
        return {"created_at": found.get("created_at")}
    return differing(expected, found)


_OTHERWISE: Mapping[str, Callable[[Any, Any], Any]] = {
    INSTANCE: difference,
    INTEGRATIONS: lambda expected, found: unlike(expected, found, INTEGRATION),
    GARDEN: lambda expected, found: unlike(expected, found, ENTRY),
    SCHEDULE: _schedule_otherwise,
}


@dataclass(slots=True)
class Model:
    """All resources of all tenants, by id, and the ids of what is gone."""

    resources: dict[str, Resource] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def add(self, resource: Resource) -> None:
        self.resources[resource.id.lower()] = resource

    def remove(self, resource: Resource) -> None:
        """It is gone, and what belongs to it."""
        self.gone.add(resource.id.lower())
        del self.resources[resource.id.lower()]
        for other in [*self.resources.values()]:
            if other.place == resource.id:
                self.remove(other)

    def of(self, kind: str, tenant: str | None = None, place: str | None = None) -> list[Resource]:
        """The resources of a kind, of one tenant or at one place where one is given, the oldest first."""
        return [
            each
            for each in self.resources.values()
            if each.kind == kind and tenant in (None, each.tenant) and place in (None, each.place)
        ]

    def instances(self, tenant: str | None = None) -> list[Instance]:
        return [each for each in self.of(INSTANCE, tenant) if isinstance(each, Instance)]

    def schedules(self, place: str | None = None) -> list[Schedule]:
        return [each for each in self.of(SCHEDULE, place=place) if isinstance(each, Schedule)]

    def instance(self, identifier: str) -> Instance:
        found = self.resources[identifier.lower()]
        assert isinstance(found, Instance)
        return found

    def users_of(self, integration: Resource) -> list[Instance]:
        """The instances whose guests sign in with it."""
        wanted = integration.id.lower()
        return [
            each
            for each in self.instances()
            if each.signs_in and str(each.body.get("auth_integration_id")).lower() == wanted
        ]

    def holders(self, site: str) -> dict[str, Instance]:
        """The subnets of a site that are to be guarded, with the instance each serves."""
        return {subnet: each for each in self.instances() for subnet in each.subnets.get(site, ())}

    def open_at(self, site: str, tenant: str | None = None) -> set[str]:
        """What walled-garden entries open at a site, those of one tenant or of all."""
        return {each.body["ip_address"] for each in self.of(GARDEN, tenant, site)}

    def list_complaints(
        self, kind: str, tenant: str, place: str, listed: Any, step: Step | None = None
    ) -> list[Complaint]:
        """What is wrong about a list that an answer holds."""
        rules = _RULES[kind]
        if not isinstance(listed, list):
            return [Complaint(rules.listed, f"the list of resources {kind} is {type(listed).__name__}")]
        own = self.of(kind, tenant, place)
        shown: dict[str, list[Mapping[str, Any]]] = {}
        for item in listed:
            if isinstance(item, Mapping):
                shown.setdefault(str(item.get("id")).lower(), []).append(item)
        complaints = []
        for each in own:
            found = shown.get(each.id.lower(), [])
            bystander = step is not None and step.kind == kind and each.id not in step.ids
            blamed = rules.after.get(step.verb) if step is not None and bystander else None
            name = each.body.get("name")
            if len(found) != 1:
                requirement = rules.listed if found else blamed or rules.listed
                complaints.append(
                    Complaint(
                        requirement, f"the list holds the {kind} {name} {len(found)} times; expected once"
                    )
                )
            elif otherwise := _OTHERWISE[kind](each.body, found[0]):
                requirement = blamed or (
                    step.requirement if step is not None and each.id in step.ids else rules.kept
                )
                complaints.append(Complaint(requirement, f"in the list the {kind} {name} has {otherwise}"))
        complaints += self._strange(rules, kind, tenant, place, shown)
        return complaints

    def _strange(
        self, rules: _Rules, kind: str, tenant: str, place: str, shown: Iterable[str]
    ) -> list[Complaint]:
        """What the list shows though it belongs to somebody or something else, or was deleted."""
        complaints = []
        for identifier in shown:
            other = self.resources.get(identifier)
            if identifier in self.gone:
                complaints.append(Complaint(rules.gone, f"the list holds a deleted {kind}, {identifier}"))
            elif other is not None and other.tenant != tenant:
                complaints.append(
                    Complaint(rules.strangers, f"the list holds the {kind} {identifier} of another tenant")
                )
            elif other is not None and other.place != place:
                complaints.append(
                    Complaint(
                        rules.elsewhere, f"the list for {place} holds {identifier}, which is at {other.place}"
                    )
                )
        return complaints

    def coupon_complaints(self, instance: Instance, body: Any) -> list[Complaint]:
        """What is wrong about the list of valid coupons of an instance. Coupons of runs nobody saw are learned."""
        listed = coupons_in(body)
        shown = {coupon.id: coupon for coupon in listed}
        complaints = []
        if twice := repeated(coupon.id for coupon in listed):
            complaints.append(Complaint("COUPON-10", f"the list shows {', '.join(twice)} more than once"))
        if same := repeated(coupon.code for coupon in shown.values()):
            complaints.append(
                Complaint("COUPON-02", f"several valid coupons have the code {', '.join(same)}")
            )
        for coupon in instance.coupons.values():
            now = shown.get(coupon.id)
            if now is None:
                message = f"of {len(instance.coupons)} valid coupons the list does not show {coupon.code}"
                complaints.append(Complaint("COUPON-10", message))
            elif now.code != coupon.code or not about(now.expires_at, coupon.expires_at):
                message = (
                    f"{coupon.code}, valid until {coupon.expires_at}, is {now.code} until {now.expires_at}"
                )
                complaints.append(Complaint("COUPON-10", message))
        elsewhere = {
            identifier
            for other in self.instances()
            if other is not instance
            for identifier in (*other.coupons, *other.doubtful)
        }
        for identifier in shown.keys() - instance.coupons.keys() - instance.doubtful.keys():
            if identifier in elsewhere or not instance.had_schedules:
                whose = "of another instance" if identifier in elsewhere else "that nobody made"
                message = f"the list shows the coupon {shown[identifier].code} {whose}"
                complaints.append(Complaint("COUPON-11", message))
            else:  # a schedule was due
                instance.doubtful[identifier] = shown[identifier]
        return complaints
