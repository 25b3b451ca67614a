"""The command line. Commands load what they need when they are called, so that `--help` is quick."""

from __future__ import annotations

import importlib
import signal
import string
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from spec.catalogue import GENERATIONS
from spec.version import __version__

_LAZY = {
    "chr": "contract_tests.lab:chr_command",
    "router": "contract_tests.lab:router_command",
    "serve": "contract_tests.lab:serve_command",
}
_LAZY_HELP = {
    "chr": "Boot a Cloud Hosted Router image under QEMU.",
    "serve": "Serve the reference implementation alone.",
    "router": "Simulate routers alone.",
}


class _Commands(click.Group):
    """A group whose commands of other parts are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_LAZY])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _LAZY:
            module, _, name = _LAZY[cmd_name].partition(":")
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = []
        for name in self.list_commands(ctx):
            command = self.commands.get(name)
            rows.append((name, command.get_short_help_str(90) if command else _LAZY_HELP[name]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="portal-contract")
def portal_contract() -> None:
    """Does a deployment of the Captive Portal API do what its contract says, on the wire and on the router?

    Exit codes: 0 conforms, 1 does not conform, 2 wrong usage or configuration, 3 could not be judged,
    130 interrupted (after clean-up).
    """


def _common(function: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that reads a configuration."""
    for option in (
        click.option(
            "--config", "config_path", type=click.Path(path_type=Path), help="Configuration file (TOML)."
        ),
        click.option("--base-url", metavar="URL", help="The URL that /instances is appended to."),
        click.option("--token", metavar="T", help="Bearer token; better in PORTAL_CONTRACT_TOKEN."),
        click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR)."),
    ):
        function = option(function)
    return function


@portal_contract.command()
@click.option("--generation", type=click.Choice(GENERATIONS), help="Generation of the API.")
@click.option("--profile", "profile", multiple=True, metavar="NAME", help="Judge this profile (repeatable).")
@click.option("--only", multiple=True, metavar="ID", help="Judge these requirements (glob, repeatable).")
@click.option("--skip", multiple=True, metavar="ID", help="Leave out these requirements (glob, repeatable).")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of every random choice.")
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Send at most N requests.")
@click.option("--rate", metavar="60/m", help="Send at most so many requests a second, minute or hour.")
@click.option("--workers", type=click.IntRange(min=0), metavar="N", help="Worker processes.")
@click.option(
    "--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Stop after."
)
@click.option("--waivers", metavar="FILE", help="Failures somebody answers for (TOML: id, reason, expires).")
@click.option("--baseline", metavar="REPORT.json", help="Only what did not fail in this report fails.")
@click.option("--fail-on", type=click.Choice(["must", "should"]), help="What keeps it from conforming.")
@click.option("--report-dir", metavar="DIR", help="Where the report goes.  [default: portal-contract-report]")
@click.option("--read-only", is_flag=True, help="Only read; judge what reading can tell.")
@click.option("--no-device", is_flag=True, help="Do not look at the routers.")
@click.option("-v", "--verbose", count=True, help="Say more.")
@click.option("-q", "--quiet", is_flag=True, help="Say only the verdict.")
@_common
def run(
    config_path: Path | None,
    base_url: str | None,
    token: str | None,
    no_color: bool,
    verbose: int,
    quiet: bool,
    generation: str | None,
    rate: str | None,
    read_only: bool,
    no_device: bool,
    **options: Any,
) -> None:
    """Judge a deployment: the embedded lab, or the one that --config or --base-url names."""
    overrides: dict[str, dict[str, Any]] = {"target": {}, "run": {}}
    for key, value in (("base_url", base_url), ("token", token), ("generation", generation), ("rate", rate)):
        if value is not None:
            overrides["target"][key] = value
    overrides["run"] |= {key: value for key, value in options.items() if value not in (None, ())}
    for key, flag in (("read_only", read_only), ("no_device", no_device)):
        if flag:
            overrides["run"][key] = True
    verbosity = -1 if quiet else verbose
    path = config_path or _default_config(base_url)
    if path is None and base_url is None:
        _end_with(_run_embedded, overrides, no_color, verbosity)
    else:
        _end_with(_run, path, overrides, no_color, verbosity)


def _default_config(base_url: str | None) -> Path | None:
    from contract_tests.config import DEFAULT_FILE

    path = Path(DEFAULT_FILE)
    return path if path.exists() and base_url is None else None


def _run(path: Path | None, overrides: dict[str, dict[str, Any]], no_color: bool, verbosity: int) -> int:
    from contract_tests.config import load_config
    from contract_tests.run import Settings
    from contract_tests.run import run as run_suite

    config = load_config(path, overrides=overrides)
    settings = Settings(_shown_command(), path, verbosity)
    return run_suite(config, settings, _console(no_color, quiet=verbosity < 0))


def _run_embedded(overrides: dict[str, dict[str, Any]], no_color: bool, verbosity: int) -> int:
    from contract_tests.config import TOKEN_VARIABLE, load_config
    from contract_tests.embedded import embedded_lab
    from contract_tests.run import Settings
    from contract_tests.run import run as run_suite

    console = _console(no_color, quiet=verbosity < 0)
    if verbosity >= 0:
        console.print("Starting the embedded lab …", highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="portal-contract-") as directory,
        embedded_lab(Path(directory), overrides["target"].get("generation", "v1")) as path,
    ):
        import os

        # The lab has tokens of its own; a token for another target does not open it.
        environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
        config = load_config(path, overrides=overrides, environ=environment)
        return run_suite(config, Settings(_shown_command(), None, verbosity, embedded=True), console)


