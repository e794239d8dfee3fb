"""Google Calendar and Cal.com as tools, against servers that speak as theirs do."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from agents.tools.actions import SettingsRefused
from agents.tools.kinds import google_calendar
from tests.agents.tools.connecting import CALLER, OTHER, ask, by, coming, in_utc, tool, troubles
from tests.fakes.connectors.calcom_server import KEY, FakeCalcom
from tests.fakes.connectors.google_server import CALENDAR, FakeGoogle
from tests.world import World

pytestmark = pytest.mark.db
MONDAY = 0


@pytest.fixture
def google(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with FakeGoogle() as server:
        monkeypatch.setattr(google_calendar, "API", f"{server.url}/calendar/v3")
        monkeypatch.setattr(google_calendar, "TOKENS", f"{server.url}/token")
        yield server


@pytest.fixture
def calendar(google: FakeGoogle, agency: World) -> FakeGoogle:
    tool(agency, "google_calendar", "calendar", {"calendar": CALENDAR, "minutes": 60}, {"key": google.account_key})
    return google


@pytest.fixture
def calcom(settings: Any, agency: World) -> Iterator[FakeCalcom]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with FakeCalcom() as server:
        tool(agency, "calcom", "cal", {"event_type": 7, "url": server.url}, {"key": KEY})
        yield server


def test_free_times_are_those_between_what_is_busy(calendar: FakeGoogle, agency: World) -> None:
    day = coming(MONDAY)
    calendar.busy = [(in_utc(day, "09:30"), in_utc(day, "15:00"))]
    found = ask(agency, "calendar_free", day=day)
    assert found.ok, found.text
    assert found.variables["free_times"].endswith(f"{day}: 15:00, 16:00")  # type: ignore[union-attr]
    assert (found.variables["free_day"], found.variables["free_time"]) == (day, "15:00")
    assert ask(agency, "calendar_free", day=coming(6)).variables["free_day"] is None
    assert calendar.given == 1, "one token serves many requests"


def test_an_appointment_is_booked_found_moved_and_cancelled_by_its_caller_alone(
    calendar: FakeGoogle, agency: World
) -> None:
    day = coming(MONDAY)
    booked = ask(agency, "calendar_book", day=day, time="10:00", name="Alice Cooper", phone=CALLER, note="A cleaning")
    assert booked.ok, booked.text
    (event,) = calendar.events.values()
    assert event["summary"] == "Appointment: Alice Cooper"
    assert "A cleaning" in event["description"]
    taken = ask(agency, "calendar_book", day=day, time="10:30", name="Bob")
    assert (taken.ok, "taken" in taken.text) == (False, True)

    found = ask(agency, "calendar_find", phone=CALLER)
    assert found.variables == {"event_id": event["id"], "event_day": day, "event_time": "10:00"}
    stranger = by(agency, OTHER)
    assert ask(agency, "calendar_find", stranger, phone=OTHER).variables["event_id"] is None
    for verb in ("calendar_move", "calendar_cancel"):
        more = {"day": day, "time": "12:00"} if verb.endswith("move") else {}
        refused = ask(agency, verb, stranger, event_id=event["id"], phone=CALLER, **more)
        assert "no such appointment" in refused.text
    moved = ask(agency, "calendar_move", event_id=event["id"], phone=CALLER, day=day, time="10:30")
    assert moved.ok, moved.text
    assert calendar.events[event["id"]]["start"]["dateTime"].startswith(f"{day}T10:30")
    assert ask(agency, "calendar_cancel", event_id=event["id"], phone=CALLER).ok
    assert ask(agency, "calendar_find", phone=CALLER).variables["event_id"] is None


def test_a_call_that_asks_twice_books_once(calendar: FakeGoogle, agency: World) -> None:
    call = by(agency, call_id=uuid.uuid4())
    one = google_calendar.GoogleCalendar()
    assert one.operations(google_calendar.GoogleCalendarConfig())
    for _ in range(2):
        assert ask(agency, "calendar_book", call, day=coming(MONDAY), time="11:00", name="Alice").ok
    assert len(calendar.events) == 1


def test_a_token_that_ended_is_fetched_anew(calendar: FakeGoogle, agency: World) -> None:
    assert ask(agency, "calendar_free", day=coming(MONDAY)).ok
    calendar.tokens.clear()
    assert ask(agency, "calendar_free", day=coming(MONDAY)).ok
    assert calendar.given == 2
    calendar.trouble = ["401", "401"]
    refused = ask(agency, "calendar_free", day=coming(MONDAY))
    assert (refused.ok, refused.status) == (False, 401)


def test_a_refresh_token_signs_in_too(google: FakeGoogle, agency: World) -> None:
    config = {"calendar": CALENDAR, "sign_in": "refresh_token", "client_id": "client"}
    tool(agency, "google_calendar", "mine", config, {"key": "good-refresh", "client_secret": "client-secret"})
    assert ask(agency, "mine_free", day=coming(MONDAY)).ok
    tool(agency, "google_calendar", "stale", config, {"key": "old-refresh", "client_secret": "client-secret"})
    refused = ask(agency, "stale_free", day=coming(MONDAY))
    assert "sign in" in refused.text
    assert "old-refresh" not in refused.text


def test_a_calendar_that_is_not_shared_is_said_so(google: FakeGoogle, agency: World) -> None:
    tool(agency, "google_calendar", "theirs", {"calendar": "other@x"}, {"key": google.account_key})
    assert "Share it" in ask(agency, "theirs_free", day=coming(MONDAY)).text
    with pytest.raises(SettingsRefused, match="not the JSON key"):
        tool(agency, "google_calendar", "broken", {}, {"key": "{}"})


@troubles
def test_what_goes_wrong_at_google_is_a_sentence(calendar: FakeGoogle, agency: World, trouble: str, told: str) -> None:
    calendar.trouble = [trouble] * 3
    for verb, more in (("calendar_free", {}), ("calendar_book", {"time": "10:00", "name": "Alice"})):
        calendar.trouble = [trouble] * 3
        outcome = ask(agency, verb, day=coming(MONDAY), **more)
        assert not outcome.ok
        assert told in outcome.text
        assert len(outcome.text) < 300
    assert not calendar.events


def test_the_past_is_not_booked(calendar: FakeGoogle, calcom: FakeCalcom, agency: World) -> None:
    for name in ("calendar_book", "cal_book"):
        assert "over already" in ask(agency, name, day="2020-01-06", time="10:00", name="Alice").text


def test_calcom_tells_free_times_in_the_clients_zone(calcom: FakeCalcom, agency: World) -> None:
    day = coming(MONDAY)
    calcom.slots = {day: [in_utc(day, "09:00"), in_utc(day, "09:30")]}
    found = ask(agency, "cal_free", day=day, days=3)
    assert found.ok, found.text
    assert found.variables["free_times"].endswith(f"{day}: 09:00, 09:30")  # type: ignore[union-attr]
    assert calcom.asked[-1].query["timeZone"] == ["Europe/Berlin"]
    assert ask(agency, "cal_free", day=coming(6)).text == "Nothing is free then."


def test_calcom_books_finds_moves_and_cancels_for_the_caller_alone(calcom: FakeCalcom, agency: World) -> None:
    day = coming(MONDAY)
    booked = ask(agency, "cal_book", day=day, time="10:00", name="Alice", email="alice@example.com", phone=CALLER)
    assert booked.ok, booked.text
    assert booked.variables == {"booking_id": "uid1", "booking_day": day, "booking_time": "10:00"}
    (booking,) = calcom.bookings.values()
    assert booking["start"] == in_utc(day, "10:00")
    assert booking["attendees"][0]["phoneNumber"] == CALLER
    assert "taken" in ask(agency, "cal_book", day=day, time="10:00", name="Bob").text
    stranger = by(agency, OTHER)
    assert ask(agency, "cal_find", stranger, phone=OTHER).variables["booking_id"] is None
    assert "no such appointment" in ask(agency, "cal_cancel", stranger, booking_id="uid1", phone=CALLER).text
    assert ask(agency, "cal_find", phone=CALLER).variables["booking_id"] == "uid1"
    moved = ask(agency, "cal_move", booking_id="uid1", phone=CALLER, day=day, time="14:00")
    assert moved.variables["booking_id"] == "uid1-moved"
    assert ask(agency, "cal_cancel", booking_id="uid1-moved", phone=CALLER).ok
    assert ask(agency, "cal_find", phone=CALLER).variables["booking_id"] is None


@troubles
def test_what_goes_wrong_at_calcom_is_a_sentence(calcom: FakeCalcom, agency: World, trouble: str, told: str) -> None:
    for verb, more in (("cal_free", {}), ("cal_book", {"time": "10:00", "name": "Alice"})):
        calcom.trouble = [trouble]
        outcome = ask(agency, verb, day=coming(MONDAY), **more)
        assert not outcome.ok
        assert told in outcome.text
    assert not calcom.bookings


def test_a_wrong_key_is_said_and_never_shown(calcom: FakeCalcom, agency: World) -> None:
    tool(agency, "calcom", "other", {"event_type": 7, "url": calcom.url}, {"key": "cal_live_wrong"})
    outcome = ask(agency, "other_free", day=coming(MONDAY))
    assert "refused the key" in outcome.text
    assert "cal_live_wrong" not in outcome.text
