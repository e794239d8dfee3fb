"""The whole way of a newcomer, in a real browser: an agency, an agent, a conversation, and the page of that call."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from calls.phone.lines import CLIPS
from tests.browser.chromium import chromium, executable
from tests.live import LiveStack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RATE = 48000
PURPOSE = (
    "Answer the phone for Bright Dental, a dentist. We are open Monday to Friday from nine to six. Book appointments."
)
PATIENT = 60_000  # milliseconds: machines that run tests are slow


def microphone(path: Path, *parts: str | float) -> str:
    """What the caller says into the microphone: clips by name, and seconds of silence between them."""
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        for part in parts:
            if isinstance(part, float):
                out.writeframes(b"\0\0" * int(part * RATE))
            else:
                samples, rate = soundfile.read(CLIPS / f"{part}.wav", dtype="int16")
                out.writeframes(samples.repeat(RATE // rate).tobytes())
    return str(path)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if executable() is None:
        pytest.skip("No Chromium on this machine: install it or name it in CHROMIUM.")
    spoken = microphone(
        tmp_path_factory.mktemp("voice") / "caller.wav",
        12.0, "what_are_your_opening_hours", 14.0, "goodbye", 14.0, "goodbye", 20.0,
    )  # fmt: skip
    with chromium(microphone=spoken) as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(permissions=["microphone"], viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENT)
    yield context.new_page()
    context.close()


def test_a_newcomer_signs_up_makes_an_agent_talks_to_it_and_reads_the_call(page: Page, live_stack: LiveStack) -> None:
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda line: troubles.append(f"{page.url} {line.location} {line.text}") if line.type == "error" else None,
    )

    # An agency, from the platform's own address.
    page.goto(live_stack.url)
    page.get_by_label("Your agency").fill("Newcomers")
    page.get_by_label("Its address").fill("newcomers")
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("Your e-mail address").fill("nora@newcomers.example")
    page.get_by_label("Password").fill("a few good words")
    page.get_by_role("button", name="Open the agency").click()
    page.wait_for_url(f"{live_stack.agency_url('newcomers')}/**", timeout=PATIENT)

    # A client to make agents for, then an agent in three fields.
    page.goto(f"{live_stack.agency_url('newcomers')}/clients/new/")
    page.get_by_label("Name").fill("Bright Dental")
    page.locator("main form button.primary").click()
    page.wait_for_load_state()
    page.goto(f"{live_stack.agency_url('newcomers')}/agents/new/")
    page.get_by_label("Name", exact=True).fill("Front desk")
    page.get_by_label("do?").fill(PURPOSE)
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/agents/*-*-*/**")
    expect(page.get_by_text("Version 1", exact=True)).to_be_visible()

    # A conversation with the microphone.
    page.get_by_role("tab", name="Voice").click()
    page.get_by_role("button", name="Talk to it").click()
    lines = page.locator("[data-talk-lines]")
    expect(lines).to_contain_text("hours", timeout=PATIENT)
    expect(lines).to_contain_text("open", timeout=PATIENT)
    to_the_call = page.get_by_role("link", name="Open the call")
    expect(to_the_call).to_be_visible(timeout=PATIENT)
    to_the_call.click()

    # What is left of it.
    expect(page.locator(".call-sentence")).to_contain_text("ended by")
    expect(page.get_by_text("opening hours").first).to_be_visible()
    expect(page.locator("#call-recording [data-waveform]")).to_be_visible(timeout=PATIENT)
    assert troubles == []
