"""What an idle router costs: start-up time and memory of a whole fleet in one process.

One process builds and serves a single router, another the whole fleet, behind one listening socket. The
difference of their memory, divided by the routers beyond the first, is what one more router costs. A few
routers of the fleet are then logged in to, to show that they are there.

    python benchmarks/idle_routers.py [--routers 10000]

Linux only: memory is read from /proc/self/smaps_rollup.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import time
from pathlib import Path

from router_sim.clock import VirtualClock
from router_sim.fleet import Fleet
from router_sim.sites import addresses_from, site_routers
from router_sim.wire import encode_sentence

FIRST = "127.1.0.1"
PROBES = 100


def memory() -> dict[str, int]:
    """Pss and Rss of this process in KB, garbage aside."""
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {"pss": values["Pss"], "rss": values["Rss"]}


async def probe(address: str, port: int) -> None:
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(encode_sentence([b"/login", b"=name=admin", b"=password="]))
    writer.write(encode_sentence([b"/system/identity/print"]))
    for expected in (b"\x05!done\x00", b"\x05!done\x00"):
        await reader.readuntil(expected)
    writer.close()
    await writer.wait_closed()


async def build(count: int) -> dict[str, float]:
    """Serve `count` routers and say what it took."""
    start = time.perf_counter()
    clock = VirtualClock()
    addresses = addresses_from(FIRST, count)
    routers = site_routers(addresses, clock=clock, version="7.22.3", password="", subnets=["10.5.50.0/24"])
    fleet = Fleet(routers, port=0)
    await fleet.start()
    seconds = time.perf_counter() - start
    used = memory()
    start = time.perf_counter()
    for address in addresses[:: max(1, count // PROBES)]:
        await probe(address, fleet.port)
    probed = time.perf_counter() - start
    await fleet.close()
    return {"seconds": seconds, "probed": probed, **used}


def measured(count: int) -> dict[str, float]:
    """What `build` found in a process of its own."""
    output = subprocess.run(
        [sys.executable, __file__, "--routers", str(count), "--child"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    found: dict[str, float] = json.loads(output)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Start-up time and memory of a fleet of idle routers.")
    parser.add_argument("--routers", type=int, default=10_000)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        json.dump(asyncio.run(build(arguments.routers)), sys.stdout)
        return
    count: int = arguments.routers
    one, many = measured(1), measured(count)
    print(f"`python benchmarks/idle_routers.py {' '.join(sys.argv[1:])}`".replace(" `", "`"))
    print()
    print("| routers | start-up s | PSS MB | RSS MB |")
    print("|---:|---:|---:|---:|")
    for number, found in ((1, one), (count, many)):
        print(
            f"| {number:,} | {found['seconds']:.2f} | {found['pss'] / 1024:.1f} | {found['rss'] / 1024:.1f} |"
        )
    print()
    beyond = max(count - 1, 1)
    print(
        f"Per router beyond the first: {(many['pss'] - one['pss']) / beyond:.2f} KB PSS, "
        f"{(many['rss'] - one['rss']) / beyond:.2f} KB RSS, "
        f"{1e6 * (many['seconds'] - one['seconds']) / beyond:.0f} µs to start. "
        f"{min(PROBES, count)} routers logged in to in {many['probed']:.2f} s."
    )


if __name__ == "__main__":
    main()
