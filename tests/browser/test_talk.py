"""The browser as a phone: Alice talks to her agent with the microphone."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.template import Context, engines
from playwright.sync_api import Browser, Page, expect

from tests.fakes.web_bridge import WebBridge
from voiceops.lib.assets import DIST

pytestmark = pytest.mark.browser


PAGE = """<!doctype html><meta charset="utf-8"><meta name="csrf" content="token"><link rel="stylesheet" href="/static/app.css">
{% include "components/talk.html" with start_url="/start/" agent_name="Front desk" %}<script src="{% asset 'talk.js' %}"></script>"""
TONE = b"".join(struct.pack("<h", int(9000 * math.sin(2 * math.pi * 440 * n / 16000))) for n in range(320))


def event(seq: int, **body: Any) -> dict[str, Any]:
    return {"type": "event", "event": {"seq": seq, "at_ms": seq * 1000, "body": body}}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(permissions=["microphone"])
    yield context.new_page()
    context.close()


@pytest.fixture
def bridge() -> Iterator[Callable[..., WebBridge]]:
    opened: list[WebBridge] = []

    def start(**options: Any) -> WebBridge:
        html = engines["django"].from_string(PAGE).template.render(Context())
        made = WebBridge(page=html, static=DIST, **options)
        opened.append(made)
        return made.__enter__()

    yield start
    for made in opened:
        made.__exit__()


def call(page: Page, bridge: WebBridge) -> None:
    page.goto(bridge.url)
    page.get_by_role("button", name="Talk to it").click()


def until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(25)
    raise AssertionError("It did not happen within five seconds.")


def test_the_microphone_arrives_as_frames_of_twenty_milliseconds_at_sixteen_kilohertz(page: Page, bridge: Any) -> None:
    phone = bridge()
    call(page, phone)
    until(page, lambda: len(phone.frames) >= 50)
    assert phone.texts[0] == {"type": "start", "rate": 16000}
    assert {len(frame) for frame in phone.frames} == {640}
    loudest = max(abs(value) for frame in phone.frames for value in struct.unpack("<320h", frame))
    assert loudest > 300, "the fake microphone beeps, and the beeps must come through"


def test_a_mark_comes_back_when_what_was_before_it_is_played(page: Page, bridge: Any) -> None:
    phone = bridge(script=[*[TONE] * 25, {"type": "mark", "name": "one"}, *[TONE] * 5, {"type": "mark", "name": "two"}])
    call(page, phone)
    until(page, lambda: len(phone.told("mark")) == 2)
    assert [mark["name"] for mark in phone.told("mark")] == ["one", "two"]


def test_what_a_clear_dropped_is_neither_played_nor_answered(page: Page, bridge: Any) -> None:
    script = [
        *[TONE] * 250,
        {"type": "mark", "name": "never"},
        {"type": "clear"},
        TONE,
        {"type": "mark", "name": "after"},
    ]
    phone = bridge(script=script)
    call(page, phone)
    until(page, lambda: bool(phone.told("mark")))
    assert [mark["name"] for mark in phone.told("mark")] == ["after"]


def test_the_transcript_grows_and_shows_what_was_not_heard(page: Page, bridge: Any) -> None:
    phone = bridge(
        script=[
            event(1, kind="agent_turn", turn=0, text="Good morning.", started_ms=0, ended_ms=900),
            event(2, kind="user_turn", turn=1, text="I have a question.", started_ms=1000, ended_ms=1400),
            event(3, kind="on_wire", turn=1),
            event(4, kind="agent_turn", turn=1, text="Of course,", unheard="ask away.", started_ms=1, ended_ms=2),
            event(4, kind="agent_turn", turn=1, text="Of course,", unheard="ask away.", started_ms=1, ended_ms=2),
        ]
    )
    call(page, phone)
    expect(page.locator(".line")).to_have_count(3)
    expect(page.locator(".line.agent").last).to_contain_text("Of course, ask away.")
    expect(page.locator(".line .unheard")).to_have_text("ask away.")
    expect(page.locator(".line small")).to_have_text("1600 ms")


def test_while_the_agent_speaks_the_page_says_so(page: Page, bridge: Any) -> None:
    phone = bridge(script=[event(1, kind="on_wire", turn=0)])
    call(page, phone)
    expect(page.get_by_label("The agent is speaking")).to_be_visible()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_label("The agent is speaking")).to_have_count(0)


def test_hanging_up_tells_the_bridge_and_leads_to_the_call(page: Page, bridge: Any) -> None:
    phone = bridge()
    call(page, phone)
    page.get_by_role("button", name="Keypad").click()
    page.get_by_role("button", name="5", exact=True).click()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("You hung up.")).to_be_visible()
    expect(page.get_by_role("link", name="Open the call")).to_have_attribute("href", "/calls/1/")
    until(page, lambda: bool(phone.told("hangup")))
    assert phone.told("dtmf") == [{"type": "dtmf", "digit": "5"}]


def test_a_lost_line_is_taken_up_again_through_the_resume_address(page: Page, bridge: Any) -> None:
    phone = bridge(
        drop_after_start=1, script=[event(1, kind="agent_turn", turn=0, text="Still here.", started_ms=0, ended_ms=9)]
    )
    call(page, phone)
    expect(page.get_by_text("Still here.")).to_be_visible()
    assert phone.posts == ["/start/", "/resume/"]


def test_a_refusal_says_why_in_words(page: Page, bridge: Any) -> None:
    phone = bridge(refuse="Publish the agent first: there is no version to talk to.")
    call(page, phone)
    expect(page.get_by_text("Publish the agent first")).to_be_visible()
    expect(page.get_by_role("button", name="Talk to it")).to_be_enabled()


def test_without_permission_the_page_says_what_to_do(browser: Browser, bridge: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    phone = bridge()
    call(page, phone)
    expect(page.get_by_text("The browser may not use the microphone.")).to_be_visible()
    assert not phone.posts, "no call is started that nobody could speak in"
    context.close()


def test_the_way_of_a_call_is_told_to_whoever_shows_the_flow(page: Page, bridge: Any) -> None:
    page.add_init_script("document.addEventListener('voiceops:path', (event) => { window.way = event.detail })")
    steps = [event(number, kind="node_entered", node=node) for number, node in enumerate(("talk", "book"), 1)]
    call(page, bridge(script=steps))
    until(page, lambda: page.evaluate("window.way?.current") == "book")
    assert page.evaluate("window.way.nodes") == ["talk", "book"]
