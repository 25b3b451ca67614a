"""The pytest plugin: gives the suite its fixtures, selects by requirement, and turns tests into judgements.

It does nothing unless `--portal-contract-config` is given, so it is harmless in other people's test runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract_tests.context import Context, Site
    from contract_tests.instances import Instances
    from contract_tests.turns import Turns
    from contract_tests.verifier import Verifier

CONFIG_OPTION = "--portal-contract-config"
REPORT_OPTION = "--portal-contract-report-dir"
TAG_OPTION = "--portal-contract-tag"
MOVES_CLOCK, ALONE = "moves_clock", "alone"
_CONTEXT = pytest.StashKey["Context"]()
_TURNS: pytest.StashKey[Turns] = pytest.StashKey()
# What a test that uses one of these fixtures cannot do without, whatever requirement it judges.
_NEEDS_OF_FIXTURES = {"site": "device", "clock": "clock", "guests": "guest", "faults": "faults"}
SUITE = Path(__file__).parent / "suite"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("portal-contract", "contract tests of a captive portal deployment")
    group.addoption(
        CONFIG_OPTION, metavar="FILE", help="configuration of the run (TOML); turns the plugin on"
    )
    group.addoption(
        REPORT_OPTION, metavar="DIR", default="portal-contract-report", help="where events and the ledger go"
    )
    group.addoption(TAG_OPTION, metavar="TAG", default=None, help="prefix of the names the run gives")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "verifies(*ids): the requirements that a test of the suite judges")
    config.addinivalue_line("markers", "site(index): which of the configured sites a test uses")
    config.addinivalue_line("markers", f"{MOVES_CLOCK}: a test that moves the laboratory's clock")
    config.addinivalue_line("markers", f"{ALONE}: a test that uses several sites; no other runs beside it")


def _on(config: pytest.Config) -> bool:
    return config.getoption(CONFIG_OPTION, None) is not None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The suite is collected only when there is a target to run it against."""
    return True if collection_path == SUITE and not _on(config) else None


def _worker(config: pytest.Config) -> tuple[str, int]:
    data = getattr(config, "workerinput", None)
    return ("main", 1) if data is None else (data["workerid"], data["workercount"])


def _is_controller(config: pytest.Config) -> bool:
    """The process that only distributes tests to workers judges nothing itself."""
    return not hasattr(config, "workerinput") and bool(config.getoption("numprocesses", None))


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if not _on(config) or _is_controller(config):
        return
    from hypothesis.configuration import set_hypothesis_home_dir

    from contract_tests.config import ConfigError, load_config
    from contract_tests.context import Context
    from contract_tests.identity import new_seed, new_tag

    try:
        loaded = load_config(Path(config.getoption(CONFIG_OPTION)), overrides={})
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None
    # Hypothesis keeps a cache; it belongs to the run, not into whatever directory the user happens to be in.
    set_hypothesis_home_dir(Path(config.getoption(REPORT_OPTION)) / ".hypothesis")
    worker, workers = _worker(config)
    seed = loaded.run.seed
    config.stash[_CONTEXT] = Context(
        loaded,
        Path(config.getoption(REPORT_OPTION)),
        tag=config.getoption(TAG_OPTION) or new_tag(),
        seed=new_seed() if seed is None else seed,
        worker=worker,
        workers=workers,
    )
    if workers > 1:
        from contract_tests.turns import FILE_NAME, Turns

        config.stash[_TURNS] = Turns(Path(config.getoption(REPORT_OPTION)) / FILE_NAME)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that judge a selected requirement; tests of one site go to one worker."""
    if not _on(config):
        if any(SUITE in item.path.parents for item in items):
            raise pytest.UsageError(f"the suite needs {CONFIG_OPTION} FILE; see `portal-contract run --help`")
        return
    from contract_tests.config import load_config
    from contract_tests.selection import missing_capabilities, select
    from spec.loader import load_contract

    loaded = load_config(Path(config.getoption(CONFIG_OPTION)), overrides={})
    selection = select(loaded, load_contract(loaded.target.generation).catalogue)
    missing = missing_capabilities(loaded)
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        marker = item.get_closest_marker("verifies")
        if marker is None:
            kept.append(item)
            continue
        used = getattr(item, "fixturenames", ())
        lacking = any(need in missing for fixture, need in _NEEDS_OF_FIXTURES.items() if fixture in used)
        possible = selection.possible.intersection(marker.args) and not lacking
        (kept if possible else dropped).append(item)
        site = item.get_closest_marker("site")
        if _alone(item):
            item.add_marker(pytest.mark.xdist_group("alone"))
        elif site is not None and loaded.sites:
            sites = len(loaded.observed_sites) or len(loaded.sites)
            item.add_marker(pytest.mark.xdist_group(f"site-{site.args[0] % sites}"))
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    # What moves the clock comes last: links and coupons of other tests run out by it.
    items[:] = sorted(kept, key=lambda item: (_alone(item), item.get_closest_marker(MOVES_CLOCK) is not None))


def _alone(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) is not None for name in (MOVES_CLOCK, ALONE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test that is to run alone waits until no other worker is in the middle of a test."""
    turns = item.config.stash.get(_TURNS, None)
    if turns is None:
        return (yield)
    with turns.turn(alone=_alone(item)):
        result = yield
    return result


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Run one test of the suite and say what became of its requirements."""
    marker = pyfuncitem.get_closest_marker("verifies")
    context = pyfuncitem.config.stash.get(_CONTEXT, None)
    if marker is None or context is None:
        return (yield)
    from contract_tests.outcome import conclude

    with conclude(context, tuple(marker.args)):
        result = yield
    return result


def pytest_runtest_setup(item: pytest.Item) -> None:
    context = item.config.stash.get(_CONTEXT, None)
    if context is not None and item.get_closest_marker("verifies") is not None:
        context.start_test(item.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    context = session.config.stash.get(_CONTEXT, None)
    if context is not None:
        from contract_tests.outcome import finish

        finish(context)


@pytest.fixture(scope="session")
def context(request: pytest.FixtureRequest) -> Context:
    """What this worker shares: client, ledger, verifier, routers."""
    found = request.config.stash.get(_CONTEXT, None)
    if found is None:
        raise pytest.UsageError(f"the suite needs {CONFIG_OPTION} FILE; see `portal-contract run --help`")
    return found


@pytest.fixture
def instances(context: Context) -> Instances:
    """Creates, reads, updates and deletes instances of the run."""
    return context.instances


@pytest.fixture
def verify(context: Context) -> Verifier:
    """Where a check says what it saw."""
    return context.verifier


@pytest.fixture
def site(context: Context, request: pytest.FixtureRequest) -> Site:
    """The site that the test's `site` marker names, its router at rest as it was before the suite came."""
    marker = request.node.get_closest_marker("site")
    found = context.site(marker.args[0] if marker else 0)
    left = found.start()
    if not left.ok:
        message = f"what an earlier test made and deleted is still on the router: {left.message}"
        context.verifier.check("DEV-FINAL-01", False, message, device=left.difference)
    return found
