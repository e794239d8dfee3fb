"""Cal.com: free times, booking, moving and cancelling (API v2, each address with its own `cal-api-version`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from agents.tools.kinds import appointments, moments
from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, ToolFailed, bearer, done, refusal
from agents.tools.kinds.parameters import Address
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Parameter, ToolOutcome
from voiceops.lib import outbound

SLOTS = "2024-09-04"
BOOKINGS = "2024-08-13"
MOST_BOOKINGS = 50


class CalcomConfig(Settings):
    event_type: int = Field(
        ge=1,
        le=10**12,
        title="Event type",
        description="Its number: the last part of its address in Cal.com.",
        json_schema_extra=ui("number"),
    )
    url: Address = Field(
        default="https://api.cal.com",
        min_length=8,
        max_length=300,
        title="Address",
        description="Another one only for a Cal.com of your own.",
        json_schema_extra=ui("line", advanced=True),
    )
    timezone: str = Field(
        default="",
        max_length=60,
        title="Time zone",
        description="Empty: the client's. Europe/Berlin",
        json_schema_extra=ui("line", advanced=True),
    )
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2}$",
        title="Language of its e-mails",
        json_schema_extra=ui("line", advanced=True),
    )


class CalcomSecrets(Settings):
    key: SecretStr = Field(
        default=SecretStr(""), max_length=300, title="API key", description="cal_live_…, from Settings → Developer."
    )


BOOKING = Parameter(name="booking_id", about="Which appointment.", source="variable", value="booking_id", trusted=True)
CalcomJob = Job[CalcomConfig, CalcomSecrets]


class Calcom(Kind):
    name = "calcom"
    about = KindAbout("Cal.com", "calendar-check", "Finds free times, books, moves and cancels", "Calendars")
    Config, Secrets = CalcomConfig, CalcomSecrets

    def operations(self, config: CalcomConfig) -> tuple[Operation, ...]:
        return appointments.operations("booking", BOOKING)

    def run(self, job: CalcomJob) -> ToolOutcome:
        does = {"free": _free, "book": _book, "find": _find, "move": _move, "cancel": _cancel}
        return does[job.operation](job, moments.zone_of(job, job.config.timezone))


def _ask(job: CalcomJob, method: str, path: str, version: str, body: Any = None) -> Any:
    """The `data` of the answer. Raises ToolFailed; what is taken meanwhile says so."""
    if not job.secrets.key.get_secret_value():
        raise ToolFailed("The tool has no key yet.")
    headers = {**bearer(job.secrets.key), "cal-api-version": version}
    answer = job.send(
        method, f"{job.config.url.rstrip('/')}/v2{path}", headers=headers, json_body=body, accept_all=True
    )
    if answer.status >= 300:
        raise ToolFailed(_refusal(answer), answer.status)
    document = answer.json()
    if not isinstance(document, dict) or document.get("status") != "success" or "data" not in document:
        raise ToolFailed("Cal.com’s answer makes no sense.", answer.status)
    return document["data"]


def _refusal(answer: outbound.Answer) -> str:
    said = answer.text[:2_000].lower()
    if answer.status in (400, 409, 422) and any(
        word in said for word in ("not available", "already has booking", "no_available")
    ):
        return appointments.TAKEN
    if answer.status in (400, 409, 422) and "email" in said:
        return "Cal.com wants another e-mail address."
    return refusal(answer)


def _free(job: CalcomJob, zone: ZoneInfo) -> ToolOutcome:
    days = appointments.days_asked(job)
    query = {
        "eventTypeId": str(job.config.event_type),
        "start": days[0].isoformat(),
        "end": days[-1].isoformat(),
        "timeZone": zone.key,
    }
    data = _ask(job, "GET", f"/slots?{urlencode(query)}", SLOTS)
    if not isinstance(data, dict):
        raise ToolFailed("Cal.com’s answer makes no sense.")
    rows = [row for slots in data.values() if isinstance(slots, list) for row in slots if isinstance(row, dict)]
    read = (moments.read(row.get("start"), zone) for row in rows)
    return appointments.told_free(sorted(moment for moment in read if moment is not None))


def _begin(job: CalcomJob, zone: ZoneInfo) -> tuple[datetime, str]:
    begin = appointments.begin(job, zone)
    return begin, begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _book(job: CalcomJob, zone: ZoneInfo) -> ToolOutcome:
    begin, start = _begin(job, zone)
    given = job.arguments
    attendee: dict[str, Any] = {"name": given["name"], "timeZone": zone.key, "language": job.config.language}
    attendee |= {
        theirs: given[ours] for ours, theirs in (("email", "email"), ("phone", "phoneNumber")) if ours in given
    }
    body: dict[str, Any] = {
        "start": start,
        "eventTypeId": job.config.event_type,
        "attendee": attendee,
        "metadata": {"voiceops_phone": str(given.get("phone", ""))},
    }
    if "note" in given:
        body["bookingFieldsResponses"] = {"notes": given["note"]}
    return _booked(_ask(job, "POST", "/bookings", BOOKINGS, body), "It is booked", begin)


def _booked(data: Any, said: str, begin: datetime) -> ToolOutcome:
    uid = data.get("uid") if isinstance(data, dict) else None
    if not isinstance(uid, str) or not uid:
        raise ToolFailed("Cal.com did not say that it booked the appointment.")
    waits = ", and waits for a confirmation" if data.get("status") == "pending" else ""
    return appointments.settled(f"{said}{waits}", "booking", BOOKING.name, uid, begin)


def _find(job: CalcomJob, zone: ZoneInfo) -> ToolOutcome:
    query = {
        "status": "upcoming",
        "eventTypeId": str(job.config.event_type),
        "sortStart": "asc",
        "take": str(MOST_BOOKINGS),
    }
    data = _ask(job, "GET", f"/bookings?{urlencode(query)}", BOOKINGS)
    rows = data if isinstance(data, list) else []
    for row in rows:
        begin = moments.read(row.get("start"), zone) if isinstance(row, dict) else None
        if begin is not None and _is_callers(job, row):
            return _booked({**row, "status": ""}, "The caller's appointment is", begin)
    return appointments.none_found("booking", BOOKING.name)


def _is_callers(job: CalcomJob, row: dict[str, Any]) -> bool:
    phone = job.arguments["phone"]
    marked = (row.get("metadata") or {}).get("voiceops_phone")
    attendees = row.get("attendees") if isinstance(row.get("attendees"), list) else []
    return phone in (marked, *(one.get("phoneNumber") for one in attendees or () if isinstance(one, dict)))


def _own(job: CalcomJob) -> str:
    """The booking's path, when it is this caller's. Raises ToolFailed otherwise."""
    uid = quote(str(job.arguments["booking_id"]), safe="")
    row = _ask(job, "GET", f"/bookings/{uid}", BOOKINGS)
    if not isinstance(row, dict) or not _is_callers(job, row):
        raise ToolFailed("There is no such appointment of this caller.")
    return f"/bookings/{uid}"


def _move(job: CalcomJob, zone: ZoneInfo) -> ToolOutcome:
    begin, start = _begin(job, zone)
    body = {"start": start, "reschedulingReason": str(job.arguments.get("reason", "By phone"))}
    return _booked(_ask(job, "POST", f"{_own(job)}/reschedule", BOOKINGS, body), "It is moved", begin)


def _cancel(job: CalcomJob, zone: ZoneInfo) -> ToolOutcome:
    body = {"cancellationReason": str(job.arguments.get("reason", "By phone"))}
    _ask(job, "POST", f"{_own(job)}/cancel", BOOKINGS, body)
    return done("It is cancelled.")
