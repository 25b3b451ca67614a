"""Value types of IPv6: addresses, and addresses with the length of their network."""

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Interface, NetmaskValueError

from router_sim.values import BadValue

_LONGEST = 49  # characters an IPv6 address and its length can have


@dataclass(frozen=True, slots=True)
class AnyAddress:
    """An IPv6 or IPv4 address."""

    def parse(self, text: str) -> str:
        """The shortest form."""
        if ":" not in text:
            return _checked(IPv4Address, text)
        return _checked(IPv6Address, text)


@dataclass(frozen=True, slots=True)
class InterfaceAddressV6:
    """An IPv6 address with the length of its network; a bare address is in a network of 64 bits."""

    def parse(self, text: str) -> str:
        """`a::b/n`, host bits kept."""
        return _checked(IPv6Interface, text if "/" in text else f"{text}/64")


def _checked(kind: type[IPv4Address] | type[IPv6Address] | type[IPv6Interface], text: str) -> str:
    if len(text) > _LONGEST or "%" in text or not text.isascii():
        raise BadValue
    try:
        return str(kind(text))
    except (AddressValueError, NetmaskValueError, ValueError):
        raise BadValue from None
