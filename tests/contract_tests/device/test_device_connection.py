"""One connection against peers that keep to the protocol and peers that do not, and what the user is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from librouteros.exceptions import ConnectionClosed, FatalError, MultiTrapError, ProtocolError, TrapError
from librouteros.protocol import encode_length

from contract_tests.device.connection import Connection, RouterAddress, explained
from contract_tests.device.observer import Observer, ObserverError
from spec.device_contract import DeviceContract

CERTIFICATE = Path(__file__).parent / "router.pem"
DONE = [b"!done"]

Answer = Callable[[list[bytes]], list[list[bytes]]]


async def read_sentence(reader: asyncio.StreamReader) -> list[bytes]:
    """The next request; its words are shorter than 128 bytes here."""
    words: list[bytes] = []
    while length := (await reader.readexactly(1))[0]:
        words.append(await reader.readexactly(length))
    return words


def encoded(sentence: list[bytes]) -> bytes:
    return b"".join(encode_length(len(word)) + word for word in sentence) + b"\0"


@asynccontextmanager
async def peer(answer: Answer, *, raw: bool = False, tls: bool = False) -> AsyncIterator[RouterAddress]:
    """A peer that answers each request with sentences (`raw`: with the bytes of the first word)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await read_sentence(reader)
                tags = [word for word in request if word.startswith(b".tag=")]
                for sentence in answer(request):
                    writer.write(sentence[0] if raw else encoded([sentence[0], *tags, *sentence[1:]]))
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield RouterAddress("127.0.0.1", server.sockets[0].getsockname()[1], "qa", "pass", tls=tls)


def quiet(request: list[bytes]) -> list[list[bytes]]:
    return [DONE]


async def test_words_are_text_byte_for_byte() -> None:
    asked: list[list[bytes]] = []

    def answer(request: list[bytes]) -> list[list[bytes]]:
        asked.append(request)
        values = ["=yes=yes", "=number=007", "=int=7", "=name=a=b", "=text=café", "=empty="]
        row = [b"!re", *(value.encode() for value in values), b"=raw=caf\xe9", b"=long=" + b"x" * 300]
        return [row, DONE]

    async with peer(answer) as address:
        named = RouterAddress(address.host, address.port, "qà", "pÄss")
        connection = await Connection.open(named, 5)
        await connection.send("/ip/hotspot/print", "=comment=é", ".tag=7")
        row, done = [await connection.receive() for _ in range(2)]
        await connection.close()
    assert asked[0] == [b"/login", "=name=qà".encode(), "=password=pÄss".encode()]
    assert asked[1] == [b"/ip/hotspot/print", "=comment=é".encode(), b".tag=7"]
    assert (row.reply, row.tag, done.reply, done.tag) == ("!re", "7", "!done", "7")
    assert row.attributes == {
        "yes": "yes",
        "number": "007",
        "int": "7",
        "name": "a=b",
        "text": "café",
        "empty": "",
        "raw": b"caf\xe9".decode("utf-8", "surrogateescape"),
        "long": "x" * 300,
    }


async def test_the_password_is_in_no_representation() -> None:
    assert "hidden" not in repr(RouterAddress("192.0.2.1", 8728, "qa", "hidden"))


async def failure(address: RouterAddress, contract: DeviceContract, limit: float = 5.0) -> str:
    observer = Observer("Lab", address, contract, timeout=limit)
    with pytest.raises(ObserverError) as caught:
        await observer.connect()
    await observer.close()
    message = str(caught.value)
    assert message.startswith(f"site Lab: the router at 127.0.0.1:{address.port} ")
    assert "pass" not in message.replace("password", "")
    return message


async def test_refused_login(contract: DeviceContract) -> None:
    trap = [b"!trap", b"=message=invalid user name or password (6)"]
    async with peer(lambda request: [trap, DONE]) as address:
        message = await failure(address, contract)
    assert "refused the login of user 'qa' (invalid user name or password (6)); check" in message


async def test_unreachable_port(contract: DeviceContract) -> None:
    with socket.socket() as taken:  # bound and not listening: nothing answers there
        taken.bind(("127.0.0.1", 0))
        message = await failure(RouterAddress("127.0.0.1", taken.getsockname()[1], "qa", "pass"), contract)
    assert "refused the connection; check host and port of the site" in message
    assert "/ip service enable api)" in message


async def test_a_peer_that_never_answers(contract: DeviceContract) -> None:
    async with peer(lambda request: []) as address:
        message = await failure(address, contract, limit=0.05)
    assert "did not answer within 0.05 s" in message


@pytest.mark.parametrize("garbage", [b"\xff\xff", b"\0", b"\x05!trap\x06=odd=1\0\x05!done\0"])
async def test_a_peer_that_does_not_speak_the_protocol(contract: DeviceContract, garbage: bytes) -> None:
    async with peer(lambda request: [[garbage]], raw=True) as address:
        message = await failure(address, contract)
    assert "does not speak the RouterOS API" in message


async def test_a_router_that_ends_the_connection(contract: DeviceContract) -> None:
    fatal = encoded([b"!fatal", b"not logged in"])
    async with peer(lambda request: [[fatal]], raw=True) as address:
        message = await failure(address, contract)
    assert "closed the connection (not logged in)" in message


async def test_tls(contract: DeviceContract) -> None:
    async with peer(quiet, tls=True) as address:
        refused = await failure(address, contract)
        assert "has a certificate that is not trusted" in refused
        assert "verify_tls" in refused
        missing = RouterAddress(address.host, address.port, "qa", "pass", True, "/nowhere/authority.pem")
        assert "cannot be reached ([Errno 2]" in await failure(missing, contract)
        for verify in (False, str(CERTIFICATE)):
            trusted = RouterAddress(address.host, address.port, "qa", "pass", True, verify)
            observer = Observer("Lab", trusted, contract)
            await observer.connect()
            assert (await observer.snapshot()).rows("/ip/hotspot") == ()
            await observer.close()


async def test_tls_to_a_port_without_it(contract: DeviceContract) -> None:
    def answer(request: list[bytes]) -> list[list[bytes]]:
        return [[b"plain text"]]

    async with peer(answer, raw=True) as address:
        tls = RouterAddress(address.host, address.port, "qa", "pass", True, False)
        message = await failure(tls, contract, limit=0.2)
    assert "api-ssl" in message or "did not answer" in message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TrapError("cannot log in"), "refused the login of user 'qa' (cannot log in)"),
        (MultiTrapError(TrapError("a"), TrapError("b")), "(a, b)"),
        (FatalError("too many commands before login"), "closed the connection (too many commands"),
        (ProtocolError("odd"), "does not speak the RouterOS API (odd)"),
        (ConnectionClosed("gone"), "closed the connection (gone)"),
        (ConnectionResetError("reset"), "closed the connection (reset)"),
        (socket.gaierror(-2, "unknown"), "cannot be found: its host name has no address"),
        (ssl.SSLError("wrong version"), "does not speak TLS as expected"),
        (TimeoutError(), "did not answer within 3 s"),
        (OSError("no route to host"), "cannot be reached (no route to host)"),
    ],
)
def test_every_way_to_fail_has_its_sentence(error: BaseException, words: str) -> None:
    address = RouterAddress("192.0.2.1", 8728, "qa", "pass")
    message = str(explained(error, "Lab", address, 3.0))
    assert message.startswith("site Lab: the router at 192.0.2.1:8728 ")
    assert words in message
    assert "; check" in message or "; set" in message
