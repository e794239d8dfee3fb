"""The functions of the expression language. Each takes plain values and gives one; none raises, none takes long.

`matches` knows no regular expressions, which a text can be made to choke on, but patterns whose cost is the text's
length: `#` a digit, `@` a letter, `?` any one character, `*` anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

Scalar = str | int | float | bool | None
Value = Scalar | Sequence[Scalar]

LONGEST_TEXT = 10_000
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,10})?")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class HoursLike(Protocol):
    """Business hours, as far as an expression asks for them."""

    def open_at(self, moment: datetime) -> bool: ...


@dataclass(frozen=True)
class Surroundings:
    """What a function may look at besides its arguments. `now` is the wall clock where the call belongs."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    hours: HoursLike | None = None


@dataclass(frozen=True)
class Function:
    """`takes`: the least and the most values. `about` is for people and for language models that write flows."""

    run: Callable[[Surroundings, Sequence[Value]], Value]
    takes: tuple[int, int]
    about: str


def number_of(value: Value) -> int | float | None:
    """A number, also one that stands in a text (“3”, “2.50”, “1,200”); None for anything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not 0 < len(value) <= 40:
        return None
    plain = value.strip().replace(",", "").replace(" ", "")
    if _NUMBER.fullmatch(plain) is None:
        return None
    return float(plain) if "." in plain else int(plain)


def text_of(value: Value) -> str:
    """A value as text: none is empty, a yes is “yes”, 3.0 is “3”."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else f"{value:.0f}"
    if isinstance(value, str | int):
        return str(value)[:LONGEST_TEXT]
    return ", ".join(text_of(item) for item in value)[:LONGEST_TEXT]


def matches(text: str, pattern: str) -> bool:
    """Whether a text is as the pattern says, letters without regard to case. At most len(text) × len(pattern) steps."""
    text, pattern = text.strip().casefold()[:500], pattern.strip().casefold()[:100]
    at = place = 0
    star = resume = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resume, place = place, at, place + 1
        elif place < len(pattern) and _fits(text[at], pattern[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = resume, star + 1
        else:
            return False
    return all(sign == "*" for sign in pattern[place:])


def _fits(letter: str, sign: str) -> bool:
    if sign == "#":
        return letter.isdigit()
    if sign == "@":
        return letter.isalpha()
    return sign in ("?", letter)


def _day(value: Value) -> date | None:
    try:
        return date.fromisoformat(text_of(value)[:10])
    except ValueError:
        return None


def _length(_: Surroundings, values: Sequence[Value]) -> Value:
    value = values[0]
    return len(text_of(value)) if value is None or isinstance(value, str | int | float | bool) else len(value)


def _round(_: Surroundings, values: Sequence[Value]) -> Value:
    value, digits = number_of(values[0]), number_of(values[1]) if len(values) > 1 else 0
    if value is None or digits is None or not -10 <= digits <= 10 or abs(value) > 1e15:
        return None
    return round(value, int(digits)) if digits else round(value)


def _extreme(pick: Callable[[list[int | float]], int | float]) -> Callable[[Surroundings, Sequence[Value]], Value]:
    def run(_: Surroundings, values: Sequence[Value]) -> Value:
        found = [number for value in values if (number := number_of(value)) is not None]
        return pick(found) if found else None

    return run


def _default(_: Surroundings, values: Sequence[Value]) -> Value:
    return values[1] if values[0] in (None, "") else values[0]


def _weekday(at: Surroundings, values: Sequence[Value]) -> Value:
    day = _day(values[0]) if values else at.now().date()
    return _DAYS[day.weekday()] if day else None


def _days_until(at: Surroundings, values: Sequence[Value]) -> Value:
    day = _day(values[0])
    return (day - at.now().date()).days if day else None


def _open(at: Surroundings, values: Sequence[Value]) -> Value:
    moment = at.now()
    if values:
        try:
            moment = datetime.fromisoformat(text_of(values[0])).replace(tzinfo=moment.tzinfo)
        except ValueError:
            return None
    return at.hours is None or at.hours.open_at(moment)


def _slice(_: Surroundings, values: Sequence[Value]) -> Value:
    count = number_of(values[1])
    return None if count is None else text_of(values[0])[: max(0, int(min(count, LONGEST_TEXT)))]


def _last(_: Surroundings, values: Sequence[Value]) -> Value:
    count, text = number_of(values[1]), text_of(values[0])
    return None if count is None else text[max(0, len(text) - max(0, int(min(count, LONGEST_TEXT)))) :]


FUNCTIONS: dict[str, Function] = {
    "lower": Function(lambda _, v: text_of(v[0]).lower(), (1, 1), "the text in small letters"),
    "upper": Function(lambda _, v: text_of(v[0]).upper(), (1, 1), "the text in capitals"),
    "trim": Function(lambda _, v: " ".join(text_of(v[0]).split()), (1, 1), "the text without spare spaces"),
    "text": Function(lambda _, v: text_of(v[0]), (1, 1), "the value as text"),
    "first": Function(_slice, (2, 2), "the first characters of a text: first(code, 2)"),
    "last": Function(_last, (2, 2), "the last characters of a text: last(caller, 4)"),
    "starts": Function(
        lambda _, v: text_of(v[0]).lower().startswith(text_of(v[1]).lower()), (2, 2), "whether a text begins so"
    ),
    "ends": Function(lambda _, v: text_of(v[0]).lower().endswith(text_of(v[1]).lower()), (2, 2), "whether it ends so"),
    "len": Function(_length, (1, 1), "how many characters or entries"),
    "number": Function(lambda _, v: number_of(v[0]), (1, 1), "the number that stands in a text"),
    "round": Function(_round, (1, 2), "rounded, to so many digits after the point"),
    "abs": Function(lambda _, v: None if (n := number_of(v[0])) is None else abs(n), (1, 1), "without its sign"),
    "min": Function(_extreme(min), (1, 20), "the smallest"),
    "max": Function(_extreme(max), (1, 20), "the largest"),
    "default": Function(_default, (2, 2), "the second where the first is missing"),
    "known": Function(lambda _, v: v[0] not in (None, ""), (1, 1), "whether a value is there"),
    "today": Function(lambda at, _: at.now().date().isoformat(), (0, 0), "today, as 2026-11-21"),
    "now": Function(lambda at, _: at.now().strftime("%H:%M"), (0, 0), "the time of day, as 14:05"),
    "hour": Function(lambda at, _: at.now().hour, (0, 0), "the hour of the day, 0 to 23"),
    "weekday": Function(_weekday, (0, 1), "monday … sunday, of today or of a day"),
    "days_until": Function(_days_until, (1, 1), "how many days from today to a day"),
    "open": Function(_open, (0, 1), "whether the business is open, now or at a moment (2026-11-21T14:00)"),
}
