"""The network behind a machine's second card: a stream of Ethernet frames with simulated guests on it.

QEMU connects and sends each frame behind its length, four bytes in network order. A guest here is as little
as makes a hotspot take notice: it announces its address by ARP, answers when it is looked for, can ask for an
address by DHCP, and can send a datagram. That is all the probes need; it is no TCP stack.

Source: QEMU's socket network back end; RFC 826 (ARP), RFC 791, RFC 768, RFC 2131 (DHCP).
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

BROADCAST: Final = b"\xff" * 6
ARP: Final = 0x0806
IPV4: Final = 0x0800
_MOST_FRAME: Final = 65536 + 64

_REQUEST, _REPLY = 1, 2
_UDP: Final = 17
_DISCOVER, _OFFER, _WANT, _ACK = 1, 2, 3, 5
_COOKIE: Final = b"\x63\x82\x53\x63"


def mac_bytes(text: str) -> bytes:
    """The six bytes of `AA:BB:CC:DD:EE:FF`. ValueError for anything else."""
    data = bytes.fromhex(text.replace(":", ""))
    if len(data) != 6:
        raise ValueError(f"{text} is no hardware address")
    return data


@dataclass(frozen=True, slots=True)
class Frame:
    """An Ethernet frame: who is meant, who sent it, the protocol and what it carries."""

    target: bytes
    source: bytes
    protocol: int
    payload: bytes

    def encode(self) -> bytes:
        """The bytes on the wire, padded to the least size, without checksum."""
        head = self.target + self.source + struct.pack("!H", self.protocol)
        return (head + self.payload).ljust(60, b"\0")

    @classmethod
    def decode(cls, data: bytes) -> Frame | None:
        """The frame in `data`; None when it is too short to be one."""
        if len(data) < 14:
            return None
        return cls(data[:6], data[6:12], struct.unpack("!H", data[12:14])[0], data[14:])


def arp(kind: int, source: bytes, address: IPv4Address, target: bytes, wanted: IPv4Address) -> bytes:
    """An ARP packet for Ethernet and IPv4."""
    head = struct.pack("!HHBBH", 1, IPV4, 6, 4, kind)
    return head + source + address.packed + target + wanted.packed


def checksum(data: bytes) -> int:
    """The Internet checksum: the complement of the sum, in ones' complement, of the 16-bit words."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(
    source: IPv4Address, source_port: int, target: IPv4Address, target_port: int, data: bytes
) -> bytes:
    """An IPv4 packet with a UDP datagram; its optional checksum is left out."""
    udp = struct.pack("!HHHH", source_port, target_port, 8 + len(data), 0) + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, _UDP, 0) + source.packed + target.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def dhcp_request(kind: int, mac: bytes, number: int, *, wanted: bytes = b"", server: bytes = b"") -> bytes:
    """A DHCP message of a client: discover, or the request for the address `wanted` of `server`."""
    head = (
        struct.pack("!BBBBIHH", 1, 1, 6, 0, number, 0, 0x8000) + bytes(16) + mac.ljust(16, b"\0") + bytes(192)
    )
    options = bytes([53, 1, kind])
    if wanted:
        options += bytes([50, 4]) + wanted + bytes([54, 4]) + server
    return head + _COOKIE + options + bytes([55, 2, 1, 3, 255])


def dhcp_answer(data: bytes, number: int) -> tuple[int, bytes, bytes] | None:
    """Kind, offered address and server of a DHCP answer to message `number`; None for anything else."""
    if len(data) < 241 or data[0] != 2 or data[4:8] != struct.pack("!I", number) or data[236:240] != _COOKIE:
        return None
    kind, server, place = 0, b"", 240
    while place + 1 < len(data) and data[place] != 255:
        code, size = data[place], data[place + 1]
        if code == 0:
            place += 1
            continue
        value = data[place + 2 : place + 2 + size]
        if code == 53 and value:
            kind = value[0]
        elif code == 54 and len(value) == 4:
            server = value
        place += 2 + size
    return kind, data[16:20], server


@dataclass
class Station:
    """One guest. `address` is what it has, or None until DHCP has given it one."""

    mac: bytes
    address: IPv4Address | None = None
    present: bool = True
    offered: asyncio.Queue[tuple[int, bytes, bytes]] = field(default_factory=asyncio.Queue)


