"""The parts of the guest pages that touch nothing: colours, texts, arrivals, attempts, tokens."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.guests.arrival import Arrival, arrival_of, destination, host_of
from reference_impl.guests.attempts import CROWD, FAILURES, MOST, PAUSE, WINDOW, Attempts
from reference_impl.guests.colours import LARGE, TEXT, contrast, palette, readable
from reference_impl.guests.pages import Trouble
from reference_impl.guests.texts import LANGUAGES, texts_of
from reference_impl.guests.tokens import GuestTokens
from reference_impl.records import InstanceRecord, SiteRecord
from reference_impl.schemas import Theme
from tests.reference_impl.conftest import OTHER_SITE, SITE, UNKNOWN

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@given(COLOURS, COLOURS)
def test_every_colour_becomes_readable(colour: str, background: str) -> None:
    assert contrast(readable(colour, background, TEXT), background) >= TEXT
    assert contrast(readable(colour, background, LARGE), background) >= LARGE
    if contrast(colour, background) >= TEXT:
        assert readable(colour, background, TEXT) == colour


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1


def test_the_default_theme_keeps_its_colours() -> None:
    theme = Theme().model_dump()
    colours = palette(theme)
    assert (colours.text, colours.accent, colours.accent_text) == (
        theme["text_color"],
        theme["accent_color"],
        theme["accent_text"],
    )


def test_every_language_has_every_text_with_the_same_places() -> None:
    assert set(LANGUAGES) >= {"en", "de", "es", "fr", "it", "id", "ar", "nl", "pt"}
    english = LANGUAGES["en"].table
    for language, texts in LANGUAGES.items():
        assert texts.table.keys() == english.keys(), language
        for name, text in texts.table.items():
            assert text, (language, name)
            assert _places(text) == _places(english[name]), (language, name)
    assert {language for language, texts in LANGUAGES.items() if texts.direction == "rtl"} == {"ar"}


def _places(text: str) -> list[str | None]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_trouble_has_a_text() -> None:
    english = LANGUAGES["en"]
    for name in ("code_unknown", "code_expired", "code_redeemed", "terms_missing", "stale", "unavailable"):
        assert Trouble(name).text(english) == english.table[name]
    assert "Google" in Trouble("provider_silent", provider="Google").text(english)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("pt-BR", "pt"), ("de_AT.UTF-8", "de"), (" AR ", "ar"), ("xx", "en"), ("", "en"), ("english", "en")],
)
def test_languages_of_locales(locale: str, language: str) -> None:
    assert texts_of(locale).language == language


def test_durations() -> None:
    assert texts_of("en").duration(1200) == "20\u00a0min"
    assert texts_of("de").duration(90060) == "1\u00a0T 1\u00a0Std. 1\u00a0Min."
    assert texts_of("en").duration(604800) == "7\u00a0d"


def instance(*sites: str) -> InstanceRecord:
    return InstanceRecord(
        id=UNKNOWN, sites=[SiteRecord(site_id=site, position=0, subnets=["10.5.50.0/24"]) for site in sites]
    )


GUEST = {"site": SITE, "mac": "02:00:5e:00:53:01", "ip": "10.5.50.9", "link-orig": "http://a.example/?b=c&d"}


def test_an_arrival_leads_to_itself() -> None:
    arrival = arrival_of(GUEST, instance(SITE, OTHER_SITE))
    assert arrival == Arrival(SITE, "10.5.50.9", "02:00:5E:00:53:01", "http://a.example/?b=c&d")
    assert "link-orig=http%3A%2F%2Fa.example%2F%3Fb%3Dc%26d" in arrival.query


@pytest.mark.parametrize(
    "change",
    [
        {"site": UNKNOWN},
        {"site": "x"},
        {"mac": "02:00:5e:00:53"},
        {"mac": "02:00:5e:00:53:01\n"},
        {"mac": ""},
        {"ip": "10.5.50"},
        {"ip": "::1"},
        {"ip": "10.5.50.9\n"},
        {"ip": "\u0661\u0660.5.50.9"},
    ],
)
def test_what_is_no_arrival(change: dict[str, str]) -> None:
    assert arrival_of(GUEST | change, instance(SITE, OTHER_SITE)) is None


def test_the_only_site_goes_without_saying() -> None:
    anonymous = {key: value for key, value in GUEST.items() if key != "site"}
    arrival = arrival_of(anonymous, instance(SITE))
    assert arrival is not None
    assert arrival.site_id == SITE
    assert arrival_of(anonymous, instance(SITE, OTHER_SITE)) is None
    assert arrival_of(anonymous, instance()) is None


@pytest.mark.parametrize("url", ["http://a.example", "https://a.example:8443/x?y=z#w", "http://10.0.0.1/"])
def test_destinations(url: str) -> None:
    assert destination(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JavaScript://a.example/%0aalert(1)",
        "data:text/html,x",
        "//a.example",
        "/a",
        "http:",
        "http:///a",
        "http://a.example@b.example/",
        "http://a.example/ b",
        "http://a.example/\x00",
        "http://a.example/\u202e",
        "http://[",
        "http://a.example:port/",
        "http://a.example/" + "x" * 2048,
    ],
)
def test_what_is_no_destination(url: str) -> None:
    assert destination(url) is None


@given(st.text())
def test_any_text_is_a_destination_or_none(url: str) -> None:
    found = destination(url)
    assert found in (None, url)
    assert found is None or host_of(found)


def test_failures_make_a_guest_wait() -> None:
    attempts = Attempts()
    for number in range(FAILURES):
        assert attempts.pause("i", "guest", NOW) is None, number
        attempts.failed("i", "guest", NOW)
    assert attempts.pause("i", "guest", NOW) == PAUSE
    assert attempts.pause("i", "guest", NOW + PAUSE / 2) == PAUSE / 2
    assert attempts.pause("i", "guest", NOW + PAUSE) is None
    assert attempts.pause("i", "other", NOW) is None
    assert attempts.pause("j", "guest", NOW) is None
    later = NOW + PAUSE
    attempts.failed("i", "guest", later)
    assert attempts.pause("i", "guest", later) == PAUSE
    attempts.succeeded("i", "guest")
    assert attempts.pause("i", "guest", later) is None


def test_failures_are_forgotten() -> None:
    attempts = Attempts()
    for _ in range(FAILURES - 1):
        attempts.failed("i", "guest", NOW)
    attempts.failed("i", "guest", NOW + WINDOW)
    assert attempts.pause("i", "guest", NOW + WINDOW) is None


def test_a_crowd_is_noticed_and_memory_is_bounded() -> None:
    attempts = Attempts()
    for number in range(CROWD):
        assert not attempts.crowded("i", NOW)
        attempts.failed("i", number, NOW)
    assert attempts.crowded("i", NOW)
    assert not attempts.crowded("j", NOW)
    assert not attempts.crowded("i", NOW + WINDOW + timedelta(seconds=1))
    for number in range(MOST + 50):
        attempts.failed("k", number, NOW)
    assert len(attempts._failures) == MOST
    assert attempts.crowded("k", NOW)


def test_tokens_are_for_what_they_were_made_for() -> None:
    tokens, other = GuestTokens("a secret of the tests"), GuestTokens("another secret, another service")
    state = tokens.state("one")
    assert tokens.sign_in_of(state) == "one"
    token = tokens.connected("i", "http://a.example/")
    assert tokens.destination_of("i", token) == "http://a.example/"
    assert tokens.destination_of("j", token) is None
    for forged in ("", "one", state[:-1], "two" + state[3:], "é\udcff", other.state("one"), token):
        assert tokens.sign_in_of(forged) is None, forged
    for forged in ("", "x", token[:-1], state, "é\udcff", other.connected("i", "http://a.example/")):
        assert tokens.destination_of("i", forged) is None, forged
