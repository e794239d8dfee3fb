"""Bob tries a draft out in writing, goes back, keeps the conversation as a test, and is stopped when he breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django_tenants.utils import schema_context
from playwright.sync_api import Browser, Page, expect

from agents import actions
from agents.models import Agent
from tenants.people.models import User
from tests.agents.simulate.conftest import FLOW
from tests.live import LiveStack
from tests.world import PASSWORD

pytestmark = pytest.mark.browser
PATIENT = 30_000

LISTENS = "document.addEventListener('voiceops:path', (event) => { window.way = event.detail })"


def redraw(agent_id: str, **changes: object) -> None:
    """Somebody changes the draft elsewhere."""
    with schema_context("alice"):
        agent = Agent.objects.get(pk=agent_id)
        flow = FLOW.model_dump(mode="json") | changes
        alice = User.objects.get(email="alice@alice.example")
        actions.save_draft(alice, agent, {**agent.draft, "flow": flow}, agent.draft_revision)


@pytest.fixture
def page(browser: Browser, live_database: LiveStack, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of an agent with a short flow; what the page complains about fails the test."""
    context = browser.new_context(base_url=live_database.agency_url())
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.add_init_script(LISTENS)
    page.goto("/accounts/login/?next=/agents/new/")
    page.fill("input[name=login]", "bob@alice.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.get_by_label("Name", exact=True).fill(f"Desk {request.node.name[-60:]}")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile(r"/agents/[0-9a-f-]{36}/"))
    redraw(the_agent(page))
    with schema_context("alice"):
        Agent.objects.get(pk=the_agent(page)).tests.all().delete()  # those that its description came with
    page.goto(f"/agents/{the_agent(page)}/")
    yield page
    context.close()
    assert complaints == []


def the_agent(page: Page) -> str:
    found = re.search(r"/agents/([0-9a-f-]{36})/", page.url)
    assert found is not None
    return found[1]


def say(page: Page, text: str, answer: str) -> None:
    page.get_by_label("What the caller says").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("[data-try] .line.agent:not(.speaking)").last).to_contain_text(answer, timeout=PATIENT)


def test_bob_talks_goes_back_and_says_something_else(page: Page) -> None:
    say(page, "I would like to book an appointment", "For how many people?")
    expect(page.locator("[data-try] .line.agent").first).to_contain_text("Hello, this is the clinic.")
    say(page, "seven", "A colleague will call you back.")
    expect(page.locator(".try-changed")).to_contain_text("guests 7")
    expect(page.get_by_text("The agent hung up: callback")).to_be_visible()
    assert page.evaluate("window.way") == {"nodes": ["talk", "book", "size", "large"], "current": "large"}

    page.locator(".try-caller", has_text="seven").hover()
    page.locator(".try-caller", has_text="seven").get_by_role("button", name="Back to here").click()
    expect(page.get_by_label("What the caller says")).to_have_value("seven")
    assert page.evaluate("window.way") == {"nodes": ["talk", "book"], "current": "book"}
    say(page, "three", "It is booked.")
    expect(page.locator("[data-try] .line.user")).to_have_count(2)

    page.reload()
    expect(page.locator("[data-try] .line.user")).to_have_count(2)
    expect(page.get_by_text("The agent hung up: booked")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("[data-try] .line.user")).to_have_count(0)


def test_a_draft_that_changed_since_is_said_and_answers(page: Page) -> None:
    page.get_by_role("button", name="Let it begin").click()
    expect(page.locator("[data-try] .line.agent")).to_contain_text("Hello, this is the clinic.", timeout=PATIENT)
    redraw(the_agent(page), greeting="Good day.")
    page.reload()
    expect(page.get_by_text("The draft changed since.")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Let it begin").click()
    expect(page.locator("[data-try] .line.agent")).to_contain_text("Good day.", timeout=PATIENT)


def test_keys_silence_and_what_the_call_brings_along(page: Page) -> None:
    redraw(the_agent(page), greeting="Hello {{name|you}}.", variables=[{"name": "name", "about": "Who calls"}])
    page.get_by_role("button", name="Variables, clock, tools").click()
    page.get_by_label("Who calls").fill("Peter")
    page.get_by_label("Who calls").press("Tab")
    page.get_by_role("button", name="Let it begin").click()
    expect(page.locator("[data-try] .line.agent")).to_contain_text("Hello Peter.", timeout=PATIENT)
    page.get_by_role("button", name="Say nothing").click()
    expect(page.locator("[data-try] .line.agent").last).to_have_text("Are you still there?", timeout=PATIENT)
    page.get_by_role("button", name="Keys").click()
    page.locator("[data-try-digit='1']").click()
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("[data-try] .line.user").last).to_have_text("Presses 1", timeout=PATIENT)


def test_a_conversation_is_kept_as_a_test_that_stops_a_broken_draft(page: Page) -> None:
    say(page, "I would like to book an appointment", "For how many people?")
    say(page, "three", "It is booked.")
    page.get_by_role("button", name="Save as a test").click()
    page.get_by_role("link", name="I would like to book an appointment → booked").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("I would like to book an appointment → booked")

    page.get_by_role("link", name="All tests").click()
    page.get_by_role("button", name="Run all").click()
    expect(page.locator(".test-row")).to_contain_text("Passed", timeout=PATIENT)

    redraw(the_agent(page), start="bye")
    page.reload()
    page.get_by_role("link", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 1 test fails", timeout=PATIENT)
    expect(dialog).to_contain_text("The call ends as “booked”")
    expect(dialog.get_by_role("button", name="Publish version")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Publish anyway")).to_be_visible()

    redraw(the_agent(page))
    page.reload()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish version 2").click(timeout=PATIENT)
    expect(page.locator(".agent-about")).to_contain_text("Version 2")
