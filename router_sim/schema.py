"""What a menu is made of, as data. The tables in `router_sim.menus` are written in these terms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from router_sim.values import Bool, Optional, Reference, Text, ValueType


class Presence(Enum):
    """When a property is part of a printed record."""

    ALWAYS = "always"  # with its default, if it has one and nothing else was set
    SET = "set"  # left out while it holds its default
    TRUE = "true"  # a flag that shows only when it is true
    NEVER = "never"  # can be written, is never shown


@cache
def version_key(version: str) -> tuple[int, ...]:
    """Comparable form of a version such as `7.22.3` or `7.24rc2`; what follows the numbers is ignored."""
    numbers = re.match(r"\d+(?:\.\d+)*", version, re.ASCII)
    if numbers is None:
        raise ValueError(f"{version!r} is no RouterOS version; write it like 7.22.3")
    return tuple(int(part) for part in numbers[0].split("."))


def is_version(text: str) -> bool:
    """Is it written as RouterOS writes its versions, such as `6.49.18`, `7.22` or `7.24rc2`?"""
    return re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,2}([a-z]+\d*)?", text, re.ASCII) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The versions from `since` up to but not including `until`; empty means no bound."""

    since: str = ""
    until: str = ""

    def covers(self, version: str) -> bool:
        """Is `version` inside?"""
        key = version_key(version)
        if self.since and key < version_key(self.since):
            return False
        return not self.until or key < version_key(self.until)


EVER = Span()


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a menu.

    `default` is the canonical value of an item that was never told otherwise (for a reference: the
    word, or `*` and the number of a built-in item); None means there is none. `shown_with` names
    another property and a word its comma list must hold for this one to be printed.
    """

    name: str
    type: ValueType = field(default_factory=Text)
    default: str | None = None
    presence: Presence = Presence.ALWAYS
    required: bool = False
    read_only: bool = False
    clearable: bool = False
    sensitive: bool = False
    shown_with: tuple[str, str] | None = None
    span: Span = Span()

    @property
    def plain(self) -> bool:
        """Is it printed as it is stored, whenever there is a value, whatever else the item holds?"""
        return (
            self.presence is Presence.ALWAYS
            and self.shown_with is None
            and not isinstance(self.type, Reference)
            and self.name not in ("dynamic", "default")
        )

    @property
    def unheld(self) -> str | None:
        """What a free item prints that holds no value of its own, as far as the table alone can tell."""
        always = self.presence is Presence.ALWAYS or (
            self.presence is Presence.TRUE and self.default == "true"
        )
        return self.default if always else None

    @property
    def conditional(self) -> bool:
        """Does what is printed for want of a value depend on the item, or on others?"""
        names_item = isinstance(self.type, Reference) and (self.default or "").startswith(("*", "!"))
        return self.shown_with is not None or names_item


@dataclass(frozen=True, slots=True)
class Unique:
    """Properties whose values together may occur once in a store, and the words of the refusal.

    With `among_enabled` only items that are enabled get in each other's way.
    """

    properties: tuple[str, ...]
    refusal: str
    among_enabled: bool = False


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An item that is there from the start. `protected` ones cannot be removed and are `default=true`."""

    id: int
    values: Mapping[str, str]
    protected: bool = True
    span: Span = Span()


CONFIGURE = frozenset({"set", "reset"})
LIST = frozenset({"add", "remove", *CONFIGURE})
TOGGLE = frozenset({"enable", "disable"})
COMMENT = frozenset({"comment"})


