"""A router, a clock that stands still until told, and a console to work on it."""

from datetime import UTC, datetime

import pytest

from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Reply, Trap
from router_sim.router import Router

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Console:
    """Commands for one router, as a user; replies in the shape a test wants to look at."""

    def __init__(self, router: Router, user: str = "admin") -> None:
        self.router = router
        self.origin = Origin(user, "127.0.0.1", "api", 7)

    def as_user(self, name: str) -> "Console":
        """The console of somebody else on the same router."""
        return Console(self.router, name)

    def run(self, path: str, attributes: dict[str, str] | None = None, *queries: str) -> Reply:
        return self.router.execute(Command(path, attributes or {}, queries), self.origin)

    def add(self, menu: str, **values: str) -> str:
        """Property names with `_` for `-`."""
        ret = self.run(f"{menu}/add", {name.replace("_", "-"): value for name, value in values.items()}).ret
        assert ret is not None
        return ret

    def set(self, menu: str, item: str, **values: str) -> None:
        given = {name.replace("_", "-"): value for name, value in values.items()}
        self.run(f"{menu}/set", {".id": item, **given})

    def rows(self, menu: str, *queries: str) -> list[dict[str, str]]:
        return [dict(row) for row in self.run(f"{menu}/print", {}, *queries).rows]

    def row(self, menu: str, item: str) -> dict[str, str]:
        (row,) = self.run(f"{menu}/print", {"from": item}).rows
        return dict(row)

    def names(self, menu: str) -> list[str]:
        return [row["name"] for row in self.rows(menu)]

    def trap(self, path: str, attributes: dict[str, str] | None = None) -> tuple[tuple[str, int | None], ...]:
        """The sentences of the trap; and proof that nothing else happened, but for what the log says of it."""
        before = self.router.snapshot() | {"/log": []}
        with pytest.raises(Trap) as caught:
            self.run(path, attributes)
        assert self.router.snapshot() | {"/log": []} == before
        return caught.value.sentences


@pytest.fixture
def still_clock() -> VirtualClock:
    """Moves only by `advance`."""
    return VirtualClock(START, monotonic=lambda: 0.0)


@pytest.fixture
def console(still_clock: VirtualClock) -> Console:
    """A fresh router with three usable interfaces below ether1, and admin at its console."""
    router = Router(name="r1", clock=still_clock, password="secret")
    console = Console(router)
    for number in ("10", "20", "30"):
        console.add("/interface/vlan", name=f"vlan{number}", interface="ether1", vlan_id=number)
    router.mark_initial()
    return console
