"""What a router tells its login pages and its access rules about one guest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from router_sim.access import ACTIVE, HOST
from router_sim.behaviours import dns, files
from router_sim.engine import Command, Origin
from router_sim.hotspot_service import GuestStatus, Login
from router_sim.router import Router
from router_sim.state import State

T = TypeVar("T")

_ITSELF = Origin("", "", "hotspot")

# What the rules of access look at.
_MENUS = frozenset(
    {
        "/interface/bridge/port",
        "/ip/address",
        "/ip/dns/static",
        "/ip/firewall/address-list",
        "/ip/hotspot",
        "/ip/hotspot/active",
        "/ip/hotspot/host",
        "/ip/hotspot/ip-binding",
        "/ip/hotspot/profile",
        "/ip/hotspot/walled-garden",
        "/ip/hotspot/walled-garden/ip",
    }
)


def rows_of(router: Router, menu: str, *queries: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a menu as the router prints them, in its order; those that meet the queries, if any."""
    return router.execute(Command(f"{menu}/print", {}, queries), _ITSELF).rows


def look(router: Router, read: Callable[[State], T]) -> T:
    """What `read` finds in the router as it is now."""
    found: list[T] = []
    router.write(lambda tx: found.append(read(tx.state)))
    return found[0]


def resolve(router: Router, name: str) -> tuple[str, ...]:
    """The addresses the router knows for a name."""
    return look(router, lambda state: dns.resolve(state, name))


def ask(router: Router, name: str) -> tuple[str, ...]:
    """The addresses the router's name service gives a guest for a name; it remembers them, as of any client."""
    found = resolve(router, name)
    wanted = name.rstrip(".").casefold()
    if found and not look(router, lambda state: state.store(dns.CACHE).holds(("name",), (wanted,))):
        router.write(lambda tx: dns.note(tx, wanted, found))
    return found


class RouterRows(Mapping[str, Sequence[Mapping[str, str]]]):
    """The menus access depends on, each printed when it is first looked at.

    Of hosts and sessions only those of the guest with this hardware address.
    """

    def __init__(self, router: Router, mac: str) -> None:
        self._router = router
        self._own = f"mac-address={mac}"
        self._held: dict[str, Sequence[Mapping[str, str]]] = {}

    def __getitem__(self, menu: str) -> Sequence[Mapping[str, str]]:
        if menu not in _MENUS:
            raise KeyError(menu)
        if menu not in self._held:
            queries = (self._own,) if menu in (HOST, ACTIVE) else ()
            self._held[menu] = rows_of(self._router, menu, *queries)
        return self._held[menu]

    def __iter__(self) -> Iterator[str]:
        return iter(_MENUS)

    def __len__(self) -> int:
        return len(_MENUS)


class RouterDesk:
    """What the servlet needs of a router, for the guest with an address."""

    def __init__(self, router: Router, address: str) -> None:
        self._router = router
        self._address = address

    def status(self) -> GuestStatus | None:
        """What there is to tell the guest; None for one the router does not know."""
        return self._router.hotspot.status(self._address)

    def identity(self) -> str:
        """The router's name."""
        return rows_of(self._router, "/system/identity")[0].get("name", "")

    def file(self, name: str) -> bytes | None:
        """The contents of a file; None when there is none of that name."""
        if name.startswith("*"):  # an identifier, which is no business of guests
            return None
        found = look(self._router, lambda state: files.find(state, name))
        return None if found is None else files.content_bytes(found)

    def holds(self, directory: str) -> bool:
        """Is there any file in the directory?"""
        inside = f"{directory}/"
        return look(
            self._router,
            lambda state: any(item.values["name"].startswith(inside) for item in state.store(files.STORE)),
        )

    def login(
        self, *, method: str, user: str, password: str, chap: str | None, domain: str, cookie: str
    ) -> Login:
        """Log the guest in. Raises LoginRefused."""
        return self._router.hotspot.login(
            self._address,
            method=method,
            user=user,
            password=password,
            chap=chap,
            domain=domain,
            cookie=cookie,
        )

    def logout(self, *, erase_cookie: bool) -> None:
        """Log the guest out."""
        self._router.hotspot.logout(self._address, erase_cookie=erase_cookie)
