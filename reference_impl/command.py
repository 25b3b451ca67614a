"""The command `serve`: the service on a port, until it is interrupted."""

import asyncio
import errno
import signal
import socket
import sqlite3
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
import uvicorn
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from reference_impl.app import create_app
from reference_impl.settings import DatabaseSettings, Settings, SettingsError, load_settings


@click.command("serve")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default="portal-contract-server.toml",
    show_default=True,
    help="Settings file (TOML).",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one."
)
@click.option("--database", metavar="URL", help="Database instead of the one in the settings file.")
def serve(config: Path, host: str, port: int, database: str | None) -> None:
    """Serve the reference implementation of the captive portal API."""
    try:
        settings = load_settings(config)
        if database is not None:
            settings = settings.model_copy(update={"database": DatabaseSettings(url=database)})
        _try_file(settings.database.url)
        with _listen(host, port) as listener:
            # uvicorn stops on these signals and then raises them again for whoever listened before it.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _end)
            asyncio.run(_serve(settings, host, listener))
    except SettingsError as error:
        _refuse(str(error))
    except DBAPIError as error:
        _refuse(f"The database cannot be opened: {error.orig}. Check the path and its permissions.")
    except (SQLAlchemyError, ImportError) as error:
        _refuse(f"The database URL cannot be used: {error}. Use one such as {DatabaseSettings().url}.")


def _try_file(url: str) -> None:
    """Open and close the file of an SQLite database.

    When the asynchronous driver cannot open it, its thread reports to an event loop that may be closed by then,
    and that failure would be printed beside ours.
    """
    database = make_url(url)
    path = database.database
    if database.get_backend_name() != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
        return
    try:
        sqlite3.connect(path).close()
    except sqlite3.Error as error:
        raise SettingsError(
            f"The database cannot be opened: {error}. Check the path and its permissions."
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
        # Inherited by connections: an answer of two segments must not wait for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = f"Port {port} of {host} is in use; stop the other program or choose another --port."
        else:
            remedy = f"Cannot listen on port {port} of {host}: {error.strerror}. Choose another."
        raise SettingsError(remedy) from None


async def _serve(settings: Settings, host: str, listener: socket.socket) -> None:
    shown = f"[{host}]" if ":" in host else host
    origin = f"http://{shown}:{listener.getsockname()[1]}"
    if settings.server.public_url is None and host in ("0.0.0.0", "::", ""):  # noqa: S104 - recognised, not bound
        raise SettingsError(
            "The service listens on every address, so guests need one name for it: set server.public_url."
        )
    try:
        settings = settings.listening_at(origin)
    except ValueError as error:
        raise SettingsError(f"{origin} cannot be the public URL: {error}. Set server.public_url.") from None
    app = create_app(settings)
    # Opened here as well, so that a bad database ends the command with one sentence instead of a traceback.
    await app.state.service.database.open()
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=5)
    )
    click.echo(f"Serving {origin}{settings.server.base_path} (public: {settings.public_base}); Ctrl-C stops.")
    await server.serve(sockets=[listener])


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(2)
