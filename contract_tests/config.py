"""Configuration of a run: TOML file, environment and command line, in rising precedence.

The file's keys are fixed (README, docs/configuration.md). Errors name the file, the place in it and the remedy.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

DEFAULT_FILE = "portal-contract.toml"
TOKEN_VARIABLE = "PORTAL_CONTRACT_TOKEN"  # noqa: S105 - the name of a variable, not a token
OTHER_TOKEN_VARIABLE = "PORTAL_CONTRACT_OTHER_TOKEN"  # noqa: S105
LAB_TOKEN_VARIABLE = "PORTAL_CONTRACT_LAB_TOKEN"  # noqa: S105
ROUTER_PASSWORD_VARIABLE = "PORTAL_CONTRACT_ROUTER_PASSWORD_"  # noqa: S105 - followed by the index of the site
DEFAULT_RATE = "60/m"

Generation = Literal["v1", "root", "spa"]
FailOn = Literal["must", "should"]


class ConfigError(Exception):
    """The configuration cannot be used. The message is one sentence for the user."""


def parse_rate(text: str) -> float | None:
    """Requests a second from `60/m`, `5/s`, `1000/h`; None for `unlimited`. ValueError otherwise."""
    if text == "unlimited":
        return None
    match = re.fullmatch(r"([1-9][0-9]*)/(s|m|h)", text)
    if not match:
        raise ValueError(f"{text!r} is not a rate; write for example 60/m, 5/s or unlimited")
    return int(match[1]) / {"s": 1, "m": 60, "h": 3600}[match[2]]


def _rate(text: str) -> str:
    parse_rate(text)
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is not an http(s) URL such as https://staging.example.net/captive")
    if parts.query or parts.fragment:
        raise ValueError(f"{text!r} has a query or fragment; give the URL that /instances is appended to")
    if parts.username or parts.password:
        raise ValueError("the URL holds credentials; give the token with token_env instead")
    return text.rstrip("/")


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text))


def _address(text: str) -> str:
    return str(ipaddress.IPv4Address(text))


def _uuid(value: object) -> str:
    return str(UUID(str(value)))


def _authority(value: bool | str) -> bool | str:
    if isinstance(value, str) and not Path(value).is_file():
        raise ValueError(f"there is no file {value}; give true, false or a file of CA certificates")
    return value


Verification = Annotated[bool | str, AfterValidator(_authority)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RouterConfig(_Strict):
    """How the observer reaches the router of a site (RouterOS API)."""

    host: str
    port: int = Field(default=8728, ge=1, le=65535)
    tls: bool = False
    verify_tls: Verification = True
    username: str = "admin"
    password: str = ""
    password_env: str | None = None


class SiteConfig(_Strict):
    """A site the suite may use, and the subnets it may give to its instances there.

    `occupied_subnets` are served by a hotspot of the operator: the suite asks for them to see it left alone.
    """

    id: Annotated[str, BeforeValidator(_uuid)]
    subnets: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], Field(min_length=1)]
    occupied_subnets: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    settle_timeout: float = Field(default=30.0, gt=0)
    router: RouterConfig | None = None


class TargetConfig(_Strict):
    """The deployment under test."""

    base_url: Annotated[str, AfterValidator(_base_url)]
    generation: Generation = "v1"
    token: str | None = None
    token_env: str | None = None
    other_token: str | None = None
    other_token_env: str | None = None
    rate: Annotated[str, AfterValidator(_rate)] = DEFAULT_RATE
    verify_tls: Verification = True
    timeout: float = Field(default=30.0, gt=0)


class IdentityConfig(_Strict):
    """An identity provider that lets the suite's guests sign in.

    `hosts` maps the type of an auth integration (azure, github, google) to the host where the provider plays it;
    `username` is what its sign-in page accepts.
    """

    hosts: dict[str, str]
    username: str


class LabConfig(_Strict):
    """Control APIs of a lab; each is an optional capability.

    `website` is a URL that guests want to see; `addresses` answer HTTP on port 80 to guests who may reach them.
    """

    clock: str | None = None
    guests: str | None = None
    faults: str | None = None
    journal: str | None = None
    identity: IdentityConfig | None = None
    website: str | None = None
    addresses: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    token: str | None = None
    token_env: str | None = None


class RunConfig(_Strict):
    """Options of `run` that may stand in the file."""

    profile: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    seed: int | None = Field(default=None, ge=0)
    budget: int | None = Field(default=None, ge=1)
    workers: int = Field(default=0, ge=0)
    time_limit: float | None = Field(default=None, gt=0)
    fail_on: FailOn = "must"
    waivers: str | None = None
    baseline: str | None = None
    report_dir: str = "portal-contract-report"
    read_only: bool = False
    no_device: bool = False


class Config(_Strict):
    """The whole configuration, secrets read from the environment."""

    target: TargetConfig
    sites: tuple[SiteConfig, ...] = ()
    lab: LabConfig = LabConfig()
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def _distinct_sites(self) -> Config:
        identifiers = [site.id for site in self.sites]
        if len(set(identifiers)) != len(identifiers):
            raise ValueError("sites: two entries have the same id")
        return self

    @property
    def usable_sites(self) -> tuple[SiteConfig, ...]:
        """The sites in the order in which the suite uses them: those whose router can be watched come first."""
        return tuple(sorted(self.sites, key=lambda site: site.router is None))

    @property
    def observed_sites(self) -> tuple[SiteConfig, ...]:
        """The sites whose router can be watched."""
        return tuple(site for site in self.sites if site.router is not None)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret the run knows; none may appear in any output."""
        return tuple(self.secret_names)

    @property
    def secret_names(self) -> dict[str, str]:
        """Secret -> the environment variable that a repeated command takes it from; empty for the usual token."""
        found = [
            (self.target.token, ""),
            (self.target.other_token, OTHER_TOKEN_VARIABLE),
            (self.lab.token, LAB_TOKEN_VARIABLE),
            *(
                (site.router.password, f"{ROUTER_PASSWORD_VARIABLE}{index}")
                for index, site in enumerate(self.sites)
                if site.router
            ),
        ]
        names: dict[str, str] = {}
        for secret, variable in found:
            if secret:
                names.setdefault(secret, variable)
        return names

    def public(self) -> dict[str, Any]:
        """The configuration without its secrets, as it may be reported."""
        hidden = {"token", "other_token", "password"}

        def clean(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {key: clean(item) for key, item in value.items() if key not in hidden}
            if isinstance(value, list | tuple):
                return [clean(item) for item in value]
            return value

        return dict(clean(self.model_dump(mode="json")))


def load_config(
    path: Path | None,
    *,
    overrides: Mapping[str, Mapping[str, Any]],
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read the file (if any), put `overrides` (table -> key -> value, from the command line) over it.

    Raises `ConfigError` for a file that is missing or no TOML, an unknown key, a bad value, an environment
    variable that is named but not set, or no base URL.
    """
    name = path.name if path else "command line"
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                f"{name}: there is no such file; `portal-contract lab --write-config` makes one"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}: cannot be read: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{name}: not valid TOML: {error}") from None
    target = data.setdefault("target", {})
    if isinstance(target, dict) and TOKEN_VARIABLE in environ:
        target["token"] = environ[TOKEN_VARIABLE]
    for table, values in overrides.items():
        existing = data.get(table, {})
        if not isinstance(existing, dict):
            raise ConfigError(f"{name}: [{table}] must be a table")
        data[table] = {**existing, **values}
    if not isinstance(data["target"], dict):
        raise ConfigError(f"{name}: [target] must be a table")
    if not data["target"].get("base_url"):
        raise ConfigError(f"{name}: no target; set base_url in [target] or give --base-url URL")
    _read_environment(data, name, environ)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_sentence(error)}") from None
    if not config.target.token:
        raise ConfigError(
            f"{name}: no token; set {TOKEN_VARIABLE}, give --token, or token_env in [target] names the variable"
        )
    return config


_SECRETS: Sequence[tuple[str, str]] = (("token", "token_env"), ("other_token", "other_token_env"))


def _read_environment(data: dict[str, Any], name: str, environ: Mapping[str, str]) -> None:
    """Put the secrets that variables hold where the model expects them."""

    def fill(table: dict[str, Any], key: str, variable_key: str, where: str) -> None:
        variable = table.get(variable_key)
        if variable and key not in table:
            if variable not in environ:
                raise ConfigError(f"{name}: {where}.{variable_key} names {variable}, which is not set")
            table[key] = environ[variable]

    target = data["target"]
    for key, variable_key in _SECRETS:
        fill(target, key, variable_key, "target")
    lab = data.get("lab")
    if isinstance(lab, dict):
        fill(lab, "token", "token_env", "lab")
    sites = data.get("sites", [])
    for index, site in enumerate(sites if isinstance(sites, list) else []):
        router = site.get("router") if isinstance(site, dict) else None
        if isinstance(router, dict):
            fill(router, "password", "password_env", f"sites[{index}].router")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ""
    for part in first["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{part}" if where else str(part)
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key; look for a spelling mistake"
    message = first["msg"].removeprefix("Value error, ")
    more = len(error.errors()) - 1
    return f"{where}: {message}" + (f" (and {more} more)" if more else "")
