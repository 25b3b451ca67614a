"""The command line without a deployment: help, wrong usage, and what it shows of itself."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from contract_tests import cli
from contract_tests.failures import exit_code_of
from contract_tests.ledger import Ledger, RunHeader
from spec.loader import load_contract
from spec.version import __version__

RUN_OPTIONS = {
    "--config", "--base-url", "--token", "--generation", "--profile", "--only", "--skip", "--seed", "--budget",
    "--rate", "--workers", "--time-limit", "--waivers", "--baseline", "--fail-on", "--report-dir",
    "--read-only", "--no-device", "-v", "-q", "--no-color", "--help",
}  # fmt: skip
COMMANDS = {
    "run": RUN_OPTIONS,
    "lab": {"--write-config"},
    "serve": {"--config", "--host", "--port", "--database"},
    "router": {"--count", "--address", "--port", "--version", "--control-port", "--password"},
    "requirements": {"--format"},
    "replay": {"--config", "--base-url", "--token"},
    "compare": {"--no-color"},
    "cleanup": {"--config", "--base-url", "--token"},
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of the machine is picked up, and nothing is written into the checkout."""
    monkeypatch.chdir(tmp_path)
    for variable in ("PORTAL_CONTRACT_TOKEN", "PORTAL_CONTRACT_OTHER_TOKEN"):
        monkeypatch.delenv(variable, raising=False)


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.portal_contract, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def sentence(result: Result) -> str:
    """The one line on the error stream."""
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("portal-contract: ")
    return line


def test_the_help_lists_every_command() -> None:
    result = call("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\S", result.stdout, re.MULTILINE), command
    assert "130 interrupted" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_its_options(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    missing = [option for option in COMMANDS[command] if not re.search(rf"{option}\b", result.stdout)]
    assert missing == []


def test_every_command_says_what_it_does_in_one_line() -> None:
    group = cli.portal_contract
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden and parameter.name != "help":
                assert parameter.help or isinstance(parameter.type, click.Choice), (name, parameter.name)


def test_version() -> None:
    assert call("--version").stdout == f"portal-contract, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "--seed", "-1"], "--seed"),
        (["run", "--budget", "0"], "--budget"),
        (["run", "--time-limit", "0"], "--time-limit"),
        (["run", "--fail-on", "may"], "--fail-on"),
        (["run", "--generation", "v9"], "--generation"),
        (["run", "--no-such-option"], "--no-such-option"),
        (["requirements", "--format", "xml"], "--format"),
        (["replay"], "REPORT"),
        (["compare", "one"], "NEW"),
        (["dance"], "dance"),
    ],
)
def test_wrong_usage(arguments: list[str], word: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert word in result.stderr


def write_config(text: str) -> str:
    Path("my.toml").write_text(text, "utf-8")
    return "my.toml"


GOOD = '[target]\nbase_url = "http://127.0.0.1:9/captive"\ntoken = "token-in-file"\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[target", "not valid TOML"),
        ("", "no target"),
        (GOOD + "colour = 1", "target.colour: unknown key"),
        (GOOD + '[run]\nprofile = ["cores"]', "there is no profile 'cores'"),
        (
            GOOD + 'generation = "spa"\n[run]\nonly = ["IMG-01"]',
            "no requirement has such an id in this generation",
        ),
        (GOOD + 'generation = "spa"\n[run]\nprofile = ["coupons"]', "there is no profile 'coupons'"),
    ],
)
def test_a_bad_configuration_is_one_sentence_and_exit_code_2(text: str, word: str) -> None:
    result = call("run", "--config", write_config(text))
    assert result.exit_code == 2
    assert word in sentence(result)


