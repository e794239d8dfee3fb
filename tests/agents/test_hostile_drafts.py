"""Hostile drafts, saved by page and by program: refused in words, or kept with what is wrong; never a lost draft."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent
from tests.agents.conftest import browser
from tests.agents.flow.scripts import as_posted, script
from tests.agents.test_api import program
from tests.world import World

pytestmark = pytest.mark.db


def put(agency: World, agent: Agent, body: str) -> Any:
    where = f"/api/v1/agents/{agent.pk}/draft/"
    return program(agency.bob).put(where, body, content_type="application/json")


def sent(agent: Agent, draft: object) -> str:
    return json.dumps({"revision": agent.draft_revision, "draft": draft})


@pytest.mark.parametrize(
    "draft",
    [
        "[" * 60 + "]" * 60,
        "[" * 100_000 + "]" * 100_000,
        '{"flow":' * 5_000 + "1" + "}" * 5_000,
        '{"flow": {"greeting": "a\\u0000b"}}',
        '{"flow": {"greeting": "\\ud800"}}',
        json.dumps(script(prompt="a" * 2_000_000)),
        json.dumps(script(*[{"id": f"n{i}", "type": "say", "text": "x", "next": "bye"} for i in range(10_000)])),
        "[1, 2]",
        "NaN",
    ],
    ids=[
        "nested",
        "nested without end",
        "objects without end",
        "nul",
        "half a letter",
        "two megabytes",
        "ten thousand steps",
        "list",
        "nan",
    ],
)
def test_what_cannot_be_kept_is_refused_in_words_and_the_draft_stays(
    front_desk: Agent, agency: World, draft: str
) -> None:
    before = front_desk.draft
    answer = put(agency, front_desk, f'{{"revision": {front_desk.draft_revision}, "draft": {draft}}}')
    assert 400 <= answer.status_code < 500
    assert len(answer.json()["error"]["message"]) > 10
    front_desk.refresh_from_db()
    assert front_desk.draft == before


@pytest.mark.parametrize(
    "draft",
    [
        script({"id": "a", "type": "say", "text": "A", "next": "a"}),
        script(greeting="{{ {{x}} }} {{__class__}} {{x|{{y}}}} {% load x %} <script>alert(1)</script>"),
        {"flow": {"nodes": [{"type": "branch", "cases": [{"when": "().__class__.__bases__", "goto": "x"}]}]}},
        {"flow": {"nodes": "many"}, "layout": 3, "unknown": {"deep": [1]}},
    ],
    ids=["circle", "braces", "python", "nonsense"],
)
def test_what_makes_no_sense_is_kept_and_shown_with_its_problems(
    front_desk: Agent, agency: World, draft: dict[str, Any]
) -> None:
    answer = put(agency, front_desk, sent(front_desk, draft))
    assert answer.status_code == 200, answer.content[:300]
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["nodes"][:3] == draft["flow"]["nodes"][:3] or "start" in front_desk.draft["flow"]
    page = browser(agency.bob)
    for view in ("agent", "compare_versions", "publish_agent", "agent_canvas"):
        shown = page.get(reverse(view, args=[front_desk.pk]))
        assert shown.status_code == 200
        assert b"<script>alert(1)" not in shown.content
    assert page.get(reverse("canvas_data", args=[front_desk.pk])).json()["problems"]


def test_a_step_of_no_known_kind_is_shown_and_stays_until_somebody_removes_it(front_desk: Agent, agency: World) -> None:
    strange = {"id": "strange", "type": "telepathy", "depth": 3}
    Agent.objects.filter(pk=front_desk.pk).update(draft=script(strange, 7))  # type: ignore[arg-type]
    front_desk.refresh_from_db()
    page, where = browser(agency.bob), reverse("agent", args=[front_desk.pk])
    shown = page.get(f"{reverse('agent_step', args=[front_desk.pk, 0])}?id=strange")
    assert "no kind of step that is known" in shown.content.decode()
    assert page.get(f"{where}?open=0,1").status_code == 200
    posted = dict(as_posted(front_desk.draft)) | {"flow.greeting": "Hey.", "flow.nodes.0.title": "Odd"}
    posted["revision"] = str(front_desk.draft_revision)
    assert page.post(where, posted, headers={"accept": "application/json"}).json()["renamed"] == {"strange": "odd"}
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["nodes"][:2] == [{**strange, "id": "odd"}, 7]
    assert (front_desk.draft["flow"]["greeting"], front_desk.draft["flow"]["start"]) == ("Hey.", "odd")


def test_a_form_with_a_nul_or_a_flood_of_fields_loses_nothing(front_desk: Agent, agency: World) -> None:
    where, page = reverse("agent", args=[front_desk.pk]), browser(agency.bob)
    posted = dict(as_posted(front_desk.draft, [])) | {"revision": str(front_desk.draft_revision)}
    answer = page.post(where, posted | {"flow.greeting": "Hel\0lo"}, headers={"accept": "application/json"})
    assert answer.status_code == 200, answer.content[:300]
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Hello"
    before = front_desk.draft
    flood = {f"flow.intents.{number}.name": "x" for number in range(20_000)}
    answer = page.post(where, posted | flood, headers={"accept": "application/json"})
    assert 400 <= answer.status_code < 500
    front_desk.refresh_from_db()
    assert front_desk.draft == before
