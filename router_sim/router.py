"""One router: its state, the commands it takes, its journal and those who watch it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from router_sim.behaviours import accounts, certificates
from router_sim.behaviours.catalogue import behaviours
from router_sim.clock import Clock, VirtualClock
from router_sim.dates import from_seconds
from router_sim.engine import READING, Command, Engine, Origin, Reply
from router_sim.hotspot_service import HotspotService
from router_sim.journal import Journal
from router_sim.memo import Memo
from router_sim.menus.catalogue import untouched_stores
from router_sim.reboot import Boot, BootTimes, Phase, lose_volatile, withhold
from router_sim.schema import Menu
from router_sim.state import Mark, Resolve, State, nothing_resolves
from router_sim.store import Item
from router_sim.transaction import Change, Transaction
from router_sim.traps import Trap, not_permitted

Sink = Callable[[Mapping[str, str]], None]
_BOOT_TIMES = BootTimes()
# What decides how the router can be reached.
_SERVING = frozenset({"/ip/service", "/certificate"})


def _no_connections(router: "Router", graceful: bool) -> None:
    """What becomes of the connections of a router that nobody serves."""


def _no_other_password(router: str, user: str) -> str | None:
    """The password of every user is the one that was set."""
    return None


def _no_services(router: "Router") -> None:
    """What becomes of the services of a router that nobody serves."""


def _printed(state: State) -> dict[str, list[dict[str, str]]]:
    return {
        path: [state.printed(menu, item) for item in state.items(menu)] for path, menu in state.menus.items()
    }


class Router:
    """A RouterOS device as its management plane shows it.

    `password` is that of the built-in user admin, who has all rights; `identity` what
    /system/identity starts with; `resolve` what the router's upstream name servers answer, `initial` what it
    holds besides instead of what a fresh router does. Nothing here blocks or does I/O.
    """

    def __init__(
        self,
        *,
        name: str,
        clock: Clock,
        version: str = "7.22.3",
        password: str = "",
        identity: str = "MikroTik",
        resolve: Resolve = nothing_resolves,
        initial: Mark | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.journal = Journal()
        self._clock = clock
        self._state = State(version, clock, behaviours(), resolve)
        if initial is not None:
            self._state.branch(initial)
        self._state.name = name
        self._engine = Engine(self._state)
        self._watchers: dict[str, dict[int, tuple[Sink, frozenset[str]]]] = {}
        self._next_watcher = 0
        self._sessions: dict[int, int] = {}
        self._ended: set[int] = set()  # connections whose session somebody removed
        self._boot: Boot | None = None
        self._memo: Memo | None = None
        # Whoever serves the router sets these: what ends its connections when it goes down, and what
        # another password than the one set is taken for.
        self.cut_connections: Callable[[Router, bool], None] = _no_connections
        self.other_password: Callable[[str, str], str | None] = _no_other_password
        self.hotspot = HotspotService(self._state, self.write, self.tick)
        self.services_changed: Callable[[Router], None] = _no_services
        self._start_with("/system/identity", 0, {"name": identity})
        if password:
            self._start_with("/user", 1, {"password": password, "expired": "false"})
        self._initial = self._state.mark()
        if isinstance(clock, VirtualClock):
            clock.on_advance(self.tick)

    def twin(self, name: str) -> "Router":
        """A router of the same initial state and clock, with its name as identity and a journal of its own.

        The two share all items until one of them changes; that is what makes thousands of them
        cheap.
        """
        return Router(
            name=name,
            clock=self._clock,
            version=self.version,
            identity=name,
            resolve=self._state.upstream,
            initial=self._initial,
        )

    # -- commands --------------------------------------------------------------------------------

    def execute(self, command: Command, origin: Origin) -> Reply:
        """Run a command completely, or raise Trap and leave everything as it was but for the log."""
        self.tick()
        tx = self._transaction()
        try:
            if self._ended and origin.connection in self._ended:
                raise not_permitted()
            reply = self._engine.run(command, origin, tx)
        except Trap as trap:
            self._note_refusal(command, origin, trap)
            if tx.changes:
                self._commit(tx, command.path, origin)
            raise
        if tx.changes:
            self._commit(tx, command.path, origin)
        if self._boot is not None:
            reply = withhold(command.path, reply) if self.phase is Phase.INCOMPLETE else reply
        if self._state.power_request:
            self._switch()
        return reply

    def write(
        self, change: Callable[[Transaction], None], path: str = "", origin: Origin | None = None
    ) -> None:
        """Change the state in one transaction, as command `path` of `origin` or by the router itself.

        `change` must not raise once it has written something.
        """
        self.tick()
        tx = self._transaction()
        change(tx)
        self._commit(tx, path, origin)

    def tick(self) -> None:
        """Bring about everything that has become due, each at its own moment, in order of time."""
        state = self._state
        if not state.may_be_due():
            return
        now = state.now().timestamp()
        while state.deadlines and state.deadlines[0][0] <= now:
            moment, store, number = state.pop_deadline()
            item = state.store(store).get(number)
            if item is None or item.due != moment:
                continue  # it was removed, or its time was changed, since it was noted
            with state.at(from_seconds(moment)):
                tx = Transaction(state, moment)
                state.behaviours.of(store).expired(tx, item)
                self._commit(tx, "", None)

    def revision(self) -> int:
        """The number of the present state; -1 while something is due or replies depend on more than it."""
        state = self._state
        if self._boot is not None or self._ended or (state.deadlines and state.may_be_due()):
            return -1
        return state.revision

    @property
    def outside(self) -> int:
        """How often a command looked at what changes without a write."""
        return self._state.outside

    @property
    def memo(self) -> Memo:
        """The replies worth keeping while somebody is logged in."""
        if self._memo is None:
            self._memo = Memo()
        return self._memo

    def repeatable(self, path: str) -> bool:
        """Is it a print that does nothing but look at the router's stores, and the time?"""
        menu, verb = self._engine.resolve(path)
        return verb in ("print", "getall") and verb not in self._state.behaviours.verbs(menu.store)

    # -- logging in --------------------------------------------------------------------------------

    def authenticate(self, user: str, password: str, service: str = "api", *, address: str = "") -> bool:
        """May this user log in to the service (`api`, `rest-api`, ...) with this password?

        The client's `address`, where it is given, must be among those `/user address` allows. A failure is
        logged.
        """
        other = self.other_password(self.name, user)
        return self._admits(
            user,
            service,
            address,
            lambda found: accounts.has_password(found, password) if other is None else password == other,
        )

    def check_challenge(self, user: str, challenge: bytes, response: str, *, address: str = "") -> bool:
        """The same for the login of versions before 6.43, by the answer to a challenge."""
        other = self.other_password(self.name, user)

        def answered(found: Item) -> bool:
            held = found if other is None else replace(found, values={**found.values, "password": other})
            return accounts.answers_challenge(held, challenge, response)

        return self._admits(user, "api", address, answered)

    def _admits(self, user: str, service: str, address: str, knows: Callable[[Item], bool]) -> bool:
        if self._boot is not None and self.phase is Phase.LOCKED:
            return False
        found = accounts.admissible(self._state, user, service)
        near = found is not None and (not address or accounts.may_come_from(self._state, found, address))
        if found is not None and near and knows(found):
            return True
        self.write(lambda tx: accounts.refused(tx, user, address, service))
        return False

    def session_opened(self, origin: Origin) -> None:
        """A user has logged in: one more row of /user/active."""
        tx = self._transaction()
        row = accounts.opened(tx, origin.user, origin.address, origin.via, origin.connection)
        self._sessions[origin.connection] = row.id
        self._commit(tx, "", None, quiet=True)

    def has_session(self, origin: Origin) -> bool:
        """Is the user of this connection still listed in /user/active? An administrator may have ended it."""
        return origin.connection in self._sessions and origin.connection not in self._ended

    def is_ended(self, origin: Origin) -> bool:
        """Was the session removed, or its user removed or disabled? Such a session sees and does nothing more."""
        return origin.connection in self._ended

    def session_closed(self, origin: Origin) -> None:
        """The user's connection is gone, and the row with it."""
        row = self._sessions.pop(origin.connection, None)
        if not self._sessions:
            self._memo = None
        self._ended.discard(origin.connection)
        if row is not None:
            tx = self._transaction()
            accounts.closed(tx, row)
            self._commit(tx, "", None, quiet=True)

    def tls_identity(self, certificate: str) -> tuple[bytes, bytes] | None:
        """Chain and key, both PEM, of the certificate with this name or identifier, if the router has both."""
        return certificates.tls_identity(self._state, certificate)

    def has_changed(self, menu: str) -> bool:
        """Is there anything in a menu that a fresh router has not?"""
        return self._state.store(menu) is not untouched_stores(self.version)[menu]

    # -- power -------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """How far the router has come since it was last started."""
        if self._boot is None:
            return Phase.READY
        phase = self._boot.phase(self._state.now())
        if phase is Phase.READY:
            self._boot = None
        return phase

    def reboot(self, *, cold: bool = False, times: BootTimes = _BOOT_TIMES, graceful: bool = False) -> None:
        """Start the router anew: connections are cut, what does not outlast a restart is gone.

        `cold` means that the power was cut, which also confirms a change of the device mode. `graceful`
        lets connections send what was answered already.
        """
        self._go_down(Boot(self._state.now(), times), cold=cold, graceful=graceful)

    def power_cycle(self, times: BootTimes = _BOOT_TIMES) -> None:
        """Cut the power and give it back."""
        self.reboot(cold=True, times=times)

    def shutdown(self, *, graceful: bool = False) -> None:
        """Stop the router; `power_cycle` starts it again."""
        self._go_down(Boot(self._state.now(), None), cold=False, graceful=graceful)

    def jump_clock(self, seconds: float) -> None:
        """Let the router take the time to be so much later, or earlier; nothing runs out by it."""
        item = self._state.store("/system/clock").get(0)
        if item is not None:
            tx = self._transaction()
            ahead = item.marks.get("ahead", 0) + seconds
            tx.put("/system/clock", replace(item, marks={**item.marks, "ahead": ahead}))
            self._commit(tx, "", None)

    def _switch(self) -> None:
        wanted, self._state.power_request = self._state.power_request, ""
        if wanted == "shutdown":
            self.shutdown(graceful=True)
        else:
            self.reboot(graceful=True)

    def _go_down(self, boot: Boot, *, cold: bool, graceful: bool) -> None:
        self.tick()
        tx = self._transaction()
        lose_volatile(tx, cold=cold)
        self._watchers.clear()
        self._sessions.clear()
        self._commit(tx, "", None)
        self._state.booted = self._state.now()
        self._boot = boot
        self.cut_connections(self, graceful)

    # -- guests ------------------------------------------------------------------------------------

    def associate(self, mac: str, address: str, interface: str) -> str | None:
        """A guest is seen on an interface; returns the identifier of its row in /ip/hotspot/host.

        None when no hotspot server works there, or the guest has as many addresses as it may.
        Raises ValueError for text that is no hardware or IP address.
        """
        host = self.hotspot.seen(mac, address, interface)
        return host.id if host else None

    def disassociate(self, mac: str, address: str | None = None) -> None:
        """The guest is gone, with one address or all it had."""
        self.hotspot.gone(mac, address)

    # -- watching ----------------------------------------------------------------------------------

    def watch(self, menu: str, sink: Sink, proplist: Sequence[str] = ()) -> Callable[[], None]:
        """Call `sink` at every change in `menu`; returns the function that stops it.

        It gets the whole new record (or the properties of `proplist`) for each item written to,
        also by a write that changes nothing, and `.id` with `.dead=true` for a removed one.
        Raises Trap if there is no such menu.
        """
        if menu not in self._state.menus:
            raise self._engine.unknown(f"{menu}/listen")
        token = self._next_watcher
        self._next_watcher += 1
        self._watchers.setdefault(menu, {})[token] = (sink, frozenset(proplist))

        def stop() -> None:
            self._watchers.get(menu, {}).pop(token, None)

        return stop

    def snapshot(self) -> dict[str, list[dict[str, str]]]:
        """Every menu with its printed records, in order. Passwords of router users are left out."""
        self.tick()
        return _printed(self._state)

    def initial_snapshot(self) -> dict[str, list[dict[str, str]]]:
        """The same of the state `reset` goes back to, as it would look now."""
        state = self._untouched()
        state.branch(self._initial)
        state.booted, state.name = self._state.booted, self._state.name
        return _printed(state)

    @property
    def menus(self) -> Mapping[str, Menu]:
        """The tables of the menus this version has, by path."""
        return self._state.menus

    def holds(self, menu: str, key: str) -> bool:
        """Is there an item with this identifier or name in the menu?"""
        return self._state.item(self._state.menus[menu], key) is not None

    def now(self) -> datetime:
        """The moment it is for the router's timers, aware UTC."""
        return self._state.now()

    # -- going back ----------------------------------------------------------------------------------

    def mark_initial(self) -> None:
        """Remember the present state as the one `reset` goes back to, and start the journal anew."""
        self._initial = self._state.mark()
        self.journal.clear()

    def blank(self) -> None:
        """Go back to a router as it comes from the factory, which knows no password."""
        self._boot = None
        self._state.restore(self._untouched().mark(), keep=(accounts.ACTIVE,))
        self.services_changed(self)

    def _untouched(self) -> State:
        return State(self.version, self._clock, behaviours(), self._state.upstream)

    def reset(self) -> None:
        """Go back to the remembered state and empty the journal.

        Logged-in sessions of the management plane stay what they are: their connections are still
        open. Watchers are told nothing; what they saw is void, as after a reboot.
        """
        self._boot = None
        self._state.restore(self._initial, keep=(accounts.ACTIVE,))
        self.tick()
        self.journal.clear()
        self.services_changed(self)

    # -- writing down ------------------------------------------------------------------------------

    def _transaction(self) -> Transaction:
        return Transaction(self._state)

    def _commit(self, tx: Transaction, path: str, origin: Origin | None, *, quiet: bool = False) -> None:
        for change in tx.changes:
            item = change.item
            if not quiet and change.menu.journaled:
                own = change.own and origin is not None
                self.journal.append(
                    time=from_seconds(tx.now),
                    user=origin.user if own and origin else "",
                    connection=origin.connection if own and origin else 0,
                    command=path if own else "",
                    menu=change.menu.path,
                    id=change.key,
                    before=change.before,
                    after=self._state.printed(change.menu, item) if item else None,
                )
            elif item is None and not quiet and change.store == accounts.ACTIVE:
                self._ended |= {number for number, row in self._sessions.items() if row == change.id}
            self._announce(change, item)
        if any(change.store in _SERVING for change in tx.changes):
            self.services_changed(self)

    def _announce(self, change: Change, item: Item | None) -> None:
        if not self._watchers:
            return
        for menu in self._state.views(change.store, change.kind):
            for sink, proplist in list(self._watchers.get(menu.path, {}).values()):
                if item is None:
                    sink({".id": change.key, ".dead": "true"})
                else:
                    sink(self._state.printed(menu, item, proplist or None))

    def _note_refusal(self, command: Command, origin: Origin, trap: Trap) -> None:
        menu, _, verb = command.path.rpartition("/")
        if verb in READING:
            return
        self.journal.append(
            time=self._state.now(),
            user=origin.user,
            connection=origin.connection,
            command=command.path,
            menu=menu,
            id=command.attributes.get(".id", command.attributes.get("numbers", "")),
            trap=trap.message,
        )

    def _start_with(self, path: str, number: int, values: Mapping[str, str]) -> None:
        store = self._state.writable(path)
        item = store.get(number)
        if item is not None:
            store.put(replace(item, values={**item.values, **values}))
