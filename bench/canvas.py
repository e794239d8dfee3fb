"""The canvas with a flow of 200 steps, in real Chromium without a GPU: dragging a step, panning, zooming, typing.

Work: what the page's main thread does for one frame (events, scripts, style, layout, paint, commit), taken from
Chromium's own trace, from the end of one commit to the end of the next: processor time, so that it holds on a machine
that does other things as well. Interval: what `requestAnimationFrame` saw
between two frames while the interaction went on; it holds drawing as well, which here is done by the same two cores, and
whatever else they have to do: on a machine that is busy, look at the work for each input.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from bench.meter import percentile
from bench.stack import Stack, stack
from tests.browser.chromium import chromium

STEPS = 200
AIM_MS = 16.0
MOVES = 90
TYPED = "We are open from nine in the morning until six, every day but Sunday, and at noon."
TRACED = ("devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel")
COUNT_FRAMES = """() => {
  window.frames_seen = [];
  const seen = (now) => { window.frames_seen.push(now); window.frames_run = requestAnimationFrame(seen); };
  window.frames_run = requestAnimationFrame(seen);
}"""
NOTHING_THERE = """() => {
  const pane = document.querySelector(".canvas-pane").getBoundingClientRect();
  for (let y = pane.y + 60; y < pane.bottom - 160; y += 7)
    for (let x = pane.x + 60; x < pane.right - 400; x += 7)
      if (document.elementFromPoint(x, y).classList.contains("react-flow__pane")) return [x, y];
}"""
TELL_FRAMES = "() => { cancelAnimationFrame(window.frames_run); return window.frames_seen; }"


def flow() -> dict[str, Any]:
    """Forty times five steps of several kinds, each leading on to two others: 360 ways out."""
    nodes: list[dict[str, Any]] = []
    rounds = STEPS // 5
    for n in range(rounds):
        onwards, more = (f"talk_{m}" if m < rounds else f"end_{n}" for m in (2 * n + 1, 2 * n + 2))
        topics = [("book", f"ask_{n}"), ("hours", f"tell_{n}"), ("person", f"end_{n}"), ("more", more)]
        nodes += [
            {
                "id": f"talk_{n}",
                "type": "conversation",
                "prompt": "Find out what the caller wants, kindly and briefly, and lead them there.",
                "intents": [{"name": name, "examples": [f"{name} please"], "goto": goto} for name, goto in topics],
            },
            {
                "id": f"ask_{n}",
                "type": "collect",
                "slots": [{"name": f"day_{n}", "type": "date", "ask": "Which day would suit you?"}],
                "next": f"sort_{n}",
                "give_up": f"end_{n}",
            },
            {
                "id": f"sort_{n}",
                "type": "branch",
                "cases": [{"when": f'day_{n} == "monday"', "goto": f"tell_{n}"}],
                "otherwise": onwards,
            },
            {"id": f"tell_{n}", "type": "say", "text": "We are open from nine to six, all week.", "next": onwards},
            {"id": f"end_{n}", "type": "end", "text": "Thank you for calling. Goodbye."},
        ]
    return {"greeting": "Hello, how can I help you today?", "start": "talk_0", "nodes": nodes}


def agent_page(product: Stack) -> str:
    """The path of the canvas of an agent with this flow, in the demo agency."""
    from django.urls import reverse
    from django_tenants.utils import schema_context

    from agents.content import AgentContent
    from agents.models import Agent
    from tenants.clients.models import Client

    with schema_context("demo"):
        client = Client.objects.order_by("name")[0]
        draft = AgentContent.model_validate({"flow": flow()}).document()
        agent = Agent.objects.create(client=client, name="Two hundred steps", draft=draft)
        return product.base_url.rstrip("/") + reverse("agent_canvas", args=[agent.pk])


@dataclass
class Measured:
    """Milliseconds, one for each frame. `inputs`: so many times the mouse moved, the wheel turned or a key was pressed."""

    name: str
    inputs: int
    work: list[float] = field(default_factory=list)
    intervals: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        work, seen = self.work, self.intervals
        return (
            f"  {self.name}, {self.inputs} times: {sum(work) / self.inputs:.1f} ms of work each (aim {AIM_MS:.0f});"
            f" by frame p50 {percentile(work, 50):.1f} ms, p95 {percentile(work, 95):.1f} ms; interval p50 {percentile(seen, 50):.1f} ms, p95 {percentile(seen, 95):.1f} ms"
        )


def measured(browser: Browser, page: Page, name: str, inputs: int, act: Callable[[], None]) -> Measured:
    page.wait_for_timeout(600)
    page.evaluate(COUNT_FRAMES)
    browser.start_tracing(page=page, categories=list(TRACED))
    act()
    trace = json.loads(browser.stop_tracing())
    seen = page.evaluate(TELL_FRAMES)
    intervals = [after - before for before, after in itertools.pairwise(seen)]
    return Measured(name, inputs, list(frames(trace["traceEvents"])), intervals)


def frames(events: list[dict[str, Any]]) -> Iterator[float]:
    """Milliseconds of work on the page's main thread for each frame that it committed."""
    commits: dict[tuple[int, int], list[float]] = {}
    for event in events:
        if event["name"] == "Commit" and event["ph"] == "X":
            commits.setdefault((event["pid"], event["tid"]), []).append(event["ts"] + event["dur"])
    main = max(commits, key=lambda thread: len(commits[thread]))
    tasks = sorted(
        (event["ts"], event.get("tdur", event.get("dur", 0)))
        for event in events
        if (event["pid"], event["tid"]) == main and event["ph"] == "X" and event["name"] == "RunTask"
    )
    ends = sorted(commits[main])
    place = 0
    for before, end in itertools.pairwise(ends):
        while place < len(tasks) and tasks[place][0] < before:
            place += 1
        work, at = 0.0, place
        while at < len(tasks) and tasks[at][0] < end:
            work += tasks[at][1]
            at += 1
        yield work / 1000


