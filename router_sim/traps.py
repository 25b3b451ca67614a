"""Refusals in the router's own words, with the category that goes with each."""

from router_sim.schema import version_key

MISSING_ITEM = 0
BAD_ARGUMENT = 1

Sentence = tuple[str, int | None]


class Trap(Exception):
    """A refused command. `sentences` are the `!trap` sentences to send: text and category of each."""

    def __init__(self, *sentences: Sentence) -> None:
        super().__init__("; ".join(text for text, _ in sentences))
        self.sentences = sentences

    @property
    def message(self) -> str:
        """The text of the first sentence."""
        return self.sentences[0][0]


def no_such_command(element: str) -> Trap:
    """For a path whose `element` does not exist; the router answers with two sentences."""
    return Trap((f"no such command or directory ({element})", MISSING_ITEM), ("no such command prefix", None))


def no_such_prefix() -> Trap:
    """For a command word that is no path at all."""
    return Trap(("no such command prefix", MISSING_ITEM))


def unknown_parameter(name: str) -> Trap:
    """For an attribute the command does not have."""
    return Trap((f"unknown parameter {name}", BAD_ARGUMENT))


def missing(name: str) -> Trap:
    """For a mandatory attribute left out; both `=` signs are part of the text."""
    return Trap((f"missing ={name}=", None))


def bad_argument(text: str) -> Trap:
    """For an attribute whose value does not do."""
    return Trap((text, BAD_ARGUMENT))


def no_match(name: str) -> Trap:
    """For a word or a name that is not among those allowed."""
    return bad_argument(f"input does not match any value of {name}")


def ambiguous(name: str) -> Trap:
    """For the beginning of a name that several items share."""
    return bad_argument(f"ambiguous value of {name}, more than one possible value matches input")


def no_such_item(version: str) -> Trap:
    """For an identifier or name that no item has. Version 6 adds the error's number."""
    text = "no such item (4)" if version_key(version) < (7,) else "no such item"
    return Trap((text, MISSING_ITEM))


def failure(text: str) -> Trap:
    """For a command that was understood and cannot be done."""
    return Trap((f"failure: {text}", None))


def refused(text: str) -> Trap:
    """For refusals that carry neither a prefix nor a category, such as those of a hotspot login."""
    return Trap((text, None))


def not_permitted() -> Trap:
    """For a user whose group lacks the policy."""
    return Trap(("not enough permissions (9)", None))
