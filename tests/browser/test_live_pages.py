"""Pages that are open show what happens, without being reloaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from channels.layers import get_channel_layer
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import Browser, Page, expect

from agents.models import Agent
from calls import live
from calls.models import Call
from tests.live import LiveStack
from tests.world import PASSWORD, World

pytestmark = pytest.mark.browser


@pytest.fixture
def stack(world: World, live_stack: LiveStack, settings: LazySettings) -> LiveStack:
    """Messages of this process go where the stack's processes listen."""
    layer = {**django_settings.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [{"address": live_stack.redis_url}]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    assert get_channel_layer() is not None
    return live_stack


@pytest.fixture
def call(world: World, stack: LiveStack) -> Iterator[Call]:
    """Somebody calls Bright Dental."""
    with schema_context("alice"):
        agent = Agent.objects.create(client=world.bright_dental, name="Front desk")
        made = Call.objects.create(
            client=world.bright_dental,
            agent=agent,
            carrier="twilio",
            direction=Call.Direction.INBOUND,
            caller="+14155550142",
            status=Call.Status.RINGING,
        )
    yield made
    with schema_context("alice"):
        made.delete()
        agent.delete()


@pytest.fixture
def page(browser: Browser, live_stack: LiveStack) -> Iterator[Page]:
    context = browser.new_context(base_url=live_stack.agency_url())
    opened = context.new_page()
    opened.goto("/accounts/login/?next=/account/")
    opened.fill("input[name=login]", "alice@alice.example")
    opened.fill("input[name=password]", PASSWORD)
    opened.press("input[name=password]", "Enter")
    opened.wait_for_url(re.compile("/account/"))
    yield opened
    context.close()


def change(call: Call, kind: str, **fields: object) -> None:
    """In a thread of its own: Playwright's event loop occupies this one."""

    def save_and_tell() -> None:
        with schema_context("alice"):
            for name, value in fields.items():
                setattr(call, name, value)
            call.save()
            live.call_changed(call, kind)
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(save_and_tell).result()


def test_the_list_and_the_pulse_follow_a_call_from_ringing_to_its_end(page: Page, call: Call) -> None:
    page.goto("/calls/")
    row = page.locator("tbody tr", has_text="555-0142")
    expect(row).to_contain_text("Ringing")
    others = int(page.locator("#live-count .tnum").inner_text()) - 1  # calls that other tests left live
    expect(page.locator("html")).to_have_attribute("data-line", "on")
    page.evaluate("window.sameDocument = true")
    change(call, "status", status=Call.Status.IN_PROGRESS, answered_at=timezone.now())
    expect(row).to_contain_text("Live")
    change(
        call,
        "ended",
        status=Call.Status.ENDED,
        ended_at=timezone.now(),
        ended_by="caller",
        ended_reason="caller_hangup",
    )
    expect(row).not_to_contain_text("Live")
    expect(page.locator("#live-count .tnum")).to_have_text(str(others))
    assert page.evaluate("window.sameDocument") is True


def test_the_page_of_a_call_grows_while_it_is_looked_at(page: Page, call: Call) -> None:
    page.goto(f"/calls/{call.pk}/")
    expect(page.locator("html")).to_have_attribute("data-line", "on")
    expect(page.get_by_text("The call is not answered yet.")).to_be_visible()
    change(call, "status", status=Call.Status.IN_PROGRESS, answered_at=timezone.now())
    with schema_context("alice"):
        call.turns.create(turn=1, role="user", text="What are your opening hours?", started_ms=900, ended_ms=2100)
    change(call, "turn")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".turn")).to_contain_text("What are your opening hours?")


def test_a_lost_line_says_so_and_catches_up_when_it_is_back(page: Page, call: Call) -> None:
    page.goto("/calls/")
    expect(page.locator("html")).to_have_attribute("data-line", "on")
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(page.locator("html")).to_have_attribute("data-line", "lost", timeout=15_000)
    expect(page.get_by_text("The live connection is lost.")).to_be_visible()
    change(call, "status", status=Call.Status.IN_PROGRESS, answered_at=timezone.now())
    page.context.set_offline(False)
    expect(page.locator("tbody tr", has_text="555-0142")).to_contain_text("Live", timeout=30_000)
    expect(page.get_by_text("The live connection is lost.")).to_be_hidden()
