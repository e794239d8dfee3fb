"""Values as they are spoken: a date as its weekday and day, a phone number digit by digit."""

from __future__ import annotations

from datetime import date, datetime, time

from media_worker.contract.flow import SlotType
from media_worker.contract.spec import Scalar
from media_worker.flow.templating import spoken

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def say_value(kind: SlotType, value: Scalar, now: datetime) -> str:
    """`value` for the ear; a value that does not look like its kind is spoken as it is."""
    text = spoken(value)
    try:
        if kind == "date":
            return _say_date(date.fromisoformat(text), now.date())
        if kind == "time":
            return _say_time(time.fromisoformat(text))
    except ValueError:
        return text
    if kind == "phone":
        return _say_digits(text)
    if kind == "code":
        return " ".join(character for character in text if character.isalnum())
    if kind == "email":
        return text.replace("@", " at ").replace(".", " dot ").replace("_", " underscore ").replace("-", " dash ")
    return text


def ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _say_date(day: date, today: date) -> str:
    if day == today:
        return "today"
    if (day - today).days == 1:
        return f"tomorrow, {_WEEKDAYS[day.weekday()]}"
    year = "" if 0 <= (day - today).days < 330 else f" {day.year}"
    return f"{_WEEKDAYS[day.weekday()]} the {ordinal(day.day)} of {_MONTHS[day.month - 1]}{year}"


def _say_time(at: time) -> str:
    if (at.hour, at.minute) in ((0, 0), (12, 0)):
        return "midnight" if at.hour == 0 else "noon"
    half = "am" if at.hour < 12 else "pm"
    hour = at.hour % 12 or 12
    if at.minute == 0:
        return f"{hour} {half}"
    return f"{hour} {'oh ' if at.minute < 10 else ''}{at.minute} {half}"


def _say_digits(text: str) -> str:
    """Digits in groups of three, with pauses: an espeak voice reads “555” as a number and “5 5 5” as a phone."""
    plus = "plus " if text.startswith("+") else ""
    digits = [c for c in text if c.isdigit()]
    if not digits:
        return text
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return plus + ", ".join(" ".join(group) for group in groups)
