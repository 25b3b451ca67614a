"""The configuration: precedence, and one sentence for every way to get it wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.config import Config, ConfigError, load_config, parse_rate

SITE = "a1b2c3d4-e5f6-47b8-89d0-e1f2a3b4c5d6"
TARGET = '[target]\nbase_url = "https://api.test/captive"\n'
NOTHING: dict[str, dict[str, Any]] = {}

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a text as the file `my.toml`."""

    def load_text(
        text: str, *, overrides: dict[str, dict[str, Any]] = NOTHING, environ: dict[str, str] | None = None
    ) -> Config:
        path = tmp_path / "my.toml"
        path.write_text(text, "utf-8")
        return load_config(path, overrides=overrides, environ=environ or {})

    return load_text


def test_the_least_configuration_is_enough(load: Load) -> None:
    config = load(TARGET + 'token = "t"')
    assert config.target.base_url == "https://api.test/captive"
    assert (config.target.rate, config.target.generation, config.run.fail_on) == ("60/m", "v1", "must")
    assert config.sites == ()
    assert config.run.report_dir == "portal-contract-report"


def test_a_url_and_a_token_need_no_file() -> None:
    config = load_config(
        None, overrides={"target": {"base_url": "http://localhost:1/captive/", "token": "t"}}, environ={}
    )
    assert config.target.base_url == "http://localhost:1/captive"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(load: Load) -> None:
    text = TARGET + 'token = "file"'
    environ = {"PORTAL_CONTRACT_TOKEN": "environment"}
    assert load(text).target.token == "file"
    assert load(text, environ=environ).target.token == "environment"
    won = load(text, environ=environ, overrides={"target": {"token": "line"}})
    assert won.target.token == "line"


def test_the_command_line_replaces_single_values_of_a_table(load: Load) -> None:
    config = load(TARGET + 'token = "t"\n[run]\nseed = 1\nbudget = 7', overrides={"run": {"seed": 2}})
    assert (config.run.seed, config.run.budget) == (2, 7)


def test_secrets_come_from_the_variables_that_the_file_names(load: Load) -> None:
    config = load(
        TARGET
        + f"""token_env = "A"
other_token_env = "B"
[lab]
clock = "http://127.0.0.1:1/clock"
token_env = "C"
[[sites]]
id = "{SITE}"
subnets = ["10.5.50.0/24"]
[sites.router]
host = "127.0.1.1"
password_env = "D"
""",
        environ={"A": "token-a", "B": "token-b", "C": "token-c", "D": "password-d"},
    )
    assert config.secrets == ("token-a", "token-b", "token-c", "password-d")
    shown = json.dumps(config.public())
    assert not any(secret in shown for secret in config.secrets)
    assert '"token_env": "A"' in shown


def test_public_hides_secrets_that_stand_in_the_file(load: Load) -> None:
    config = load(
        TARGET
        + f"""token = "secret-1"
other_token = "secret-2"
[lab]
token = "secret-3"
[[sites]]
id = "{SITE}"
subnets = ["10.5.50.0/24"]
router = {{ host = "127.0.1.1", password = "secret-4" }}
"""
    )
    assert len(config.secrets) == 4
    assert "secret-" not in json.dumps(config.public())
    assert config.public()["sites"][0]["router"]["host"] == "127.0.1.1"


def test_one_secret_used_twice_is_one_secret(load: Load) -> None:
    config = load(TARGET + 'token = "same-one"\nother_token = "same-one"')
    assert config.secret_names == {"same-one": ""}


