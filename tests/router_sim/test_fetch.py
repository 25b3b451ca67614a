"""/tool/fetch against servers on this machine: what is kept, what is returned, and how it fails."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from router_sim.behaviours.certificates import self_signed, tls_identity
from router_sim.clock import VirtualClock
from router_sim.engine import Command, Trap
from router_sim.exchange import FetchRequest
from router_sim.fetching import fetch
from router_sim.router import Router
from router_sim.transaction import Transaction
from tests.router_sim.conftest import Console
from tests.router_sim.going_on import records

FETCH = "/tool/fetch"


class Site:
    """A web server of a few paths that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        length = 0
        if b"content-length: " in lowered:
            length = int(lowered.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.asked.append(head + await reader.readexactly(length))
        path = head.split(b" ")[1]
        answers = {
            b"/page.html": b"HTTP/1.1 200 OK\r\nX-Kind: page\r\nContent-Length: 5\r\n\r\n<p>\xf6\n",
            b"/moved": b"HTTP/1.1 302 Found\r\nLocation: /page.html\r\nContent-Length: 0\r\n\r\n",
            b"/lost": b"HTTP/1.1 302 Found\r\nLocation: http://[x\r\nContent-Length: 0\r\n\r\n",
            b"/": b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000,
        }
        writer.write(answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        writer.close()
        await writer.wait_closed()

    @asynccontextmanager
    async def running(self, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]


@pytest.fixture
def site() -> Site:
    return Site()


async def test_a_page_becomes_a_file(console: Console, still_clock: VirtualClock, site: Site) -> None:
    async with site.running() as port:
        url = f"http://127.0.0.1:{port}"
        got = await records(console, still_clock, FETCH, {"url": f"{url}/page.html"}, fetch)
        assert [row["status"] for row in got] == ["connecting", "finished"]
        assert got[-1] == {
            ".section": "1", "status": "finished", "downloaded": "0", "total": "0", "duration": "1s",
        }  # fmt: skip
        await records(console, still_clock, FETCH, {"url": f"{url}/", "dst-path": "flash/big"}, fetch)
        await records(console, still_clock, FETCH, {"url": f"{url}/", "keep-result": "no"}, fetch)
        rows = {row["name"]: row for row in console.rows("/file")}
        assert {name: row["size"] for name, row in rows.items()} == {"page.html": "5", "flash/big": "3000"}
        assert rows["page.html"]["contents"].encode("utf-8", "surrogateescape") == b"<p>\xf6\n"
        journal = [(entry.command, entry.menu, entry.user) for entry in console.router.journal.entries()]
        assert journal == [(FETCH, "/file", "admin")] * 2
        # Again: the file is written over, not doubled.
        await records(
            console, still_clock, FETCH, {"url": f"{url}/page.html", "dst-path": "flash/big"}, fetch
        )
        assert console.row("/file", "flash/big")["size"] == "5"
        assert site.asked[0].startswith(b"GET /page.html HTTP/1.1\r\n")
        assert b"User-Agent: Mikrotik/7.x Fetch\r\n" in site.asked[0]


async def test_what_is_sent_and_what_comes_back(
    console: Console, still_clock: VirtualClock, site: Site
) -> None:
    async with site.running() as port:
        url = f"http://127.0.0.1:{port}"
        (row,) = await records(console, still_clock, FETCH, {
            "url": f"{url}/page.html", "output": "user", "as-value": "", "http-method": "post",
            "http-data": '{"a":"ü"}', "http-header-field": "Content-Type: application/json,X-List: a, b,X-Two:2",
            "user": "me", "password": "pw",
        }, fetch)  # fmt: skip
        assert row["data"].encode("utf-8", "surrogateescape") == b"<p>\xf6\n"
        asked = site.asked[-1]
        assert asked.startswith(b"POST /page.html")
        for line in (
            b"Content-Type: application/json",
            b"X-List: a, b",
            b"X-Two: 2",
            b"Authorization: Basic bWU6cHc=",
        ):
            assert line + b"\r\n" in asked
        assert asked.endswith('{"a":"ü"}'.encode())
        (row,) = await records(console, still_clock, FETCH, {
            "url": f"{url}/page.html", "output": "user-with-headers", "once": "",
        }, fetch)  # fmt: skip
        assert row["data"].startswith("x-kind: page\r\n")
        assert ".section" not in row
        console.add("/file", name="up.txt", contents="uploaded")
        await records(console, still_clock, FETCH, {
            "url": f"{url}/page.html", "upload": "yes", "src-path": "up.txt",
        }, fetch)  # fmt: skip
        assert site.asked[-1].startswith(b"PUT ")
        assert site.asked[-1].endswith(b"uploaded")
        (row,) = await records(console, still_clock, FETCH, {
            "url": f"{url}/moved", "http-max-redirect-count": "2", "output": "user", "as-value": "",
        }, fetch)  # fmt: skip
        assert row["status"] == "finished"
        got = await records(
            console,
            still_clock,
            FETCH,
            {"address": "127.0.0.1", "port": str(port), "src-path": "page.html"},
            fetch,
        )
        assert got[-1]["status"] == "finished"
        assert console.row("/file", "page.html")["size"] == "5"


async def test_how_it_fails(console: Console, still_clock: VirtualClock, site: Site) -> None:
    async def failed(text: str, **given: str) -> None:
        with pytest.raises(Trap) as caught:
            await records(
                console, still_clock, FETCH, {k.replace("_", "-"): v for k, v in given.items()}, fetch
            )
        assert caught.value.message == text

    async with site.running() as port:
        url = f"http://127.0.0.1:{port}"
        await failed("failure: Fetch failed with status 404", url=f"{url}/none")
        await failed('failure: Fetch failed with status 302 (Location: "/page.html")', url=f"{url}/moved")
        await failed("failure: invalid redirect to http://[x", url=f"{url}/lost", http_max_redirect_count="1")
        console.router._state.disk_bytes = 100
        await failed("failure: not enough disk space", url=f"{url}/", dst_path="x")
        console.add("/file", name="d", type="directory")
        await failed("failure: can not change type", url=f"{url}/page.html", dst_path="d")
    await failed("failure: Connection refused", url=f"{url}/page.html")
    assert console.names("/file") == ["d"]
    refused = {
        "missing =url=": {},
        "invalid value for argument url": {"url": "http://[bad/"},
        "failure: invalid URL protocol": {"url": "nothing"},
        "failure: ftp is not simulated; use http or https": {"url": "ftp://h/x"},
        "input does not match any value of http-method": {"url": "http://h/", "http-method": "GET"},
        "input does not match any value of output": {"url": "http://h/", "output": "screen"},
        "input does not match any value of mode": {"url": "http://h/", "mode": "gopher"},
        "invalid value for argument http-header-field": {"url": "http://h/", "http-header-field": "no colon"},
        "invalid value for argument port": {"url": "http://h/", "port": "x"},
        "invalid value for argument http-max-redirect-count": {
            "url": "http://h/",
            "http-max-redirect-count": "x",
        },
        "invalid value for argument idle-timeout": {"url": "http://h/", "idle-timeout": "x"},
        "missing =src-path=": {"url": "http://h/", "upload": "yes"},
        "failure: can not open file gone": {"url": "http://h/", "upload": "yes", "src-path": "gone"},
        "unknown parameter foo": {"url": "http://h/", "foo": "x"},
    }
    for text, given in refused.items():
        assert console.trap(FETCH, given)[0][0] == text
    # Without a way out.
    with pytest.raises(Trap, match="failure: network is unreachable"):
        await records(console, still_clock, FETCH, {"url": "http://h/"})


async def test_certificates_are_checked_when_asked(
    console: Console, still_clock: VirtualClock, site: Site, tmp_path: Path
) -> None:
    clock = VirtualClock()  # a certificate made now, on a router whose clock is right
    elsewhere = Console(Router(name="elsewhere", clock=clock))

    def make(tx: Transaction) -> None:
        self_signed(tx, "web", common_name="127.0.0.1", addresses=("127.0.0.1", "web.example"))

    elsewhere.router.write(make)
    identity = tls_identity(elsewhere.router._state, "web")
    assert identity is not None
    (tmp_path / "chain").write_bytes(identity[0])
    (tmp_path / "key").write_bytes(identity[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain", tmp_path / "key")
    async with site.running(context) as port:
        given = {"url": f"https://127.0.0.1:{port}/page.html", "output": "none", "as-value": ""}
        (row,) = await records(console, still_clock, FETCH, given, fetch)
        assert row["status"] == "finished"
        with pytest.raises(Trap, match="failure: ssl: no trusted CA certificate found"):
            await records(console, still_clock, FETCH, {**given, "check-certificate": "yes"}, fetch)
        console.add("/file", name="web.crt", contents=identity[0].decode())
        console.run("/certificate/import", {"file-name": "web.crt"})
        for host, address in (("web.example", "127.0.0.1"), ("other.example", "127.0.0.1")):
            console.add("/ip/dns/static", name=host, address=address)
        checked = {**given, "check-certificate": "yes"}
        for host in ("127.0.0.1", "web.example"):
            url = f"https://{host}:{port}/page.html"
            (row,) = await records(console, still_clock, FETCH, {**checked, "url": url}, fetch)
            assert row["status"] == "finished"
        with pytest.raises(Trap, match="failure: ssl"):  # a certificate for other names
            await records(
                console,
                still_clock,
                FETCH,
                {**checked, "url": f"https://other.example:{port}/page.html"},
                fetch,
            )


async def test_names_are_those_the_router_knows(
    console: Console, still_clock: VirtualClock, site: Site
) -> None:
    console.add("/ip/dns/static", name="portal.example", address="127.0.0.1")
    async with site.running() as port:
        given = {"url": f"http://portal.example:{port}/page.html", "output": "none", "as-value": ""}
        (row,) = await records(console, still_clock, FETCH, given, fetch)
        assert row["status"] == "finished"
        assert f"Host: portal.example:{port}\r\n".lower() in site.asked[-1].decode().lower()


async def test_too_much_is_refused(site: Site) -> None:
    async with site.running() as port:
        with pytest.raises(OSError, match="file is larger than 100 bytes"):
            await fetch(FetchRequest("GET", f"http://127.0.0.1:{port}/", {}), most=100)
    with pytest.raises(OSError, match="could not resolve dns name"):
        await fetch(FetchRequest("GET", "http://nobody.invalid/", {}))


def test_device_mode_and_rights_rule_it(console: Console) -> None:
    console.add("/user/group", name="reader", policy="read,api,test")
    console.add("/user", name="eve", group="reader", password="x")
    given = {"url": "http://h/"}
    assert console.as_user("eve").trap(FETCH, given) == (("not enough permissions (9)", None),)
    console.router.execute(Command("/system/device-mode/update", {"fetch": "no"}), console.origin)
    console.router.power_cycle()
    assert console.trap(FETCH, given) == (("failure: not allowed by device-mode", None),)
