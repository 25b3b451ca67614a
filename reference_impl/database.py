"""The database: its engine, its sessions, and the one writer at a time that SQLite has."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from reference_impl.records import Base


class Database:
    """What the stores share. `reading()` and `writing()` give sessions to use in `async with`.

    A writing session is one transaction: it is committed at its end and rolled back by an exception. Writers of
    one process take turns, which spares SQLite its waiting; several processes may work on one database, so a
    store must not conclude from what it read in one transaction that it still holds in the next.
    """

    def __init__(self, url: str, *, new_id: Callable[[], UUID]) -> None:
        self._engine = create_async_engine(url)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._turn = asyncio.Lock()
        self._new_id = new_id
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)

    def reading(self) -> AsyncSession:
        """Return a session for questions."""
        return self._sessions()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Give a session whose changes are committed at the end."""
        async with self._turn, self._sessions.begin() as session:
            yield session

    def new_id(self) -> str:
        """Return a new UUID as text."""
        return str(self._new_id())

    async def open(self) -> None:
        """Create the tables that are missing."""
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
