"""Bob records a phrase with the browser's microphone, listens to it, and changes its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.agents.clips.test_sound import file, speech
from tests.live import LiveStack
from tests.world import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, live_stack: LiveStack, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The clips of an agent that was made just now; what the page complains about fails the test."""
    address = live_stack.agency_url()
    context = browser.new_context(
        base_url=address,
        permissions=["microphone"],
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(error.message))
    page.goto("/accounts/login/?next=/agents/new/")
    page.fill("input[name=login]", "bob@alice.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.get_by_label("Name", exact=True).fill(f"Desk {request.node.name[-60:]}")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("link", name="Clips").click()
    yield page
    context.close()
    assert complaints == []


def test_a_phrase_is_recorded_kept_heard_changed_and_archived(page: Page) -> None:
    page.get_by_role("link", name="Add a clip").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Record").click()
    expect(dialog.locator("[data-recorded]")).to_have_text("0:02", timeout=15_000)
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.locator("[data-recorded]")).to_contain_text("Recorded 0:0")
    take = dialog.locator("audio")
    expect(take).to_be_visible()
    dialog.get_by_label("What is said, word for word").fill("Beep, beep.")
    dialog.get_by_role("button", name="Add it").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text("[clip:beep_beep]")

    row.get_by_role("button", name="Play beep_beep").click()
    expect(page.locator("#dock [data-dock-length]")).to_have_text(re.compile("0:0[1-3]"))

    row.get_by_role("link", name="Change").click()
    page.get_by_role("dialog").get_by_label("What is said, word for word").fill("Beep and beep.")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("tbody tr")).to_contain_text("Beep and beep.")
    page.on("dialog", lambda asked: asked.accept())
    page.locator("tbody tr").get_by_role("button", name="Archive").click()
    expect(page.get_by_text("No recorded phrases yet")).to_be_visible()


def test_a_file_that_is_no_sound_comes_back_with_a_sentence(page: Page) -> None:
    page.get_by_role("link", name="Add a clip").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Sound file").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"<html>"})
    dialog.get_by_label("What is said, word for word").fill("Nothing at all.")
    dialog.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("This file holds no sound that can be read.")).to_be_visible()
    expect(page.get_by_label("What is said, word for word")).to_have_value("Nothing at all.")


def test_a_call_greets_with_the_recording_and_its_page_says_so(page: Page) -> None:
    clips = page.url
    page.get_by_role("link", name="Flow").click()
    page.get_by_label("Greeting", exact=True).fill("Good day, this is a recording.")
    expect(page.locator("[data-draft-word]")).to_have_text(re.compile("^Saved "))
    page.goto(clips)
    page.get_by_role("link", name="Add a clip").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Sound file").set_input_files(
        {"name": "day.wav", "mimeType": "audio/wav", "buffer": file(speech(2.0))}
    )
    dialog.get_by_label("What is said, word for word").fill("Good day, this is a recording")
    dialog.get_by_role("button", name="Add it").click()
    expect(page.locator("tbody tr")).to_contain_text("[clip:good_day_this_is]")
    for _ in range(6):  # the first call of a worker may greet before the sound is there
        page.get_by_role("tab", name="Voice").click()
        page.get_by_role("button", name="Talk to it").click()
        expect(page.locator(".line.agent").first).to_contain_text("this is a recording", timeout=20_000)
        page.get_by_role("button", name="Hang up").click()
        page.get_by_role("link", name="Open the call").click()
        fact = page.locator("dt:has-text('Voice') + dd")
        expect(fact).to_be_visible(timeout=20_000)
        if (fact.text_content() or "").startswith("100 % clips"):
            return
        page.goto(clips)
    raise AssertionError("No call played the clip.")