def test_the_default_file_is_read_where_it_exists() -> None:
    Path("portal-contract.toml").write_text("[target]\n", "utf-8")
    result = call("run")
    assert result.exit_code == 2
    assert "portal-contract.toml: no target" in sentence(result)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--profile", "cores"], "there is no profile 'cores'; there are core"),
        (["--only", "NO-*"], "--only NO-*"),
        (["--skip", "NO-*"], "--skip NO-*"),
        (["--rate", "fast"], "target.rate"),
    ],
)
def test_a_name_that_names_nothing_is_exit_code_2(arguments: list[str], word: str) -> None:
    result = call("run", "--config", write_config(GOOD), *arguments)
    assert result.exit_code == 2
    assert word in sentence(result)


def test_a_url_without_a_token() -> None:
    result = call("run", "--base-url", "http://127.0.0.1:9/captive")
    assert result.exit_code == 2
    assert "PORTAL_CONTRACT_TOKEN" in sentence(result)


def test_a_missing_configuration() -> None:
    result = call("run", "--config", "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml: there is no such file" in sentence(result)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["cleanup"], "there is no ledger"),
        (["cleanup", "nowhere.jsonl"], "nowhere.jsonl: there is no ledger"),
        (["replay", "nowhere.json"], "nowhere.json: cannot be read"),
        (["compare", "old.json", "new.json"], "old.json: cannot be read"),
    ],
)
def test_a_file_that_is_not_there(arguments: list[str], word: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert word in sentence(result)


def test_a_clean_up_with_nothing_to_do_needs_no_target() -> None:
    ledger = Ledger(Path("ledger.jsonl"))
    ledger.start(RunHeader("r", "contract-abc123", "http://127.0.0.1:9/captive", "v1", None))
    ledger.close()
    result = call("cleanup", "ledger.jsonl", "--token", "any")
    assert (result.exit_code, result.stdout) == (0, "0 deleted, 0 already gone, 0 left\n")


def test_a_clean_up_of_a_target_that_is_gone(unused_tcp_port: int) -> None:
    ledger = Ledger(Path("ledger.jsonl"))
    ledger.start(RunHeader("r", "contract-abc123", f"http://127.0.0.1:{unused_tcp_port}/captive", "v1", None))
    ledger.created(ledger.intend("instance", "n"), "instance", "id-1", "n")
    ledger.close()
    result = call("cleanup", "ledger.jsonl", "--token", "any")
    assert result.exit_code == 3
    assert "does not answer" in sentence(result)


def test_requirements_in_three_forms() -> None:
    catalogue = load_contract().catalogue
    listed = json.loads(call("requirements", "--format", "json").stdout)
    rows = listed["requirements"] if isinstance(listed, dict) else listed
    assert [row["id"] for row in rows] == [item.id for item in catalogue]
    table = call("requirements").stdout
    markdown = call("requirements", "--format", "markdown").stdout
    for item in catalogue:
        assert item.id in table
        assert item.id in markdown


@pytest.mark.parametrize("generation", ["root", "spa"])
def test_requirements_of_a_generation(generation: str) -> None:
    listed = json.loads(call("requirements", "--format", "json", "--generation", generation).stdout)
    assert [row["id"] for row in listed["requirements"]] == [
        item.id for item in load_contract(generation).catalogue
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--token", "tok en-1", "--seed", "7"],
        ["run", "--token=tok en-1", "--seed", "7"],
    ],
)
def test_the_command_that_is_recorded_holds_no_token(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["portal-contract", *arguments])
    shown = cli._shown_command()
    assert "tok en-1" not in shown
    assert shown.startswith("portal-contract run --token")
    assert shown.endswith("--seed 7")
    assert "$PORTAL_CONTRACT_TOKEN" in shown


def test_the_command_that_is_recorded_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "run", "--only", "AUTH-*", "--config", "my file.toml"])
    assert cli._shown_command() == "portal-contract run --only 'AUTH-*' --config 'my file.toml'"


def test_an_error_of_our_own_is_not_dressed_up_as_one_of_the_user() -> None:
    assert exit_code_of(KeyError("x")) is None
    assert exit_code_of(AssertionError()) is None
