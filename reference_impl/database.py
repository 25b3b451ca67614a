"""The database: its engine, its sessions, and one writer at a time, in however many processes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import Connection, event, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from reference_impl.records import Base
from reference_impl.settings import SettingsError

_WRITER = 0x706F7274616C
"""Number of the lock that writers on PostgreSQL hold; any that nobody else uses in that database."""

_TURN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"SELECT pg_advisory_xact_lock({_WRITER})"}
"""What makes a transaction wait for its turn to write, by dialect."""


class DatabaseError(SettingsError):
    """The database cannot be used; the message says why and what to do."""


class Database:
    """What the stores share. `reading()` and `writing()` give sessions to use in `async with`.

    A writing session is one transaction: it is committed at its end and rolled back by an exception. Writers take
    turns, those of other processes on the same database included, so what one of them reads holds until its end.
    That is enough for an API of a few writes a second; nothing slow may be awaited inside.
    """

    def __init__(self, url: str, *, new_id: Callable[[], UUID]) -> None:
        # Looked up first: for other kinds SQLAlchemy would ask for a driver to be installed.
        self._turn = text(_turn(make_url(url).get_backend_name()))
        self._engine = create_async_engine(url, pool_pre_ping=True)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        # Beside the lock of the database: waiting here takes no connection.
        self._mine = asyncio.Lock()
        self._new_id = new_id
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)

    @property
    def dialect(self) -> str:
        """The kind of database: sqlite or postgresql."""
        return self._engine.dialect.name

    def reading(self) -> AsyncSession:
        """Return a session for questions."""
        return self._sessions()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose changes are committed at the end."""
        async with self._mine, self._sessions.begin() as session:
            await session.execute(self._turn)
            yield session

    def new_id(self) -> str:
        """Return a new UUID as text."""
        return str(self._new_id())

    async def open(self) -> None:
        """Create the tables that are missing; raise DatabaseError if the others are not as they shall be."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(self._turn)
                await connection.run_sync(Base.metadata.create_all)
                await connection.run_sync(_check_columns)
        # asyncpg lets errors of the network, and the server's refusal of a connection, through as they are.
        except (OSError, PostgresError, InterfaceError) as error:
            raise DatabaseError(
                f"The database cannot be opened: {error}. Check that it runs, and database.url."
            ) from None

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _turn(dialect: str) -> str:
    try:
        return _TURN[dialect]
    except KeyError:
        raise DatabaseError(
            f"The database cannot be {dialect}; use sqlite+aiosqlite or postgresql+asyncpg in database.url."
        ) from None


def _check_columns(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in Base.metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        lacking = [column.name for column in table.columns if column.name not in there]
        if lacking:
            raise DatabaseError(
                f"The database was made by another version: its table {table.name} has no {', '.join(lacking)}. "
                "Name a new one in database.url, or move this one away."
            )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # The timeout first: switching the journal may have to wait for another process already.
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