@dataclass(frozen=True)
class Menu:
    """One menu: its properties in print order, and which verbs it has besides print, get and find.

    Menus that show the same items name the same `store`; `kind` then says which of them are shown
    and which kind an added item is. `indexed` lists properties the behaviour looks items up by.
    `dynamic_noun` ends the refusal to change a dynamic item, where the router names what it is. `filters`
    are arguments of print that keep to the items whose property is printed with a value (that of the
    argument itself, where none is named). What becomes of the items of a menu that is not `journaled` is
    no configuration and stays out of the journal. A `bare` one has commands and no items, such as `/tool`.
    `verb_spans` has the versions of those verbs that not all versions of the menu have.
    """

    path: str
    properties: tuple[Property, ...]
    verbs: frozenset[str] = frozenset()
    store: str = ""
    kind: str = ""
    singleton: bool = False
    auto_name: str = ""
    unique: tuple[Unique, ...] = ()
    indexed: tuple[str, ...] = ()
    built_in: tuple[BuiltIn, ...] = ()
    removable_dynamic: bool = False
    print_arguments: frozenset[str] = frozenset()
    noun: str = "item"
    dynamic_noun: str = ""
    filters: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    journaled: bool = True
    bare: bool = False
    span: Span = Span()
    verb_spans: Mapping[str, Span] = field(default_factory=dict, hash=False)
    by_name: Mapping[str, Property] = field(init=False, repr=False, compare=False)
    writable: frozenset[str] = field(init=False, repr=False, compare=False)
    blank: Mapping[str, str | None] = field(init=False, repr=False, compare=False)
    plain: frozenset[str] = field(init=False, repr=False, compare=False)
    optional: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    named: Mapping[str, str] = field(init=False, repr=False, compare=False)
    conditional: tuple[Property, ...] = field(init=False, repr=False, compare=False)
    booleans: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.store:
            object.__setattr__(self, "store", self.path)
        object.__setattr__(self, "by_name", {each.name: each for each in self.properties})
        writable = frozenset(each.name for each in self.properties if not each.read_only)
        object.__setattr__(self, "writable", writable)
        # Printing is what a router does most, so whatever needs no look at the item is settled here: the
        # record of an item that holds no values (None for what stays out); the properties that are printed
        # as they are held, those for which some values mean that they stay out, and those that name an
        # item of a store; and those that must be looked at even where the item holds no value.
        blank = {each.name: each.unheld for each in self.properties}
        object.__setattr__(self, "blank", blank if self.singleton else {".id": None, **blank})
        plain = frozenset(each.name for each in self.properties if each.plain)
        object.__setattr__(self, "plain", plain)
        ordinary = [
            each
            for each in self.properties
            if each.shown_with is None and each.name not in ("dynamic", "default") and not each.plain
        ]
        optional = {
            each.name: ("", each.default or "")
            for each in ordinary
            if each.presence is Presence.SET and not isinstance(each.type, Reference)
        }
        object.__setattr__(self, "optional", optional)
        named = {
            each.name: each.type.store
            for each in ordinary
            if each.presence is Presence.ALWAYS and isinstance(each.type, Reference)
        }
        object.__setattr__(self, "named", named)
        conditional = tuple(each for each in self.properties if each.conditional)
        object.__setattr__(self, "conditional", conditional)
        booleans = frozenset(each.name for each in self.properties if isinstance(each.type, Bool))
        object.__setattr__(self, "booleans", booleans)

    @property
    def ordered(self) -> bool:
        """Does the order of the items mean something, and can it be changed?"""
        return "move" in self.verbs

    def references(self) -> tuple[tuple[Property, Reference], ...]:
        """The properties that name items of other menus."""
        return tuple((each, each.type) for each in self.properties if isinstance(each.type, Reference))


def when_given(name: str, type: ValueType, span: Span = EVER, *, clearable: bool = False) -> Property:
    """A property that is printed once it was given a value, even if that is what holds anyway."""
    held = type if isinstance(type, Reference) else Optional(type)
    return Property(name, held, None, Presence.SET, clearable=clearable, span=span)


def disabled() -> Property:
    """The switch nearly every item has."""
    return Property("disabled", Bool(), "false")


def comment() -> Property:
    """The operator's note; absent from the record while it is empty."""
    return Property("comment", Text(), "", Presence.SET)


def about() -> Property:
    """The router's own remark on an item, such as why it is not active; since 7.13."""
    return Property("about", Text(), "", Presence.SET, read_only=True, span=Span(since="7.13"))


def shown(
    name: str, default: str | None = None, presence: Presence = Presence.ALWAYS, span: Span = Span()
) -> Property:
    """A property the router reports and nobody sets."""
    return Property(name, Text(), default, presence, read_only=True, span=span)


def flag(name: str, presence: Presence = Presence.ALWAYS) -> Property:
    """A read-only yes or no, `false` unless the router says otherwise."""
    return Property(name, Bool(), "false", presence, read_only=True)
