"""A RADIUS server that accepts everybody, for the one probe that asks who is asked first.

It signs its answers with a Message-Authenticator, which RouterOS demands since 7.15.
"""

from __future__ import annotations

import asyncio
from io import StringIO
from types import TracebackType
from typing import Final, Self

from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, AccessRequest, AuthPacket, PacketError

SECRET: Final = b"probe-secret"
# The attributes this server reads and writes; RFC 2865 and RFC 2869.
_ATTRIBUTES: Final = "ATTRIBUTE User-Name 1 string\nATTRIBUTE Message-Authenticator 80 octets\n"


class AcceptingRadius(asyncio.DatagramProtocol):
    """Answers on a free port of loopback; an asynchronous context manager. `asked` has the names, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0
        self._dictionary = Dictionary(StringIO(_ATTRIBUTES))
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Accept the user of an Access-Request; anything else is passed over, as RADIUS wants it."""
        try:
            request = AuthPacket(packet=data, secret=SECRET, dict=self._dictionary)
            name = request["User-Name"][0]
        except (PacketError, KeyError, IndexError, ValueError, UnicodeDecodeError):
            return
        if request.code != AccessRequest or self._transport is None:
            return
        self.asked.append(str(name))
        reply = request.CreateReply()
        reply.code = AccessAccept
        reply.add_message_authenticator()
        self._transport.sendto(reply.ReplyPacket(), addr)