@portal_contract.command()
@click.option(
    "--write-config", type=click.Path(path_type=Path), metavar="FILE", help="Write what `run --config` reads."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the API (0: a free one).")
@click.option(
    "--router-port", type=click.IntRange(0, 65535), default=0, help="Port of the routers (0: a free one)."
)
@click.option("--control-port", type=click.IntRange(0, 65535), default=0, help="Port of the control API.")
@click.option(
    "--sites", type=click.IntRange(1, 50), default=2, show_default=True, help="Sites, one router each."
)
@click.option(
    "--tenants", type=click.IntRange(1, 26), default=2, show_default=True, help="Tenants, a token each."
)
@click.option(
    "--generation",
    type=click.Choice(GENERATIONS),
    default="v1",
    show_default=True,
    help="Generation of the API that the written configuration leads to.",
)
@click.option("--router-version", default="7.22.3", show_default=True, help="RouterOS version simulated.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR).")
def lab(
    write_config: Path | None,
    port: int,
    router_port: int,
    control_port: int,
    sites: int,
    tenants: int,
    generation: str,
    router_version: str,
    until_stdin_closes: bool,
    no_color: bool,
) -> None:
    """Run the lab until Ctrl-C: reference implementation, simulated routers and guests, identity provider."""

    def start() -> int:
        from contract_tests.lab import LabPlan, run_lab

        names = tuple(f"tenant-{letter}" for letter in string.ascii_lowercase[:tenants])
        plan = LabPlan(
            sites, port, router_port, control_port, router_version, tenants=names, generation=generation
        )
        run_lab(plan, _console(no_color), write_config=write_config, until_stdin_closes=until_stdin_closes)
        return 0

    _end_with(start)


@portal_contract.command()
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True
)
@click.option(
    "--generation",
    type=click.Choice(GENERATIONS),
    default="v1",
    show_default=True,
    help="Those of this generation of the API.",
)
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR).")
def requirements(form: Any, generation: str, no_color: bool) -> None:
    """List the requirement catalogue."""
    from contract_tests.report.listing import print_requirements
    from spec.loader import load_contract

    print_requirements(_console(no_color), load_contract(generation).catalogue, form)


@portal_contract.command()
@click.argument("report", type=click.Path(path_type=Path))
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_common
def replay(
    report: Path,
    ids: tuple[str, ...],
    config_path: Path | None,
    base_url: str | None,
    token: str | None,
    no_color: bool,
) -> None:
    """Run again exactly what failed in REPORT (or the requirements named), with the same seed."""

    def start() -> int:
        from contract_tests.replay import replay as run_again

        return run_again(
            report,
            ids,
            config_path=config_path,
            base_url=base_url,
            token=token,
            console=_console(no_color),
            command=_shown_command(),
        )

    _end_with(start)


@portal_contract.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--no-color", is_flag=True, help="No colours (also NO_COLOR).")
def compare(old: Path, new: Path, no_color: bool) -> None:
    """Tell what got worse and what got better between two reports (exit 1 if anything got worse)."""

    def start() -> int:
        from contract_tests.report.compare import compare as compare_reports
        from contract_tests.report.compare import print_comparison
        from contract_tests.report.read import load_report

        comparison = compare_reports(load_report(old), load_report(new))
        print_comparison(_console(no_color), comparison)
        return 1 if comparison.worse else 0

    _end_with(start)


@portal_contract.command()
@click.argument("ledger", type=click.Path(path_type=Path), default="portal-contract-report/ledger.jsonl")
@_common
def cleanup(
    ledger: Path, config_path: Path | None, base_url: str | None, token: str | None, no_color: bool
) -> None:
    """Remove what an interrupted run left, by its LEDGER.  [default: portal-contract-report/ledger.jsonl]"""

    def start() -> int:
        from contract_tests.cleanup import clean_up
        from contract_tests.config import load_config
        from contract_tests.ledger import read_ledger

        header, _ = read_ledger(ledger)
        overrides: dict[str, dict[str, Any]] = {
            "target": {"base_url": base_url or header.base_url, "generation": header.generation}
        }
        if token is not None:
            overrides["target"]["token"] = token
        path = config_path or (
            Path(header.config) if header.config and Path(header.config).exists() else None
        )
        result = clean_up(load_config(path, overrides=overrides), ledger)
        console = _console(no_color)
        for resource in result.deleted:
            console.print(
                f"deleted {resource.kind} {resource.id} {resource.name or ''}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        for leftover in result.left:
            console.print(
                f"LEFT    {leftover.resource} {leftover.id} {leftover.name}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        console.print(
            f"{len(result.deleted)} deleted, {len(result.gone)} already gone, {len(result.left)} left",
            highlight=False,
        )
        return 1 if result.left else 0

    _end_with(start)


def _console(no_color: bool, *, quiet: bool = False) -> Any:
    from rich.console import Console

    del quiet
    return Console(no_color=True if no_color else None, highlight=False)


def _shown_command() -> str:
    """The command line without a token, for the report."""
    import shlex

    words: list[str] = ["portal-contract"]
    hide = False
    for word in sys.argv[1:]:
        if hide or word.startswith("--token="):
            words.append('"$PORTAL_CONTRACT_TOKEN"' if hide else '--token="$PORTAL_CONTRACT_TOKEN"')
            hide = False
            continue
        hide = word == "--token"
        words.append(shlex.quote(word))
    return " ".join(words)


def _end_with(action: Callable[..., int], *arguments: Any) -> NoReturn:
    """Carry out a command and turn its errors into one sentence and an exit code."""
    from contract_tests import failures

    try:
        code = action(*arguments)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = 130
    except Exception as error:
        known = failures.exit_code_of(error)
        if known is None:
            raise
        click.echo(f"portal-contract: {error}", err=True)
        code = known
    sys.exit(code)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point of the command `portal-contract`."""
    signal.signal(signal.SIGTERM, _interrupt)
    portal_contract()