def interactions(browser: Browser, page: Page) -> Iterator[Measured]:
    pane = page.locator(".canvas-pane").bounding_box()
    assert pane
    middle = (pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    page.keyboard.press("f")
    page.wait_for_timeout(400)
    everything = page.locator(".react-flow__node").count()

    def moved(begin: tuple[float, float]) -> Callable[[], None]:
        def act() -> None:
            page.mouse.move(*begin)
            page.mouse.down()
            for n in range(MOVES):
                page.mouse.move(begin[0] + (n % 45) * 3, begin[1] + (n % 30) * 2)
            page.mouse.up()

        return act

    def zoomed() -> None:
        page.mouse.move(*middle)
        for n in range(MOVES // 2):
            page.mouse.wheel(0, -60 if n % 20 < 10 else 60)

    def typed() -> None:
        page.keyboard.type(
            "We are open from nine in the morning until six, every day but Sunday, and at noon.", delay=20
        )

    def panned() -> Callable[[], None]:
        return moved(tuple(page.evaluate(NOTHING_THERE)))

    yield measured(browser, page, f"panning, {everything} cards seen", MOVES, panned())
    yield measured(browser, page, "zooming among them", MOVES // 2, zoomed)
    page.keyboard.press("/")
    page.keyboard.type("talk 20")
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)
    page.locator(".canvas-panel textarea").first.focus()
    yield measured(browser, page, "typing into a step's form", len(TYPED), typed)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    card = page.locator(".react-flow__node", has_text="Talk 20").locator("header").bounding_box()
    assert card
    at = (card["x"] + card["width"] / 2, card["y"] + card["height"] / 2)
    yield measured(browser, page, "dragging a step", MOVES, moved(at))
    yield measured(browser, page, "panning, near by", MOVES, panned())
    page.keyboard.press("f")
    page.wait_for_timeout(400)
    card = page.locator(".react-flow__node", has_text="Talk 20").locator("header").bounding_box()
    assert card
    at = (card["x"] + card["width"] / 2, card["y"] + card["height"] / 2)
    yield measured(browser, page, "dragging a step among all", MOVES, moved(at))


def run() -> None:
    with stack() as product:
        from voiceops.demo.agency import PASSWORD, PEOPLE

        where = agent_page(product)
        email, _ = next(person for role, person in PEOPLE.items() if role.value == "owner")
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{product.base_url}/accounts/login/?next=/account/")
            page.fill("input[name=login]", email)
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/accounts/login" not in url)
            page.goto(where)
            page.locator(".react-flow__node").first.wait_for()
            for one in interactions(browser, page):
                print(one, flush=True)


if __name__ == "__main__":
    run()
