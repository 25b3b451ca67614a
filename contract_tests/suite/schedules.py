"""Steps that the checks of coupons and schedules share: make some, list them, share them, wait for a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contract_tests.client import Answer
from contract_tests.context import Context
from contract_tests.coupons import PRECISION, Coupon, SignedLink, coupons_in, signed_link
from contract_tests.laboratory import LabClock
from contract_tests.ledger import DEFAULT_TENANT
from contract_tests.verifier import CannotTell

NOT_THERE = frozenset({404, 405, 501})  # what a deployment without an undocumented operation answers
# Nobody's group, it is to be hoped: what is told to a group that does not exist reaches nobody.
GROUP = "ng_portal_contract"


class CouponDesk:
    """Makes and lists coupons, also through schedules and signed links, as one tenant does.

    What this deployment asks for where the documents are silent (a notification group that exists, a link to a host
    that cannot be reached from here) is learned once.
    """

    def __init__(self, context: Context, tenant: str = DEFAULT_TENANT) -> None:
        self.schedules = context.collection("coupon-schedule", tenant=tenant)
        self._coupons = context.collection("coupon", tenant=tenant)
        self._tenant = tenant
        self._client = context.client
        self._contract = context.contract
        self._base = context.config.target.base_url
        self._groups: Sequence[Any] = (GROUP, ...)
        self._host_reached: bool | None = None

    def batch(self, instance: Mapping[str, Any], *, minutes_valid: int, count: int) -> list[Coupon]:
        """Coupons for checks that only need some. Raises `CannotTell` if there are none to be had."""
        answer = self.create(instance, {"minutes_valid": minutes_valid, "count": count})
        coupons = coupons_in(answer.json()) if answer.ok else []
        if not coupons:
            raise CannotTell(f"no coupons could be made: {answer.text}")
        return coupons

    def create(self, instance: Mapping[str, Any], body: Any, *, purpose: str = "make coupons") -> Answer:
        return self._coupons.create(body, purpose=purpose, instanceId=instance["id"])

    def listing(self, instance: Mapping[str, Any], *, purpose: str = "list the coupons") -> Answer:
        return self._coupons.listing(purpose=purpose, instanceId=instance["id"])

    def listed(self, instance: Mapping[str, Any], *, purpose: str = "list the coupons") -> list[Coupon]:
        """The valid coupons of an instance. Raises `CannotTell` when they are not told."""
        answer = self.listing(instance, purpose=purpose)
        if not answer.ok or not isinstance(answer.json(), list):
            raise CannotTell(f"the coupons cannot be listed: {answer.text}")
        return coupons_in(answer.json())

    def body(self, label: str, **changes: Any) -> dict[str, Any]:
        """A complete valid body for a daily schedule, with `changes`; a change to `...` takes the property out."""
        body: dict[str, Any] = {
            "name": self.schedules.name(label),
            "count": 3,
            "recurrence_type": "daily",
            "valid_for_in_minutes": 480,
            "timezone": "Europe/Berlin",
            "notification_group_id": self._groups[0],
        } | changes
        return {name: value for name, value in body.items() if value is not ...}

    def attempt(self, instance: Mapping[str, Any], body: Any, *, purpose: str) -> Answer:
        return self.schedules.create(body, purpose=purpose, instanceId=instance["id"])

    def make(
        self, instance: Mapping[str, Any], label: str, **changes: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A new schedule: the body that was sent, and the answer. Raises `CannotTell` if there is none to be had."""
        answer: Answer | None = None
        for group in self._groups:
            body = self.body(label, **({"notification_group_id": group} | changes))
            answer = self.attempt(instance, body, purpose=f"make a schedule: {label}")
            created = answer.json() if answer.ok else None
            if isinstance(created, dict) and isinstance(created.get("id"), str):
                self._groups = (group,)
                return body, created
        assert answer is not None
        raise CannotTell(f"no coupon schedule could be created: {answer.text}")

    def schedules_of(
        self, instance: Mapping[str, Any], *, purpose: str = "list the schedules"
    ) -> list[Mapping[str, Any]]:
        """The schedules of an instance. Raises `CannotTell` when they are not told."""
        answer = self.schedules.listing(purpose=purpose, instanceId=instance["id"])
        listed = answer.json() if answer.ok else None
        if not isinstance(listed, list):
            raise CannotTell(f"the schedules cannot be listed: {answer.text}")
        return [item for item in listed if isinstance(item, Mapping)]

    def look(
        self,
        instance: Mapping[str, Any],
        schedule: Mapping[str, Any],
        *,
        purpose: str = "look at the schedule",
    ) -> Mapping[str, Any]:
        """The schedule as the list shows it (reading one alone is not documented); empty if it is not there."""
        found = [
            item
            for item in self.schedules_of(instance, purpose=purpose)
            if str(item.get("id")).lower() == schedule["id"].lower()
        ]
        return found[0] if found else {}

    def dated(self, instance: Mapping[str, Any], schedule: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schedule with its next run; looked at again if that was not reckoned yet when it was made."""
        if schedule.get("next_run_at") is not None:
            return schedule
        return self.look(instance, schedule, purpose="look for its next run") or schedule

    def change(
        self, instance: Mapping[str, Any], schedule: Mapping[str, Any], body: Any, what: str
    ) -> Answer:
        return self.schedules.update(
            schedule["id"], body, purpose=f"update the schedule: {what}", instanceId=instance["id"]
        )

    def delete(self, instance: Mapping[str, Any], schedule: Mapping[str, Any]) -> Answer:
        return self.schedules.delete(schedule["id"], instanceId=instance["id"])

    def run(self, instance: Mapping[str, Any], schedule: Mapping[str, Any]) -> Answer:
        """Run it now, which a deployment need not offer."""
        return self._client.send(
            "POST",
            self.schedules.path("runCouponSchedule", instanceId=instance["id"], scheduleId=schedule["id"]),
            purpose="run the schedule now",
            token=self._tenant,
        )

    def share(self, instance: Mapping[str, Any], schedule: Mapping[str, Any]) -> Answer:
        """Ask for a signed link to the coupons of the schedule."""
        return self._client.send(
            "GET",
            self.schedules.path("generateCouponUrl", instanceId=instance["id"], scheduleId=schedule["id"]),
            purpose="generate a signed coupon URL",
            token=self._tenant,
        )

    def link(self, instance: Mapping[str, Any], schedule: Mapping[str, Any]) -> SignedLink:
        """A signed link. Raises `CannotTell` if there is none."""
        answer = self.share(instance, schedule)
        link = signed_link(answer.json()) if answer.ok else None
        if link is None or not link.complete:
            raise CannotTell(f"there is no signed coupon URL: {answer.text}")
        return link

    def follow(self, url: str, *, purpose: str = "follow the signed coupon URL") -> Answer:
        """Open a signed link without the token.

        It names the public host of the deployment. If nobody answers there, or somebody who does not show what the
        target shows, the target is asked: what is signed is taken to be the same wherever it is opened.
        """
        query = urlsplit(url).query
        path = self._contract.path("retrieveSharedCoupons") + (f"?{query}" if query else "")
        if url.startswith(f"{self._base}/") or self._host_reached is False:
            return self._client.send("GET", path, purpose=purpose, token=None)
        answer = self._client.fetch(url, purpose=purpose)
        if self._host_reached is None:
            # The first link that is followed is one that holds.
            self._host_reached = answer.ok
            if not answer.ok:
                there = self._client.send("GET", path, purpose=purpose, token=None)
                self._host_reached = answer.status is not None and not there.ok
                return answer if self._host_reached else there
        return answer


class Timeline:
    """The clock of a laboratory, which the deployment is expected to go by."""

    def __init__(self, clock: LabClock, desk: CouponDesk) -> None:
        self.clock = clock
        self.desk = desk

    def reach(self, moment: datetime) -> datetime:
        """Move the clock to `moment`, unless it is past it; gives the time."""
        ahead = (moment - self.clock.now()).total_seconds()
        return self.clock.advance(ahead) if ahead > 0 else self.clock.now()

    def is_kept(self, witness: Mapping[str, Any]) -> None:
        """Raises `CannotTell` if the deployment's time, told by a coupon it makes for `witness`, is another one."""
        now = self.clock.now()
        [coupon] = self.desk.batch(witness, minutes_valid=1, count=1)
        if coupon.created_at is None or coupon.created_at < now - PRECISION:
            raise CannotTell(
                f"the deployment does not go by the laboratory's clock: at {now} it says {coupon.created_at}"
            )
