"""The API and REST over TLS: certificates of the routers' own, and none at all."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import librouteros
import pytest
import uvloop
from librouteros.login import async_plain

from router_sim.behaviours.certificates import self_signed
from router_sim.clock import VirtualClock
from router_sim.control import ControlServer, control_app
from router_sim.fleet import Fleet, ServicePorts
from router_sim.router import Router
from router_sim.tls import TlsContexts, certify
from tests.router_sim.clients import framed, unframed

FIRST, SECOND = "127.0.7.1", "127.0.7.2"
ALL = ServicePorts(0, 0, 0, 0)


def router(name: str = "r", version: str = "7.22.3") -> Router:
    return Router(name=name, clock=VirtualClock(), version=version, identity=name)


def certified(name: str, address: str) -> tuple[Router, bytes]:
    """A router with a certificate of its own, and that certificate for clients to trust."""
    made = router(name)
    certify(made, address)
    identity = made.tls_identity("lab")
    assert identity is not None
    return made, identity[0]


def trusting(certificate: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate.decode())


def anonymous() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ADH-AES256-GCM-SHA384:@SECLEVEL=0")
    return context


async def identity_over(address: str, port: int, context: ssl.SSLContext) -> list[dict[str, Any]]:
    """What a client of the field reads over TLS; it does not know of the loop that serves it."""

    def session() -> list[dict[str, Any]]:
        wrapper = functools.partial(context.wrap_socket, server_hostname=address)
        api = librouteros.connect(address, "admin", "", port=port, ssl_wrapper=wrapper, timeout=10)
        with contextlib.closing(api):
            return list(api("/system/identity/print"))

    return await asyncio.get_running_loop().run_in_executor(None, session)


async def test_two_routers_behind_one_port_show_their_own_certificates() -> None:
    first, one = certified("one", FIRST)
    second, two = certified("two", SECOND)
    async with Fleet({FIRST: first, SECOND: second}, ports=ALL) as fleet:
        port = fleet.ports.api_ssl
        assert port
        assert await identity_over(FIRST, port, trusting(one)) == [{"name": "one"}]
        assert await identity_over(SECOND, port, trusting(two)) == [{"name": "two"}]
        with pytest.raises(ssl.SSLCertVerificationError):
            await identity_over(SECOND, port, trusting(one))
        for address, certificate, name in ((FIRST, one, "one"), (SECOND, two, "two")):
            async with httpx2.AsyncClient(verify=trusting(certificate), trust_env=False) as http:
                base = f"https://{address}:{fleet.ports.www_ssl}"
                response = await http.get(f"{base}/rest/system/identity", auth=("admin", ""))
                assert response.json() == {"name": name}
                active = await http.get(f"{base}/rest/user/active", auth=("admin", ""))
                assert [row["via"] for row in active.json()] == ["rest-api"]


async def test_librouteros_async_over_tls() -> None:
    made, certificate = certified("one", FIRST)
    async with Fleet({FIRST: made}, ports=ALL) as fleet:
        port = fleet.ports.api_ssl
        assert port
        api = await librouteros.async_connect(
            FIRST, "admin", "", port=port, login_method=async_plain, ssl_wrapper=trusting(certificate)
        )
        assert [row async for row in api("/system/identity/print")] == [{"name": "one"}]
        await api.close()


async def test_without_a_certificate_there_is_anonymous_key_exchange_alone() -> None:
    async with Fleet({FIRST: router()}, ports=ALL) as fleet:
        port = fleet.ports.api_ssl
        assert port
        assert await identity_over(FIRST, port, anonymous()) == [{"name": "r"}]
        usual = ssl.create_default_context()
        usual.check_hostname = False
        usual.verify_mode = ssl.CERT_NONE
        with pytest.raises(ssl.SSLError, match=r"(?i)handshake[ _]failure"):
            await identity_over(FIRST, port, usual)
        assert fleet.connections == 0


async def negotiated(address: str, port: int, context: ssl.SSLContext) -> tuple[str, str]:
    """Version and cipher."""
    _, writer = await asyncio.open_connection(address, port, ssl=context)
    held = writer.get_extra_info("ssl_object")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return held.version(), held.cipher()[0]


async def test_the_version_of_tls_can_be_limited_and_the_certificate_changed() -> None:
    made, certificate = certified("one", FIRST)
    async with Fleet({FIRST: made}, ports=ALL) as fleet:
        port = fleet.ports.api_ssl
        assert port
        trust = trusting(certificate)
        assert (await negotiated(FIRST, port, trust))[0] == "TLSv1.3"
        settings = {"=.id=api-ssl": "", "=tls-version=only-1.2": ""}

        async def say(*words: str) -> list[list[str]]:
            reader, writer = await asyncio.open_connection(FIRST, fleet.port)
            writer.write(framed("/login", "=name=admin", "=password=") + framed(*words) + framed("/quit"))
            data = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return unframed(data)

        assert ["!done"] in await say("/ip/service/set", *settings)
        assert (await negotiated(FIRST, port, trust))[0] == "TLSv1.2"

        made.write(lambda tx: void(self_signed(tx, "other", common_name=FIRST, addresses=(FIRST,))))
        await say("/ip/service/set", "=.id=api-ssl", "=certificate=other")
        with pytest.raises(ssl.SSLCertVerificationError):
            await negotiated(FIRST, port, trust)
        await say("/ip/service/set", "=.id=api-ssl", "=certificate=none")
        assert await negotiated(FIRST, port, anonymous()) == ("TLSv1.2", "ADH-AES256-GCM-SHA384")


def void(value: object) -> None:
    """For a change whose value nobody needs."""


async def test_certificates_are_made_when_somebody_looks() -> None:
    async with Fleet({FIRST: router("one"), SECOND: router("two")}, ports=ALL, certificates=True) as fleet:
        two = fleet.routers[SECOND]
        assert two.snapshot()["/certificate"] == []
        named = fleet.named("one")
        assert named is not None
        assert [row["name"] for row in named.snapshot()["/certificate"]] == ["lab"]
        port = fleet.ports.www_ssl
        assert port
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        assert (await negotiated(SECOND, port, context))[0] == "TLSv1.3"
        services = {row["name"]: row for row in two.snapshot()["/ip/service"]}
        two.reset()
        assert (await negotiated(SECOND, port, context))[0] == "TLSv1.3"
        assert list(two.journal.entries(after=0)) == []
        for name in ("api-ssl", "www-ssl"):
            assert (services[name]["certificate"], services[name]["disabled"]) == ("lab", "false")


async def test_a_certificate_made_later_is_valid_from_the_start() -> None:
    clock = VirtualClock()
    made = Router(name="one", clock=clock)
    async with Fleet({FIRST: made}, ports=ALL, certificates=True) as fleet:
        clock.advance(86400)
        named = fleet.named("one")
        assert named is made
        identity = made.tls_identity("lab")
        assert identity is not None
        assert fleet.ports.api_ssl
        # Clients look at a clock of their own, which nobody advanced.
        assert (await negotiated(FIRST, fleet.ports.api_ssl, trusting(identity[0])))[0] == "TLSv1.3"


async def test_the_control_api_tells_what_to_trust() -> None:
    made, certificate = certified("one", FIRST)
    async with Fleet({FIRST: made, SECOND: router("two")}, ports=ALL) as fleet:
        control = ControlServer(control_app(fleet, VirtualClock(), "token"))
        await control.start()
        headers = {"authorization": "Bearer token"}
        async with httpx2.AsyncClient(base_url=control.url, headers=headers, trust_env=False) as http:
            got = await http.get("/routers/one/certificate")
            assert got.content == certificate
            assert (await http.get("/routers/one/certificate?service=www-ssl")).content == certificate
            assert (await http.get("/routers/one/certificate?service=api")).status_code == 404
            assert "has no certificate" in (await http.get("/routers/two/certificate")).json()["error"]
            (first, _) = (await http.get("/routers")).json()
            assert first["services"] == fleet.ports.by_name()
        await control.close()


async def test_what_is_no_handshake_is_survived() -> None:
    async with Fleet({FIRST: router()}, ports=ALL) as fleet:
        port = fleet.ports.api_ssl
        for data in (
            b"",
            b"\x00" * 50,
            framed("/login"),
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\xff\xff" + b"x" * 99,
        ):
            reader, writer = await asyncio.open_connection(FIRST, port)
            writer.write(data)
            writer.write_eof()
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 10)
            writer.close()
        _, idle = await asyncio.open_connection(FIRST, port)
        assert port
        assert await identity_over(FIRST, port, anonymous()) == [{"name": "r"}]
        idle.close()


def test_contexts_are_kept_and_the_least_used_forgotten() -> None:
    contexts = TlsContexts(most=2)
    identities = []
    for number in range(3):
        made, _ = certified(str(number), FIRST)
        identities.append(made.tls_identity("lab"))
    first = contexts.context(identities[0])
    assert contexts.context(identities[0]) is first
    contexts.context(identities[1])
    contexts.context(identities[0])
    contexts.context(identities[2])
    assert contexts.context(identities[0]) is first


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_data_right_behind_the_handshake_is_not_lost(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    made, certificate = certified("one", FIRST)

    async def main() -> None:
        async with Fleet({FIRST: made}, ports=ALL) as fleet:
            port = fleet.ports.api_ssl

            async def one(number: int) -> list[list[str]]:
                reader, writer = await asyncio.open_connection(FIRST, port, ssl=trusting(certificate))
                writer.write(
                    framed("/login", "=name=admin", "=password=") + framed("/quit", f".tag={number}")
                )
                data = await asyncio.wait_for(reader.read(), 20)
                writer.close()
                return unframed(data)

            got = await asyncio.gather(*(one(number) for number in range(20)))
            assert got == [
                [["!done"], ["!fatal", f".tag={number}", "session terminated on request"]]
                for number in range(20)
            ]

    loop = new_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_nothing_of_a_key_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made, _ = certified("one", FIRST)
    TlsContexts().context(made.tls_identity("lab"))
    TlsContexts().context(None)
    assert list(tmp_path.iterdir()) == []
