"""The requirement catalogue: what a deployment is judged by, as data (`requirements.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

Level = Literal["must", "should", "may"]
SourceKind = Literal["documented", "inferred", "protocol", "device"]
Need = Literal["api", "write", "site", "second_tenant", "device", "clock", "guest", "identity", "faults"]

LEVELS: tuple[str, ...] = get_args(Level)
SOURCE_KINDS: tuple[str, ...] = get_args(SourceKind)
NEEDS: tuple[str, ...] = get_args(Need)


class CatalogueError(ValueError):
    """The catalogue says something its shape does not allow; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a requirement comes from.

    `documented`: a page of the API says it. `inferred`: no page says it, `where` tells why it is expected.
    `protocol`: a standard that HTTP services keep says it. `device`: an outcome (D1 to D16) of the device contract.
    """

    kind: SourceKind
    where: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One checkable statement about a deployment."""

    id: str
    level: Level
    profile: str
    operations: tuple[str, ...]
    source: Source
    needs: tuple[Need, ...]
    statement: str


class Catalogue:
    """All requirements, in the order of the file, found by id or by glob."""

    def __init__(
        self, version: str, profiles: Mapping[str, str], requirements: Iterable[Requirement]
    ) -> None:
        self.version = version
        self.profiles = dict(profiles)
        self._by_id: dict[str, Requirement] = {}
        for requirement in requirements:
            if requirement.id in self._by_id:
                raise CatalogueError(f"requirement {requirement.id} is defined twice")
            if requirement.profile not in self.profiles:
                raise CatalogueError(f"requirement {requirement.id}: unknown profile {requirement.profile!r}")
            self._by_id[requirement.id] = requirement

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._by_id

    def __getitem__(self, identifier: str) -> Requirement:
        """The requirement with this id; KeyError names the nearest thing a reader can do."""
        try:
            return self._by_id[identifier]
        except KeyError:
            raise KeyError(
                f"{identifier} is not in the requirement catalogue (spec/requirements.yaml)"
            ) from None

    def select(
        self, *, profiles: Iterable[str] = (), only: Iterable[str] = (), skip: Iterable[str] = ()
    ) -> tuple[Requirement, ...]:
        """The requirements of `profiles` whose id matches a glob of `only` and none of `skip`; empty means all."""
        wanted, kept, dropped = tuple(profiles), tuple(only), tuple(skip)
        return tuple(
            requirement
            for requirement in self
            if (not wanted or requirement.profile in wanted)
            and (not kept or any(fnmatchcase(requirement.id, glob) for glob in kept))
            and not any(fnmatchcase(requirement.id, glob) for glob in dropped)
        )


def _one_of(value: object, allowed: tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise CatalogueError(f"{what}: {value!r} is none of {', '.join(allowed)}")
    return str(value)


def catalogue_from(data: Mapping[str, Any], operation_ids: Iterable[str]) -> Catalogue:
    """Build the catalogue from its YAML form; `operation_ids` are those of the OpenAPI document.

    Raises `CatalogueError` for an unknown level, need, profile, operation, or a statement left empty.
    """
    known = set(operation_ids)
    requirements: list[Requirement] = []
    for profile, entries in data["requirements"].items():
        for entry in entries:
            identifier = str(entry["id"])
            operations = tuple(entry.get("operations", ()))
            for operation in operations:
                if operation not in known:
                    raise CatalogueError(f"requirement {identifier}: unknown operation {operation!r}")
            statement = " ".join(str(entry["statement"]).split())
            if not statement:
                raise CatalogueError(f"requirement {identifier}: the statement is empty")
            kind, where = next(iter(entry["source"].items()))
            requirements.append(
                Requirement(
                    id=identifier,
                    level=cast(Level, _one_of(entry["level"], LEVELS, f"requirement {identifier}: level")),
                    profile=str(profile),
                    operations=operations,
                    source=Source(
                        cast(SourceKind, _one_of(kind, SOURCE_KINDS, f"requirement {identifier}: source")),
                        str(where),
                    ),
                    needs=tuple(
                        cast(Need, _one_of(need, NEEDS, f"requirement {identifier}: needs"))
                        for need in entry.get("needs", ["api"])
                    ),
                    statement=statement,
                )
            )
    return Catalogue(str(data["version"]), data["profiles"], requirements)
