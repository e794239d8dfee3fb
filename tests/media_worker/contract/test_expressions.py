from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from media_worker.contract.expressions import ExpressionError, Surroundings, check, compiled, names, value_of
from media_worker.contract.expressions.functions import FUNCTIONS
from media_worker.contract.flow import Hours, Opening

pytestmark = pytest.mark.unit

KNOWN = {"guests": "5", "day": "Monday", "vip": False, "caller": "+14155550123", "note": '"; import os', "empty": ""}
SATURDAY = Surroundings(now=lambda: datetime(2026, 11, 21, 14, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('day == "monday" and (guests > 4 or vip)', True),
        ("not vip and guests == 5", True),
        ("guests + 1", 6),
        ("guests - 2 * 2", 1),
        ("(guests - 2) * 2", 6),
        ("-guests % 3", 1),
        ('"3" == 3', True),
        ('"Ünal" == "ünal"', True),
        ('day in ["friday", "monday"]', True),
        ('day not in ["friday"]', True),
        ('caller matches "+1415#######"', True),
        ('caller matches "+44*"', False),
        ('caller contains "555"', True),
        ('"AB-1234" matches "@@-####"', True),
        ("nobody_set_this == none", True),
        ("nobody.set.this", None),
        ("empty == none", True),
        ("known(empty) or known(guests)", True),
        ('default(empty, "nothing")', "nothing"),
        ('"2026-11-30" > "2026-11-21"', True),
        ('len(day) + len("x")', 7),
        ('upper(first(day, 3)) + "/" + last(caller, 4)', "MON/0123"),
        ("round(10 / 3, 2)", 3.33),
        ("min(3, guests, 9) + max(1, 2)", 5),
        ("weekday()", "saturday"),
        ('weekday("2026-11-23")', "monday"),
        ('days_until("2026-11-24")', 3),
        ('now() + " " + today()', "14:05 2026-11-21"),
        ("hour() >= 12", True),
        ("[1, 2, guests]", "1, 2, 5"),
        ("yes", True),
    ],
)
def test_what_an_expression_is_worth(text: str, value: object) -> None:
    assert value_of(text, KNOWN, SATURDAY) == value


@pytest.mark.parametrize(
    "text",
    ['"a" < 3', "1 / 0", "9 % 0", "day * 2", "-day", "guests > none", 'number("1e400")', 'number("nan")', "round(day)"],
)
def test_what_makes_no_sense_is_none_and_raises_nothing(text: str) -> None:
    assert value_of(text, KNOWN) is None
    assert compiled(text).holds(KNOWN) is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("a and", "missing after “and”"),
        ("not", "missing after “not”"),
        ("(a", "has no “)”"),
        ("a)", "“)” without a “(”"),
        ('"x', "no closing quotation mark"),
        ("[1,", "missing after “,”"),
        ("a == b == c", "Join two comparisons"),
        ("and a", "A value is missing before “and”"),
        ("1 2", "does not belong here"),
        ("len()", "takes 1 values"),
        ("__import__('os')", "There is no function"),
        ("a.__class__.__mro__.x.y.z", "cannot be read"),
        ("a; b", "cannot be read"),
        ("lambda: 1", "cannot be read"),
        ("x = (y := 1)", "cannot be read"),
        ("(" * 60 + "a" + ")" * 60, "nested too deeply"),
        ("not " * 60 + "a", "nested too deeply"),
        ("- " * 60 + "1", "nested too deeply"),
        ("a or " * 300 + "a", "too long"),
        ("[" + "1," * 101 + "1]", "at most 100 values"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(text: str, sentence: str) -> None:
    with pytest.raises(ExpressionError, match=r"^[^\n]+$") as refused:
        check(text)
    assert sentence in str(refused.value)


def test_values_are_never_read_as_expressions() -> None:
    assert value_of("note", KNOWN) == '"; import os'
    assert value_of('note == "x" or vip', KNOWN) is False


def test_the_variables_an_expression_asks_for_are_told_once_each() -> None:
    found = names('a > 1 and lower(b.c) in [d, a, "e"] or not f')
    assert sorted(found) == ["a", "b.c", "d", "f"]


def test_patterns_cost_no_more_than_their_length() -> None:
    steps = "a" * 500
    assert compiled(f'x matches "{"*a" * 15}*b"').holds({"x": steps}) is False


def test_every_function_says_what_it_does() -> None:
    assert all(function.about and function.takes[0] <= function.takes[1] for function in FUNCTIONS.values())


HOURS = Hours(
    openings=(
        Opening(day="sat", begin="09:00", end="12:00"),
        Opening(day="sat", begin="13:00", end="18:00"),
        Opening(day="fri", begin="20:00", end="02:00"),
        Opening(day="sun", begin="00:00", end="24:00"),
    ),
    closed=(date(2026, 11, 28),),
)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-21T14:00", True),
        ("2026-11-21T12:30", False),
        ("2026-11-21T12:00", False),
        ("2026-11-21T09:00", True),
        ("2026-11-20T23:59", True),
        ("2026-11-21T01:59", True),
        ("2026-11-21T02:00", False),
        ("2026-11-22T23:59", True),
        ("2026-11-28T14:00", False),
        ("2026-11-28T01:00", True),
        ("2026-11-23T10:00", False),
    ],
)
def test_business_hours_past_midnight_and_on_closed_days(moment: str, is_open: bool) -> None:
    at = Surroundings(now=lambda: datetime.fromisoformat(moment).replace(tzinfo=UTC), hours=HOURS)
    assert value_of("open()", {}, at) is is_open
    assert value_of(f'open("{moment}")', {}, SATURDAY) is True
    assert value_of(f'open("{moment}")', {}, Surroundings(now=SATURDAY.now, hours=HOURS)) is is_open


def test_without_hours_it_is_always_open() -> None:
    assert value_of("open()", {}) is True
