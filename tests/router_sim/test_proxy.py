"""A guest's proxy over real sockets: what the router lets through, what it answers, what it resets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router_sim.behaviours.certificates import self_signed
from router_sim.guests.registry import Entry
from tests.router_sim.guest_lab import OTHER, PAGE, SITE, GuestLab


@pytest.fixture
async def lab() -> AsyncIterator[GuestLab]:
    async with GuestLab() as lab:
        yield lab


@contextlib.asynccontextmanager
async def browser(entry: Entry) -> AsyncIterator[httpx2.AsyncClient]:
    proxy = f"http://{entry.proxy.address}"
    async with httpx2.AsyncClient(proxy=proxy, trust_env=False, follow_redirects=True, timeout=10) as client:
        yield client


async def raw(entry: Entry, data: bytes, *, then: bytes = b"") -> bytes:
    """What comes back for some bytes; `reset` when the connection is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", entry.proxy.port)
    try:
        writer.write(data)
        got = b""
        if then:
            got = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            writer.write(then)
        writer.write_eof()
        return got + await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b"reset"
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def test_a_guest_logs_in_and_reaches_the_site(lab: GuestLab) -> None:
    entry = await lab.guest()
    async with browser(entry) as client:
        first = await client.get("http://site.example/a?b=1")
        assert [each.status_code for each in first.history] == [302]
        assert first.history[0].reason_phrase == "Hotspot login required"
        assert first.history[0].http_version == "HTTP/1.0"
        assert str(first.url) == "http://10.5.50.1/login?dst=http%3A%2F%2Fsite.example%2Fa%3Fb%3D1"
        assert "Sign in" in first.text
        style = await client.get("http://10.5.50.1/css/style.css")
        assert style.headers["content-type"] == "text/css"

        fields = {"username": "ann", "password": "secret", "dst": "http://site.example/a?b=1"}
        done = await client.post("http://10.5.50.1/login", data=fields)
        assert "http://site.example/a?b=1" in done.text
        page = await client.get("http://site.example/a?b=1")
        assert page.content == PAGE
        assert lab.site.asked[-1].startswith(b"GET /a?b=1 HTTP/1.1\r\n")
        assert b"\r\nhost: site.example\r\n" in lab.site.asked[-1].lower()
        assert b"proxy" not in lab.site.asked[-1].lower()
        sent = await client.post("http://site.example/form", content=b"x" * 100_000)
        assert sent.content == b"got " + b"x" * 100_000
        chunked = await client.post("http://site.example/form", content=iter_of(b"ab", b"cd"))
        assert chunked.status_code == 200

        (session,) = lab.sessions
        assert int(session["bytes-in"]) > 100_000
        assert int(session["bytes-out"]) > 100_000
        assert int(session["packets-in"]) > 60
        lab.clock.advance(3601)
        cookies = dict(client.cookies)
        client.cookies.clear()
        again = await client.get("http://site.example/")
        assert "Sign in" in again.text, "the session's time is up"
        client.cookies.update(cookies)
        again = await client.get("http://site.example/")
        assert "You are signed in" in again.text, "a cookie is as good as a name"


