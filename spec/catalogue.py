"""The requirement catalogue: what a deployment is judged by, as data (`requirements.yaml`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

Level = Literal["must", "should", "may"]
SourceKind = Literal["documented", "inferred", "protocol", "device"]
Need = Literal["api", "write", "site", "second_tenant", "device", "clock", "guest", "identity", "faults"]

GENERATIONS = ("v1", "root", "spa")
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
    """One checkable statement about a deployment.

    `generations` are those it is about, empty for all that have one of its operations. `levels` are its levels in
    generations where it has another.
    """

    id: str
    level: Level
    profile: str
    operations: tuple[str, ...]
    source: Source
    needs: tuple[Need, ...]
    statement: str
    generations: tuple[str, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)


class Catalogue:
    """All requirements, in the order of the file, found by id or by glob.

    `absent` are the ids that another generation has and this one has not.
    """

    def __init__(
        self,
        version: str,
        profiles: Mapping[str, str],
        requirements: Iterable[Requirement],
        *,
        absent: Iterable[str] = (),
    ) -> None:
        self.version = version
        self.profiles = dict(profiles)
        self.absent = frozenset(absent)
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

    def of_generation(
        self, generation: str, operations: Collection[str], undocumented: Collection[str]
    ) -> Catalogue:
        """What of this catalogue holds for a generation that has these `operations`.

        A requirement that says `generations` belongs to these alone; another loses the operations that are not there,
        and goes with the last one. Where it rests on an operation that v1 documents and this generation does not
        (`undocumented`), it is no must any more, unless its `levels` say so. Profiles left empty go too.
        """
        kept: list[Requirement] = []
        for requirement in self:
            present = tuple(name for name in requirement.operations if name in operations)
            if (requirement.generations and generation not in requirement.generations) or (
                requirement.operations and not present
            ):
                continue
            requirement = replace(requirement, operations=present)
            if generation in requirement.levels:
                requirement = replace(requirement, level=requirement.levels[generation])
            elif requirement.level == "must" and not set(present).isdisjoint(undocumented):
                source = Source(
                    "inferred", f"no page of {generation} says it; of v1: {requirement.source.where}"
                )
                requirement = replace(requirement, level="should", source=source)
            kept.append(requirement)
        names = {requirement.profile for requirement in kept}
        return Catalogue(
            self.version,
            {name: what for name, what in self.profiles.items() if name in names},
            kept,
            absent=self.absent | (self._by_id.keys() - {requirement.id for requirement in kept}),
        )

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

    Raises `CatalogueError` for an unknown level, need, profile, operation, generation, or a statement left empty.
    """
    known = set(operation_ids)
    of_profile = data.get("generations", {})
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
                    generations=tuple(
                        _one_of(name, GENERATIONS, f"requirement {identifier}: generations")
                        for name in entry.get("generations", of_profile.get(profile, ()))
                    ),
                    levels={
                        _one_of(name, GENERATIONS, f"requirement {identifier}: levels"): cast(
                            Level, _one_of(level, LEVELS, f"requirement {identifier}: levels")
                        )
                        for name, level in entry.get("levels", {}).items()
                    },
                )
            )
    return Catalogue(str(data["version"]), data["profiles"], requirements)
