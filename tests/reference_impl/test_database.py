"""The database: made by several at once, refused when another version made it, with one writer at a time."""

import asyncio
import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from reference_impl.database import Database, DatabaseError


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/portal.sqlite3"


async def test_a_database_of_another_version_is_refused(tmp_path: Path, url: str) -> None:
    database = Database(url, new_id=uuid4)
    await database.open()
    await database.close()
    with sqlite3.connect(tmp_path / "portal.sqlite3") as connection:
        connection.execute("ALTER TABLE instances DROP COLUMN locale")
    connection.close()
    with pytest.raises(DatabaseError, match=r"table instances has no locale.*database\.url"):
        await database.open()
    await database.close()


async def test_a_database_may_be_made_by_many_at_once(url: str) -> None:
    databases = [Database(url, new_id=uuid4) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    for database in databases:
        await database.close()


async def test_writers_wait_for_each_other(url: str) -> None:
    """What a writer reads still holds when it writes, whichever connection pool the others use."""
    first, second = Database(url, new_id=uuid4), Database(url, new_id=uuid4)
    await first.open()

    async def increment(database: Database) -> None:
        async with database.writing() as session:
            count = await session.scalar(text("SELECT n FROM counter"))
            await asyncio.sleep(0)
            await session.execute(text("UPDATE counter SET n = :n"), {"n": (count or 0) + 1})

    async with first.writing() as session:
        await session.execute(text("CREATE TABLE counter (n INTEGER)"))
        await session.execute(text("INSERT INTO counter VALUES (0)"))
    await asyncio.gather(*(increment(database) for database in (first, second) * 20))
    async with second.reading() as session:
        assert await session.scalar(text("SELECT n FROM counter")) == 40
    await first.close()
    await second.close()


async def test_a_failed_writer_changes_nothing(url: str) -> None:
    database = Database(url, new_id=uuid4)
    await database.open()
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE counter (n INTEGER)"))

    async def fail() -> None:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO counter VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.writing() as session:
        assert await session.scalar(text("SELECT count(*) FROM counter")) == 0
    await database.close()


def test_other_kinds_of_database_are_refused() -> None:
    with pytest.raises(DatabaseError, match=r"postgresql\+asyncpg"):
        Database("mssql+aioodbc://x", new_id=uuid4)
