"""The pages a router comes with: what is in the directory `hotspot` before anybody changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

DIRECTORY = "hotspot"


@cache
def stock_pages() -> Mapping[str, bytes]:
    """Contents by name within the directory, such as `login.html` or `css/style.css`."""
    return dict(sorted(_walk(files("router_sim.guests") / "html", "")))


def _walk(place: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in place.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()
