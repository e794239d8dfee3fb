from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from voiceops.lib import format as form

pytestmark = pytest.mark.unit


NOW = datetime(2026, 11, 21, 14, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (102, "1:42"),
        (0, "0:00"),
        (59.9, "0:59"),
        (3725, "1:02:05"),
        (timedelta(minutes=2, seconds=14), "2:14"),
        (None, "—"),
        (-3, "0:00"),
    ],
)
def test_a_duration_reads_as_minutes_and_seconds(value: float | timedelta | None, text: str) -> None:
    assert form.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(612, "612 ms"), (611.6, "612 ms"), (0, "0 ms"), (12_400, "12.4 s"), (None, "—")]
)
def test_a_latency_reads_in_milliseconds(value: float | None, text: str) -> None:
    assert form.milliseconds(value) == text


@pytest.mark.parametrize(
    ("number", "country", "text"),
    [
        ("+14155550133", "US", "(415) 555-0133"),
        ("+14155550133", "CA", "(415) 555-0133"),
        ("+442071838750", "US", "+44 20 7183 8750"),
        ("+442071838750", "GB", "020 7183 8750"),
        ("4155550133", "US", "(415) 555-0133"),
        ("sip:alice@example.com", "US", "sip:alice@example.com"),
        ("anonymous", "US", "anonymous"),
        ("web", "US", "Browser"),
        ("", "US", "—"),
    ],
)
def test_a_phone_number_reads_as_people_at_home_write_it(number: str, country: str, text: str) -> None:
    assert form.phone(number, country) == text


def test_what_is_copied_is_the_number_that_can_be_dialled_anywhere() -> None:
    assert form.e164("(415) 555-0133", "US") == "+14155550133"
    assert form.e164("sip:alice@example.com") == "sip:alice@example.com"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=50), "1 min ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(minutes=59, seconds=40), "1 h ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=3), "Nov 18, 14:00"),
        (timedelta(days=400), "Oct 17, 2025"),
        (timedelta(minutes=-3), "in 3 min"),
    ],
)
def test_a_moment_reads_as_its_distance_and_later_as_its_day(ago: timedelta, text: str) -> None:
    assert form.when(NOW - ago, NOW) == text


def test_the_exact_moment_names_its_zone() -> None:
    assert form.exact(NOW) == "Sat 21 Nov 2026, 14:00:00 UTC"
