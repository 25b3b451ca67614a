"""What a router fresh from its image is told, so that it can serve a site; and the site's own entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from router_sim.chr.caller import Caller, CallerError

FACTORY_USER = "admin"
GUEST_CARD = "ether2"
FIRST_VLAN = 100


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the API: its path and its attributes."""

    path: str
    attributes: tuple[tuple[str, str], ...]

    def words(self) -> list[str]:
        """The sentence."""
        return [self.path, *(f"={name}={value}" for name, value in self.attributes)]


def commands(subnets: Sequence[str], card: str = GUEST_CARD) -> list[Command]:
    """What gives each guest network its interface and address.

    The first is on the second network card itself, each further one on a virtual LAN of it; the router has
    the first address of each. Raises ValueError for text that is no network.
    """
    wanted = [Command("/ip/dns/set", (("allow-remote-requests", "yes"),))]
    for number, text in enumerate(subnets, 1):
        network = IPv4Network(text)
        interface = card
        if number > 1:
            interface = f"vlan-guest-{number}"
            vlan = (("name", interface), ("interface", card), ("vlan-id", str(FIRST_VLAN + number)))
            wanted.append(Command("/interface/vlan/add", vlan))
        address = (("address", f"{network[1]}/{network.prefixlen}"), ("interface", interface))
        wanted.append(Command("/ip/address/add", (*address, ("comment", f"guests {number}"))))
    return wanted


async def prepare(host: str, port: int, *, password: str, subnets: Sequence[str]) -> None:
    """Set the password of the factory's user and make the guest networks. CallerError when it refuses.

    A router that has the networks already is left as it is, so that this can be repeated.
    """
    async with Caller(host, port) as caller:
        await caller.log_in(FACTORY_USER, "")
        cards = {row.get("name") for row in await caller.rows("/interface/print", "=.proplist=name")}
        if GUEST_CARD not in cards:
            raise CallerError(f"the router has no {GUEST_CARD}: {', '.join(sorted(map(str, cards)))}")
        for command in commands(subnets):
            await caller.rows(*command.words())
        # Last: from here on the empty password is no more.
        await caller.rows("/user/set", f"=.id={FACTORY_USER}", f"=password={password}")
