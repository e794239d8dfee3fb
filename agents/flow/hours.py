"""Business hours that contradict themselves."""

from __future__ import annotations

from agents.flow.declared import CHOICE_LABELS
from agents.flow.problems import Problem
from media_worker.contract.flow import Hours, Opening
from media_worker.contract.flow.graph import WEEKDAYS

DAY = 24 * 60
WEEK = 7 * DAY


def check_hours(hours: Hours) -> list[Problem]:
    """Openings that lie in one another; each is told once, at the later row."""
    problems: list[Problem] = []
    taken: list[tuple[int, int, int]] = []
    for number, opening in enumerate(hours.openings):
        path = ("flow", "hours", "openings", number)
        begin, end = _span(opening)
        if opening.begin == "24:00":
            problems.append(Problem("Business hours", f"None begins at 24:00: {_said(opening)}.", path))
            continue
        other = next((n for first, last, n in taken for shift in (-WEEK, 0, WEEK)
                      if begin + shift < last and first < end + shift), None)  # fmt: skip
        if other is not None:
            sentence = f"Two lie over each other: {_said(hours.openings[other])} and {_said(opening)}."
            problems.append(Problem("Business hours", sentence, path, blocking=False))
        taken.append((begin, end, number))
    if len(set(hours.closed)) < len(hours.closed):
        sentence = "A day is listed twice among those that are closed."
        problems.append(Problem("Business hours", sentence, ("flow", "hours", "closed"), blocking=False))
    return problems


def _span(opening: Opening) -> tuple[int, int]:
    """Minutes of the week. What ends before it begins lasts into the next day."""
    day = WEEKDAYS.index(opening.day) * DAY
    begin, end = _minutes(opening.begin), _minutes(opening.end)
    return day + begin, day + (end if end > begin else end + DAY)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _said(opening: Opening) -> str:
    return f"{CHOICE_LABELS[opening.day]} {opening.begin} to {opening.end}"
