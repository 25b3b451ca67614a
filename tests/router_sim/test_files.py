"""Files: names of types, large ones, reading in parts, and the end of the disk."""

import pytest

from router_sim.behaviours.files import write_files
from router_sim.engine import Trap
from tests.router_sim.conftest import Console

FILES = "/file"


@pytest.mark.parametrize(("name", "kind"), [
    ("login.html", ".html file"), ("setup.rsc", "script"), ("day.backup", "backup"), ("x.npk", "package"),
    ("README", "file"), ("dir.d/README", "file"), ("hotspot/img/logo.svg", ".svg file"),
])  # fmt: skip
def test_the_type_follows_from_the_name(console: Console, name: str, kind: str) -> None:
    console.add(FILES, name=name, contents="1")
    assert console.row(FILES, name)["type"] == kind


def test_large_contents_are_not_printed_and_read_in_parts(console: Console) -> None:
    text = "0123456789" * 7000
    console.add(FILES, name="big.txt", contents=text)
    row = console.row(FILES, "big.txt")
    assert row["size"] == "70000"
    assert "contents" not in row
    got = ""
    while part := console.run(f"{FILES}/read", {"file": "big.txt", "offset": str(len(got))}).rows[0]["data"]:
        got += part
    assert got == text
    console.set(FILES, "big.txt", name="moved.txt")
    assert console.row(FILES, "moved.txt")["size"] == "70000"
    console.set(FILES, "moved.txt", name="big.txt", contents="small")
    assert console.row(FILES, "big.txt")["contents"] == "small"
    console.set(FILES, "big.txt", contents=text)
    assert "contents" not in console.row(FILES, "big.txt")
    for given, sentence in (
        ({}, ("missing =file=", None)),
        ({"file": "none"}, ("no such item", 0)),
        ({"file": "big.txt", "offset": "-1"}, ("invalid value for argument offset", 1)),
        ({"file": "big.txt", "chunk-size": "32769"}, ("value of chunk-size out of range (0..32768)", 1)),
    ):
        assert console.trap(f"{FILES}/read", given) == (sentence,)


def test_the_disk_has_an_end(console: Console) -> None:
    console.router._state.disk_bytes = 100
    console.add(FILES, name="a", contents="x" * 90)
    full = (("failure: not enough disk space", None),)
    assert console.trap(f"{FILES}/add", {"name": "b", "contents": "x" * 11}) == full
    assert console.trap(f"{FILES}/set", {".id": "a", "contents": "x" * 101}) == full
    console.set(FILES, "a", contents="x" * 50)
    console.add(FILES, name="b", contents="x" * 50)
    console.add(FILES, name="empty", contents="")
    # A disk that is too full already lets files shrink.
    console.router._state.disk_bytes = 10
    console.set(FILES, "a", contents="x" * 20)
    assert console.trap(f"{FILES}/set", {".id": "a", "contents": "x" * 21}) == full


def test_several_files_are_written_together_or_not_at_all(console: Console) -> None:
    console.router._state.disk_bytes = 10
    with pytest.raises(Trap):
        console.router.write(lambda tx: write_files(tx, {"a": b"123456", "b": b"123456"}) and None)
    assert console.rows(FILES) == []
    console.router.write(lambda tx: write_files(tx, {"/a": b"123456", "b": b"\xff\x00"}) and None)
    console.router.write(lambda tx: write_files(tx, {"a": b"1"}) and None)
    assert {row["name"]: row["size"] for row in console.rows(FILES)} == {"a": "1", "b": "2"}


@pytest.mark.parametrize("name", ["/", "", "\0", "x" * 201])
def test_names_that_are_none(console: Console, name: str) -> None:
    assert console.trap(f"{FILES}/add", {"name": name, "contents": "x"})


def test_directories(console: Console) -> None:
    key = console.add(FILES, name="site", type="directory")
    assert console.row(FILES, key) == {
        ".id": key, "name": "site", "type": "directory", "last-modified": "2026-03-01 12:00:00",
    }  # fmt: skip
    assert console.trap(f"{FILES}/set", {".id": key, "type": "file"})[0][0] == "failure: can not change type"
    assert console.trap(f"{FILES}/add", {"name": "d", "type": "directory", "contents": "x"})[0][0] == (
        "failure: directory can not have contents"
    )
