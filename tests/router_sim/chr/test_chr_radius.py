"""The RADIUS server of the probes, asked by a RADIUS client."""

import asyncio
from io import StringIO

from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, AccessRequest, AuthPacket

from router_sim.chr.radius import SECRET, AcceptingRadius

ATTRIBUTES = "ATTRIBUTE User-Name 1 string\nATTRIBUTE Message-Authenticator 80 octets\n"


class Asking(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.put_nowait(data)


async def test_everybody_is_accepted_with_a_signed_answer() -> None:
    request = AuthPacket(code=AccessRequest, secret=SECRET, dict=Dictionary(StringIO(ATTRIBUTES)))
    request["User-Name"] = "probe-user"
    async with AcceptingRadius() as server:
        transport, asking = await asyncio.get_running_loop().create_datagram_endpoint(
            Asking, remote_addr=("127.0.0.1", server.port)
        )
        transport.sendto(b"no packet at all")
        transport.sendto(request.RequestPacket())
        data = await asyncio.wait_for(asking.got.get(), 5)
        transport.close()
    reply = request.CreateReply(packet=data)
    assert request.VerifyReply(reply, data)
    assert reply.code == AccessAccept
    assert reply.get_message_authenticator()
    assert server.asked == ["probe-user"]