class Segment:
    """Takes one connection of QEMU and plays the guests on it. An asynchronous context manager."""

    def __init__(self) -> None:
        self.port = 0
        self.stations: list[Station] = []
        self.heard = asyncio.Event()  # set by the first frame
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._numbers = iter(range(0x1000, 2**32))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()
        await self._server.wait_closed()

    async def connected(self) -> None:
        """Wait for the machine."""
        await self._connected.wait()

    # -- guests --------------------------------------------------------------------------------------

    def appear(self, mac: str, address: str, gateway: str) -> Station:
        """A guest with a fixed address: it announces itself and asks for the gateway."""
        station = Station(mac_bytes(mac), IPv4Address(address))
        self.stations.append(station)
        self.announce(station, gateway)
        return station

    def announce(self, station: Station, gateway: str) -> None:
        """Let the router see the guest, as its next packet would."""
        if station.address is None:
            return
        own = arp(_REQUEST, station.mac, station.address, bytes(6), station.address)
        ask = arp(_REQUEST, station.mac, station.address, bytes(6), IPv4Address(gateway))
        for packet in (own, ask):
            self._send(Frame(BROADCAST, station.mac, ARP, packet))
        # A hotspot takes notice of traffic it would have to forward; the discard port of a test network does.
        away = datagram(station.address, 40000, IPv4Address("192.0.2.9"), 9, b"probe")
        self._send(Frame(BROADCAST, station.mac, IPV4, away))

    def vanish(self, station: Station) -> None:
        """The guest is gone: it answers no more."""
        station.present = False
        self.stations.remove(station)

    async def lease(self, mac: str, patience: float = 10.0) -> Station:
        """A guest that gets its address by DHCP, within so many seconds; TimeoutError otherwise."""
        station = Station(mac_bytes(mac))
        self.stations.append(station)
        number = next(self._numbers)
        try:
            async with asyncio.timeout(patience):
                offer = await self._exchange(
                    station, number, _OFFER, dhcp_request(_DISCOVER, station.mac, number)
                )
                wish = dhcp_request(_WANT, station.mac, number, wanted=offer[1], server=offer[2])
                given = await self._exchange(station, number, _ACK, wish)
        except TimeoutError:
            self.stations.remove(station)
            raise
        station.address = IPv4Address(given[1])
        return station

    async def _exchange(
        self, station: Station, number: int, kind: int, message: bytes
    ) -> tuple[int, bytes, bytes]:
        everybody, nobody = IPv4Address("255.255.255.255"), IPv4Address(0)
        while True:
            self._send(Frame(BROADCAST, station.mac, IPV4, datagram(nobody, 68, everybody, 67, message)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2.0):
                    while (answer := await station.offered.get())[0] != kind:
                        pass
                    return answer

    # -- frames --------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            writer.close()
            return
        self._writer = writer
        self._connected.set()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = struct.unpack("!I", await reader.readexactly(4))[0]
                if size > _MOST_FRAME:
                    break  # not QEMU, or out of step
                frame = Frame.decode(await reader.readexactly(size))
                if frame is not None:
                    self.heard.set()
                    self._take(frame)
        writer.close()
        self._writer = None
        self._connected.clear()

    def _send(self, frame: Frame) -> None:
        if self._writer is not None and not self._writer.is_closing():
            data = frame.encode()
            self._writer.write(struct.pack("!I", len(data)) + data)

    def _take(self, frame: Frame) -> None:
        if frame.protocol == ARP and len(frame.payload) >= 28:
            self._answer_arp(frame)
        elif frame.protocol == IPV4 and len(frame.payload) >= 28 and frame.payload[9] == _UDP:
            self._take_datagram(frame)

    def _answer_arp(self, frame: Frame) -> None:
        kind = struct.unpack("!H", frame.payload[6:8])[0]
        sender, sender_address = frame.payload[8:14], IPv4Address(frame.payload[14:18])
        wanted = IPv4Address(frame.payload[24:28])
        for station in self.stations:
            if kind == _REQUEST and station.present and station.address == wanted:
                packet = arp(_REPLY, station.mac, wanted, sender, sender_address)
                self._send(Frame(sender, station.mac, ARP, packet))

    def _take_datagram(self, frame: Frame) -> None:
        start = (frame.payload[0] & 0x0F) * 4
        ports = frame.payload[start : start + 4]
        if ports != struct.pack("!HH", 67, 68):
            return
        message = frame.payload[start + 8 :]
        if len(message) < 44:
            return
        number = struct.unpack("!I", message[4:8])[0]
        answer = dhcp_answer(message, number)
        for station in self.stations:
            if answer is not None and message[28:34] == station.mac:
                station.offered.put_nowait(answer)
