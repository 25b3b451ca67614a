"""Puts the probes to a router and writes down what it answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx2

from router_sim.chr.caller import Caller, CallerError, attributes
from router_sim.chr.probes import PROBES, Ask, Guest, Needs, Probe, Say, Step
from router_sim.chr.transcript import Entry, Mask, Transcript

# Headers of an answer that say something about the service; the rest is a matter of dates and lengths.
HEADERS: Final = ("content-type", "www-authenticate", "connection")


class Guests(Protocol):
    """Somebody behind the hotspot interface who comes and goes."""

    async def appear(self) -> None: ...

    async def announce(self) -> None: ...

    async def vanish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """The router that is asked: where it is, who asks, and what the scripts have to know about it.

    `names` gives interface, address, guest, mac, and radius where there is such a server. `rest` is the base
    URL of its www service, None where there is none.
    """

    host: str
    port: int
    user: str
    password: str
    names: Mapping[str, str]
    rest: str | None = None
    guests: Guests | None = None

    def lacks(self, probe: Probe) -> str:
        """Why the probe cannot be put to this router; empty when it can."""
        reasons = {
            Needs.GUEST: "nobody is behind its hotspot interface" if self.guests is None else "",
            Needs.REST: "it has no REST service" if self.rest is None else "",
            Needs.RADIUS: "there is no RADIUS server" if "radius" not in self.names else "",
        }
        return "; ".join(reasons[need] for need in Needs if need in probe.needs and reasons[need])


async def probe_router(
    subject: Subject,
    *,
    only: Collection[int] = (),
    between: Callable[[], Awaitable[None]] | None = None,
    probes: Sequence[Probe] = PROBES,
) -> Transcript:
    """Put every probe that can be put; `between` runs after each, to put the router back if it can be.

    Raises CallerError when the router cannot be reached or refuses the login.
    """
    async with Caller(subject.host, subject.port) as caller:
        await caller.log_in(subject.user, subject.password)
        (resource,) = await caller.rows("/system/resource/print")
    about = {name: resource.get(name, "") for name in ("version", "board-name", "architecture-name")}
    entries: list[Entry] = []
    left_out: dict[int, str] = {}
    for probe in probes:
        if only and probe.number not in only:
            continue
        if reason := subject.lacks(probe):
            left_out[probe.number] = reason
            continue
        async with AsyncExitStack() as stack:
            entries += await _Run(subject, stack, probe).go()
        if between is not None:
            await between()
    return Transcript(about, tuple(entries), left_out)


class _Run:
    """One probe on its way: the connections it uses and the names it has learned."""

    def __init__(self, subject: Subject, stack: AsyncExitStack, probe: Probe) -> None:
        self._subject = subject
        self._stack = stack
        self._probe = probe
        self._names = dict(subject.names)
        self._mask = Mask(subject.names)
        self._caller: Caller | None = None
        self._stranger: Caller | None = None
        self._client: httpx2.AsyncClient | None = None

    async def go(self) -> list[Entry]:
        """Every step, then what takes their work away."""
        entries: list[Entry] = []
        try:
            for number, step in enumerate(self._probe.steps, 1):
                sent, got = await self._do(step)
                if sent:
                    entries.append(Entry(self._probe.number, number, sent, tuple(got)))
        finally:
            for step in self._probe.cleanup:
                await self._do(step)
        return entries

    async def _do(self, step: Step) -> tuple[str, list[Any]]:
        match step:
            case Say():
                return await self._say(step)
            case Ask():
                return await self._ask(step)
            case Guest():
                await self._move(step)
                return "", []

    def _filled(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    async def _say(self, step: Say) -> tuple[str, list[Any]]:
        words = [self._filled(word) for word in step.words]
        caller = await self._stranger_line() if step.stranger else await self._line()
        replies = await caller.talk(*words)
        if step.keep:
            self._keep(step.keep, replies)
        if not replies or replies[-1][0] not in ("!done", "!trap"):  # the router has hung up
            if step.stranger:
                self._stranger = None
            else:
                self._caller = None
        got: list[Any] = [self._mask.sentence(sentence) for sentence in replies] or ["connection closed"]
        return self._mask.text(" ".join(words)), got

    def _keep(self, name: str, replies: Sequence[Sequence[str]]) -> None:
        for sentence in replies:
            held = attributes(list(sentence))
            found = held.get("ret") or held.get(".id")
            if found:
                self._names[name] = found
                self._names[f"{name}_lower"] = found.lower()
                self._names[f"{name}_digits"] = found.removeprefix("*")
                return

    async def _line(self) -> Caller:
        if self._caller is None:
            self._caller = await self._stack.enter_async_context(
                Caller(self._subject.host, self._subject.port)
            )
            await self._caller.log_in(self._subject.user, self._subject.password)
        return self._caller

    async def _stranger_line(self) -> Caller:
        if self._stranger is None:
            self._stranger = await self._stack.enter_async_context(
                Caller(self._subject.host, self._subject.port)
            )
        return self._stranger

    async def _ask(self, step: Ask) -> tuple[str, list[Any]]:
        if self._client is None:
            # Redirects and proxies would show us something other than this router.
            self._client = await self._stack.enter_async_context(
                httpx2.AsyncClient(base_url=self._subject.rest or "", timeout=30, trust_env=False)
            )
        path = self._filled(step.path)
        try:
            answer = await self._client.request(
                step.method,
                path,
                json=None if step.body is None else dict(step.body),
                auth=(self._subject.user, self._subject.password) if step.login else None,
            )
        except httpx2.HTTPError as error:
            raise CallerError(f"{step.method} {path} got no answer: {error}") from error
        headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
        body: Any = answer.content.decode("utf-8", "backslashreplace")
        order: list[str] = []
        try:
            body = json.loads(body)
        except ValueError:
            pass
        else:
            first = body[0] if isinstance(body, list) and body else body
            order = list(first) if isinstance(first, dict) else []
        got = {
            "status": answer.status_code,
            "headers": headers,
            "keys": order,
            "body": self._mask.value(body),
        }
        return self._mask.text(f"{step.method} {path}"), [got]

    async def _move(self, step: Guest) -> None:
        guests = self._subject.guests
        assert guests is not None
        await {"appear": guests.appear, "announce": guests.announce, "vanish": guests.vanish}[step.does]()
