"""The settings file: what it may hold, and how its mistakes are told."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from reference_impl.settings import EXAMPLE, SettingsError, load_settings
from tests.reference_impl.conftest import SITE

MINIMAL = '[server]\nsecret = "0123456789abcdef"\n[[tenants]]\nname = "a"\ntoken = "t"\n'


def load(tmp_path: Path, text: str, **environment: str) -> object:
    file = tmp_path / "server.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environment)


def test_the_example_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    settings = load_settings(file, {"ROUTER_PASSWORD": "from the environment"})
    router = settings.sites[0].router
    assert router is not None
    assert router.password == "from the environment"
    assert router.endpoint == ("192.0.2.1", 8728)
    assert settings.server.base_path == "/captive"
    assert settings.server.resync_seconds == 30
    for secret in ("from the environment", "at least sixteen", "token-of-acme"):
        assert secret not in repr(settings)


def test_the_public_url_defaults_to_the_listening_address(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(MINIMAL, encoding="utf-8")
    settings = load_settings(file)
    with pytest.raises(SettingsError, match="public_url is not set"):
        _ = settings.public_base
    listening = settings.listening_at("http://127.0.0.1:8080")
    assert listening.public_base == "http://127.0.0.1:8080/captive"
    assert listening.portal_address == IPv4Address("127.0.0.1")
    assert listening.listening_at("http://10.0.0.1").public_base == listening.public_base


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server\n", "not valid TOML"),
        ("", "[server]: is missing; add it"),
        (
            MINIMAL.replace("0123456789abcdef", "short"),
            "key secret: string should have at least 16",
        ),
        (MINIMAL + "[server.x]\n", "server"),
        (MINIMAL.replace("[server]", "[server]\nport = 1"), "[server], key port: is not a known key"),
        (
            MINIMAL.replace("[server]", '[server]\nbase_path = "captive"'),
            "key base_path: write a path",
        ),
        (
            MINIMAL.replace("[server]", '[server]\npublic_url = "ftp://x"'),
            "key public_url: write scheme",
        ),
        (MINIMAL.replace("[server]", '[server]\npublic_url = "http://[::1]"'), "names and IPv4 addresses"),
        (MINIMAL.replace("[server]", "[server]\nresync_seconds = 0"), "key resync_seconds: "),
        ('[server]\nsecret = "0123456789abcdef"\n', "[tenants]: is missing; add it"),
        (MINIMAL + '[[tenants]]\nname = "a"\ntoken = "u"\n', "same name"),
        (MINIMAL + '[[tenants]]\nname = "b"\ntoken = "t"\n', "same token"),
        (MINIMAL + '[[tenants]]\nname = "b"\n', "[[tenants]] number 2, key token: is missing"),
        (MINIMAL + '[[tenants]]\nname = "b"\ntoken = "ü"\n', "[[tenants]] number 2, key token: "),
        (MINIMAL + '[[sites]]\nid = "x"\n', "[[sites]] number 1, key id: write it as a UUID"),
        (MINIMAL + f'[[sites]]\nid = "{SITE}"\n[[sites]]\nid = "{SITE.upper()}"\n', "same id"),
        (MINIMAL + f'[[sites]]\nid = "{SITE}"\ntenant = "z"\n', "'z'"),
        (
            MINIMAL
            + f'[[sites]]\nid = "{SITE}"\n[sites.router]\nhost = "h"\nusername = "u"\nport = "8728"\n',
            "[[sites]] number 1, [sites.router], key port: input should be a valid integer",
        ),
        *(
            (MINIMAL + f'[notifications]\nurl = "{url}"\n', "[notifications], key url: write a whole URL")
            for url in ("hooks.example.net", "http://[::1", "https://a b/", "http://a:99999/", "https://")
        ),
        (
            MINIMAL
            + '[providers.google]\nauthorize_url = "http://x/"\ntoken_url = "x"\nuser_url = "http://x/"\n',
            "key token_url: write a whole URL",
        ),
        (MINIMAL.replace('secret = "0123456789abcdef"', 'secret_env = "S"'), "environment variable 'S'"),
        (MINIMAL.replace("[server]", '[server]\nsecret_env = "S"'), "both secret and secret_env"),
    ],
    ids=lambda value: value[-40:],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
    assert str(tmp_path / "server.toml") in str(caught.value)


def test_a_missing_file_shows_an_example(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file.*--config(.|\n)*\[\[tenants\]\]"):
        load_settings(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("5", "write true, false, or the path of a PEM file"),
        ('"/no/such/file.pem"', "/no/such/file.pem cannot be used as a PEM file of certificates"),
        ('"{own}"', "cannot be used as a PEM file of certificates"),
    ],
)
def test_an_authority_that_is_none_is_told_when_the_file_is_read(
    tmp_path: Path, value: str, remedy: str
) -> None:
    own = tmp_path / "server.toml"
    router = '[sites.router]\nhost = "192.0.2.1"\nusername = "u"\ntls = true\nverify_tls = '
    text = f'{MINIMAL}[[sites]]\nid = "{SITE}"\n{router}{value.format(own=own)}\n'
    with pytest.raises(SettingsError, match=remedy) as told:
        load(tmp_path, text)
    assert "[[sites]] number 1, [sites.router], key verify_tls: " in str(told.value)
