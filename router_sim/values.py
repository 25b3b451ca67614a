"""Value types of RouterOS properties: what is accepted, and the one form that is printed.

A type turns the text of an attribute into its canonical text, which is what the router stores and
prints; parsing a canonical text again gives the same text. Text that does not fit raises BadValue,
whose template is completed with the name of the argument.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Protocol

from router_sim.durations import format_colon, format_duration, parse_duration

INVALID = "invalid value for argument {name}"
NO_MATCH = "input does not match any value of {name}"


class BadValue(Exception):  # noqa: N818 - the field calls it a bad value
    """Text that is no value of the type; `describe` gives the router's words for it."""

    def __init__(self, template: str = INVALID) -> None:
        super().__init__(template)
        self.template = template

    def describe(self, name: str) -> str:
        """The text of the trap for the argument called `name`."""
        return self.template.replace("{name}", name)


class ValueType(Protocol):
    """What a property may hold."""

    def parse(self, text: str) -> str:
        """Canonical text of `text`. Raises BadValue."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Any bytes, kept as they came."""

    def parse(self, text: str) -> str:
        """`text` itself."""
        return text


@dataclass(frozen=True, slots=True)
class Bool:
    """`yes`, `no`, `true` or `false`; printed as the last two."""

    def parse(self, text: str) -> str:
        """`true` or `false`."""
        if text in ("true", "yes"):
            return "true"
        if text in ("false", "no"):
            return "false"
        raise BadValue(NO_MATCH)


