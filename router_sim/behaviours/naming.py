"""Comma lists that name items of another menu: stored by identifier, so that a rename is followed."""

from collections.abc import Callable, Collection

from router_sim.state import State
from router_sim.store import parse_key
from router_sim.traps import no_match
from router_sim.values import split_list


def to_keys(
    state: State,
    store: str,
    text: str,
    argument: str,
    *,
    words: Collection[str] = (),
    other: Callable[[str], str | None] = lambda part: None,
) -> str:
    """The list with identifiers in the place of names.

    `words` stay what they are, and so does what `other` makes a value of. Raises Trap for a part that is
    nothing of all that; `argument` is what the refusal calls the attribute.
    """
    stored = []
    for part in split_list(text):
        kept = part if part in words else other(part)
        key = kept if kept is not None else state.find(store, part)
        if key is None:
            raise no_match(argument)
        stored.append(key)
    return ",".join(stored)


def to_names(state: State, store: str, text: str) -> str:
    """The list as it is printed."""
    return ",".join(
        state.name_of(store, part) if parse_key(part) is not None else part for part in split_list(text)
    )