async def iter_of(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_what_the_router_refuses_is_reset(lab: GuestLab) -> None:
    entry = await lab.guest()
    assert (
        await raw(entry, b"CONNECT site.example:443 HTTP/1.1\r\nHost: site.example:443\r\n\r\n") == b"reset"
    )
    assert await raw(entry, b"CONNECT site.example:80 HTTP/1.1\r\nHost: site.example:80\r\n\r\n") == b"reset"
    assert await raw(entry, b"GET http://site.example:8888/ HTTP/1.1\r\nHost: x\r\n\r\n") == b"reset"
    assert lab.site.asked == []
    entry.proxy.patience = 0.01
    lab.console.add("/ip/hotspot/ip-binding", mac_address=entry.guest.who.mac, type="blocked")
    assert await raw(entry, b"GET http://site.example/ HTTP/1.1\r\nHost: x\r\n\r\n") == b"reset"


async def test_tunnels(lab: GuestLab) -> None:
    entry = await lab.guest()
    lab.console.add(
        "/ip/hotspot/walled-garden/ip", dst_host="site.example", protocol="tcp", dst_port="443,8443"
    )
    asked = b"GET / HTTP/1.0\r\n\r\n"
    for port in (b"443", b"8443"):
        head = b"CONNECT site.example:" + port + b" HTTP/1.1\r\nHost: site.example\r\n\r\n"
        got = await raw(entry, head, then=asked)
        assert got.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
        assert got.endswith(PAGE)
        assert (await raw(entry, head + asked)).endswith(PAGE), "a client may be in a hurry"
    host = lab.console.rows("/ip/hotspot/host")[0]
    assert int(host["bytes-out"]) > 4 * len(PAGE)

    reader, writer = await asyncio.open_connection("127.0.0.1", entry.proxy.port)
    writer.write(b"CONNECT site.example:443 HTTP/1.1\r\nHost: site.example\r\n\r\n")
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    rule = lab.console.rows("/ip/hotspot/walled-garden/ip")[0][".id"]
    lab.console.run("/ip/hotspot/walled-garden/ip/remove", {".id": rule})
    writer.write(asked)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_login_pages_over_tls(lab: GuestLab) -> None:
    lab.router.write(lambda tx: self_signed(tx, "pages", common_name="wifi.example", addresses=()))
    profile = lab.console.rows("/ip/hotspot/profile", "name=p1")[0][".id"]
    lab.console.set(
        "/ip/hotspot/profile", profile, login_by="https", ssl_certificate="pages", dns_name="wifi.example"
    )
    entry = await lab.guest()
    proxy = f"http://{entry.proxy.address}"
    async with httpx2.AsyncClient(proxy=proxy, trust_env=False, timeout=10) as client:
        with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            await client.get("https://site.example/")
    async with httpx2.AsyncClient(proxy=proxy, trust_env=False, verify=False, timeout=10) as client:
        sent = await client.get("https://site.example/x")
        assert (sent.status_code, sent.reason_phrase) == (302, "Hotspot login required")
        assert sent.headers["location"] == "https://wifi.example/login?dst=https%3A%2F%2Fsite.example%2Fx"
        page = await client.get(sent.headers["location"])
        assert 'action="https://wifi.example/login"' in page.text
        assert "hexMD5" not in page.text, "what goes over TLS needs no challenge"
        done = await client.post("https://wifi.example/login", data={"username": "ann", "password": "secret"})
        assert "location.href = 'https://wifi.example/status'" in done.text
    assert lab.sessions[0]["login-by"] == "https"
    head = b"CONNECT wifi.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"
    assert (await raw(entry, head, then=b"no TLS at all")).startswith((b"reset", b"HTTP/1.1 200"))
    lab.console.set("/ip/hotspot/profile", profile, ssl_certificate="none")
    assert await raw(entry, head) == b"reset"


async def test_what_is_not_there(lab: GuestLab) -> None:
    entry = await lab.guest()
    entry.guest.log_in("ann", "secret")
    lab.internet.serve(OTHER, 80, "127.0.0.1", 1)
    async with browser(entry) as client:
        for url, words in (
            ("http://nowhere.example/", "nowhere.example does not resolve"),
            (f"http://{SITE}:81/", f"nothing in the laboratory answers at {SITE}:81"),
            ("http://other.example/", "other.example:80"),
            ("http://127.0.0.1/", "nothing in the laboratory answers"),
        ):
            answer = await client.get(url)
            assert answer.status_code == 502, url
            assert words in answer.text
    assert b"nothing in the laboratory answers" in await raw(
        entry, b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n"
    )


async def test_a_path_alone_is_for_the_host_it_names(lab: GuestLab) -> None:
    entry = await lab.guest()
    got = await raw(entry, b"GET /x HTTP/1.1\r\nHost: site.example\r\n\r\n")
    assert b"Location: http://10.5.50.1/login?dst=http%3A%2F%2Fsite.example%2Fx\r\n" in got


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\r\n\r\n", id="empty lines"),
        pytest.param(b"GET\r\n\r\n", id="no target"),
        pytest.param(b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", id="no host"),
        pytest.param(b"GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n", id="broken host"),
        pytest.param(b"GET http://a:99999/ HTTP/1.1\r\nHost: x\r\n\r\n", id="port too high"),
        pytest.param(b"GET ftp://site.example/ HTTP/1.1\r\nHost: x\r\n\r\n", id="other scheme"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="no host header"),
        pytest.param(b"CONNECT site.example HTTP/1.1\r\nHost: x\r\n\r\n", id="tunnel without port"),
        pytest.param(
            b"CONNECT site.example:" + b"9" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="long port"
        ),
        pytest.param(b"CONNECT :0 HTTP/1.1\r\nHost: x\r\n\r\n", id="tunnel to nowhere"),
        pytest.param(
            b"POST http://10.5.50.1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
            + b"x" * 2_000_000,
            id="long form",
        ),
        pytest.param(
            b"POST http://10.5.50.1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            id="two lengths",
        ),
        pytest.param(
            b"POST http://10.5.50.1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nuser",
            id="cut form",
        ),
        pytest.param(b"GET http://site.example/ HTTP/1.1\r\n" + b"X: y\r\n" * 50000, id="long head"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    ],
)
async def test_hostile_input(lab: GuestLab, data: bytes) -> None:
    entry = await lab.guest()
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        got = await raw(entry, data)
        assert got[:12] in (b"", b"reset", b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 431"), got[:100]
    async with browser(entry) as client:
        assert "Sign in" in (await client.get("http://site.example/")).text


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=4), st.sampled_from([b"GET ", b"CONNECT ", b""]))
def test_any_bytes(parts: list[bytes], start: bytes) -> None:
    async def talk() -> None:
        async with GuestLab() as lab:
            entry = await lab.guest()
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                await raw(entry, start + b"\r\n".join(parts))
            got = await raw(entry, b"GET http://site.example/ HTTP/1.1\r\nHost: x\r\n\r\n")
            assert got.startswith(b"HTTP/1.0 302 Hotspot login required")

    asyncio.run(talk())


async def test_many_connections_are_bounded(lab: GuestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router_sim.guests.proxy._MOST_CONNECTIONS", 2)
    entry = await lab.guest()
    held = [await asyncio.open_connection("127.0.0.1", entry.proxy.port) for _ in range(2)]
    for reader, writer in held:
        writer.write(b"POST http://10.5.50.1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n")
        writer.write(b"Expect: 100-continue\r\n\r\n")
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
    assert await raw(entry, b"GET http://site.example/ HTTP/1.1\r\nHost: x\r\n\r\n") == b"reset"
    await entry.proxy.close()
    for reader, writer in held:
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_nobody_is_given_the_address_of_a_guest_who_left(lab: GuestLab) -> None:
    """A router may go on letting the address through for a while, whoever has it then."""
    given: list[str] = []
    for _ in range(3):
        entry = await lab.guests.create("r1", interface="bridge-guest")
        given.append(entry.guest.who.address)
        await lab.guests.leave(entry.id)
    assert len(set(given)) == 3
