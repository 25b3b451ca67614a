"""Which requirements a run is to judge, and which of them this target and these options rule out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from contract_tests.config import Config
from spec.catalogue import Catalogue, Need, Requirement

READ_ONLY = "the run is read-only"


@dataclass(frozen=True, slots=True)
class Selection:
    """`selected` are judged or reported as not verified; `unavailable` maps those ruled out to the reason."""

    selected: tuple[Requirement, ...]
    unavailable: Mapping[str, str]

    @property
    def possible(self) -> frozenset[str]:
        """Ids that a check can judge."""
        return frozenset(
            requirement.id for requirement in self.selected if requirement.id not in self.unavailable
        )


def missing_capabilities(config: Config) -> dict[Need, str]:
    """What this target or these options lack, with the reason in words for the report."""
    missing: dict[Need, str] = {}
    if config.run.read_only:
        missing["write"] = READ_ONLY
    if not config.sites:
        missing["site"] = "no [[sites]] entry names a site that the suite may use"
    if config.run.no_device:
        missing["device"] = "the run was asked not to look at the routers (--no-device)"
    elif not any(site.router for site in config.sites):
        missing["device"] = "no [sites.router] tells how to reach the router of a site"
    if not config.target.other_token:
        missing["second_tenant"] = "no token of a second tenant (other_token_env)"
    for need, given, key in (
        ("clock", config.lab.clock, "clock"),
        ("guest", config.lab.guests, "guests"),
        ("identity", config.lab.identity, "identity"),
        ("faults", config.lab.faults, "faults"),
    ):
        if not given:
            missing[need] = f"the target offers no {key} control ([lab] {key})"  # type: ignore[index]
    return missing


def select(config: Config, catalogue: Catalogue) -> Selection:
    """The requirements that the options choose, and the gaps that the target leaves."""
    selected = catalogue.select(profiles=config.run.profile, only=config.run.only, skip=config.run.skip)
    missing = missing_capabilities(config)
    unavailable = {}
    for requirement in selected:
        reasons = [missing[need] for need in requirement.needs if need in missing]
        if reasons:
            unavailable[requirement.id] = reasons[0]
    return Selection(selected, unavailable)


def unknown_names(config: Config, catalogue: Catalogue) -> str | None:
    """A sentence about a profile or glob that names nothing, None when all are fine."""
    for profile in config.run.profile:
        if profile not in catalogue.profiles:
            return f"there is no profile {profile!r}; there are {', '.join(catalogue.profiles)}"
    for option, globs in (("--only", config.run.only), ("--skip", config.run.skip)):
        for glob in globs:
            if not catalogue.select(only=[glob]):
                elsewhere = any(fnmatchcase(identifier, glob) for identifier in catalogue.absent)
                where = " in this generation of the API" if elsewhere else ""
                return (
                    f"{option} {glob}: no requirement has such an id{where}; "
                    "`portal-contract requirements` lists them"
                )
    return None
