"""A snapshot: everything a router showed at one moment, as data that can be kept in a file.

The file is a line of JSON for the header and one for each row: `{"format": "router-snapshot/1", "version": …,
"identity": …, "taken": …, "menus": […]}`, then `{"menu": "/ip/address", "row": {".id": "*1", …}}`. Menus come in
the order of the header, rows in the router's own. All values are the texts the API prints; bytes that are no
UTF-8 are the escapes U+DC80 to U+DCFF. Passwords of router users are not part of it, as no router shows them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from router_sim.configuration import Row
from router_sim.router import Router
from router_sim.schema import is_version
from router_sim.transportable import NOT_TRANSPORTABLE, all_transportable

FORMAT: Final = "router-snapshot/1"


@dataclass(frozen=True)
class Snapshot:
    """Rows by menu, with the version and the name of the router and the moment (ISO, UTC)."""

    version: str
    identity: str
    taken: str
    menus: Mapping[str, Sequence[Row]]

    def to_ndjson(self) -> str:
        """The lines of the file."""
        header = {
            "format": FORMAT,
            "version": self.version,
            "identity": self.identity,
            "taken": self.taken,
            "menus": list(self.menus),
        }
        rows = ({"menu": menu, "row": dict(row)} for menu, rows in self.menus.items() for row in rows)
        return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in (header, *rows))

    @classmethod
    def from_ndjson(cls, text: str) -> Snapshot:
        """Read the lines back. ValueError says which line is wrong, and why."""
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if not lines:
            raise ValueError("line 1: a snapshot begins with its header, and this is empty")
        header = _object(*lines[0])
        if header.get("format") != FORMAT:
            raise ValueError(f"line {lines[0][0]}: the format is {header.get('format')!r} and not {FORMAT!r}")
        version, identity, taken = (_text(header, name) for name in ("version", "identity", "taken"))
        if not is_version(version):
            raise ValueError(f"line 1: version: {version!r} is no RouterOS version; write it like 7.22.3")
        names = header.get("menus")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("line 1: menus: a list of menus such as /ip/address is needed")
        menus: dict[str, list[Row]] = {name: [] for name in names}
        for number, line in lines[1:]:
            record = _object(number, line)
            menu, row = record.get("menu"), record.get("row")
            if not isinstance(menu, str) or menu not in menus:
                raise ValueError(f"line {number}: menu: {menu!r} is not among those of the header")
            if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
                raise ValueError(f"line {number}: row: an object whose values are texts is needed")
            menus[menu].append(row)
        return cls(version, identity, taken, menus)


def snapshot_of(router: Router) -> Snapshot:
    """What a simulated router shows now."""
    menus = {path: rows for path, rows in router.snapshot().items() if not router.menus[path].bare}
    identity = next((row.get("name", "") for row in menus.get("/system/identity", [])), "")
    return Snapshot(router.version, identity, router.now().isoformat().replace("+00:00", "Z"), menus)


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number}: this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"line {number}: a JSON object is needed")
    if not all_transportable(value):
        raise ValueError(f"line {number}: {NOT_TRANSPORTABLE}")
    return value


def _text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"line 1: {name}: {value!r} is no text")
    return value
