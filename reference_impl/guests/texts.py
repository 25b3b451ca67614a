"""What the pages say, in the languages there are."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

DEFAULT = "en"

_UNITS = (("days", 86400), ("hours", 3600), ("minutes", 60))


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language; `language` and `direction` are what HTML calls `lang` and `dir`."""

    language: str
    direction: str
    table: Mapping[str, str]

    def __call__(self, name: str, **values: object) -> str:
        """Return a text with its places filled in."""
        return self.table[name].format(**values)

    def duration(self, seconds: int) -> str:
        """Write a number of seconds, at least a minute, in days, hours and minutes."""
        parts = []
        for unit, length in _UNITS:
            count, seconds = divmod(seconds, length)
            if count:
                parts.append(f"{count}\N{NO-BREAK SPACE}{self.table[unit]}")
        return " ".join(parts)


def _read() -> dict[str, Texts]:
    document = tomllib.loads(files("reference_impl.guests").joinpath("texts.toml").read_text("utf-8"))
    return {language: Texts(language, table["direction"], table) for language, table in document.items()}


LANGUAGES: Mapping[str, Texts] = _read()
"""All languages by their code."""


def texts_of(locale: str) -> Texts:
    """Return the texts for a locale such as `pt-BR`: those of its language, or English."""
    language = re.split(r"[-_.@]", locale.strip().lower(), maxsplit=1)[0]
    return LANGUAGES.get(language, LANGUAGES[DEFAULT])
