"""Settings of the service: a TOML file, checked so that every mistake names its place and its remedy."""

import os
import re
import ssl
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from reference_impl.schemas import parse_uuid

EXAMPLE = """\
[server]
secret = "at least sixteen characters, kept"

[[tenants]]
name = "acme"
token = "token-of-acme"

[[sites]]
id = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
subnets = ["10.5.50.0/24"]
[sites.router]
host = "192.0.2.1"
username = "portal"
password_env = "ROUTER_PASSWORD"
"""


class SettingsError(Exception):
    """The settings cannot be used; the message says where and what to do."""


def _uuid(value: str) -> str:
    parsed = parse_uuid(value)
    if parsed is None:
        raise ValueError("write it as a UUID, 8-4-4-4-12 hexadecimal digits")
    return parsed


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("write scheme and host only, such as https://portal.example.net")
    if ":" in parts.hostname:
        raise ValueError("a walled garden holds names and IPv4 addresses; use one of these as host")
    return value.rstrip("/")


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or " " in value:
        # Not quoted: a webhook is often a secret.
        raise ValueError("write a whole URL, such as https://hooks.example.net/coupons")
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", value):
        raise ValueError('write a path such as "/captive", or "" for none')
    return value.rstrip("/")


def _authority(value: object) -> object:
    if not isinstance(value, bool | str):
        raise ValueError("write true, false, or the path of a PEM file with the authority's certificate")
    if isinstance(value, str):
        try:
            ssl.create_default_context(cafile=value)
        except OSError as error:
            raise ValueError(
                f"{value} cannot be used as a PEM file of certificates ({error.strerror or error}); "
                "name one, or write true or false"
            ) from None
    return value


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ServerSettings(_Table):
    """`[server]`. `public_url` is the origin guests reach; without it the listening address is used.

    `base_path` is where v1 begins, `root_path` and `spa_path` where the older generations do.
    `rate` is how many requests each token may send in a second, minute or hour, such as 60/m, or `unlimited`.
    Of several processes on one database, one alone leads the routers: the others have `provision` off.
    """

    secret: str = Field(min_length=16, repr=False)
    public_url: Annotated[str, AfterValidator(_origin)] | None = None
    base_path: Annotated[str, AfterValidator(_path)] = "/captive"
    root_path: Annotated[str, AfterValidator(_path)] = "/root"
    spa_path: Annotated[str, AfterValidator(_path)] = "/spa"
    resync_seconds: float = Field(default=30.0, gt=0, strict=False)
    rate: str = Field(default="60/m", pattern=r"^([1-9][0-9]{0,5}/[smh]|unlimited)\z")
    provision: bool = True

    @property
    def bases(self) -> dict[str, str]:
        """The prefix of the paths of each generation."""
        return {"v1": self.base_path, "root": self.root_path, "spa": self.spa_path}

    @model_validator(mode="after")
    def _bases_are_apart(self) -> Self:
        if len(set(self.bases.values())) < len(self.bases):
            raise ValueError("two of base_path, root_path and spa_path are the same; give each its own")
        return self


class DatabaseSettings(_Table):
    """`[database]`: an SQLAlchemy URL with an asynchronous driver."""

    url: str = Field(default="sqlite+aiosqlite:///portal-contract-server.sqlite3", repr=False)


class NotificationSettings(_Table):
    """`[notifications]`: the webhook that passes on to notification groups what schedules have made."""

    url: Annotated[str, AfterValidator(_url)] = Field(repr=False)


class TenantSettings(_Table):
    """`[[tenants]]`: who may call, and the bearer token that proves it."""

    name: str = Field(min_length=1)
    token: str = Field(min_length=1, repr=False, pattern=r"^[\x21-\x7e]+$")


