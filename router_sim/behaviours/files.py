"""Files: size and date follow the contents, a directory takes with it what is in it, the disk has an end.

Known of real routers: the names of the types, that contents of large files are not printed, and `read`.
Assumed: all texts of refusals, and that a name may lie in a directory that has no row of its own.
"""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.dates import format_moment, from_seconds
from router_sim.exchange import Reply
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure, missing, no_such_item

STORE = "/file"
CHUNK = 32768
MOST_PRINTED = 60 * 1024  # larger contents are read in chunks only
MOST_NAME = 200
LARGE = " contents"  # where contents are kept that are not printed; no property has this name
# Names of types that are not simply the extension.
TYPES = {"rsc": "script", "backup": "backup", "npk": "package"}


def content_bytes(item: Item) -> bytes:
    """What the file holds."""
    return item.values.get(LARGE, item.values.get("contents", "")).encode("utf-8", "surrogateescape")


def used_bytes(state: State) -> int:
    """What all files take together."""
    return sum(size_of(item) for item in state.store(STORE))


def size_of(item: Item) -> int:
    """Bytes of one file; what was put there without a note of its size is counted."""
    noted = item.marks.get("size")
    return len(content_bytes(item)) if noted is None else int(noted)


def find(state: State, name: str) -> Item | None:
    """The file of this name or identifier; a directory is none."""
    found = state.item(state.menus[STORE], name.removeprefix("/"))
    return None if found is None or found.values.get("type") == "directory" else found


def write_files(tx: Transaction, contents: Mapping[str, bytes], *, own: bool = False) -> list[Item]:
    """Write files as a command does, over those that are there, in order; all of them or none.

    Raises Trap if a name is that of a directory or none at all, or if the disk has no room.
    """
    state = tx.state
    drafts: list[tuple[Item | None, Draft]] = []
    growth = 0
    for name, data in contents.items():
        name = name.removeprefix("/")
        old = state.item(state.menus[STORE], name) if not name.startswith("*") else None
        values = {"name": name, "type": "file", "contents": data.decode("utf-8", "surrogateescape")}
        draft = Draft(old, values, dict(old.marks) if old else {}, None, ("contents",))
        _check(state, draft, growth)
        growth += len(data) - (size_of(old) if old else 0)
        drafts.append((old, draft))
    written = []
    for old, draft in drafts:
        if old is None:
            written.append(tx.add(STORE, draft.values, marks=draft.marks, own=own))
        else:
            written.append(draft.item(old.id, old.kind))
            tx.put(STORE, written[-1], own=own)
    return written


def write_file(tx: Transaction, name: str, data: bytes, *, own: bool = False) -> Item:
    """Write one file; see `write_files`."""
    return write_files(tx, {name: data}, own=own)[0]


def _check(state: State, draft: Draft, growth: int = 0) -> None:
    values = draft.values
    values["name"] = values["name"].removeprefix("/")
    if not values["name"].strip("/") or len(values["name"]) > MOST_NAME or "\0" in values["name"]:
        raise bad_argument("invalid value for argument name")
    was = draft.before.values.get("type", "file") if draft.before else None
    kind = values.get("type", "file")
    if was is not None and kind != was:
        raise failure("can not change type")
    kept = values.pop(LARGE, None)
    contents = values.pop("contents", None)
    if contents is None and "contents" not in draft.given:
        contents = kept
    if kind == "directory" and contents:
        raise failure("directory can not have contents")
    size = len((contents or "").encode("utf-8", "surrogateescape"))
    if contents is not None:
        values["contents" if size <= MOST_PRINTED else LARGE] = contents
    before = size_of(draft.before) if draft.before else 0
    if size > before and used_bytes(state) + growth - before + size > state.disk_bytes:
        raise failure("not enough disk space")
    draft.marks["size"] = float(size)
    draft.marks["modified"] = state.now().timestamp()


class Files(Behaviour):
    """Sizes, dates and types, and directories."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Date the change; a directory holds no contents, and a full disk nothing more."""
        _check(state, draft)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Size, date and type; a file's type follows from its extension."""
        modified = item.marks.get("modified")
        moment = state.booted if modified is None else from_seconds(modified)
        derived = {"last-modified": format_moment(moment, state.version)}
        if item.values.get("type") == "directory":
            return derived
        _, dot, extension = item.values["name"].rpartition("/")[2].rpartition(".")
        size = size_of(item)
        derived["type"] = TYPES.get(extension, f".{extension} file") if dot and extension else "file"
        derived["size"] = str(size)
        if LARGE not in item.values:
            derived["contents"] = item.values.get("contents", "")
        return derived

    def changed(self, tx: Transaction, store: str, before: Item | None, after: Item | None) -> None:
        """What is inside a directory goes with it, or is renamed along."""
        if before is None or before.values.get("type") != "directory":
            return
        old = before.values["name"] + "/"
        new = after.values["name"] + "/" if after else None
        if new == old:
            return
        for item in list(tx.state.store(STORE)):
            name = item.values["name"]
            if not name.startswith(old):
                continue
            if new is None:
                tx.drop(STORE, item.id)
            else:
                tx.put(STORE, replace(item, values={**item.values, "name": new + name.removeprefix(old)}))

    def verbs(self) -> Mapping[str, Verb]:
        """`read` returns a part of a file."""
        return {"read": Verb(self._read, frozenset({"file", "offset", "chunk-size", "as-value"}))}

    def _read(self, call: Call) -> Reply:
        given = call.command.attributes
        if "file" not in given:
            raise missing("file")
        item = find(call.state, given["file"])
        if item is None:
            raise no_such_item(call.state.version)
        offset = self._number(given, "offset", 0, 2**32 - 1)
        size = self._number(given, "chunk-size", CHUNK, CHUNK)
        data = content_bytes(item)[offset : offset + size].decode("utf-8", "surrogateescape")
        return Reply(({"data": data},), data=True)

    def _number(self, given: Mapping[str, str], name: str, default: int, most: int) -> int:
        text = given.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 20):
            raise bad_argument(f"invalid value for argument {name}")
        if int(text) > most:
            raise bad_argument(f"value of {name} out of range (0..{most})")
        return int(text)
