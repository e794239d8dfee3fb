"""Google Calendar: free times, booking, moving and cancelling (Calendar API v3).

Signs in by a service account (its JSON key; the calendar is shared with its address) or by a refresh token of an OAuth
client. Events that are booked here carry the caller's number, so that a caller finds, moves and cancels their own and
nobody else's. An event's id is made of the call and the moment: asked twice, it is booked once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time as clock
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator

from agents.tools.kinds import appointments, moments
from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, ToolFailed, done
from agents.tools.kinds.signing_in import asked, fetched
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Parameter, ToolOutcome
from voiceops.lib import outbound

API = "https://www.googleapis.com/calendar/v3"
TOKENS = "https://oauth2.googleapis.com/token"
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/calendar"
AWAY = (404, 410)
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class GoogleCalendarConfig(Settings):
    calendar: str = Field(
        default="primary",
        min_length=1,
        max_length=200,
        title="Calendar",
        description="Its id, from the calendar's settings: …@group.calendar.google.com, or an e-mail address.",
        json_schema_extra=ui("line"),
    )
    sign_in: Literal["service_account", "refresh_token"] = Field(
        default="service_account", title="Signs in with", json_schema_extra=ui("choice")
    )
    client_id: str = Field(
        default="",
        max_length=200,
        title="Client ID",
        description="Of the OAuth client, with a refresh token.",
        json_schema_extra=ui("line", advanced=True),
    )
    minutes: int = Field(default=30, ge=5, le=480, title="Minutes of an appointment", json_schema_extra=ui("number"))
    opens: Clock = Field(default="09:00", title="First appointment", json_schema_extra=ui("line"))
    closes: Clock = Field(default="17:00", title="Last one is over by", json_schema_extra=ui("line"))
    days: tuple[Annotated[str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)$")], ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"),
        max_length=7,
        title="Days",
        description="One a line: mon, tue, …",
        json_schema_extra=ui("lines"),
    )
    title: str = Field(default="Appointment", max_length=200, title="Name of an event", json_schema_extra=ui("line"))
    timezone: str = Field(
        default="",
        max_length=60,
        title="Time zone",
        description="Empty: the client's. Europe/Berlin",
        json_schema_extra=ui("line", advanced=True),
    )
    invite: bool = Field(
        default=False,
        title="Invites the caller by e-mail, where it is known",
        json_schema_extra=ui("switch", advanced=True),
    )


class GoogleCalendarSecrets(Settings):
    key: SecretStr = Field(
        default=SecretStr(""),
        max_length=8_000,
        title="Key",
        description="The JSON key of the service account, or the refresh token.",
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        max_length=300,
        title="Client secret",
        description="Of the OAuth client, with a refresh token.",
    )

    @field_validator("key")
    @classmethod
    def _is_readable(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value().strip()
        if text.startswith("{"):
            _service_account(text)
        return key


def _service_account(text: str) -> dict[str, str]:
    """Raises ValueError with a sentence."""
    try:
        found = json.loads(text)
        return {"email": str(found["client_email"]), "key": str(found["private_key"])}
    except (ValueError, KeyError, TypeError):
        raise ValueError("This is not the JSON key of a service account.") from None


EVENT = Parameter(name="event_id", about="Which appointment.", source="variable", value="event_id", trusted=True)


class GoogleCalendar(Kind):
    name = "google_calendar"
    about = KindAbout("Google Calendar", "calendar-days", "Finds free times, books, moves and cancels", "Calendars")
    Config, Secrets = GoogleCalendarConfig, GoogleCalendarSecrets

    def operations(self, config: GoogleCalendarConfig) -> tuple[Operation, ...]:
        return appointments.operations("event", EVENT)

    def audience(self, config: GoogleCalendarConfig) -> str:
        return outbound.host_of(TOKENS)

    def run(self, job: Job[GoogleCalendarConfig, GoogleCalendarSecrets]) -> ToolOutcome:
        does = {"free": _free, "book": _book, "find": _find, "move": _move, "cancel": _cancel}
        return does[job.operation](job, moments.zone_of(job, job.config.timezone))


GoogleJob = Job[GoogleCalendarConfig, GoogleCalendarSecrets]


def _ask(job: GoogleJob, method: str, path: str, body: Any = None, accept: tuple[int, ...] = ()) -> outbound.Answer:
    secret = f"google {job.config.client_id} {job.secrets.key.get_secret_value()}"
    return asked(job, secret, lambda: _sign_in(job), method, f"{API}{path}", json_body=body, accept=accept)


def _sign_in(job: GoogleJob) -> tuple[str, float]:
    key = job.secrets.key.get_secret_value().strip()
    if not key:
        raise ToolFailed("The tool has no key yet.")
    if job.config.sign_in == "refresh_token":
        form = {
            "grant_type": "refresh_token",
            "client_id": job.config.client_id,
            "client_secret": job.secrets.client_secret.get_secret_value(),
            "refresh_token": key,
        }
        return fetched(job, TOKENS, form)
    try:
        account, now = _service_account(key), int(clock.time())
        claims = {"iss": account["email"], "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
        assertion = _signed(claims, account["key"])
    except (ValueError, TypeError):
        raise ToolFailed("The key of the service account cannot be used.") from None
    return fetched(job, TOKENS, {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})


def _signed(claims: dict[str, Any], pem: str) -> str:
    """A JWT. Raises ValueError for a key that is none."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("no RSA key")
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, _base64(signature)])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _events(job: GoogleJob, event: str = "") -> str:
    path = f"/calendars/{quote(job.config.calendar, safe='')}/events"
    return f"{path}/{quote(event, safe='')}" if event else path


