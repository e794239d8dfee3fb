"""The page of one call, in every state a call can be in, for those who work there and for clients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent
from calls.models import AfterCallJob, Call, CallEvent, Recording, Turn
from calls.queries import sentence
from tenants.people.models import User
from tests.calls.history import make_call, talk
from tests.calls.tracing.conversation import remember
from tests.world import World

pytestmark = pytest.mark.db
Browser = Callable[[User], Client]
OPEN: dict[str, Any] = {"ended_at": None, "ended_by": "", "ended_reason": "", "outcome": ""}


@pytest.fixture
def call(front_desk: Agent) -> Call:
    call = make_call(front_desk, timezone.now() - timedelta(minutes=5), caller="+14155550133")
    talk(call)
    return call


def text_of(browser: Browser, person: User, call: Call, query: str = "") -> str:
    answer = browser(person).get(f"/calls/{call.pk}/{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_head_says_in_one_sentence_what_happened(agency: World, browser: Browser, call: Call) -> None:
    length = int(sentence.talked_seconds(call) or 0)
    wanted = (
        "Inbound from (415) 555-0133 to Bright Dental’s Front desk, "
        f"ended by the caller after {length // 60}:{length % 60:02}, goal reached."
    )
    assert wanted in text_of(browser, agency.alice, call)


def test_the_transcript_has_what_was_heard_and_strikes_what_was_not(
    agency: World, browser: Browser, call: Call
) -> None:
    page = text_of(browser, agency.alice, call)
    assert "I would like to move my appointment please." in page
    cut = Turn.objects.exclude(unheard="").get(call=call)
    assert f">{cut.unheard.replace(chr(39), '&#x27;')}</span>" in page
    assert f'data-seek="{cut.started_ms / 1000}"' in page


def test_a_reply_shows_where_its_time_went_and_who_took_it(agency: World, browser: Browser, call: Call) -> None:
    reply = Turn.objects.filter(call=call, gap_ms__isnull=False).first()
    assert reply is not None
    text = browser(agency.alice).get(f"/calls/{call.pk}/turns/{reply.pk}/").content.decode()
    for words in ("Speech to text", "End of turn", "Model", "Voice", "OpenAI", "Main", "large", "612", "no rule held"):
        assert words in text
    assert f"{reply.gap_ms} ms" in text
    third = Turn.objects.get(call=call, role="agent", turn=3)
    assert (
        "Fallback, speech to text" in browser(agency.alice).get(f"/calls/{call.pk}/turns/{third.pk}/").content.decode()
    )


def test_a_call_without_spans_still_shows_its_stages(agency: World, browser: Browser, call: Call) -> None:
    CallEvent.objects.filter(call=call, kind="span").delete()
    reply = Turn.objects.filter(call=call, gap_ms__isnull=False).first()
    assert reply is not None
    text = browser(agency.alice).get(f"/calls/{call.pk}/turns/{reply.pk}/").content.decode()
    for stage in ("Hears the end", "Speech to text", "Model, first word", "Voice, first sound", "On the wire"):
        assert stage in text


def test_the_trace_shows_every_turn_its_fallbacks_and_what_was_dropped(
    agency: World, browser: Browser, call: Call
) -> None:
    page = text_of(browser, agency.alice, call, "?tab=trace")
    for number in (1, 2, 3, 4):
        assert f"Turn {number}" in page
    assert "2 dropped" in page
    assert "no first token" in page
    assert "Fallback, speech to text: asked to say it again, nothing was understood" in page


def test_a_long_calls_trace_opens_turn_by_turn(agency: World, browser: Browser, front_desk: Agent) -> None:
    long = make_call(front_desk, timezone.now())
    remember(long, turns=30)
    page = text_of(browser, agency.alice, long, "?tab=trace")
    assert page.count("wf-axis") == 12
    assert f'hx-get="/calls/{long.pk}/trace/30/"' in page
    piece = browser(agency.alice).get(f"/calls/{long.pk}/trace/30/").content.decode()
    assert piece.count("wf-axis") == 1


def test_who_may_not_see_internals_sees_no_trace(agency: World, browser: Browser, call: Call) -> None:
    page = text_of(browser, agency.dana, call, "?tab=trace")
    assert "tab=trace" not in page
    assert "wf-row" not in page
    assert browser(agency.dana).get(f"/calls/{call.pk}/trace/1/").status_code == 404


def test_a_turn_of_another_call_is_not_found_here(
    agency: World, browser: Browser, call: Call, front_desk: Agent
) -> None:
    other = make_call(front_desk, timezone.now())
    talk(other)
    foreign = Turn.objects.filter(call=other).first()
    assert foreign is not None
    assert browser(agency.alice).get(f"/calls/{call.pk}/turns/{foreign.pk}/").status_code == 404


@pytest.mark.parametrize("tab", ["", "?tab=transcript", "?tab=data", "?tab=events", "?tab=nonsense"])
def test_every_tab_renders(agency: World, browser: Browser, call: Call, tab: str) -> None:
    assert "Front desk" in text_of(browser, agency.alice, call, tab)


def test_data_and_events_say_what_was_noted_and_what_happened(agency: World, browser: Browser, call: Call) -> None:
    data = text_of(browser, agency.alice, call, "?tab=data")
    assert "Preferred day" in data
    assert "Tuesday" in data
    CallEvent.objects.create(call=call, source="carrier", seq=1, at_ms=100, kind="status.ringing", data={"leg": "a"})
    events = text_of(browser, agency.alice, call, "?tab=events")
    assert "The agent came on the line" in events
    assert "Status ringing: leg a" in events


def test_client_people_see_words_and_no_internals(agency: World, browser: Browser, call: Call) -> None:
    Call.objects.filter(pk=call.pk).update(
        fault="provider", ended_detail="OpenAI timed out.", ended_reason="provider_error"
    )
    page = text_of(browser, agency.dana, call, "?tab=events")
    assert "I would like to move my appointment please." in page
    for internal in ("OpenAI", "openai", "builtin", "Model vendor", "provider_error", "Twilio", "Events", "ms</span>"):
        assert internal not in page
    reply = Turn.objects.filter(call=call, gap_ms__isnull=False).first()
    assert reply is not None
    assert browser(agency.dana).get(f"/calls/{call.pk}/turns/{reply.pk}/").status_code == 404


def test_each_state_of_a_recording_is_said(agency: World, browser: Browser, call: Call) -> None:
    wanted = {
        "recording": "The recording is being prepared",
        "assembling": "The recording is being prepared",
        "failed": "The recording could not be prepared. The disk is full.",
        "empty": "Nothing was recorded",
        "ready": "data-waveform",
    }
    recording = Recording.objects.create(call=call, detail="The disk is full.")
    for status, words in wanted.items():
        Recording.objects.filter(pk=recording.pk).update(status=status)
        assert words in text_of(browser, agency.alice, call), status
    Recording.objects.filter(pk=recording.pk).update(status="failed")
    assert "The disk is full." not in text_of(browser, agency.dana, call)


def test_a_recording_that_never_came_is_not_promised_for_ever(
    agency: World, browser: Browser, call: Call, front_desk: Agent
) -> None:
    assert "The recording is being prepared" in text_of(browser, agency.alice, call)
    old = make_call(front_desk, timezone.now() - timedelta(days=3))
    assert "There is no recording of this call." in text_of(browser, agency.alice, old)


def test_a_failed_recording_can_be_tried_again_by_who_may(agency: World, browser: Browser, call: Call) -> None:
    Recording.objects.create(call=call, status="failed", detail="The disk is full.")
    AfterCallJob.objects.create(
        call=call, kind="assemble_recording", due_at=timezone.now(), failed_at=timezone.now(), attempts=8
    )
    assert browser(agency.dana).post(f"/calls/{call.pk}/recording/again/").status_code == 404
    assert browser(agency.alice).post(f"/calls/{call.pk}/recording/again/").status_code == 302
    assert Recording.objects.get(call=call).status == "assembling"
    assert AfterCallJob.objects.get(call=call).failed_at is None


@pytest.mark.parametrize("status", ["scheduled", "queued", "dialing", "ringing", "in_progress", "transferring"])
def test_a_call_that_is_not_over_has_the_same_page(
    agency: World, browser: Browser, front_desk: Agent, status: str
) -> None:
    talking = status in {"in_progress", "transferring"}
    answered = {} if talking else {"answered_at": None, "media_started_at": None}
    call = make_call(front_desk, timezone.now(), status=status, **OPEN, **answered)
    page = text_of(browser, agency.alice, call)
    assert sentence.UNDER_WAY[Call.Status(status)] in page
    assert f'data-live="call:{call.pk}"' in page


def test_a_call_nobody_answered_says_so(agency: World, browser: Browser, front_desk: Agent) -> None:
    call = make_call(
        front_desk, timezone.now(), answered_at=None, media_started_at=None, outcome="", ended_by="carrier",
        ended_reason="no_answer", direction="outbound",
    )  # fmt: skip
    page = text_of(browser, agency.alice, call)
    assert "Nobody talked" in page
    assert "not answered" in page


def test_a_call_without_agent_client_and_numbers_renders(agency: World, browser: Browser) -> None:
    call = make_call(None, timezone.now(), caller="", called="", data={})
    assert "no agent" in text_of(browser, agency.alice, call)
    assert browser(agency.dana).get(f"/calls/{call.pk}/").status_code == 404


def test_words_of_callers_cannot_break_the_page(agency: World, browser: Browser, call: Call) -> None:
    Turn.objects.filter(call=call, role="user").update(text="</script><script>alert(1)</script>")
    Call.objects.filter(pk=call.pk).update(data={"name": "<img src=x>"}, caller="<b>")
    Recording.objects.create(call=call, status="ready")
    for tab in ("", "?tab=data"):
        page = text_of(browser, agency.alice, call, tab)
        assert "<script>alert" not in page
        assert "<img src=x>" not in page


def test_a_long_call_costs_no_more_queries(agency: World, browser: Browser, front_desk: Agent) -> None:
    alice = browser(agency.alice)
    counts = []
    for exchanges in (2, 5):
        call = make_call(front_desk, timezone.now())
        talk(call, exchanges=exchanges)
        alice.get(f"/calls/{call.pk}/")
        with CaptureQueriesContext(connection) as asked:
            alice.get(f"/calls/{call.pk}/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 14
