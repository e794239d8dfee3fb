"""Days and times of a calendar as tools take and tell them, in the zone of the business."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.tools.kinds.base import Job, ToolFailed

MOST_TOLD = 12


def zone_of(job: Job[Any, Any], configured: str = "") -> ZoneInfo:
    """The tool's own zone, else that of the call's client. Raises ToolFailed for one that is none."""
    try:
        return ZoneInfo(configured or job.caller.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolFailed("The time zone of this tool does not exist.") from None


def at(job: Job[Any, Any], zone: ZoneInfo, day: str = "day", clock: str = "time") -> datetime:
    """The moment that two arguments name."""
    return datetime.combine(
        date.fromisoformat(str(job.arguments[day])), time.fromisoformat(str(job.arguments[clock])), zone
    )


def read(text: object, zone: ZoneInfo) -> datetime | None:
    """A moment as a server writes it; None when it is none."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)


def told(moments: Sequence[datetime]) -> str:
    """For a model: “2026-11-26: 09:00, 09:30”, a line a day."""
    days: dict[str, list[str]] = {}
    for moment in moments[:MOST_TOLD]:
        days.setdefault(moment.strftime("%A %Y-%m-%d"), []).append(moment.strftime("%H:%M"))
    return "\n".join(f"{day}: {', '.join(clocks)}" for day, clocks in days.items())


def free(
    days: Iterable[date],
    opens: time,
    closes: time,
    length: timedelta,
    busy: Sequence[tuple[datetime, datetime]],
    zone: ZoneInfo,
) -> list[datetime]:
    """Beginnings of stretches of `length` between opening and closing that touch nothing busy."""
    found = []
    for day in days:
        begin, end = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
        while begin + length <= end:
            if not any(begin < until and since < begin + length for since, until in busy):
                found.append(begin)
            begin += length
    return found