def _busy(job: GoogleJob, since: datetime, until: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    body = {"timeMin": since.isoformat(), "timeMax": until.isoformat(), "items": [{"id": job.config.calendar}]}
    document = _document(_ask(job, "POST", "/freeBusy", body))
    calendars = document.get("calendars")
    found = calendars.get(job.config.calendar) if isinstance(calendars, dict) else None
    if not isinstance(found, dict) or found.get("errors"):
        raise ToolFailed("Google does not show this calendar. Share it with the account that signs in.")
    spans = [(moments.read(row.get("start"), zone), moments.read(row.get("end"), zone)) for row in found.get("busy") or () if isinstance(row, dict)]  # fmt: skip
    return [(begin, end) for begin, end in spans if begin and end]


def _document(answer: outbound.Answer) -> dict[str, Any]:
    document = answer.json()
    if not isinstance(document, dict):
        raise ToolFailed("Google’s answer makes no sense.", answer.status)
    return document


def _free(job: GoogleJob, zone: ZoneInfo) -> ToolOutcome:
    asked_for = appointments.days_asked(job)
    since = datetime.combine(asked_for[0], time(), zone)
    busy = _busy(job, since, datetime.combine(asked_for[-1] + timedelta(days=1), time(), zone), zone)
    days = [day for day in asked_for if _DAYS[day.weekday()] in job.config.days]
    opens, closes = time.fromisoformat(job.config.opens), time.fromisoformat(job.config.closes)
    found = moments.free(days, opens, closes, timedelta(minutes=job.config.minutes), busy, zone)
    return appointments.told_free([one for one in found if one >= datetime.now(zone)])


def _span(job: GoogleJob, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begin = appointments.begin(job, zone)
    return begin, begin + timedelta(minutes=job.config.minutes)


def _book(job: GoogleJob, zone: ZoneInfo) -> ToolOutcome:
    begin, end = _span(job, zone)
    given = job.arguments
    who = f"{job.caller.call_id or ''} {given.get('phone', '')} {given['name']} {begin.isoformat()}"
    wanted = hashlib.sha256(f"voiceops {who}".encode()).hexdigest()
    if any(begin < until and since < end for since, until in _busy(job, begin, end, zone)):
        known = _ask(job, "GET", _events(job, wanted), accept=AWAY) if job.caller.call_id else None
        if known is None or known.status in AWAY or _document(known).get("status") == "cancelled":
            raise ToolFailed(appointments.TAKEN)
        return _done("It is booked", wanted, begin)
    body: dict[str, Any] = {
        "id": wanted,
        "summary": f"{job.config.title}: {given['name']}",
        "description": "\n".join(str(given[key]) for key in ("note", "phone", "email") if key in given),
        "start": {"dateTime": begin.isoformat(), "timeZone": zone.key},
        "end": {"dateTime": end.isoformat(), "timeZone": zone.key},
        "extendedProperties": {"private": {"voiceops_phone": str(given.get("phone", ""))}},
    }
    invited = job.config.invite and "email" in given
    if invited:
        body["attendees"] = [{"email": given["email"], "displayName": given["name"]}]
    answer = _ask(job, "POST", f"{_events(job)}?sendUpdates={'all' if invited else 'none'}", body, accept=(409,))
    if answer.status != 409 and not _document(answer).get("id"):
        raise ToolFailed("Google did not say that it booked the appointment.", answer.status)
    return _done("It is booked", wanted, begin)


def _done(said: str, event: str, begin: datetime) -> ToolOutcome:
    return appointments.settled(said, "event", EVENT.name, event, begin)


def _find(job: GoogleJob, zone: ZoneInfo) -> ToolOutcome:
    query = {
        "privateExtendedProperty": f"voiceops_phone={job.arguments['phone']}",
        "timeMin": datetime.now(UTC).isoformat(),
        "singleEvents": "true",
        "orderBy": "startTime",
        "maxResults": "1",
    }
    items = _document(_ask(job, "GET", f"{_events(job)}?{urlencode(query)}")).get("items")
    event = next((item for item in items if isinstance(item, dict)), None) if isinstance(items, list) else None
    begin = moments.read((event.get("start") or {}).get("dateTime"), zone) if event else None
    if event is None or begin is None:
        return appointments.none_found("event", EVENT.name)
    return _done("The caller's appointment is", str(event.get("id", "")), begin)


def _own(job: GoogleJob) -> dict[str, Any]:
    """The event, when it is this caller's. Raises ToolFailed otherwise."""
    event = str(job.arguments["event_id"])
    answer = _ask(job, "GET", _events(job, event), accept=AWAY)
    found = {} if answer.status in AWAY else _document(answer)
    private = (found.get("extendedProperties") or {}).get("private") or {}
    if found.get("status") in (None, "cancelled") or private.get("voiceops_phone") != job.arguments["phone"]:
        raise ToolFailed("There is no such appointment of this caller.")
    return {**found, "id": event}


def _move(job: GoogleJob, zone: ZoneInfo) -> ToolOutcome:
    begin, end = _span(job, zone)
    event = _own(job)
    own = tuple(moments.read((event.get(edge) or {}).get("dateTime"), zone) for edge in ("start", "end"))
    busy = [span for span in _busy(job, begin, end, zone) if span != own]
    if any(begin < until and since < end for since, until in busy):
        raise ToolFailed(appointments.TAKEN)
    body = {
        "start": {"dateTime": begin.isoformat(), "timeZone": zone.key},
        "end": {"dateTime": end.isoformat(), "timeZone": zone.key},
    }
    _document(_ask(job, "PATCH", _events(job, event["id"]), body))
    return _done("It is moved", event["id"], begin)


def _cancel(job: GoogleJob, zone: ZoneInfo) -> ToolOutcome:
    _ask(job, "DELETE", _events(job, _own(job)["id"]), accept=AWAY)
    return done("It is cancelled.")
