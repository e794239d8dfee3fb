"""Tools that were used, and knowledge that was looked up, on the page of a call."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, CallEvent
from calls.tracing import reading
from media_worker.contract.events import EventBody, HandedOver, ToolUsed
from media_worker.contract.tools import Source
from tenants.people.models import User
from tests.calls.history import make_call, talk
from tests.world import World

pytestmark = pytest.mark.db
Browser = Callable[[User], Client]

WORKED = ToolUsed(
    turn=1, tool="order_status", by="model", arguments={"number": "A-7"}, ok=True, status=200, text="Shipped on Monday",
    variables={"state": "shipped"}, started_ms=9_000, ended_ms=9_420,
)  # fmt: skip
FAILED = ToolUsed(
    turn=2, tool="book_table", ok=False, status=500, text="It is down (500).", started_ms=15_000, ended_ms=15_050
)
KNEW = ToolUsed(
    turn=2, tool="knowledge", ok=True, text="Until five.", started_ms=16_000, ended_ms=16_020,
    sources=(Source(document="Leaflet", heading="Opening hours", text="…", score=0.83),),
)  # fmt: skip


@pytest.fixture
def call(front_desk: Agent) -> Call:
    call = make_call(front_desk, timezone.now())
    talk(call)
    happened: tuple[EventBody, ...] = (WORKED, FAILED, KNEW, HandedOver(agent="Billing", version=2))
    for number, body in enumerate(happened, start=900):
        data = body.model_dump(mode="json", exclude={"kind"})
        CallEvent.objects.create(call=call, source="worker", seq=number, at_ms=16_030, kind=body.kind, data=data)
    return call


def page(browser: Browser, person: User, call: Call, query: str = "") -> str:
    return browser(person).get(f"/calls/{call.pk}/{query}").content.decode()


def test_the_trace_says_what_was_given_and_what_came_back(agency: World, browser: Browser, call: Call) -> None:
    shown = page(browser, agency.bob, call, "?tab=trace")
    for words in (
        "Tool order_status",
        "420 ms",
        "number A-7",
        "Shipped on Monday",
        "state shipped",
        "the model decided",
    ):
        assert words in shown
    assert "failed (500)" in shown
    assert "Leaflet › Opening hours (0.83)" in shown


def test_the_log_and_the_recording_mark_them_without_what_was_said(agency: World, browser: Browser, call: Call) -> None:
    log = page(browser, agency.bob, call, "?tab=events")
    assert "The tool order_status was used, 420 ms" in log
    assert "The tool book_table was used, 50 ms, and failed (500)" in log
    assert "Knowledge was looked up, 20 ms" in log
    assert "Billing, version 2, took the call over" in log
    assert "Shipped on Monday" not in log


def test_stages_that_leave_the_house_hold_no_word(agency: World, call: Call) -> None:
    stages = [stage for exchange in reading.trace(call.pk) for stage in exchange.stages if stage.stage == "tool"]
    assert [(stage.name, stage.error) for stage in stages] == [
        ("order_status", ""), ("book_table", "failed (500)"), ("knowledge", ""),
    ]  # fmt: skip
    assert "Shipped" not in str(stages)


def test_a_client_sees_neither_tools_nor_their_names(agency: World, browser: Browser, call: Call) -> None:
    shown = page(browser, agency.dana, call, "?tab=trace") + page(browser, agency.dana, call)
    assert "order_status" not in shown
    assert "Shipped on Monday" not in shown
