"""What calendars have in common: what they are given, what they tell, and when it is too late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agents.tools.kinds import moments
from agents.tools.kinds.base import Job, Operation, ToolFailed, done
from media_worker.contract.tools import Parameter, Scalar, ToolOutcome

CALLER = Parameter(
    name="phone", type="phone", about="Whose it is.", source="variable", value="caller", trusted=True
)  # the number they call from: what they say of themselves opens nobody else's
DAY = Parameter(name="day", type="date", about="The day.")
TIME = Parameter(name="time", type="time", about="The time of day at which it begins.")
DAYS = Parameter(name="days", type="number", about="How many days from then on, 1 to 14.", required=False)
REASON = Parameter(name="reason", about="Why.", required=False)
WHO = (
    Parameter(name="name", type="name", about="Who is coming."),
    CALLER.model_copy(update={"required": False}),
    Parameter(name="email", type="email", about="Their e-mail address.", required=False),
    Parameter(name="note", about="What it is about.", required=False),
)
FREE = ("free_times", "free_day", "free_time")
TAKEN = "That time is taken. Offer another one."


def operations(word: str, which: Parameter) -> tuple[Operation, ...]:
    """The five of every calendar. `which` names the appointment, `word` begins the variables that keep it."""
    kept = (which.name, f"{word}_day", f"{word}_time")
    return (
        Operation("free", "Free times", "Free times from a day on.", (DAY, DAYS), FREE, safe=True),
        Operation("book", "Book", "Book an appointment.", (DAY, TIME, *WHO), kept),
        Operation("find", "Find", "The caller's next appointment.", (CALLER,), kept, safe=True),
        Operation("move", "Move", "Move the caller's appointment.", (which, CALLER, DAY, TIME, REASON), kept),
        Operation("cancel", "Cancel", "Cancel the caller's appointment.", (which, CALLER, REASON), ()),
    )


def days_asked(job: Job[Any, Any]) -> list[date]:
    first = date.fromisoformat(str(job.arguments["day"]))
    count = max(1, min(14, int(job.arguments.get("days") or 1)))
    return [first + timedelta(days=number) for number in range(count)]


def told_free(found: Sequence[datetime]) -> ToolOutcome:
    if not found:
        return done("Nothing is free then.", {"free_times": "", "free_day": None, "free_time": None})
    told = moments.told(found)
    kept: dict[str, Scalar] = {
        "free_times": told,
        "free_day": f"{found[0]:%Y-%m-%d}",
        "free_time": f"{found[0]:%H:%M}",
    }
    return done(f"Free:\n{told}", kept)


def begin(job: Job[Any, Any], zone: ZoneInfo) -> datetime:
    """When it is to be. Raises ToolFailed for what is over already."""
    moment = moments.at(job, zone)
    if moment < datetime.now(zone):
        raise ToolFailed("That time is over already.")
    return moment


def settled(said: str, word: str, which: str, one: str, moment: datetime) -> ToolOutcome:
    """It is booked, found or moved: the appointment `one`, kept as `which`."""
    kept: dict[str, Scalar] = {which: one, f"{word}_day": f"{moment:%Y-%m-%d}", f"{word}_time": f"{moment:%H:%M}"}
    return done(f"{said}: {moment:%A %Y-%m-%d at %H:%M}.", kept)


def none_found(word: str, which: str) -> ToolOutcome:
    return done("This caller has no appointment.", {which: None, f"{word}_day": None, f"{word}_time": None})
