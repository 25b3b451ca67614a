"""librouteros, the asynchronous client: several connections, each with a task of its own."""

import asyncio
import json
import sys

import librouteros
from librouteros.exceptions import TrapError
from librouteros.login import async_plain, async_token
from librouteros.query import Key

LOGINS = {"plain": async_plain, "token": async_token}
LISTS = ("ip", "firewall", "address-list")


async def work(wishes: dict, number: int) -> list:
    """Adds, changes and removes entries of a list of its own; what the list held at the end."""
    api = await librouteros.async_connect(
        wishes["host"],
        wishes["username"],
        wishes["password"],
        port=wishes["port"],
        login_method=LOGINS[wishes["login"]],
    )
    entries, name = api.path(*LISTS), f"l{number}"
    ids = [await entries.add(list=name, address=f"198.51.100.{last}") for last in range(10)]
    await entries.update(**{".id": ids[0], "comment": name})
    await entries.remove(*ids[1:9])
    held = [
        [row["address"], row.get("comment")]
        async for row in entries.select(Key("address"), Key("comment")).where(Key("list") == name)
    ]
    await api.close()
    return held


async def main() -> None:
    wishes = json.load(sys.stdin)
    told: dict = {
        "held": await asyncio.gather(*(work(wishes, number) for number in range(wishes["connections"])))
    }
    try:
        await librouteros.async_connect(wishes["host"], "admin", "wrong", port=wishes["port"])
    except TrapError as error:
        told["wrong password"] = [error.message, error.category]
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
