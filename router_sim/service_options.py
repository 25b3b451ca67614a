"""The options of the `router` command that say which services are served, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import click

from router_sim.fleet import ServicePorts

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_PORT: Final = click.IntRange(0, 65535)
_OPTIONS: Final = (
    click.option(
        "--port", type=_PORT, default=8728, show_default=True, help="Port of the API; 0 takes a free one."
    ),
    click.option(
        "--api-ssl-port", type=_PORT, default=None, help="Port of the API over TLS; off by default."
    ),
    click.option("--www-port", type=_PORT, default=None, help="Port of REST over HTTP; off by default."),
    click.option("--www-ssl-port", type=_PORT, default=None, help="Port of REST over HTTPS; off by default."),
    click.option(
        "--tls",
        is_flag=True,
        help="Give each router a certificate of its own; serves the API over TLS on 8729 if nothing else is said.",
    ),
)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """Ports of the services, and whether routers get certificates."""

    ports: ServicePorts = field(default_factory=ServicePorts)
    certificates: bool = False


def service_options(command: Decorated) -> Decorated:
    """Add the options to a command; it gets them by the names `take_services` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_services(given: Mapping[str, Any]) -> ServiceOptions:
    """What was asked for, out of the parameters of the command. ValueError for a port of two services."""
    tls = bool(given["tls"])
    api_ssl = given["api_ssl_port"]
    if tls and api_ssl is None and given["www_ssl_port"] is None:
        api_ssl = 8729
    ports = ServicePorts(given["port"], api_ssl, given["www_port"], given["www_ssl_port"])
    held: dict[int, str] = {}
    for name, port in ports.by_name().items():
        if port and port in held:
            raise ValueError(
                f"port {port}: {held[port]} and {name} cannot both have it; choose another for one"
            )
        held[port] = name
    return ServiceOptions(ports, tls)
