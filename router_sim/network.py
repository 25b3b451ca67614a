"""Value types of the network: addresses, prefixes, ranges, hardware addresses, ports."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, summarize_address_range

from router_sim.values import INVALID, BadValue, Int

_RANGE = INVALID + "\r\ninvalid value of range, expects range of ip addresses"


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 address."""

    def parse(self, text: str) -> str:
        """Dotted decimal."""
        return str(ipv4(text))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IPv4 address and a port, `0.0.0.0:0` for none."""

    def parse(self, text: str) -> str:
        """`a.b.c.d:port`; the port is 0 when left out."""
        address, _, port = text.partition(":")
        return f"{ipv4(address)}:{Int(high=65535).parse(port or '0')}"


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address with the length of its network; a bare address is a network of its own (`/32`)."""

    def parse(self, text: str) -> str:
        """`a.b.c.d/n`, host bits kept."""
        address, slash, length = text.partition("/")
        return f"{ipv4(address)}/{prefix_length(length) if slash else 32}"


@dataclass(frozen=True, slots=True)
class Prefix:
    """A network: host bits are dropped, a bare address is `/32`."""

    def parse(self, text: str) -> str:
        """`a.b.c.d/n` with the host bits zero."""
        address, slash, length = text.partition("/")
        return masked(ipv4(address), prefix_length(length) if slash else 32)


@dataclass(frozen=True, slots=True)
class AddressRange:
    """One address, `from-to`, or a network; the forms `/32` and `a-a` are printed as the bare address.

    `refusal` is what the router says of anything else; it differs between menus.
    """

    refusal: str = _RANGE

    def parse(self, text: str) -> str:
        """The shortest form that says the same."""
        first, dash, last = text.partition("-")
        if dash and not last:
            raise BadValue("value of range must have ip address after '-'")
        try:
            return self._between(ipv4(first), ipv4(last)) if dash else self._network(text)
        except BadValue:
            raise BadValue(self.refusal) from None

    def _between(self, low: IPv4Address, high: IPv4Address) -> str:
        if low > high:
            raise BadValue
        return str(low) if low == high else f"{low}-{high}"

    def _network(self, text: str) -> str:
        address, slash, length = text.partition("/")
        host = ipv4(address)
        return masked(host, prefix_length(length)).removesuffix("/32") if slash else str(host)


_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AddressOrName:
    """What an address list holds: an address range, or a name to be resolved.

    A range that is a network is printed as that network, as the manual says of these lists.
    """

    def parse(self, text: str) -> str:
        """The canonical range, or the name as it came."""
        if is_host_name(text):
            return text
        found = AddressRange().parse(text)
        first, dash, last = found.partition("-")
        if not dash:
            return found
        low, high = IPv4Address(first), IPv4Address(last)
        network, *more = summarize_address_range(low, high)
        return found if more else str(network)


def is_host_name(text: str) -> bool:
    """Is it a name, and no address?"""
    return bool(re.search(r"[A-Za-z]", text) and _HOST_NAME.fullmatch(text))


_MAC = re.compile(r"[0-9A-Fa-f]{2}([:.-]?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mac:
    """A hardware address with colons, dashes, dots or nothing between its bytes."""

    def parse(self, text: str) -> str:
        """Upper case with colons."""
        if not _MAC.fullmatch(text):
            raise BadValue("invalid value of {name}, mac address required")
        digits = re.sub(r"[:.-]", "", text).upper()
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


@dataclass(frozen=True, slots=True)
class Ports:
    """A port, or a range of ports `from-to`."""

    def parse(self, text: str) -> str:
        """`n` or `n-m`."""
        first, dash, last = text.partition("-")
        port = Int(high=65535)
        if not dash:
            return port.parse(first)
        low, high = port.parse(first), port.parse(last)
        if int(low) > int(high):
            raise BadValue
        return f"{low}-{high}"


def ipv4(text: str) -> IPv4Address:
    """The address `text` stands for. Raises BadValue."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise BadValue from None


def prefix_length(text: str) -> int:
    """Length of a prefix written as a number or as a dotted mask. Raises BadValue."""
    if re.fullmatch(r"\d{1,2}", text, re.ASCII) and int(text) <= 32:
        return int(text)
    mask = int(ipv4(text))
    length = mask.bit_count()
    if mask != mask_of(length):
        raise BadValue
    return length


def mask_of(length: int) -> int:
    """The network mask of a prefix length, as a number."""
    return (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF


def masked(address: IPv4Address, length: int) -> str:
    """The network of `address` as `a.b.c.d/n`."""
    return f"{IPv4Address(int(address) & mask_of(length))}/{length}"


def range_bounds(text: str) -> tuple[int, int]:
    """First and last address, as numbers, of a canonical address range."""
    first, dash, last = text.partition("-")
    if dash:
        return int(IPv4Address(first)), int(IPv4Address(last))
    address, slash, length = text.partition("/")
    low = int(IPv4Address(address))
    return low, low | (~mask_of(int(length)) & 0xFFFFFFFF) if slash else low
