"""Files: size and date follow the contents, a directory takes with it what is in it."""

from collections.abc import Mapping
from dataclasses import replace

from router_sim.behaviour import Behaviour, Call, Draft, Verb
from router_sim.dates import format_moment
from router_sim.exchange import Reply
from router_sim.schema import Menu
from router_sim.state import State
from router_sim.store import Item
from router_sim.transaction import Transaction
from router_sim.traps import bad_argument, failure, missing, no_such_item

STORE = "/file"
CHUNK = 32768


def content_bytes(item: Item) -> bytes:
    """What the file holds."""
    return item.values.get("contents", "").encode("utf-8", "surrogateescape")


class Files(Behaviour):
    """Sizes, dates and types, and directories."""

    def __init__(self) -> None:
        super().__init__(STORE)

    def check(self, state: State, menu: Menu, draft: Draft) -> None:
        """Date the change; a directory holds no contents."""
        if draft.values.get("type") == "directory" and draft.values.get("contents"):
            raise failure("directory can not have contents")
        was = draft.before.values.get("type", "file") if draft.before else None
        if was is not None and draft.values.get("type", "file") != was:
            raise failure("can not change type")
        draft.values["last-modified"] = format_moment(state.now(), state.version)

    def derive(self, state: State, menu: Menu, item: Item) -> Mapping[str, str]:
        """Size and type; a file's type is its extension."""
        if item.values.get("type") == "directory":
            return {}
        extension = item.values["name"].rpartition("/")[2].rpartition(".")[2]
        has_one = "." in item.values["name"].rpartition("/")[2]
        return {
            "type": f".{extension} file" if has_one else "file",
            "size": str(len(content_bytes(item))),
            "contents": item.values.get("contents", ""),
        }

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
        item = call.state.item(call.menu, given["file"])
        if item is None:
            raise no_such_item(call.state.version)
        offset, size = (
            self._number(given, name, start) for name, start in (("offset", 0), ("chunk-size", CHUNK))
        )
        data = content_bytes(item)[offset : offset + size].decode("utf-8", "surrogateescape")
        return Reply(({"data": data},), data=True)

    def _number(self, given: Mapping[str, str], name: str, default: int) -> int:
        text = given.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise bad_argument(f"invalid value for argument {name}")
        return int(text)