class RouterSettings(_Table):
    """`[sites.router]`: the RouterOS API service of a site. `port` 0 means 8728, or 8729 with `tls`.

    `verify_tls` is whether the router's certificate is checked, or the PEM file of the authority to check it by.
    The user needs the policies api, read, write and sensitive: without the last one RouterOS hides
    the passwords the service has to compare.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    tls: bool = False
    verify_tls: Annotated[bool | str, BeforeValidator(_authority)] = True
    username: str
    password: str = Field(default="", repr=False)

    @property
    def endpoint(self) -> tuple[str, int]:
        return self.host, self.port or (8729 if self.tls else 8728)


class ProviderSettings(_Table):
    """`[providers.<type>]`: endpoints in place of the provider's public ones, for a private one or a lab.

    `hosts` are the names a guest's browser needs before login; without them the host of `authorize_url`.
    """

    authorize_url: Annotated[str, AfterValidator(_url)]
    token_url: Annotated[str, AfterValidator(_url)]
    user_url: Annotated[str, AfterValidator(_url)]
    hosts: tuple[str, ...] = Field(default=(), strict=False)

    @property
    def guest_hosts(self) -> tuple[str, ...]:
        return self.hosts or (urlsplit(self.authorize_url).hostname or "",)


class SiteSettings(_Table):
    """`[[sites]]`: a place with a router. Without `tenant` every tenant may use it.

    `subnets`, `occupied_subnets` and `settle_timeout` inform the contract suite, which reads the same table.
    """

    id: Annotated[str, AfterValidator(_uuid)]
    subnets: list[str] = Field(default_factory=list)
    occupied_subnets: list[str] = Field(default_factory=list)
    tenant: str | None = None
    settle_timeout: float | None = Field(default=None, strict=False)
    router: RouterSettings | None = None


class Settings(_Table):
    """All settings of one service."""

    server: ServerSettings
    database: DatabaseSettings = DatabaseSettings()
    tenants: list[TenantSettings] = Field(min_length=1)
    sites: list[SiteSettings] = Field(default_factory=list)
    notifications: NotificationSettings | None = None
    providers: dict[Literal["azure", "github", "google"], ProviderSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = {tenant.name for tenant in self.tenants}
        if len(names) < len(self.tenants):
            raise ValueError("two [[tenants]] have the same name; give each its own")
        if len({tenant.token for tenant in self.tenants}) < len(self.tenants):
            raise ValueError("two [[tenants]] have the same token; give each its own")
        if len({site.id for site in self.sites}) < len(self.sites):
            raise ValueError("two [[sites]] have the same id; give each its own")
        for site in self.sites:
            if site.tenant is not None and site.tenant not in names:
                raise ValueError(
                    f"site {site.id} belongs to tenant {site.tenant!r}, which is none of the [[tenants]]; "
                    "correct the name or remove the key"
                )
        return self

    def listening_at(self, origin: str) -> "Settings":
        """Return these settings with `origin` as public URL unless the file names one."""
        if self.server.public_url is not None:
            return self
        server = self.server.model_copy(update={"public_url": _origin(origin)})
        return self.model_copy(update={"server": server})

    @property
    def public_origin(self) -> str:
        """The URL that the path of every generation is appended to."""
        if self.server.public_url is None:
            raise SettingsError(
                "server.public_url is not set; name the origin by which guests reach the portal"
            )
        return self.server.public_url

    @property
    def public_base(self) -> str:
        """The URL that `/instances` is appended to."""
        return self.public_origin + self.server.base_path

    @property
    def portal_address(self) -> IPv4Address | str:
        """The host of the portal, which guests must reach before login: an address or a name."""
        host = urlsplit(self.public_base).hostname or ""
        try:
            address = ip_address(host)
        except ValueError:
            return host
        return address if isinstance(address, IPv4Address) else host

    def sites_of(self, tenant: str) -> dict[str, SiteSettings]:
        """Return the sites that this tenant may use, by id."""
        return {site.id: site for site in self.sites if site.tenant in (None, tenant)}


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a settings file. Keys ending in `_env` name the variable that holds the value."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no such file. Name one with --config, or create it; this is enough:\n\n{EXAMPLE}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}).") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML, {error}.") from None
    try:
        return Settings.model_validate(_with_environment(document, environment, path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"{path}: {_place(first['loc'])}{_remedy(first)}.") from None


def _with_environment(node: Any, environment: Mapping[str, str], path: Path) -> Any:
    if isinstance(node, list):
        return [_with_environment(item, environment, path) for item in node]
    if not isinstance(node, dict):
        return node
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key.endswith("_env"):
            plain = key.removesuffix("_env")
            if plain in node:
                raise SettingsError(f"{path}: both {plain} and {key} are set; keep one of them.")
            if not isinstance(value, str) or value not in environment:
                raise SettingsError(
                    f"{path}: {key} names the environment variable {value!r}, which is not set; "
                    f"export it or write {plain} instead."
                )
            result[plain] = environment[value]
        else:
            result[key] = _with_environment(value, environment, path)
    return result


def _place(location: Sequence[int | str]) -> str:
    """Name table and key of an error: `[[sites]] number 2, [sites.router], key port: `."""
    parts: list[str] = []
    tables: list[str] = []
    for index, step in enumerate(location):
        if isinstance(step, int):
            parts[-1:] = [f"[[{'.'.join(tables)}]] number {step + 1}"]
        elif index == len(location) - 1 and step not in Settings.model_fields:
            parts.append(f"key {step}")
        else:
            tables.append(step)
            parts.append(f"[{'.'.join(tables)}]")
    return ", ".join(parts) + ": " if parts else ""


def _remedy(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    match error["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            return "is not a known key; correct or remove it"
        case _:
            return message[:1].lower() + message[1:]
