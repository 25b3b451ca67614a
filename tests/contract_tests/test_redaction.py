"""No secret survives in anything that is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.redaction import MARK, SECRET_PREFIX, Redactor

# Tokens and passwords as people and generators make them. Brackets are left out: next to a mark they could make up a
# secret that was not there.
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="[]"),
    min_size=4,
    max_size=30,
).filter(lambda secret: secret not in MARK)
AROUND = st.text(max_size=20)


@given(SECRETS, AROUND, AROUND)
def test_a_secret_never_survives_in_text(secret: str, before: str, after: str) -> None:
    assert secret not in Redactor({secret: ""}).text(f"{before}{secret}{after}")


@given(SECRETS, AROUND)
def test_a_secret_never_survives_in_a_body(secret: str, around: str) -> None:
    body = f"{around}{secret}{around}".encode("utf-8", "surrogatepass")
    assert secret.encode() not in Redactor({secret: ""}).body(body)


@given(SECRETS)
def test_a_secret_never_survives_in_json(secret: str) -> None:
    redactor = Redactor({secret: ""})
    for ascii_only in (True, False):
        body = json.dumps([secret], ensure_ascii=ascii_only)
        assert json.loads(redactor.body(body.encode())) == [MARK]
        assert json.loads(redactor.text(body)) == [MARK]


@given(SECRETS)
def test_a_secret_never_survives_in_headers(secret: str) -> None:
    headers = [("authorization", f"Bearer {secret}"), ("x-echo", secret)]
    kept = Redactor({secret: ""}).headers(headers)
    assert [name for name, _ in kept] == ["authorization", "x-echo"]
    assert not any(secret in value for _, value in kept)


@given(SECRETS, SECRETS)
def test_one_secret_within_another(short: str, long: str) -> None:
    outer = f"{long}{short}{long}"
    redactor = Redactor({short: "", outer: ""})
    assert redactor.text(outer) == MARK


def test_the_mark_names_the_variable_that_holds_the_secret() -> None:
    redactor = Redactor({"token-a-1": "", "token-b-2": "PORTAL_CONTRACT_OTHER_TOKEN"})
    assert redactor.text("token-a-1 token-b-2") == f"{MARK} [redacted PORTAL_CONTRACT_OTHER_TOKEN]"


def test_short_strings_tear_no_holes() -> None:
    assert Redactor({"abc": ""}).text("abc") == "abc"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://x/a?signature=abc", f"http://x/a?signature={MARK}"),
        ("http://x/a?e=1&signature=abc&x=2", f"http://x/a?e=1&signature={MARK}&x=2"),
        ('{"logo":"http://x/a?token=abc"}', f'{{"logo":"http://x/a?token={MARK}"}}'),
        ("http://x/?next=http%3A%2F%2Fy%3Fsignature%3Dabc", None),
        ('{"logo":"http://x/a?e=1\\u0026signature=abc"}', None),
        ("no signature here: signature is a word", "no signature here: signature is a word"),
    ],
)
def test_signed_urls_lose_their_signature(text: str, kept: str | None) -> None:
    redacted = Redactor({}).text(text)
    if kept is None:
        assert "abc" not in redacted
        assert MARK in redacted
    else:
        assert redacted == kept
    assert Redactor({}).body(text.encode()) == redacted.encode()


def test_signed_urls_in_a_json_body() -> None:
    body = json.dumps({"theme": {"logo": "https://x/logo?expires=1&signature=f00ba4"}}).encode()
    kept = json.loads(Redactor({}).body(body))
    assert kept["theme"]["logo"] == f"https://x/logo?expires=1&signature={MARK}"


def test_cookies_are_no_business_of_a_report() -> None:
    kept = Redactor({}).headers([("Set-Cookie", "sid=1"), ("cookie", "sid=1"), ("accept", "*/*")])
    assert kept == (("Set-Cookie", MARK), ("cookie", MARK), ("accept", "*/*"))


def test_credentials_that_the_suite_made_up_stay() -> None:
    kept = Redactor({"the-real-token": ""}).headers([("authorization", "Basic YWRtaW46YWRtaW4=")])
    assert kept == (("authorization", "Basic YWRtaW46YWRtaW4="),)


def test_passwords_of_router_commands() -> None:
    redactor = Redactor({})
    line = '/ip hotspot user set [find] name=guest password="a \\" b" comment=x'
    assert redactor.text(line) == f"/ip hotspot user set [find] name=guest password={MARK} comment=x"


def test_rows_of_a_router() -> None:
    kept = Redactor({"token-a-1": ""}).record(
        {"name": "guest", "password": "p", "comment": "token-a-1", "secret": ""}
    )
    assert kept == {"name": "guest", "password": MARK, "comment": MARK, "secret": ""}


def test_bytes_that_are_no_text_pass_through() -> None:
    body = b"\x89PNG token signature \xff\x00"
    assert Redactor({"the-token": ""}).body(body) == body


def test_a_secret_inside_binary_data_is_taken_out() -> None:
    assert Redactor({"the-token": ""}).body(b"\xff the-token \x00") == b"\xff [redacted] \x00"


def test_the_spellings_of_a_token_that_other_programs_write() -> None:
    redactor = Redactor({"11:22/33=": ""})
    for spelling in ("11:22/33=", "11:22\\/33=", "11%3A22%2F33%3D"):
        assert redactor.text(f"x {spelling} y") == f"x {MARK} y"
        assert redactor.body(f"x {spelling} y".encode()) == f"x {MARK} y".encode()


@given(SECRETS)
def test_a_secret_that_is_learned_later_is_taken_out_from_then_on(secret: str) -> None:
    redactor = Redactor({"token-a-1": ""})
    assert redactor.add(secret) == secret
    assert redactor.text(f"token-a-1 {secret}") == f"{MARK} {MARK}"
    assert secret.encode() not in redactor.body(b"<" + secret.encode() + b">")


@given(st.text(max_size=30))
def test_a_client_secret_is_known_by_where_it_stands(secret: str) -> None:
    kept = json.loads(Redactor({}).body(json.dumps({"config": {"client_secret": secret, "x": 1}}).encode()))
    assert kept == {"config": {"client_secret": MARK, "x": 1}}


@given(st.text("abc'\"\\", min_size=1, max_size=12), st.integers(0, 40))
def test_a_client_secret_does_not_survive_in_what_python_shows_of_a_body(secret: str, length: int) -> None:
    shown = repr({"client_secret": f"secret-{secret}-secret", "name": "n"})
    kept = Redactor({}).text(shown[: len(shown) - length])
    assert "secret-" not in kept.replace("client_secret", "")


def test_what_is_no_text_is_no_secret() -> None:
    body = b'{"client_secret": 12345, "other": "x"}'
    assert Redactor({}).body(body) == body


def test_what_the_suite_makes_up_is_known_by_its_form() -> None:
    secret = f"{SECRET_PREFIX}{'0123456789' * 4}"
    assert Redactor({}).text(f"<{secret}>") == f"<{MARK}>"
    assert Redactor({}).body(b"\xff" + secret.encode()) == b"\xff" + MARK.encode()
    assert Redactor({}).headers([("x-detail", secret)]) == (("x-detail", MARK),)
    assert Redactor({}).record({"comment": f"by {secret}"}) == {"comment": f"by {MARK}"}
