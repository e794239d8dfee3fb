"""Business hours as a week on a form: one line a day, “9–12, 13:30–17”, in the form's own words and back.

A time that cannot be read is kept as it was typed, and `agents.content.read` says so at its day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.flow.declared import CHOICE_LABELS
from agents.flow.problems import Problem
from media_worker.contract.flow.graph import WEEKDAYS

MOST = 8
_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?"
_SPAN = re.compile(rf"\s*{_TIME}\s*(?:-|–|—|to|until|bis)\s*{_TIME}\s*", re.IGNORECASE)
_CLOCK = re.compile(r"\d{2}:\d{2}")
_BETWEEN = re.compile(r"[,;&\n]|\band\b", re.IGNORECASE)


@dataclass(frozen=True)
class Day:
    """`hours` as typed, or as read: “09:00–12:00, 13:00–17:00”."""

    key: str
    label: str
    hours: str
    problems: tuple[Problem, ...] = ()


def days(hours: object, problems: Sequence[Problem] = ()) -> list[Day]:
    """The week of a draft, whatever it holds."""
    openings = hours.get("openings") if isinstance(hours, Mapping) else None
    told: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    places: dict[str, list[int]] = {day: [] for day in WEEKDAYS}
    for number, opening in enumerate(openings if isinstance(openings, list | tuple) else ()):
        day = str(opening.get("day")) if isinstance(opening, Mapping) else ""
        if day in told:
            begin, end = str(opening.get("begin") or ""), str(opening.get("end") or "")
            told[day].append(f"{begin}–{end}" if end and _CLOCK.fullmatch(begin) else begin)
            places[day].append(number)
    return [
        Day(
            key,
            CHOICE_LABELS[key],
            ", ".join(told[key]),
            tuple(p for p in problems if p.path[:3] == ("flow", "hours", "openings") and p.path[3] in places[key]),
        )
        for key in WEEKDAYS
    ]


def closed(hours: object) -> str:
    """The days that are closed, one a line."""
    held = hours.get("closed") if isinstance(hours, Mapping) else None
    return "\n".join(str(day) for day in held) if isinstance(held, list | tuple) else ""


def parse(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Hours as a draft holds them, from `{"mon": "9–17", …, "closed": "2026-12-24"}`."""
    openings = []
    for day in WEEKDAYS:
        text = typed.get(day)
        for part in _BETWEEN.split(text)[:MOST] if isinstance(text, str) else ():
            if part.strip() and part.strip().lower() not in ("closed", "-", "–"):
                openings.append({"day": day, **_span(part)})
    dates = typed.get("closed")
    return {
        "openings": openings,
        "closed": [line.strip() for line in dates.split("\n") if line.strip()] if isinstance(dates, str) else [],
    }


def _span(part: str) -> dict[str, str]:
    match = _SPAN.fullmatch(part)
    if match is None:
        return {"begin": part.strip()[:40], "end": "24:00"}
    hour, minute, half, until_hour, until_minute, until_half = match.groups()
    begin = _clock(hour, minute, half or ("" if not until_half or int(hour) > int(until_hour) else until_half))
    end = _clock(until_hour, until_minute, until_half)
    return {"begin": begin, "end": end}


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    """“9”, “9.30”, “9 pm” as 09:00, 09:30, 21:00."""
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    return f"{hours:02d}:{minute or '00'}"