_DECIMAL = re.compile(r"\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Int:
    """A decimal number between `low` and `high`, optionally written with a `unit` that is not printed."""

    low: int = 0
    high: int = 2**64 - 1
    unit: str = ""
    base16: bool = False

    def parse(self, text: str) -> str:
        """Decimal digits without leading zeros (hexadecimal after `0x` where the type is base 16)."""
        number = self._number(text.removesuffix(self.unit) if self.unit else text)
        if not self.low <= number <= self.high:
            raise BadValue(f"value of {{name}} is out of range ({self.low} .. {self.high})")
        return f"0x{number:X}" if self.base16 else str(number)

    def _number(self, text: str) -> int:
        if self.base16 and re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", text):
            return int(text, 16)
        if not _DECIMAL.fullmatch(text):
            raise BadValue
        return int(text)


@dataclass(frozen=True, slots=True)
class Duration:
    """A time interval in any of its forms, within `low` and `high` microseconds."""

    low: int = 0
    high: int | None = None

    def parse(self, text: str) -> str:
        """The `1w2d3h4m5s` form."""
        try:
            value = parse_duration(text)
        except ValueError:
            raise BadValue from None
        if value < self.low or (self.high is not None and value > self.high):
            top = format_colon(self.high) if self.high is not None else "..."
            raise BadValue(f"value of {{name}} is out of range ({format_colon(self.low)} .. {top})")
        return format_duration(value)


@dataclass(frozen=True, slots=True)
class Words:
    """One of some words, or a value of `inner`. Zero, where the type has one, is printed as `zero`."""

    words: tuple[str, ...]
    inner: ValueType
    zero: str = ""

    def parse(self, text: str) -> str:
        """The word, or what `inner` makes of the text."""
        if text in self.words:
            return text
        value = self.inner.parse(text)
        return self.zero if self.zero and value in ("0", "0s") else value


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one of the listed words."""

    words: tuple[str, ...]

    def parse(self, text: str) -> str:
        """The word itself."""
        if text not in self.words:
            raise BadValue(NO_MATCH)
        return text


@dataclass(frozen=True, slots=True)
class Flags:
    """Any number of the listed words, printed in the order of the type whatever the order of input."""

    order: tuple[str, ...]

    def parse(self, text: str) -> str:
        """Comma list in the order of the type."""
        given = set(split_list(text))
        if given - set(self.order):
            raise BadValue(NO_MATCH)
        return ",".join(word for word in self.order if word in given)


@dataclass(frozen=True, slots=True)
class Policy:
    """Rights of a user group: those granted, then those denied with a `!`. What is not named is denied."""

    order: tuple[str, ...]

    def parse(self, text: str) -> str:
        """All rights of the type, granted ones first."""
        given = split_list(text)
        if {word.removeprefix("!") for word in given} - set(self.order):
            raise BadValue(NO_MATCH)
        granted = [word for word in self.order if word in given and f"!{word}" not in given]
        return ",".join(granted + [f"!{word}" for word in self.order if word not in granted])


@dataclass(frozen=True, slots=True)
class Listed:
    """Values of `inner` with commas between them, in the order given."""

    inner: ValueType
    low: int = 0

    def parse(self, text: str) -> str:
        """Comma list of canonical values. Raises BadValue when there are fewer than `low`."""
        parts = [self.inner.parse(part) for part in split_list(text)]
        if len(parts) < self.low:
            raise BadValue
        return ",".join(parts)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition of a rule: empty for none, a value of `inner`, or `!` and such a value."""

    inner: ValueType

    def parse(self, text: str) -> str:
        """The canonical value behind its `!`, if it has one."""
        if text == "":
            return ""
        if text.startswith("!"):
            return "!" + self.inner.parse(text[1:])
        return self.inner.parse(text)


@dataclass(frozen=True, slots=True)
class Optional:
    """Empty for nothing, or a value of `inner`."""

    inner: ValueType

    def parse(self, text: str) -> str:
        """Empty, or the canonical value."""
        return "" if text == "" else self.inner.parse(text)


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
    """One address, `from-to`, or a network; the forms `/32` and `a-a` are printed as the bare address."""

    def parse(self, text: str) -> str:
        """The shortest form that says the same."""
        first, dash, last = text.partition("-")
        if dash:
            if not last:
                raise BadValue("value of range must have ip address after '-'")
            low, high = _range_address(first), _range_address(last)
            if int(low) > int(high):
                raise BadValue(_RANGE)
            return str(low) if low == high else f"{low}-{high}"
        address, slash, length = text.partition("/")
        host = _range_address(address)
        if not slash:
            return str(host)
        try:
            return masked(host, prefix_length(length)).removesuffix("/32")
        except BadValue:
            raise BadValue(_RANGE) from None


_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AddressOrName:
    """What an address list holds: an address range, or a name to be resolved."""

    def parse(self, text: str) -> str:
        """The canonical range, or the name as it came."""
        if re.search(r"[A-Za-z]", text) and _HOST_NAME.fullmatch(text):
            return text
        return AddressRange().parse(text)


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


_RATE = r"\d{1,12}[kKMG]?(?:/\d{1,12}[kKMG]?)?"
_SPAN = r"\d{1,9}s?(?:/\d{1,9}s?)?"
_RATE_LIMIT = re.compile(
    rf"(?:{_RATE}(?: {_RATE}(?: {_RATE}(?: {_SPAN}(?: [1-8](?: {_RATE})?)?)?)?)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`rx/tx [burst [threshold [time [priority [minimum]]]]]`; printed as it was given."""

    def parse(self, text: str) -> str:
        """`text` itself, when it has the syntax."""
        if not _RATE_LIMIT.fullmatch(text):
            raise BadValue
        return text


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of a fixed shape that is kept as it came, such as a date."""

    expression: str

    def parse(self, text: str) -> str:
        """`text` itself, when it has the shape."""
        if not re.fullmatch(self.expression, text, re.ASCII):
            raise BadValue
        return text


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an item of another menu, or one of some words.

    The router remembers which item was meant, so that a rename is followed; `store` says where it
    lives. `missing` says what a holder does when the item is removed: `default` goes back to the
    property's default, `keep` goes on holding the number, printed in the place of the name.
    """

    store: str
    words: tuple[str, ...] = ()
    negatable: bool = False
    missing: str = "keep"

    def resolve(self, text: str, find: Callable[[str, str], str | None]) -> str:
        """Stored form of `text`: a word, or `*` and the item's number. Raises BadValue.

        `find(store, text)` gives the number behind a name or an identifier.
        """
        if text in self.words or (text == "" and self.negatable):
            return text
        sign = "!" if self.negatable and text.startswith("!") else ""
        target = find(self.store, text.removeprefix(sign))
        if target is None:
            raise BadValue(NO_MATCH)
        return sign + target

    def parse(self, text: str) -> str:
        """A word only; names need `resolve`, which knows the items."""
        return self.resolve(text, lambda store, name: None)


_RANGE = INVALID + "\r\ninvalid value of range, expects range of ip addresses"


def split_list(text: str) -> list[str]:
    """The parts of a comma list; an empty text has none."""
    return text.split(",") if text else []


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


def _range_address(text: str) -> IPv4Address:
    try:
        return ipv4(text)
    except BadValue:
        raise BadValue(_RANGE) from None
