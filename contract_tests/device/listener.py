"""The changes of a router as it reports them: `listen` on many menus over one connection.

One connection for all menus, told apart by tags, keeps the changes in the order in which they happened across
menus, and takes one of the few sessions that a router grants.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from contract_tests.device.connection import CONNECTION_ERRORS, Connection, Sentence
from contract_tests.device.snapshot import Row, changed_properties
from contract_tests.events import WriteKind
from spec.device_contract import ObservedMenu

Report = Callable[[str, str, WriteKind, Row], None]  # menu, id, change, record


class Listener:
    """Reads the changes of menus and reports each as added, changed or removed.

    A change of volatile properties alone is not reported, nor in a self-updating menu a change of nothing.
    The record of a removal is the last one known. Reading happens in a task, which makes progress only while
    its loop runs; the socket holds what comes in between.
    """

    def __init__(self, connection: Connection, menus: Iterable[ObservedMenu], report: Report) -> None:
        self.lost: BaseException | None = None  # why the connection ended, once it did
        self.reports = 0  # how many changes were reported
        self.refused: dict[str, str] = {}  # menus that cannot be listened to, and the router's reason
        self._connection = connection
        self._report = report
        self._menus = {str(number): menu for number, menu in enumerate(menus)}
        self._known: dict[str, dict[str, Row]] = {menu.path: {} for menu in self._menus.values()}
        self._priming = set(self._menus)
        self._primed = asyncio.Event()
        self._woken = asyncio.Event()
        self._answers: dict[str, asyncio.Event] = {}
        self._asked = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def listened(self) -> frozenset[str]:
        """The menus whose changes are reported."""
        return frozenset(menu.path for menu in self._menus.values()) - self.refused.keys()

    async def start(self) -> None:
        """Begins to listen, and returns when the present items are known and every later change will be
        reported.

        Raises what ended the connection, if it does not live that long.
        """
        self._task = asyncio.create_task(self._read())
        for key, menu in self._menus.items():
            proplist = proplist_words(menu)
            await self._connection.send(f"{menu.path}/listen", *proplist, f".tag=listen-{key}")
            await self._connection.send(f"{menu.path}/print", *proplist, f".tag=print-{key}")
        if not self._menus:
            self._primed.set()
        await self._primed.wait()
        if self.lost is not None:
            raise self.lost

    async def answered(self) -> None:
        """Returns when the router answered a question put now, hence after all changes it reported before."""
        self._asked += 1
        tag = f"ask-{self._asked}"
        answer = self._answers[tag] = asyncio.Event()
        try:
            await self._connection.send("/system/identity/print", f".tag={tag}")
            if self.lost is None:
                await answer.wait()
        except CONNECTION_ERRORS as error:
            self._end(error)
        finally:
            self._answers.pop(tag, None)

    async def woken(self, reports: int, seconds: float) -> bool:
        """Waits for more than `reports` reports, at most so many seconds; whether there are more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.reports <= reports and self.lost is None:
                    self._woken.clear()
                    await self._woken.wait()
        return self.reports > reports

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._connection.close()

    async def _read(self) -> None:
        try:
            while True:
                self._take(await self._connection.receive())
        except CONNECTION_ERRORS as error:
            self._end(error)
        except Exception as error:
            self._end(error)  # nobody may be left waiting for a task that is no more
            raise

    def _end(self, error: BaseException) -> None:
        self.lost = self.lost or error
        self._connection.abort()
        self._primed.set()
        self._woken.set()
        for answer in self._answers.values():
            answer.set()

    def _take(self, sentence: Sentence) -> None:
        purpose, _, key = sentence.tag.partition("-")
        menu = self._menus.get(key)
        if purpose == "ask":
            if sentence.reply == "!done" and (answer := self._answers.get(sentence.tag)):
                answer.set()
        elif menu is None:
            return
        elif sentence.reply == "!trap":
            # A menu that the router lacks, or one without listen: the print of a snapshot says which.
            self.refused.setdefault(menu.path, sentence.attributes.get("message", ""))
        elif purpose == "print":
            self._prime(menu, key, sentence)
        elif sentence.reply == "!re" and key not in self._priming:
            # What comes before the print is complete is part of the print.
            self._change(menu, dict(sentence.attributes))

    def _prime(self, menu: ObservedMenu, key: str, sentence: Sentence) -> None:
        if sentence.reply == "!re":
            self._known[menu.path][sentence.attributes.get(".id", "")] = sentence.attributes
        elif sentence.reply == "!done":
            self._priming.discard(key)
            if not self._priming:
                self._primed.set()

    def _change(self, menu: ObservedMenu, record: dict[str, str]) -> None:
        known = self._known[menu.path]
        identifier = record.get(".id", "")
        if record.pop(".dead", "false") in ("true", "yes"):
            change: WriteKind = "removed"
            last = known.pop(identifier, {})
            self._report(menu.path, identifier, change, last or record)
        else:
            earlier = known.get(identifier)
            known[identifier] = record
            if earlier is not None:
                changed = changed_properties(earlier, record)
                if menu.volatile.issuperset(changed) and (changed or menu.self_updating):
                    return
            self._report(menu.path, identifier, "added" if earlier is None else "changed", record)
        self.reports += 1
        self._woken.set()


def proplist_words(menu: ObservedMenu) -> tuple[str, ...]:
    """The attribute word that limits what is read of a menu; the id is never left out."""
    return (f"=.proplist={','.join(('.id', *menu.proplist))}",) if menu.proplist else ()
