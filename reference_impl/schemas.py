"""Request and response bodies of the API, strictly typed: no text for numbers, no numbers for text."""

import re
import unicodedata
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Strategy = Literal["oauth2", "coupon"]
ImageKind = Literal["logo", "icon"]


def parse_uuid(text: str) -> str | None:
    """Return a UUID of form 8-4-4-4-12 in lower case, or None if `text` is none."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return None
    return str(UUID(text))


def _uuid(text: str) -> str:
    parsed = parse_uuid(text)
    if parsed is None:
        raise ValueError("must be a UUID such as 9a7f1b2c-3d4e-5f6a-7b8c-9d0e1f2a3b4c")
    return parsed


def printable(text: str) -> str:
    """Return `text`; raise ValueError if it holds control characters."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("must not hold control characters")
    return text


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the NUL character")
    return text


def _network(text: str) -> str:
    try:
        network = IPv4Network(text)
    except ValueError:
        network = None
    if network is None or str(network) != text:
        raise ValueError("must be an IPv4 network in CIDR form without host bits, such as 192.168.88.0/24")
    return text


UuidText = Annotated[str, AfterValidator(_uuid)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(printable)]
Seconds = Annotated[int, Field(ge=1200, le=604800)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}\z")]
Subnet = Annotated[str, AfterValidator(_network)]


class Body(BaseModel):
    """What callers send.

    Unknown properties are ignored, as they are in the documented examples of a read-then-write cycle.
    """

    model_config = ConfigDict(strict=True, extra="ignore")


class Theme(Body):
    """Colours of the portal; what is left out takes the default. `logo` and `icon` are read-only."""

    accent_text: Colour = "#FFFFFF"
    accent_color: Colour = "#0396d5"
    text_color: Colour = "#4f4f4f"
    secondary_text_color: Colour = "#8f8f8f"
    background_color: Colour = "#f9f9f9"
    border_color: Colour = "#e0e0e0"
    box_color: Colour = "#ffffff"


class Site(Body):
    """A site an instance serves, and the guest subnets there."""

    id: UuidText
    subnets: list[Subnet]


class InstanceCreate(Body):
    """What a new instance needs; theme, terms and sites come with an update."""

    name: Name
    strategy: Strategy
    session_ttl: Seconds
    auth_integration_id: UuidText | None = None


class InstanceUpdate(InstanceCreate):
    """The whole writable state of an instance; what is left out takes its default."""

    auth_window_ttl: Annotated[int, Field(ge=120, le=900)] = 300
    theme: Theme = Field(default_factory=Theme)
    terms_text: Annotated[str, Field(max_length=65535), AfterValidator(_storable)] | None = None
    sites: list[Site] = Field(default_factory=list)

    @model_validator(mode="after")
    def _subnets_are_distinct(self) -> Self:
        if len({site.id for site in self.sites}) < len(self.sites):
            raise ValueError("'sites' names a site twice; give each site once with all its subnets")
        for site in self.sites:
            networks = sorted(IPv4Network(subnet) for subnet in site.subnets)
            # Sorted by address and then by length, an overlapping pair always has overlapping neighbours.
            for before, after in pairwise(networks):
                if before.overlaps(after):
                    raise ValueError(f"'sites' has overlapping subnets {before} and {after} at one site")
        return self


class ThemeView(Theme):
    """A theme as answered, with links to the pictures."""

    logo: str | None
    icon: str | None


class UnprovisionedView(BaseModel):
    """A subnet that the router of its site does not guard, and why."""

    subnet: str
    reason: str


class SiteView(Site):
    """A site as answered; `unprovisioned` is there only where there is something to say."""

    unprovisioned: list[UnprovisionedView] = Field(default_factory=list, exclude_if=lambda value: not value)


class InstanceView(BaseModel):
    """An instance as answered."""

    id: str
    auth_integration_id: str | None
    strategy: Strategy
    name: str
    session_ttl: int
    auth_window_ttl: int
    theme: ThemeView
    terms_text: str | None
    sites: list[SiteView]
    created_at: str
    preview_url: str | None
