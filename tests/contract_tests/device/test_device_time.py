"""RouterOS durations in every form a router prints or its console takes."""

from __future__ import annotations

import pytest

from contract_tests.device.time import limit, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", 0),
        ("5m", 300),
        ("1w2d3h4m5s", 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5),
        ("4w2d", 30 * 86400),
        ("1s100ms", 1.1),
        ("453us", 0.000453),
        ("00:10:00", 600),
        ("00:10:00.5", 600.5),
        ("1d00:00:01", 86401),
        ("1d 00:00:01", 86401),
        ("1w1d00:00:00", 8 * 86400),
        ("3600", 3600),
        (" 3600 ", 3600),
        ("none", None),
        ("never", None),
        ("unlimited", None),
        ("", None),
    ],
)
def test_forms(text: str, expected: float | None) -> None:
    assert seconds(text) == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize("text", ["soon", "1x", "-5m", "1h-", "10:00", "1,5s", "٣"])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a RouterOS duration"):
        seconds(text)


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("none", None), ("0s", None), ("20m", 1200)])
def test_no_time_and_zero_are_no_limit(text: str | None, expected: float | None) -> None:
    assert limit(text) == expected