GOOD = TARGET + 'token = "t"\n'
SITE_TABLE = f'[[sites]]\nid = "{SITE}"\nsubnets = ["10.5.50.0/24"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("no target", "base_url", "--base-url")),
        ("[target", ("not valid TOML",)),
        ("target = 1", ("[target]", "table")),
        (TARGET, ("no token", "PORTAL_CONTRACT_TOKEN", "token_env")),
        (TARGET + 'token_env = "UNSET_VARIABLE"', ("target.token_env", "UNSET_VARIABLE", "not set")),
        (GOOD + "tokens = 1", ("target.tokens", "unknown key")),
        (GOOD + 'rate = "60 per minute"', ("target.rate", "60/m")),
        (GOOD + 'rate = "0/s"', ("target.rate", "'0/s'")),
        (GOOD + 'verify_tls = "nowhere.pem"', ("target.verify_tls", "there is no file nowhere.pem")),
        (GOOD + "timeout = 0", ("target.timeout", "greater than 0")),
        (GOOD + 'generation = "v9"', ("target.generation", "v1")),
        (GOOD + "[run]\nseed = -1", ("run.seed", "greater than or equal to 0")),
        (GOOD + "[run]\nbudget = 0", ("run.budget",)),
        (GOOD + '[run]\nfail_on = "may"', ("run.fail_on", "must", "should")),
        (GOOD + "[runs]\nseed = 1", ("runs", "unknown key")),
        (GOOD + '[[sites]]\nid = "one"\nsubnets = ["10.5.50.0/24"]', ("sites[0].id",)),
        (GOOD + f'[[sites]]\nid = "{SITE}"\nsubnets = []', ("sites[0].subnets",)),
        (
            GOOD + f'[[sites]]\nid = "{SITE}"\nsubnets = ["10.5.50.1/24"]',
            ("sites[0].subnets[0]", "host bits"),
        ),
        (GOOD + f'[[sites]]\nid = "{SITE}"', ("sites[0].subnets", "required")),
        (GOOD + SITE_TABLE + SITE_TABLE, ("sites", "same id")),
        (GOOD + SITE_TABLE + "[sites.router]\nport = 8728", ("sites[0].router.host", "required")),
        (GOOD + SITE_TABLE + '[sites.router]\nhost = "h"\nport = 0', ("sites[0].router.port",)),
        (
            GOOD + SITE_TABLE + '[sites.router]\nhost = "h"\npassword_env = "NOT_SET"',
            ("sites[0].router.password_env", "NOT_SET"),
        ),
        (GOOD + '[lab]\ntoken_env = "NOT_SET"', ("lab.token_env", "NOT_SET")),
    ],
)
def test_a_mistake_is_named_with_its_place(load: Load, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    sentence = str(caught.value)
    assert sentence.startswith("my.toml: ")
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("staging.example.net/captive", "not an http(s) URL"),
        ("ftp://staging.example.net", "not an http(s) URL"),
        ("https://", "not an http(s) URL"),
        ("https://staging.example.net/captive?x=1", "query or fragment"),
        ("https://staging.example.net/captive#top", "query or fragment"),
    ],
)
def test_a_base_url_that_cannot_be_one(url: str, word: str) -> None:
    with pytest.raises(ConfigError, match=r"target\.base_url") as caught:
        load_config(None, overrides={"target": {"base_url": url, "token": "t"}}, environ={})
    assert word in str(caught.value)
    assert str(caught.value).startswith("command line: ")


def test_credentials_in_the_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="credentials") as caught:
        load_config(
            None,
            overrides={"target": {"base_url": "https://me:pass-in-url@example.net", "token": "t"}},
            environ={},
        )
    assert "pass-in-url" not in str(caught.value)
    assert "token_env" in str(caught.value)


def test_several_mistakes_are_counted(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"\(and 1 more\)"):
        load(GOOD + "[run]\nseed = -1\nbudget = 0")


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: there is no such file.*--write-config"):
        load_config(tmp_path / "nowhere.toml", overrides={}, environ={})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path, tmp_path / "bytes.toml"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(path, overrides={}, environ={})


@pytest.mark.parametrize(
    ("text", "per_second"),
    [("60/m", 1.0), ("5/s", 5.0), ("3600/h", 1.0), ("1/h", 1 / 3600), ("unlimited", None)],
)
def test_rates(text: str, per_second: float | None) -> None:
    assert parse_rate(text) == per_second


@pytest.mark.parametrize("text", ["", "60", "60/d", "-1/s", "1.5/s", "60 /m", "٦٠/m", "unlimited/m"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        parse_rate(text)
