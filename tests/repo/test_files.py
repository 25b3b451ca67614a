"""The files of the project: their size, their words, and the dependencies they declare."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "router_sim", "reference_impl", "mock_server", "contract_tests")
LONGEST = 500  # lines of a module
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".txt", ".lock", ".html", ".ini", ".cfg", ".sh", ""}
ELSEWHERE = re.compile(r"(?<![\w.-])/(?:work|root|home)/\w")
REGISTRY = re.compile(r"https?://[^\s\"')]*(?:pypi|simple/|artifact|nexus|registry|mirror)", re.IGNORECASE)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project: those git knows, or all where there is no git (a source archive)."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0:
        names = [ROOT / name for name in done.stdout.decode("utf-8").split("\0") if name]
    else:
        names = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return tuple(path for path in names if path.is_file())


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix in TEXT]


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py" and (lines := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_every_module_of_a_package_says_what_it_is_about() -> None:
    modules = [
        path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES
    ]
    assert modules
    silent = [path.name for path in modules if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in tracked() if path.suffix == ".py"}
    assert names.isdisjoint({"utils", "util", "helpers", "misc", "common"})


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ELSEWHERE.search(line) and path != Path(__file__)
    }
    assert found == set()


def test_text_is_utf_8_with_unix_lines_and_an_end() -> None:
    for path in texts():
        content = path.read_bytes()
        content.decode("utf-8")
        assert b"\r\n" not in content, path
        assert not content or content.endswith(b"\n"), path


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    """The names of all dependencies in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        project["build-system"]["requires"],
    ]
    return {normal(re.split(r"[<>=!~;\[ ]", text)[0]) for entries in lists for text in entries}


def locked() -> dict[str, str]:
    """Name -> version of the lock file."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = [re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line) for line in lines]
    return {normal(pin[1]): pin[2] for pin in pins if pin}


def test_every_dependency_is_locked() -> None:
    assert declared() - set(locked()) == set()


def test_every_locked_version_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    pins = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert {normal(block.partition("==")[0]) for block in pins} == locked().keys()
    assert [block.splitlines()[0] for block in pins if "--hash=sha256:" not in block] == []


def test_no_registry_is_named() -> None:
    for name in ("requirements.lock", "pyproject.toml"):
        text = (ROOT / name).read_text("utf-8")
        assert not REGISTRY.search(text), name
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert "--trusted-host" not in text
