"""The state routers start with where it is not the laboratory's: that of a file, or of another router."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from router_sim.clock import Clock
from router_sim.loading import LoadReport, load
from router_sim.printable import printable
from router_sim.reading_routers import ReadingError, read_router, source_from
from router_sim.router import Router
from router_sim.snapshots import Snapshot, snapshot_of
from router_sim.state import Resolve, nothing_resolves

FROM_PASSWORD_ENV: Final = "PORTAL_CONTRACT_FROM_PASSWORD"  # noqa: S105 - the name of a variable
_MOST_BYTES: Final = 128 * 1024 * 1024
_Command = TypeVar("_Command", bound=Callable[..., Any])


class StateError(Exception):
    """The state cannot be had or kept; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class StateOptions:
    """What was asked for. With `host` the state is read from that router, with `path` from that file."""

    path: str = ""
    host: str = ""
    user: str = "admin"
    password: str = field(default="", repr=False)
    tls: bool = False
    authority: str = ""
    verify: bool = True
    save: str = ""

    @property
    def own(self) -> bool:
        """Is it the laboratory's own state?"""
        return not (self.path or self.host)


def state_options(command: _Command) -> _Command:
    """Add the options of this module to a command; `options_from` makes a StateOptions of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option("--load", "state_path", default="", metavar="FILE", help="Start with a snapshot's state."),
    click.option(
        "--from", "state_host", default="", metavar="HOST[:PORT]", help="Start with the state of that router."
    ),
    click.option("--from-user", "state_user", default="admin", show_default=True, help="Who logs in there."),
    click.option(
        "--from-password",
        "state_password",
        envvar=FROM_PASSWORD_ENV,
        show_envvar=True,
        default="",
        help="The password there.",
    ),
    click.option("--from-tls", "state_tls", is_flag=True, help="Read over the API with TLS."),
    click.option(
        "--from-ca",
        "state_authority",
        default="",
        metavar="FILE",
        help="Authority to trust; the system's by default.",
    ),
    click.option(
        "--from-any-certificate",
        "state_unverified",
        is_flag=True,
        help="Accept any certificate, or none: whoever answers gets the password.",
    ),
    click.option("--save", "state_save", default="", metavar="FILE", help="Write the snapshot of the state."),
)


def options_from(values: dict[str, Any]) -> StateOptions:
    """The options out of a command's parameters, which lose them. Raises StateError for a contradiction."""
    take = {name: values.pop(f"state_{name}") for name in ("path", "host", "user", "password", "tls", "save")}
    authority, unverified = values.pop("state_authority"), values.pop("state_unverified")
    if take["path"] and take["host"]:
        raise StateError("--load and --from: the state comes from a file or from a router, not from both")
    alone = {
        "--from-user": take["user"] != "admin",
        "--from-tls": take["tls"],
        "--from-ca": authority,
        "--from-any-certificate": unverified,
    }
    for name, given in alone.items():
        if given and not take["host"]:
            raise StateError(f"{name}: it says how to read a router; name that with --from HOST")
    return StateOptions(
        **{**take, "tls": take["tls"] or bool(authority) or unverified},
        authority=authority,
        verify=not unverified,
    )


async def starting_snapshot(options: StateOptions) -> tuple[Snapshot | None, tuple[str, ...]]:
    """The snapshot asked for, and remarks on it; None for the laboratory's own. Raises StateError."""
    if options.path:
        return _read(options.path), ()
    if not options.host:
        return None, ()
    try:
        source = source_from(
            options.host,
            username=options.user,
            password=options.password,
            tls=options.tls,
            authority=options.authority,
            verify=options.verify,
        )
        reading = await read_router(source)
    except (ValueError, ReadingError) as error:
        raise StateError(f"--from: {error}") from error
    return reading.snapshot, tuple(f"not read: {printable(line)}" for line in reading.left_out)


def router_with(
    snapshot: Snapshot,
    *,
    name: str,
    clock: Clock,
    password: str,
    version: str = "",
    resolve: Resolve = nothing_resolves,
) -> tuple[Router, LoadReport]:
    """A router that holds what the snapshot does, of its version unless another is given. Raises StateError."""
    try:
        router = Router(
            name=name, clock=clock, version=version or snapshot.version, password=password, resolve=resolve
        )
    except ValueError as error:
        raise StateError(str(error)) from error
    return router, load(router, snapshot, password=password or None)


def save(options: StateOptions, snapshot: Snapshot | None, router: Router) -> None:
    """Write the snapshot that was read, or that of the router, where it was asked for. Raises StateError."""
    if not options.save:
        return
    text = (snapshot or snapshot_of(router)).to_ndjson()
    try:
        Path(options.save).write_text(text, "utf-8")
    except OSError as error:
        raise StateError(f"--save {options.save}: {error.strerror or error}") from error


def _read(path: str) -> Snapshot:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES} bytes, which no snapshot of a router has")
        return Snapshot.from_ndjson(data.decode("utf-8"))
    except OSError as error:
        raise StateError(f"--load {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise StateError(f"--load {path}: {error}") from error
