"""Whatever keeps a run from starting is told in one sentence, soon, with the right exit code."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.between import Always, serving
from tests.system.processes import Lab, call

SOON = 15  # seconds
CERTIFICATE = Path(__file__).with_name("self_signed.pem")


def complaint(code: int, *arguments: object, cwd: Path, **environ: str) -> str:
    """The one sentence of a run that ends with `code`."""
    done = call("run", *arguments, "--report-dir", "r", cwd=cwd, timeout=SOON, **environ)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("portal-contract: ")
    assert not (cwd / "r" / "report.json").exists()
    return line


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections: bound, so that nobody else gets it, and not listened to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listening:
        yield listening.getsockname()[1]


def test_a_target_that_is_down(tmp_path: Path, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/captive"
    line = complaint(3, "--base-url", url, "--token", "a-token", cwd=tmp_path)
    assert f"{url}/instances cannot be reached" in line
    assert "a-token" not in line


def test_a_target_nobody_knows(tmp_path: Path) -> None:
    line = complaint(3, "--base-url", "http://nowhere.invalid/captive", "--token", "t", cwd=tmp_path)
    assert "http://nowhere.invalid/captive/instances cannot be reached" in line


def test_a_target_that_says_nothing(tmp_path: Path, silent_port: int) -> None:
    (tmp_path / "c.toml").write_text(
        f'[target]\nbase_url = "http://127.0.0.1:{silent_port}/captive"\ntoken = "t"\ntimeout = 0.5\n',
        "utf-8",
    )
    assert "did not answer within 0.5 s" in complaint(3, "--config", "c.toml", cwd=tmp_path)


def test_a_token_that_is_not_accepted(lab: Lab, tmp_path: Path) -> None:
    line = complaint(3, "--config", lab.path, "--token", "not-the-token", cwd=tmp_path)
    assert "answered 401: the token is not accepted" in line
    assert "not-the-token" not in line


def test_the_environment_wins_over_the_file(lab: Lab, tmp_path: Path) -> None:
    line = complaint(3, "--config", lab.path, cwd=tmp_path, PORTAL_CONTRACT_TOKEN="not-the-token")
    assert "answered 401" in line


def test_a_base_url_that_is_not_the_base(lab: Lab, tmp_path: Path) -> None:
    line = complaint(3, "--config", lab.path, "--base-url", f"{lab.base_url}/v1", cwd=tmp_path)
    assert "answered 404: base_url must be the URL that /instances is appended to" in line


def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    with serving(Always(200, []), certificate=CERTIFICATE) as origin:
        line = complaint(3, "--base-url", origin, "--token", "t", cwd=tmp_path)
    assert "the TLS connection failed" in line
    assert "verify_tls" in line


def test_a_certificate_that_the_configuration_vouches_for(tmp_path: Path) -> None:
    target = Always(404, [])
    with serving(target, certificate=CERTIFICATE) as origin:
        for verify in (f'"{CERTIFICATE}"', "false"):
            text = f'[target]\nbase_url = "{origin}"\ntoken = "t"\nverify_tls = {verify}\n'
            (tmp_path / "c.toml").write_text(text, "utf-8")
            assert "answered 404" in complaint(3, "--config", "c.toml", cwd=tmp_path)
    assert target.seen == 2


def test_http_spoken_to_https(tmp_path: Path) -> None:
    with serving(Always(200, [])) as origin:
        url = origin.replace("http", "https")
        assert "the TLS connection failed" in complaint(3, "--base-url", url, "--token", "t", cwd=tmp_path)


def test_a_page_of_html(tmp_path: Path) -> None:
    page = Always(200, [("Content-Type", "text/html; charset=utf-8")], b"<h1>Welcome</h1>")
    with serving(page) as origin:
        assert "answered a page of HTML" in complaint(3, "--base-url", origin, "--token", "t", cwd=tmp_path)
    assert page.seen == 1


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    elsewhere = Always(200, [])
    with serving(elsewhere) as other, serving(Always(302, [("Location", other)])) as origin:
        line = complaint(3, "--base-url", origin, "--token", "t", cwd=tmp_path)
        assert f"redirect to {other}" in line
    assert elsewhere.seen == 0


def test_a_router_that_cannot_be_reached(lab: Lab, tmp_path: Path, closed_port: int) -> None:
    site = lab.config["sites"][0]
    path = lab.variant(tmp_path / "c.toml")
    text = path.read_text("utf-8").replace(f"port = {site['router']['port']}", f"port = {closed_port}")
    path.write_text(text, "utf-8")
    line = complaint(3, "--config", path, cwd=tmp_path)
    assert f"site {site['id']}" in line
    assert f"127.0.1.1:{closed_port}" in line
    assert line.count(site["id"]) == 1


def test_a_router_that_says_nothing(lab: Lab, tmp_path: Path, silent_port: int) -> None:
    site = lab.config["sites"][0]
    path = lab.variant(tmp_path / "c.toml")
    text = path.read_text("utf-8").replace('host = "127.0.1.1"', 'host = "127.0.0.1"')
    path.write_text(text.replace(f"port = {site['router']['port']}", f"port = {silent_port}"), "utf-8")
    assert f"site {site['id']}" in complaint(3, "--config", path, cwd=tmp_path)


def test_a_router_with_another_password(lab: Lab, tmp_path: Path) -> None:
    site = lab.config["sites"][0]
    path = lab.variant(tmp_path / "c.toml")
    text = path.read_text("utf-8").replace(site["router"]["password"], "not-the-password")
    path.write_text(text, "utf-8")
    line = complaint(3, "--config", path, cwd=tmp_path)
    assert f"site {site['id']}" in line
    assert "not-the-password" not in line
    assert "password" in line or "log" in line


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[target", "c.toml: not valid TOML"),
        ('[target]\nbase_url = "http://x"\ntoken_env = "NOT_SET_HERE"', "NOT_SET_HERE"),
        ('[target]\nbase_url = "http://x"\ntoken = "t"\nsurprise = 1', "target.surprise: unknown key"),
    ],
)
def test_a_bad_configuration(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "c.toml").write_text(text, "utf-8")
    assert word in complaint(2, "--config", "c.toml", cwd=tmp_path)


def test_an_unknown_profile(lab: Lab, tmp_path: Path) -> None:
    line = complaint(2, "--config", lab.path, "--profile", "cores", cwd=tmp_path)
    assert "there is no profile 'cores'" in line


def test_a_ca_file_that_is_not_there(lab: Lab, tmp_path: Path) -> None:
    path = lab.variant(tmp_path / "c.toml", target={"verify_tls": "nowhere.pem"})
    assert "nowhere.pem" in complaint(2, "--config", path, cwd=tmp_path)


def test_a_ca_file_of_a_router_that_is_not_there(lab: Lab, tmp_path: Path) -> None:
    path = lab.variant(tmp_path / "c.toml")
    site = lab.config["sites"][0]
    port = f"port = {site['router']['port']}"
    text = path.read_text("utf-8").replace(port, f'{port}\ntls = true\nverify_tls = "nowhere.pem"')
    path.write_text(text, "utf-8")
    line = complaint(2, "--config", path, cwd=tmp_path)
    assert "sites[0].router.verify_tls: there is no file nowhere.pem" in line


def test_a_report_directory_that_cannot_be_made(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "r").write_text("in the way", "utf-8")
    assert "r: the report directory cannot be written" in complaint(
        2, "--config", lab.path, "--only", "AUTH-03", cwd=tmp_path
    )


def test_a_port_that_is_taken(lab: Lab, tmp_path: Path) -> None:
    port = lab.base_url.split(":")[2].split("/")[0]
    done = call("lab", "--port", port, cwd=tmp_path, timeout=SOON)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert f"port {port} cannot be opened" in line
