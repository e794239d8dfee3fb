"""Opening hours as people type them, and as an agent says them.

Mon-Fri 08:00-17:00
Sat 9-12, 13-16
closed 2026-12-25
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby

from media_worker.contract.flow import Hours, Opening
from media_worker.contract.flow.graph import WEEKDAYS, Weekday
from voiceops.lib.errors import InvalidInput

ALWAYS = "always"
_FULL: dict[Weekday, str] = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip
_DASH = r"\s*(?:-|–|—|to)\s*"
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?"
_CLOCK = r"\d{1,2}(?::\d\d)?\s*(?:am|pm)?"
_SPAN = re.compile(rf"({_CLOCK}){_DASH}({_CLOCK})", re.IGNORECASE)
_LINE = re.compile(
    rf"(?P<days>{_DAY}(?:{_DASH}{_DAY})?(?:\s*(?:,|and|&)\s*{_DAY}(?:{_DASH}{_DAY})?)*)[\s:,]+"
    rf"(?P<times>{_CLOCK}{_DASH}{_CLOCK}(?:\s*(?:,|and|&)\s*{_CLOCK}{_DASH}{_CLOCK})*)",
    re.IGNORECASE,
)
_DAYS = re.compile(rf"({_DAY})(?:{_DASH}({_DAY}))?", re.IGNORECASE)
_CLOSED = re.compile(r"closed(?:\s+on)?\s+(\d{4}-\d\d-\d\d(?:\s*,\s*\d{4}-\d\d-\d\d)*)", re.IGNORECASE)
HOW = "Write them as “Mon-Fri 08:00-17:00”, a line for each group of days, or “always”."


def read_hours(text: str) -> Hours:
    """Raises InvalidInput with the line that cannot be read."""
    openings: list[Opening] = []
    closed: list[date] = []
    lines = [line.strip() for line in re.split(r"[\n;]", text) if line.strip()]
    if not lines:
        raise InvalidInput(HOW)
    for line in lines:
        if line.lower() == ALWAYS:
            continue
        if match := _CLOSED.fullmatch(line):
            closed += _dates(match[1])
        elif match := _LINE.fullmatch(line):
            openings += _openings(match["days"], match["times"])
        else:
            raise InvalidInput(f"“{line[:60]}” is not understood. {HOW}")
    if len(openings) > 70 or len(closed) > 200:
        raise InvalidInput("These are more opening hours than an agent keeps: at most 70, and 200 closed days.")
    openings.sort(key=lambda opening: WEEKDAYS.index(opening.day))
    return Hours(openings=tuple(openings), closed=tuple(closed))


def hours_text(hours: Hours) -> str:
    """As `read_hours` reads it again."""
    lines = [
        f"{_days(days, short=True)} {', '.join(f'{begin}-{end}' for begin, end in times)}"
        for days, times in _groups(hours)
    ]
    if hours.closed:
        lines.append(f"closed {', '.join(day.isoformat() for day in hours.closed)}")
    return "\n".join(lines) or ALWAYS


def hours_in_words(hours: Hours) -> str:
    """“Monday to Friday 8 am to 5 pm and Saturday 9 am to noon”, as an agent says it."""
    if not hours.openings:
        return "around the clock, every day"
    parts = [
        f"{_days(days, short=False)} {' and '.join(f'{_said(begin)} to {_said(end)}' for begin, end in times)}"
        for days, times in _groups(hours)
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


Times = tuple[tuple[str, str], ...]


def _groups(hours: Hours) -> Iterator[tuple[list[Weekday], Times]]:
    """Neighbouring days of the same hours, in the order of the week."""
    by_day = {day: tuple((o.begin, o.end) for o in hours.openings if o.day == day) for day in WEEKDAYS}
    for times, days in groupby(WEEKDAYS, key=lambda day: by_day[day]):
        if times:
            yield list(days), times


def _days(days: list[Weekday], *, short: bool) -> str:
    names = [_FULL[day][:3] if short else _FULL[day] for day in days]
    if len(names) == 7 and not short:
        return "every day"
    if len(names) == 1:
        return names[0]
    return f"{names[0]}-{names[-1]}" if short else f"{names[0]} to {names[-1]}"


def _said(clock: str) -> str:
    hour, minute = int(clock[:2]), clock[3:]
    if (hour, minute) in ((0, "00"), (24, "00")):
        return "midnight"
    if (hour, minute) == (12, "00"):
        return "noon"
    shown = f"{hour % 12 or 12}" if minute == "00" else f"{hour % 12 or 12}:{minute}"
    return f"{shown} {'am' if hour < 12 else 'pm'}"


def _openings(days: str, times: str) -> Iterator[Opening]:
    spans = [(_clock(begin, end), _clock(end, "")) for begin, end in _SPAN.findall(times)]
    for first, last in _DAYS.findall(days):
        begin = WEEKDAYS.index(first[:3].lower())
        end = WEEKDAYS.index(last[:3].lower()) if last else begin
        for step in range((end - begin) % 7 + 1):
            for opens, closes in spans:
                yield Opening(day=WEEKDAYS[(begin + step) % 7], begin=opens, end=closes)


def _clock(text: str, other: str) -> str:
    """“8”, “8:30 pm” as 24 hours. “8 - 5 pm” begins in the morning, “1 - 5 pm” after noon."""
    match = re.fullmatch(r"(\d{1,2})(?::(\d\d))?\s*(am|pm)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise InvalidInput(f"“{text[:20]}” is no time. {HOW}")
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    later = re.fullmatch(r"(\d{1,2})(?::\d\d)?\s*pm", other.strip(), re.IGNORECASE)
    if not half and later and hour % 12 < int(later[1]) % 12 and hour < 12:
        half = "pm"
    if half and hour > 12:
        raise InvalidInput(f"“{text[:20]}” is no time. {HOW}")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise InvalidInput(f"“{text[:20]}” is no time. {HOW}")
    return f"{hour:02d}:{minute:02d}"


def _dates(text: str) -> Iterator[date]:
    for day in text.split(","):
        try:
            yield date.fromisoformat(day.strip())
        except ValueError:
            raise InvalidInput(f"“{day.strip()[:20]}” is no day of the calendar.") from None
