"""Whatever the commands of the system menus are given, they answer or refuse in the router's words."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.behaviours.catalogue import behaviours
from router_sim.clock import VirtualClock
from router_sim.engine import Command, Origin, Trap
from router_sim.exchange import FetchRequest, FetchResult
from router_sim.menus.catalogue import catalogue
from router_sim.router import Router
from tests.router_sim.going_on import Hurried

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
VERSIONS = ("6.49.10", "7.16", "7.22.3", "7.24")
OWN = ("/certificate", "/file", "/log", "/user", "/system", "/tool")
WORDS = (
    "", "yes", "no", "0", "1", "-1", "99999999999999999999", "*0", "*1", "*1,*2", "admin", "full", "read,write",
    "x", "a,b", "10s", "1w", "startup", "2026-03-02", "feb/30/2026", "23:59:59", "99:99", "mon,sun", "prime256v1",
    "sha512", "md5", "DNS:a.b,IP:::1,email:x", "DNS:", "IP:10.0.0.1", "email:\udcff", "LV", "Latvia", "\udcff\x00",
    "http://h/x?y", "https://[::1]:99/", "http://h:99999/", "X-A: b,c", "tls-server,key-cert-sign", "pkcs12", "pem",
    "long enough", "site/x.html", "site", "a.pem", "user", "none", "put", "home", "advanced", ":log info x",
    "/system reboot", "/user remove admin",
)  # fmt: skip


def _vocabulary() -> list[tuple[str, tuple[str, ...]]]:
    """Every command of these menus with the arguments it takes."""
    found: dict[str, set[str]] = {}
    for version in VERSIONS:
        known = catalogue(version)
        for path, menu in {**known.menus, **known.commands}.items():
            if path and not path.startswith(OWN):
                continue
            for verb in {*menu.verbs, *(() if menu.bare else ("print", "get", "find"))}:
                own = behaviours().verbs(menu.store).get(verb)
                names = set(own.arguments or ()) if own is not None else set()
                if own is None or own.arguments is None:
                    names |= {*menu.writable, "value-name", "copy-from", "config"}
                found.setdefault(f"{path}/{verb}", set()).update(names, {".id", "numbers", "number"})
    return sorted((path, tuple(sorted(names))) for path, names in found.items())


VOCABULARY = _vocabulary()
commands = st.sampled_from(VOCABULARY).flatmap(
    lambda each: st.tuples(
        st.just(each[0]), st.dictionaries(st.sampled_from(each[1]), st.sampled_from(WORDS), max_size=5)
    )
)


async def fetched(request: FetchRequest) -> FetchResult:
    """An answer that is different each time and now and then none."""
    if len(request.url) % 5 == 0:
        raise OSError("Connection refused")
    return FetchResult(
        (200, 302, 404)[len(request.url) % 3],
        b"\xff" * len(request.url),
        {"location": ("//x", "http://[", "ftp://x/")[len(request.url) % 3]},
    )


async def perform(router: Router, clock: VirtualClock, command: Command) -> None:
    """One command to its end, or to its fifth record."""
    origin = Origin("admin", "127.0.0.1", "api", 0)
    with contextlib.suppress(Trap):
        reply = router.execute(command, origin)
        if reply.stream is None:
            return
        runtime = Hurried(router, command.path, origin, fetched)
        runtime.clock = clock
        going = reply.stream(runtime)
        records = 0
        async for _ in going:
            records += 1
            if records == 5:
                break
        await going.aclose()  # type: ignore[attr-defined]


def prepared(version: str) -> tuple[Router, VirtualClock]:
    """A router with something in each menu."""
    clock = VirtualClock(START, monotonic=lambda: 0.0)
    router = Router(name="r", clock=clock, version=version)
    origin = Origin("", "", "seed")
    for path, values in (
        ("/certificate/add", {"name": "x", "common-name": "x", "key-size": "prime256v1"}),
        (
            "/file/add",
            {"name": "a.pem", "contents": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"},
        ),
        ("/system/script/add", {"name": "x", "source": "/system identity set name=y"}),
        ("/system/scheduler/add", {"name": "x", "interval": "10s", "on-event": "x"}),
    ):
        router.execute(Command(path, values), origin)
    return router, clock


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.sampled_from(VERSIONS), st.lists(commands, min_size=1, max_size=8))
def test_any_command_is_answered(version: str, sent: list[tuple[str, dict[str, str]]]) -> None:
    router, clock = prepared(version)

    async def all_of_them() -> None:
        for path, attributes in sent:
            # Large keys take seconds, and are tested elsewhere.
            chosen = {
                name: value
                for name, value in attributes.items()
                if name != "key-size" or value == "prime256v1"
            }
            if path in ("/certificate/add", "/certificate/set"):
                chosen.setdefault("key-size", "prime256v1")
            if path == "/certificate/reset":
                continue
            await perform(router, clock, Command(path, chosen))

    asyncio.run(all_of_them())
    clock.advance(60)
    router.power_cycle()
    clock.advance(60)
    router.snapshot()
