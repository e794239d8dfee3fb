"""Business hours from words: “Monday to Friday 8 am to 5 pm and Saturday 9 am to 1 pm” → openings.

Only what is said plainly becomes an opening. Hours without days, or around the clock, are none: then `open()` always
holds, and nobody is turned away by a guess.
"""

from __future__ import annotations

import re

from media_worker.contract.flow import Hours, Opening
from media_worker.contract.flow.graph import WEEKDAYS, Weekday

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = "|".join(_NAMES)
_SPAN = re.compile(
    r"(?P<h1>\d{1,2})(?::(?P<m1>\d\d))?\s*(?P<half1>am|pm)\s+to\s+(?P<h2>\d{1,2})(?::(?P<m2>\d\d))?\s*(?P<half2>am|pm)",
    re.IGNORECASE,
)
_DAYS = re.compile(
    rf"\b(?P<first>{_DAY})s?(?:\s*(?:to|until|till|through|-|–)\s*(?P<last>{_DAY})s?)?\b"
    r"|\b(?P<all>daily|every ?day|seven days|all week|7 days)\b|\b(?P<work>weekdays?|workdays?)\b|\b(?P<end>weekends?)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\b(?:closed|except|but not|not on)\b", re.IGNORECASE)
MOST_OPENINGS = 70


def openings(said: str) -> Hours:
    """The hours that `Facts.hours` says. Without any plain ones, hours without openings: always open."""
    spans = list(_SPAN.finditer(said[:500]))
    if not spans:
        return Hours()
    between = _between(said[:500], spans)
    days_first = bool(_days(between[0]))
    found: list[Opening] = []
    days: tuple[Weekday, ...] = ()
    for number, span in enumerate(spans):
        days = _days(between[number if days_first else number + 1]) or days
        begin, end = _clock(span, "1"), _clock(span, "2")
        if not days or not begin or not end:
            return Hours()
        found += [Opening(day=day, begin=begin, end=end) for day in days]
    kept = dict.fromkeys(sorted(found, key=lambda opening: (WEEKDAYS.index(opening.day), opening.begin)))
    return Hours(openings=tuple(kept)[:MOST_OPENINGS])


def _between(said: str, spans: list[re.Match[str]]) -> list[str]:
    """What stands before, between and after the spans, without what is said of being closed."""
    edges = [0, *(edge for span in spans for edge in span.span()), len(said)]
    texts = [said[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]
    return [_CLOSED.split(text)[0] for text in texts]


def _days(text: str) -> tuple[Weekday, ...]:
    found: list[Weekday] = []
    for match in _DAYS.finditer(text):
        if match["all"]:
            found += WEEKDAYS
        elif match["work"]:
            found += WEEKDAYS[:5]
        elif match["end"]:
            found += WEEKDAYS[5:]
        else:
            first = _NAMES.index(match["first"].capitalize())
            last = _NAMES.index(match["last"].capitalize()) if match["last"] else first
            count = (last - first) % 7 + 1
            found += [WEEKDAYS[(first + step) % 7] for step in range(count)]
    return tuple(dict.fromkeys(found))


def _clock(span: re.Match[str], which: str) -> str:
    hour, minute = int(span[f"h{which}"]), int(span[f"m{which}"] or 0)
    if not 1 <= hour <= 12 or minute > 59:
        return ""
    hour = hour % 12 + (12 if span[f"half{which}"].lower() == "pm" else 0)
    return "24:00" if which == "2" and (hour, minute) == (0, 0) else f"{hour:02}:{minute:02}"
