"""Who imports whom: the rules that pyproject.toml states are kept, and no part reaches up through a relative import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("spec", "router_sim", "reference_impl", "mock_server", "contract_tests")
MAY_IMPORT = {
    "spec": {"spec"},
    "router_sim": {"router_sim"},
    "reference_impl": {"reference_impl", "spec"},
    "mock_server": {"mock_server", "spec"},
    "contract_tests": {"contract_tests", "spec"},
}
COMPOSITION_ROOT = ROOT / "contract_tests" / "lab.py"
ACCESS_JUDGE = ROOT / "contract_tests" / "device" / "judge_access.py"


def imported(path: Path) -> set[str]:
    """The top-level names that a module imports; `.` stands for a relative import."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else (node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_what_it_may(package: str) -> None:
    for path in sorted((ROOT / package).rglob("*.py")):
        found = imported(path)
        assert "." not in found, path
        assert "tests" not in found, path
        if path == ACCESS_JUDGE:
            # The pure model of what a hotspot lets through, and nothing else of the simulator.
            assert not re.search(r"(?:from|import) router_sim(?! import access\b)", path.read_text("utf-8"))
            found.discard("router_sim")
        if path != COMPOSITION_ROOT:
            assert found & set(PACKAGES) <= MAY_IMPORT[package], path


def test_the_contracts_of_import_linter_are_kept(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_and_says_what_it_is(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    tree = ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
