"""Value types of RouterOS properties: what is accepted, and the one form that is printed.

A type turns the text of an attribute into its canonical text, which is what the router stores and
prints; parsing a canonical text again gives the same text. Text that does not fit raises BadValue,
whose template is completed with the name of the argument.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router_sim.durations import format_colon, format_duration, parse_duration

INVALID = "invalid value for argument {name}"
NO_MATCH = "input does not match any value of {name}"


class BadValue(Exception):
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
            raise BadValue(f"value of {{name}} out of range ({self.low}..{self.high})")
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
class SignedFlags:
    """Any number of the listed words, each alone or behind a `!`, printed in the order of the type."""

    order: tuple[str, ...]

    def parse(self, text: str) -> str:
        """Comma list in the order of the type; of a word given both ways the last one counts."""
        given = {word.removeprefix("!"): word for word in split_list(text)}
        if given.keys() - set(self.order):
            raise BadValue(NO_MATCH)
        return ",".join(given[word] for word in self.order if word in given)


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


_FACTORS = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_ONE_RATE = re.compile(r"(\d{1,12})([kKMG]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """Bits a second, perhaps with `k`, `M` or `G` for thousands, millions and so on; printed as the number."""

    def parse(self, text: str) -> str:
        """Decimal digits."""
        match = _ONE_RATE.fullmatch(text)
        if match is None:
            raise BadValue
        return str(int(match[1]) * _FACTORS[match[2]])


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number with at most so many digits behind its point, printed without zeros at the end."""

    places: int

    def parse(self, text: str) -> str:
        """The shortest form."""
        if not re.fullmatch(rf"\d{{1,9}}(\.\d{{1,{self.places}}})?", text, re.ASCII):
            raise BadValue
        whole, _, rest = text.partition(".")
        rest = rest.rstrip("0")
        return f"{int(whole)}.{rest}" if rest else str(int(whole))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values of `inner` with a slash between them; one alone stands for both."""

    inner: ValueType

    def parse(self, text: str) -> str:
        """`a/b`."""
        first, slash, second = text.partition("/")
        one = self.inner.parse(first)
        return f"{one}/{self.inner.parse(second) if slash else one}"


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
    property's default, `keep` goes on holding the number, printed in the place of the name. `told` is what
    a refusal calls the argument, where that is not the name of the property.
    """

    store: str
    words: tuple[str, ...] = ()
    negatable: bool = False
    missing: str = "keep"
    told: str = ""

    def resolve(self, text: str, find: Callable[[str, str], str | None]) -> str:
        """Stored form of `text`: a word, or `*` and the item's number. Raises BadValue.

        `find(store, text)` gives the number behind a name or an identifier.
        """
        if text in self.words or (text == "" and self.negatable):
            return text
        sign = "!" if self.negatable and text.startswith("!") else ""
        target = find(self.store, text.removeprefix(sign))
        if target is None:
            raise BadValue(NO_MATCH.replace("{name}", self.told) if self.told else NO_MATCH)
        return sign + target

    def parse(self, text: str) -> str:
        """A word only; names need `resolve`, which knows the items."""
        return self.resolve(text, lambda store, name: None)


def split_list(text: str) -> list[str]:
    """The parts of a comma list; an empty text has none."""
    return text.split(",") if text else []
