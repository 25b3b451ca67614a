"""The observer of one router: what it holds, what is written to it, and when it has settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from contract_tests.device import console
from contract_tests.device.connection import (
    CONNECTION_ERRORS,
    Connection,
    ObserverError,
    RouterAddress,
    explained,
)
from contract_tests.device.judge import Finding
from contract_tests.device.listener import Listener, proplist_words
from contract_tests.device.snapshot import Row, Snapshot, contradicts, replayed
from contract_tests.events import DeviceWrite, WriteKind
from spec.device_contract import DeviceContract, ObservedMenu

__all__ = ["Observer", "ObserverError", "RouterAddress"]

_FIRST_DELAY, _LONGEST_DELAY = 0.02, 0.5  # seconds between looks while nothing is reported
_BURST = 0.01  # seconds: changes that follow each other closer than this are looked at together
_SHORTEST_LOOK = 1.0  # seconds a look may take however little of the time to settle is left


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Observer:
    """Reads one router over two connections: one that prints, one that listens.

    It only ever reads. A connection that fails is opened anew once before an ObserverError tells why it
    cannot be had. `test` names the test on whose account writes are recorded; set it as the run goes on.
    """

    def __init__(
        self,
        site: str,
        address: RouterAddress,
        contract: DeviceContract,
        *,
        timeout: float = 10.0,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.site = site
        self.test = ""
        self._address = address
        self._contract = contract
        self._timeout = timeout
        self._now = now
        self._printer: Connection | None = None
        self._listener: Listener | None = None
        self._record: list[DeviceWrite | None] = []  # None: changes may be missing here

    async def connect(self) -> None:
        """Opens both connections; from its return on every change is recorded. May raise ObserverError.

        Connects anew if called again, as is due after a router was put back without a report of its changes.
        """
        if self._listener is not None:
            self._record.append(None)
        await self.close()
        await self._open_printer()
        await self._open_listener()

    async def close(self) -> None:
        listener, self._listener = self._listener, None
        printer, self._printer = self._printer, None
        if listener is not None:
            await listener.close()
        if printer is not None:
            await printer.close()

    async def snapshot(self) -> Snapshot:
        """What the router holds now; ObserverError if it does not answer on a second connection either."""
        return await self._snapshot(self._timeout)

    def mark(self) -> int:
        """A place in the record of writes, to be given to `writes` and `consistent`."""
        return len(self._record)

    def writes(self, since: int = 0) -> tuple[DeviceWrite, ...]:
        """The changes recorded so far, from a mark on, in order; passwords are left out of the records."""
        return tuple(write for write in self._record[since:] if write is not None)

    async def drain(self, quiet: float = 0.05, at_most: float = 2.0) -> None:
        """Records what the router has reported so far, until nothing new came for `quiet` seconds.

        What the router had reported before the call is recorded even with `quiet` 0, unless the router takes
        longer than `at_most` seconds to answer.
        """
        listener = await self._live_listener()
        deadline = _time() + at_most
        try:
            async with asyncio.timeout_at(deadline):
                await listener.answered()
        except TimeoutError:
            return
        await _quieten(listener, quiet, deadline)
        if listener.lost is not None:
            await self._live_listener()

    async def settle(
        self,
        judge: Callable[[Snapshot], Sequence[Finding]],
        *,
        timeout: float,  # noqa: ASYNC109 - it ends the waiting, not the call
        quiet: float = 0.05,
    ) -> tuple[Snapshot, Sequence[Finding]]:
        """Looks until every finding is ok and stays so while the router comes to rest, at most `timeout`
        seconds.

        Looks again when a change is reported, else ever less often. At the timeout the last look and its
        findings are the result, good or bad; ObserverError if the router could not be read at that time.
        """
        deadline = _time() + timeout
        delay = _FIRST_DELAY
        while True:
            reports = self._listener.reports if self._listener is not None else 0
            failure: ObserverError | None = None
            try:
                snapshot, findings = await self._look(judge, deadline)
                if all(finding.ok for finding in findings):
                    await self.drain(quiet)
                    snapshot, findings = await self._look(judge, deadline)
                    if all(finding.ok for finding in findings):
                        return snapshot, findings
            except ObserverError as error:
                failure = error
            left = deadline - _time()
            if left <= 0:
                if failure is not None:
                    raise failure
                return snapshot, findings
            reported = await self._woken(reports, min(delay, left))
            delay = _FIRST_DELAY if reported else min(2 * delay, _LONGEST_DELAY)

    async def consistent(self, start: Snapshot, since: int) -> bool:
        """Whether the writes recorded since `since` make of `start` what the router prints now.

        If so, no change is missing from the record. Call it when the router is at rest.
        """
        await self.drain()
        printed = await self.snapshot()
        await self.drain(quiet=0)
        listener = await self._live_listener()
        if None in self._record[since:]:
            return False
        recorded = replayed(start, self.writes(since))
        known = {
            menu: recorded.rows(menu) if menu in listener.listened else printed.rows(menu)
            for menu in printed.menus
        }
        return not contradicts(Snapshot(known), printed, self._contract)

    async def _look(
        self, judge: Callable[[Snapshot], Sequence[Finding]], deadline: float
    ) -> tuple[Snapshot, Sequence[Finding]]:
        limit = min(self._timeout, max(deadline - _time(), _SHORTEST_LOOK))
        snapshot = await self._snapshot(limit)
        return snapshot, judge(snapshot)

    async def _woken(self, reports: int, seconds: float) -> bool:
        listener = self._listener
        if listener is None or listener.lost is not None:
            await asyncio.sleep(seconds)
            return False
        if not await listener.woken(reports, seconds):
            return False
        await _quieten(listener, _BURST, _time() + _LONGEST_DELAY)
        return True

    async def _snapshot(self, limit: float) -> Snapshot:
        try:
            try:
                return await self._print(limit)
            except CONNECTION_ERRORS:
                return await self._print(limit)
        except CONNECTION_ERRORS as error:
            raise explained(error, self.site, self._address, limit) from error
        except _RefusedError as refusal:
            raise ObserverError(
                f"site {self.site}: the router at {self._address} does not print {refusal.menu}"
                f" ({refusal.message}); check that the user's group has the policies read and sensitive"
            ) from None

    async def _print(self, limit: float) -> Snapshot:
        printer = self._printer or await self._open_printer()
        complete = False
        try:
            async with asyncio.timeout(limit):
                snapshot = await _printed(printer, self._contract)
            complete = True
            return snapshot
        except _RefusedError:
            complete = True
            raise
        finally:
            # Cut off in the middle of an answer, the rest of it would be taken for the next one.
            if not complete:
                self._drop_printer()

    async def _open(self) -> Connection:
        try:
            return await Connection.open(self._address, self._timeout)
        except CONNECTION_ERRORS as error:
            raise explained(error, self.site, self._address, self._timeout) from error

    async def _open_printer(self) -> Connection:
        self._printer = await self._open()
        return self._printer

    def _drop_printer(self) -> None:
        if self._printer is not None:
            self._printer.abort()
            self._printer = None

    async def _open_listener(self) -> Listener:
        menus = [menu for menu in self._contract.menus.values() if menu.configuration]
        listener = Listener(await self._open(), menus, self._report)
        try:
            async with asyncio.timeout(self._timeout):
                await listener.start()
        except BaseException as error:
            await listener.close()
            if isinstance(error, CONNECTION_ERRORS):
                raise explained(error, self.site, self._address, self._timeout) from error
            raise
        self._listener = listener
        return listener

    async def _live_listener(self) -> Listener:
        """The listener; a new one, with a gap in the record, if the router ended the connection."""
        if self._listener is not None and self._listener.lost is None:
            return self._listener
        if self._listener is not None:
            self._record.append(None)
            lost, self._listener = self._listener, None
            await lost.close()
        return await self._open_listener()

    def _report(self, menu: str, identifier: str, change: WriteKind, record: Row) -> None:
        at = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._record.append(
            DeviceWrite(self.site, at, menu, identifier, change, console.redacted(record), self.test)
        )


class _RefusedError(Exception):
    """The router answered the print of a menu with a trap other than that it has no such menu."""

    def __init__(self, menu: str, message: str) -> None:
        super().__init__(menu, message)
        self.menu = menu
        self.message = message


def _time() -> float:
    return asyncio.get_running_loop().time()


async def _quieten(listener: Listener, quiet: float, deadline: float) -> None:
    while quiet > 0 and listener.lost is None and (left := deadline - _time()) > 0:
        if not await listener.woken(listener.reports, min(quiet, left)):
            return


async def _printed(connection: Connection, contract: DeviceContract) -> Snapshot:
    """Every menu in one go: all questions first, then all answers, told apart by tag."""
    menus: dict[str, ObservedMenu] = {
        str(number): menu for number, menu in enumerate(contract.menus.values())
    }
    rows: dict[str, list[Row]] = {key: [] for key in menus}
    traps: dict[str, str] = {}
    for key, menu in menus.items():
        await connection.send(f"{menu.path}/print", *proplist_words(menu), f".tag={key}")
    waiting = set(menus)
    while waiting:
        sentence = await connection.receive()
        if sentence.reply == "!re":
            rows[sentence.tag].append(sentence.attributes)
        elif sentence.reply == "!trap":
            traps.setdefault(sentence.tag, sentence.attributes.get("message", ""))
        elif sentence.reply == "!done":
            waiting.discard(sentence.tag)
    for key, message in traps.items():
        if not message.startswith("no such command"):
            raise _RefusedError(menus[key].path, message)
    return Snapshot({menu.path: tuple(rows[key]) for key, menu in menus.items()})
