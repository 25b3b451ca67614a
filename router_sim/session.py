"""One RouterOS API session as a state machine: bytes in, bytes out, no sockets and no clock of its own.

A session reads the sentences of one connection, logs the user in, hands commands to its router and
writes the replies to an `Outlet`. Commands that go on (`listen`, `print` with `follow` or `interval`)
run until `/cancel` or the end of the connection, any number of them beside each other.

Source: the RouterOS API manual page (login, tags, cancel, listen), and recorded exchanges with routers
for the texts and the order of sentences where the manual is silent.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from router_sim.engine import Command, Origin, Reply, Trap
from router_sim.fault_effects import begin, finish, halved, sentences
from router_sim.faults import NOTHING, Effect, FaultPlan
from router_sim.outlet import Outlet, Timer
from router_sim.print_streams import STREAM_ARGUMENTS, asked, columns_of, interval_of, once
from router_sim.query import compile_query
from router_sim.recall import Recall
from router_sim.router import Router
from router_sim.schema import version_key
from router_sim.sentences import Replies, Request, parse_request
from router_sim.streams import CommandRuntime, Fetch, duration_of, fetch_nothing, run_stream
from router_sim.wire import MAX_SENTENCE, MAX_WORD, ProtocolError, SentenceReader

LOGGER = logging.getLogger(__name__)

# A router limits what a stranger may send. Four tries are on record, the size is our guess.
LOGIN_TRIES: Final = 4
STRANGER_BYTES: Final = 16 * 1024

PLAIN_LOGIN_SINCE: Final = (6, 43)
CHALLENGE_REFUSED_SINCE: Final = (6, 45, 1)
EMPTY_SINCE: Final = (7, 18)


@dataclass(eq=False, slots=True)
class Running:
    """A command that goes on until it is cancelled."""

    tag: str
    replies: Replies
    stop: Callable[[], object]


class Session:
    """The API session of one connection with one router.

    `address` is the peer's, `connection` the running number that journal entries carry. `challenge`
    gives 16 fresh bytes for a token login. `faults` may refuse, delay or cut commands. `fetch` is the way
    out for commands that ask other hosts, `service` the one the client connected to.
    """

    def __init__(
        self,
        router: Router,
        outlet: Outlet,
        *,
        address: str,
        connection: int,
        challenge: Callable[[], bytes],
        faults: FaultPlan | None = None,
        fetch: Fetch = fetch_nothing,
        service: str = "api",
    ) -> None:
        self.router = router
        self._outlet = outlet
        self._address = address
        self._connection = connection
        self._new_challenge = challenge
        self._faults = faults
        self._fetch = fetch
        self._service = service
        self._version = version_key(router.version)
        self._reader = SentenceReader(STRANGER_BYTES, STRANGER_BYTES)
        self._waiting: deque[list[bytes]] = deque()
        self._recall = Recall(router, faults)
        self._running: list[Running] = []
        self._origin: Origin | None = None
        self._challenge: bytes | None = None
        self._tries = 0
        self._damaged = False
        self._ended = False
        self._delay = 0.0  # of the command at hand
        self._pace = 0.0  # between the sentences of its reply
        self._muted = False  # its reply is lost on the way
        self._kept: list[bytes] | None = None  # its reply, where only a part of it will be sent

    @property
    def user(self) -> str | None:
        """Who is logged in, or None."""
        return self._origin.user if self._origin else None

    @property
    def idle(self) -> bool:
        """Whether no command waits for the peer to read."""
        return not self._waiting

    @property
    def partial(self) -> bool:
        """Whether a sentence has begun and is not complete."""
        return self._reader.pending > 0

    def receive(self, data: bytes) -> None:
        """Take the next bytes of the connection and perform the commands they complete."""
        reply = None if self._outlet.full else self.repeated(data)
        if reply is None:
            self.take(data)
        else:
            self._outlet.write(reply)

    def repeated(self, data: bytes) -> bytes | None:
        """The reply to the next bytes, if they are a command that needs no second look; None to `take` them."""
        if self._ended or self._waiting or self._reader.pending:
            return None
        return self._recall.segment(data)

    def take(self, data: bytes) -> None:
        """The same as `receive` for bytes that were not `repeated`."""
        if self._ended:
            return
        alone = not self._waiting and not self._reader.pending
        try:
            self._waiting.extend(self._reader.feed(data))
        except ProtocolError as error:
            self._waiting.extend(error.sentences)
            self._damaged = True
        alone = alone and len(self._waiting) == 1 and not self._reader.pending
        self.resume(data if alone else b"")

    def resume(self, segment: bytes = b"") -> None:
        """Perform the commands that waited for the peer to read; `segment` is the only one, as it came."""
        while self._waiting and not self._ended and not self._outlet.full:
            words = self._waiting.popleft()
            reply = self._recall.sentence(words, segment)
            if reply is None:
                self._perform(parse_request(words))
                self._recall.forget()
            else:
                self._outlet.write(reply)
        if self._damaged and not self._waiting and not self._ended:
            self._end()
            self._outlet.close()

    def end(self) -> None:
        """The router went down: nothing more is read, what runs is stopped."""
        self._end()

    def connection_lost(self) -> None:
        """The connection is gone: what runs is stopped and the user leaves the router."""
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._waiting.clear()
        for running in self._running:
            running.stop()
        self._running.clear()
        if self._origin is not None:
            self.router.session_closed(self._origin)
            self._origin = None

    def _perform(self, request: Request) -> None:
        effect = NOTHING
        if self._faults:
            origin = self._origin
            user = origin.user if origin else request.attributes.get("name", "")
            effect = self._faults.on_command(self.router.name, request.path, user, self._service)
            if effect.hold:
                self._outlet.call_later(effect.hold, lambda: self._suffer(request, effect))
                return
        if effect is NOTHING:
            self._run(request, effect)
        else:
            self._suffer(request, effect)

    def _suffer(self, request: Request, effect: Effect) -> None:
        """Perform a command on which faults act."""
        if self._ended:
            return
        begin(effect, self.router)
        if effect.kind == "reboot":
            self.router.reboot()
        if effect.kind in ("drop_before", "reboot"):
            self._lose()
            return
        self._delay, self._pace = effect.delay, effect.pace
        self._muted = effect.kind == "drop_after"
        self._kept = [] if effect.kind == "half_sentence" else None
        try:
            self._run(request, effect)
            finish(effect, self.router)
        finally:
            kept, self._kept = self._kept, None
            if kept is not None:
                self._outlet.write(halved(b"".join(kept)), self._delay)
                self._end()
                self._outlet.close(self._delay)
            self._delay = self._pace = 0.0
            if self._muted:
                self._muted = False
                self._lose()

    def _run(self, request: Request, effect: Effect) -> None:
        if self._origin is None:
            self._perform_stranger(request, effect)
        elif effect.kind == "trap":
            self._trap(Replies(request.tag), effect.message, effect.category)
        else:
            self._perform_user(request, self._origin)

    def _lose(self) -> None:
        self._end()
        self._outlet.abort()

    def _write(self, data: bytes) -> None:
        if self._muted:
            return
        if self._kept is not None:
            self._kept.append(data)
        elif self._pace:
            for sentence in sentences(data):
                self._outlet.write(sentence, self._delay)
                self._delay += self._pace
        else:
            self._outlet.write(data, self._delay)

    def _trap(self, replies: Replies, message: str, category: int | None = None) -> None:
        self._write(replies.trap(message, category) + replies.done())

    def _fatal(self, replies: Replies, reason: str) -> None:
        self._write(replies.fatal(reason))
        delay = self._delay
        self._end()
        self._outlet.close(delay)

    # Login

    def _perform_stranger(self, request: Request, effect: Effect) -> None:
        replies = Replies(request.tag)
        self._tries += 1
        if self._tries > LOGIN_TRIES:
            self._fatal(replies, "too many commands before login")
        elif request.path != "/login":
            self._fatal(replies, "not logged in")
        elif effect.kind == "trap":
            self._trap(replies, effect.message, effect.category)
        else:
            self._login(request, replies)

    def _login(self, request: Request, replies: Replies) -> None:
        given = request.attributes
        name = given.get("name", "")
        plain = "password" in given and self._version >= PLAIN_LOGIN_SINCE
        if plain:
            accepted = self.router.authenticate(name, given["password"], address=self._address)
        elif "response" in given:
            accepted = self._answers_challenge(name, given["response"])
        else:
            # An old router asked with a password answers with a challenge too; combined clients build
            # on that.
            self._challenge = self._new_challenge()
            self._write(replies.done(self._challenge.hex()))
            return
        if not accepted:
            text = "invalid user name or password (6)"
            self._trap(replies, text if self._version >= PLAIN_LOGIN_SINCE else "cannot log in")
            return
        if self._origin is not None:
            self.router.session_closed(self._origin)
        self._origin = Origin(name, self._address, "api", self._connection)
        self._recall.user = name
        self._reader.max_word, self._reader.max_sentence = MAX_WORD, MAX_SENTENCE
        self.router.session_opened(self._origin)
        self._write(replies.done())

    def _answers_challenge(self, name: str, response: str) -> bool:
        challenge, self._challenge = self._challenge, None
        if challenge is None or self._version >= CHALLENGE_REFUSED_SINCE:
            return False
        return self.router.check_challenge(name, challenge, response, address=self._address)

    # Commands

    def _perform_user(self, request: Request, origin: Origin) -> None:
        path = request.path
        replies = Replies(request.tag)
        if path == "/cancel":
            self._cancel(request, replies)
        elif path == "/quit":
            self._fatal(replies, "session terminated on request")
        elif path == "/login":
            self._login(request, replies)
        elif not path.startswith("/"):
            self._trap(replies, "no such command prefix", 0)
        else:
            self._guarded(request, replies, origin)

    def _guarded(self, request: Request, replies: Replies, origin: Origin) -> None:
        menu, _, verb = request.path.rpartition("/")
        try:
            if verb == "listen":
                self._listen(menu, request, replies, origin)
            elif verb in ("print", "getall") and not STREAM_ARGUMENTS.isdisjoint(request.attributes):
                self._stream(menu, request, replies, origin)
            else:
                self._answer(request, replies, origin)
        except Trap as trap:
            self._refuse(replies, trap)
        except Exception as error:
            self._apologise(request, replies, error)

    def _apologise(self, request: Request, replies: Replies, error: Exception) -> None:
        # A fault of the simulator, not of the client: say so, loudly, and keep the others served.
        LOGGER.exception("router %s: %s failed", self.router.name, request.path)
        text = f"simulator error in {request.path}: {type(error).__name__}: {error}"
        self._trap(replies, text, 4)

    def _refuse(self, replies: Replies, trap: Trap) -> None:
        self._write(b"".join(replies.trap(*sentence) for sentence in trap.sentences) + replies.done())

    def _answer(self, request: Request, replies: Replies, origin: Origin) -> None:
        footing = self._recall.footing()
        reply = self.router.execute(Command(request.path, request.attributes, request.queries), origin)
        if reply.stream is not None:
            self._go_on(reply, request, replies, origin)
            return
        if reply.rows:
            data = replies.rows(reply.rows) + replies.done(reply.ret)
        elif reply.data and reply.ret is None and self._version >= EMPTY_SINCE:
            data = replies.empty() + replies.done()
        else:
            data = replies.done(reply.ret)
        self._write(data)
        self._recall.keep(request.path, footing, data)

    # Commands that go on

    def _go_on(self, reply: Reply, request: Request, replies: Replies, origin: Origin) -> None:
        seconds = duration_of(request.attributes)
        runtime = CommandRuntime(self.router, request.path, origin, self._fetch)

        def emit(record: Mapping[str, str]) -> None:
            self._outlet.write(replies.rows((record,)))

        async def work() -> None:
            trap: Trap | None = None
            try:
                await run_stream(reply, runtime, emit, seconds)
            except Trap as raised:
                trap = raised
            except Exception as error:
                self._running.remove(running)
                self._apologise(request, replies, error)
                return
            self._running.remove(running)
            if trap is not None:
                self._refuse(replies, trap)
            else:
                self._write(replies.done())

        running = Running(request.tag, replies, lambda: task.cancel())
        self._running.append(running)
        task = self._outlet.spawn(work())

    def _listen(self, menu: str, request: Request, replies: Replies, origin: Origin) -> None:
        # What cannot be printed cannot be listened to: the print is only made for its trap.
        attributes = {**request.attributes, ".proplist": ".id"}
        self.router.execute(Command(f"{menu}/print", attributes), origin)
        self._watch(menu, request, replies, lambda row: True)

    def _stream(self, menu: str, request: Request, replies: Replies, origin: Origin) -> None:
        given = request.attributes
        single = once(request)
        command = Command(single.path, single.attributes, single.queries)
        if "interval" in given and asked(given, "interval"):
            self._repeat(command, interval_of(given["interval"]), request, replies, origin)
            return
        follow, only = asked(given, "follow"), asked(given, "follow-only")
        if not follow and not only:
            self._answer(single, replies, origin)
            return
        rows = self.router.execute(command, origin).rows
        if not only:
            self._write(replies.rows(rows))

        def wanted(row: Mapping[str, str]) -> bool:
            booleans = [name for name, value in row.items() if value in ("true", "false")]
            return compile_query(request.queries, booleans).passes(row)

        self._watch(menu, request, replies, wanted)

    def _watch(
        self, menu: str, request: Request, replies: Replies, wanted: Callable[[Mapping[str, str]], bool]
    ) -> None:
        columns = columns_of(request.attributes)
        lost = False

        def changed(row: Mapping[str, str]) -> None:
            nonlocal lost
            lost = lost or self._silenced(request)
            if lost:
                return
            if ".dead" in row:
                self._outlet.write(replies.rows((row,)))
            elif wanted(row):
                shown = row if columns is None else {name: row[name] for name in row if name in columns}
                self._outlet.write(replies.rows((shown,)))

        self._running.append(Running(request.tag, replies, self.router.watch(menu, changed)))

    def _silenced(self, request: Request) -> bool:
        origin = self._origin
        if origin is not None and self.router.is_ended(origin):
            return True
        if not self._faults or origin is None:
            return False
        return self._faults.silences(self.router.name, request.path, origin.user, self._service)

    def _repeat(
        self, command: Command, seconds: float, request: Request, replies: Replies, origin: Origin
    ) -> None:
        section = 0
        timer: Timer
        running = Running(request.tag, replies, lambda: timer.cancel())

        def report() -> None:
            nonlocal section, timer
            timer = self._outlet.call_later(seconds, again)
            if self._outlet.full:  # a peer that does not read misses a turn rather than piling them up
                return
            rows = self.router.execute(command, origin).rows
            self._write(replies.rows({**row, ".section": str(section)} for row in rows))
            section += 1

        def again() -> None:
            try:
                report()
            except Trap as trap:
                running.stop()
                self._running.remove(running)
                self._refuse(replies, trap)

        report()
        self._running.append(running)

    def _cancel(self, request: Request, replies: Replies) -> None:
        tag = request.attributes.get("tag")
        cancelled = [running for running in self._running if tag is None or running.tag == tag]
        self._running = [running for running in self._running if running not in cancelled]
        for running in cancelled:
            running.stop()
            self._write(running.replies.trap("interrupted", 2))
        self._write(replies.done())
        for running in cancelled:
            self._write(running.replies.done())
