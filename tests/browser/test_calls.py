"""Alice works through her calls: filters, listens in the dock, reads a call, and watches one that is live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import Browser, Page, expect

from agents.models import Agent
from calls import live
from calls.models import Call, Recording, Turn
from calls.recording import assemble
from calls.recording.writer import SegmentWriter
from tests.calls.history import make_call, talk
from tests.calls.tracing.conversation import remember
from tests.live import LiveStack
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser
PATIENT = 30_000


@pytest.fixture
def recorded(world: World, live_stack: LiveStack, settings: LazySettings) -> Call:
    """A call of some seconds with words and a recording, as the bridge and the jobs leave it."""
    layer = {**django_settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [{"address": live_stack.redis_url}]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    with schema_context("alice"):
        agent, _ = Agent.objects.get_or_create(client=world.bright_dental, name="Front desk")
        call = make_call(agent, timezone.now() - timedelta(minutes=5), caller="+14155550187")
        end = max(turn.ended_ms for turn in talk(call)) + 500
        writer = SegmentWriter("alice", call.pk, "pcm_s16le", 8000)
        hum = (np.sin(np.arange(160) / 3) * 6000).astype("<i2").tobytes()
        for at in range(0, end, 20):
            writer.caller(at, hum)
        writer.close(end).result(5)
        assemble.assemble(call)
    return call


def tell(call: Call, kind: str) -> None:
    """From a thread: Playwright's own event loop runs in this one."""

    def in_agency() -> None:
        with schema_context("alice"):
            live.call_changed(call, kind)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(in_agency).result()


@pytest.fixture
def page(browser: Browser, live_stack: LiveStack) -> Iterator[Page]:
    troubles: list[str] = []
    context = browser.new_context(base_url=live_stack.agency_url(), viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENT)
    opened = context.new_page()
    opened.on("pageerror", lambda error: troubles.append(error.message))
    opened.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    opened.goto("/accounts/login/?next=/calls/")
    opened.fill("input[name=login]", "alice@alice.example")
    opened.fill("input[name=password]", PASSWORD)
    opened.press("input[name=password]", "Enter")
    opened.wait_for_url(re.compile("/calls/"))
    yield opened
    context.close()
    assert troubles == []


def test_a_filter_is_a_chip_in_the_address(page: Page, recorded: Call) -> None:
    page.goto("/calls/")
    page.get_by_text("Outcome", exact=True).first.click()
    page.get_by_role("link", name="Goal not reached").click()
    page.wait_for_url(re.compile("outcome=no_goal"))
    expect(page.get_by_text("No call is like that")).to_be_visible()
    page.get_by_role("link", name=re.compile("Remove this filter")).click()
    expect(page.locator("#calls-rows .row-link").first).to_be_visible()
    page.locator("[data-search]").fill("555 0187")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=555"))
    expect(page.locator("#calls-rows .row-link")).to_have_count(calls_from(recorded.caller))


def calls_from(caller: str) -> int:
    with schema_context("alice"):
        return Call.objects.filter(caller=caller).count()


def test_a_recording_plays_in_the_dock(page: Page, recorded: Call) -> None:
    page.goto("/calls/?q=555 0187")
    page.locator("[data-play]").first.click()
    expect(page.locator("#dock")).to_be_visible()
    length = page.locator("[data-dock-length]")
    expect(length).not_to_have_text("0:00")
    expect(page.locator("[data-dock-now]")).not_to_have_text("0:00")


def test_a_line_of_the_transcript_seeks_and_shows_where_its_time_went(page: Page, recorded: Call) -> None:
    with schema_context("alice"):
        reply = Turn.objects.filter(call=recorded, gap_ms__isnull=False).order_by("started_ms").last()
    assert reply is not None
    page.goto(f"/calls/{recorded.pk}/")
    expect(page.locator("[data-wave-length]")).not_to_have_text("0:00")
    page.locator(f"#turn-{reply.pk}").click()
    seconds = reply.started_ms // 1000
    expect(page.locator("[data-wave-now]")).to_have_text(
        re.compile(f"0:{seconds:02}|0:{seconds + 1:02}|0:{seconds + 2:02}")
    )
    expect(page.locator("#turn-detail")).to_contain_text("heard on the line")
    expect(page.locator(f"#turn-{reply.pk}")).to_have_attribute("aria-current", "true")


def test_a_live_call_grows_on_its_page_and_ends_there(page: Page, recorded: Call) -> None:
    with schema_context("alice"):
        call = make_call(
            recorded.agent,
            timezone.now(),
            status="in_progress",
            ended_at=None,
            ended_by="",
            ended_reason="",
            outcome="",
        )
    page.goto(f"/calls/{call.pk}/")
    expect(page.locator(".call-sentence")).to_contain_text("live now")
    expect(page.locator("html")).to_have_attribute("data-line", "on")
    with schema_context("alice"):
        Turn.objects.create(call=call, turn=0, role="agent", text="Good morning.", started_ms=300, ended_ms=1500)
    tell(call, "turn")
    expect(page.get_by_text("Good morning.")).to_be_visible()
    with schema_context("alice"):
        Call.objects.filter(pk=call.pk).update(
            status="ended", ended_at=timezone.now(), ended_by="caller", ended_reason="caller_hangup"
        )
        Recording.objects.create(call=call, status="empty")
    tell(call, "ended")
    expect(page.locator(".call-sentence")).to_contain_text("ended by the caller")
    expect(page.get_by_text("Nothing was recorded")).to_be_visible()


def test_a_new_call_comes_to_the_top_of_the_list_by_itself(page: Page, recorded: Call) -> None:
    page.goto("/calls/")
    expect(page.locator("html")).to_have_attribute("data-line", "on")
    with schema_context("alice"):
        call = make_call(recorded.agent, timezone.now(), caller="+14155550199")
    tell(call, "new")
    expect(page.locator("#calls-rows tr").first).to_contain_text("(415) 555-0199")


def test_a_long_calls_trace_opens_turn_by_turn_and_stage_by_stage(page: Page, recorded: Call) -> None:
    with schema_context("alice"):
        long = make_call(recorded.agent, timezone.now())
        remember(long, turns=20)
    page.goto(f"/calls/{long.pk}/?tab=trace")
    named = page.locator(".wf-name", has_text="Model")
    model = page.locator(".trace-turn").nth(2).locator("details.wf-row", has=named).last
    model.locator("summary").click()
    expect(model.locator(".facts")).to_contain_text("rule 1: few words")
    late = page.locator(".trace-turn").nth(18)
    expect(late.locator(".wf-row")).to_have_count(0)
    late.locator("> summary").click()
    expect(late.locator(".wf-row")).to_have_count(4)
