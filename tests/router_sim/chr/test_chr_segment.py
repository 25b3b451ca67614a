"""Guests on a stream of frames, with a small router played by the test on the other end."""

import asyncio
import struct
from ipaddress import IPv4Address

import pytest

from router_sim.chr.segment import (
    ARP,
    BROADCAST,
    IPV4,
    Frame,
    Segment,
    arp,
    checksum,
    datagram,
    dhcp_answer,
    mac_bytes,
)

ROUTER = mac_bytes("02:00:5E:00:53:01")
GUEST = "02:00:5E:00:53:77"


class Wire:
    """QEMU's side of the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def frame(self) -> Frame:
        async with asyncio.timeout(5):
            size = struct.unpack("!I", await self._reader.readexactly(4))[0]
            found = Frame.decode(await self._reader.readexactly(size))
        assert found is not None
        return found

    def send(self, frame: Frame) -> None:
        data = frame.encode()
        self.writer.write(struct.pack("!I", len(data)) + data)


async def wire_to(segment: Segment) -> Wire:
    wire = Wire(*await asyncio.open_connection("127.0.0.1", segment.port))
    await segment.connected()
    return wire


def offer(kind: int, request: bytes, address: str) -> bytes:
    """What a DHCP server answers to the client message `request`."""
    head = b"\x02" + request[1:16] + IPv4Address(address).packed + bytes(8) + request[28:236]
    return head + b"\x63\x82\x53\x63" + bytes([0, 53, 1, kind, 54, 4, 10, 5, 50, 1, 255])


async def test_a_guest_announces_itself_and_answers_only_for_itself() -> None:
    async with Segment() as segment:
        wire = await wire_to(segment)
        station = segment.appear(GUEST, "10.5.50.77", "10.5.50.1")
        own, ask, away = [await wire.frame() for _ in range(3)]
        assert (own.target, own.source, own.protocol) == (BROADCAST, mac_bytes(GUEST), ARP)
        assert own.payload[24:28] == IPv4Address("10.5.50.77").packed
        assert ask.payload[24:28] == IPv4Address("10.5.50.1").packed
        assert away.protocol == IPV4
        assert checksum(away.payload[:20]) == 0
        for wanted in ("10.5.50.78", "10.5.50.77"):
            question = arp(1, ROUTER, IPv4Address("10.5.50.1"), bytes(6), IPv4Address(wanted))
            wire.send(Frame(BROADCAST, ROUTER, ARP, question))
        answer = await wire.frame()
        assert (answer.target, answer.source) == (ROUTER, mac_bytes(GUEST))
        assert struct.unpack("!H", answer.payload[6:8]) == (2,)
        assert answer.payload[14:18] == IPv4Address("10.5.50.77").packed
        segment.vanish(station)
        assert segment.stations == []
        wire.writer.close()


async def test_a_guest_gets_its_address_by_dhcp() -> None:
    async with Segment() as segment:
        wire = await wire_to(segment)
        asking = asyncio.create_task(segment.lease(GUEST))
        for kind in (2, 5):
            frame = await wire.frame()
            request = frame.payload[28:]
            assert request[236:243] == b"\x63\x82\x53\x63" + bytes([53, 1, {2: 1, 5: 3}[kind]])
            packet = datagram(
                IPv4Address("10.5.50.1"),
                67,
                IPv4Address("255.255.255.255"),
                68,
                offer(kind, request, "10.5.50.9"),
            )
            wire.send(Frame(BROADCAST, ROUTER, IPV4, packet))
        assert (await asking).address == IPv4Address("10.5.50.9")
        with pytest.raises(TimeoutError):
            await segment.lease("02:00:5E:00:53:78", patience=0.05)
        assert len(segment.stations) == 1
        wire.writer.close()


async def test_a_stream_out_of_step_is_cut() -> None:
    async with Segment() as segment:
        wire = await wire_to(segment)
        wire.writer.write(b"\xff\xff\xff\xff")
        with pytest.raises(asyncio.IncompleteReadError):
            await wire.frame()
        wire.writer.close()


def test_what_is_no_answer_to_our_message() -> None:
    request = b"\x01\x01\x06\x00\x00\x00\x00\x07" + bytes(228) + b"\x63\x82\x53\x63" + bytes([53, 1, 1, 255])
    answer = offer(2, request, "10.5.50.9")
    assert dhcp_answer(answer, 7) == (2, IPv4Address("10.5.50.9").packed, IPv4Address("10.5.50.1").packed)
    assert dhcp_answer(answer, 8) is None
    assert dhcp_answer(request, 7) is None
    assert dhcp_answer(answer[:100], 7) is None
    with pytest.raises(ValueError, match="no hardware address"):
        mac_bytes("02:00")
