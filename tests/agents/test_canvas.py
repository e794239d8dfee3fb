"""The canvas's endpoints: who may, what is kept, what is refused in words, and two people at one draft."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django_tenants.utils import schema_context

from agents.canvas.declarations import declarations
from agents.content import LARGEST_DRAFT, read
from agents.models import Agent
from media_worker.contract.flow import KINDS
from tenants.people.models import Role, User
from tests.agents.conftest import browser
from tests.world import PASSWORD, RIVAL_HOST, World

pytestmark = pytest.mark.db
POSTS = ("save_canvas", "check_canvas", "compare_canvas", "check_expression")


def post(page: Browser, view: str, agent: Agent, body: object, status: int = 200) -> dict[str, Any]:
    answer = page.post(reverse(view, args=[agent.pk]), json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content[:400]
    return dict(answer.json())


def data(page: Browser, agent: Agent) -> dict[str, Any]:
    return dict(page.get(reverse("canvas_data", args=[agent.pk])).json())


def drawn(agent: Agent, **more: object) -> dict[str, Any]:
    agent.refresh_from_db()
    return {"flow": agent.draft["flow"], "layout": {}, "revision": agent.draft_revision, **more}


def test_a_stranger_and_a_client_find_nothing_here(front_desk: Agent, agency: World) -> None:
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    for page in (browser(agency.dana), charlie):
        for view in ("agent_canvas", "canvas_data"):
            assert page.get(reverse(view, args=[front_desk.pk])).status_code == 404
        for view in POSTS:
            answer = page.post(reverse(view, args=[front_desk.pk]), "{}", content_type="application/json")
            assert answer.status_code == 404
    assert browser(None).get(reverse("canvas_data", args=[front_desk.pk])).status_code == 302


def test_an_analyst_looks_and_changes_nothing(front_desk: Agent, agency: World) -> None:
    analyst = User.objects.create_user("ann@alice.example", PASSWORD, name="Ann", role=Role.ANALYST)
    page = browser(analyst)
    assert page.get(reverse("agent_canvas", args=[front_desk.pk])).status_code == 200
    assert data(page, front_desk)["may_build"] is False
    for view in POSTS:
        assert page.post(reverse(view, args=[front_desk.pk]), "{}", content_type="application/json").status_code == 404


def test_every_kind_is_declared_with_fields_and_ways_out_that_its_steps_have() -> None:
    told = declarations()
    assert [kind["type"] for kind in told["kinds"]] == list(KINDS)
    assert json.loads(json.dumps(told)) == json.loads(json.dumps(told, allow_nan=False))
    for kind in told["kinds"]:
        fields = {field["name"]: field for field in kind["fields"]}
        assert set(fields) | {"id", "type"} == set(KINDS[kind["type"]].model_fields)
        led = {(way["field"], way["row"]) for way in kind["ways"]}
        named = {(name, "") for name, field in fields.items() if field["widget"] == "node"}
        rows = {
            (name, row["name"])
            for name, field in fields.items()
            for row in field.get("fields", ())
            if row["widget"] == "node"
        }
        assert led == named | rows, kind["type"]
    menu = next(kind for kind in told["kinds"] if kind["type"] == "menu")
    assert menu["ways"][0]["parts"] == ("digit", "name")
    start = {(way["field"], way["row"]) for way in told["start"]["ways"]}
    assert start == {("start", ""), ("intents", "goto")}


def test_a_new_step_of_every_kind_is_a_problem_at_its_fields_and_never_unreadable(front_desk: Agent) -> None:
    document = {**front_desk.draft}
    for kind in declarations()["kinds"]:
        step = {"id": "new_one", "type": kind["type"], **{field["name"]: field["fresh"] for field in kind["fields"]}}
        document["flow"] = {**front_desk.draft["flow"], "nodes": [*front_desk.draft["flow"]["nodes"], step]}
        for problem in read(document).blocking:
            assert "cannot be read" not in problem.sentence, (kind["type"], problem)


def test_the_flow_and_where_its_steps_stand_are_kept_and_the_rest_stays(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    sent = drawn(front_desk, layout={"start": [0, 0], "booking": [300.5, -20]})
    sent["flow"] = {**sent["flow"], "greeting": "Hello from the canvas."}
    before = front_desk.draft["models"], front_desk.draft["turns"]
    answer = post(page, "save_canvas", front_desk, sent)
    front_desk.refresh_from_db()
    assert answer["revision"] == front_desk.draft_revision == sent["revision"] + 1
    assert "Unpublished changes" in answer["badge"]
    assert front_desk.draft["flow"]["greeting"] == "Hello from the canvas."
    assert front_desk.draft["layout"] == {"start": [0.0, 0.0], "booking": [300.5, -20.0]}
    assert (front_desk.draft["models"], front_desk.draft["turns"]) == before
    assert data(page, front_desk)["draft"]["layout"] == front_desk.draft["layout"]


def test_moving_a_step_is_no_change_for_callers(front_desk: Agent, agency: World) -> None:
    answer = post(browser(agency.bob), "save_canvas", front_desk, drawn(front_desk, layout={"start": [5, 5]}))
    assert "Unpublished changes" not in answer["badge"]


def test_rules_of_the_routing_follow_a_renamed_step(front_desk: Agent, agency: World) -> None:
    front_desk.draft["routing"]["rules"] = [{"tier": "small", "nodes": ["booking"]}]
    front_desk.save()
    sent = drawn(front_desk, renamed={"booking": "make_a_date"})
    sent["flow"] = json.loads(json.dumps(sent["flow"]).replace('"booking"', '"make_a_date"'))
    post(browser(agency.bob), "save_canvas", front_desk, sent)
    front_desk.refresh_from_db()
    assert front_desk.draft["routing"]["rules"][0]["nodes"] == ["make_a_date"]
    assert read(front_desk.draft).blocking == ()


def test_a_draft_that_makes_no_sense_is_kept_and_its_problems_have_places(front_desk: Agent, agency: World) -> None:
    sent = drawn(front_desk)
    sent["flow"] = {**sent["flow"], "nodes": [*sent["flow"]["nodes"], {"id": "odd", "type": "say"}, 3]}
    answer = post(browser(agency.bob), "save_canvas", front_desk, sent)
    front_desk.refresh_from_db()
    number = len(front_desk.draft["flow"]["nodes"])
    assert front_desk.draft["flow"]["nodes"][-1] == 3
    assert ["flow", "nodes", number - 2, "text"] in [problem["path"] for problem in answer["problems"]]
    for draft in ({}, {"flow": {"nodes": "x"}}, {"flow": 3, "layout": []}):
        Agent.objects.filter(pk=front_desk.pk).update(draft=draft)
        told = data(browser(agency.bob), front_desk)
        assert told["problems"]
        assert told["draft"]["flow"] == draft.get("flow")


def test_who_was_slower_hears_who_was_faster_and_what_changed(front_desk: Agent, agency: World) -> None:
    begun = drawn(front_desk)
    theirs = {**begun, "flow": {**begun["flow"], "greeting": "Bob was here."}, "page": "bobs"}
    post(browser(agency.bob), "save_canvas", front_desk, theirs)
    alice = browser(agency.alice)
    mine = {**begun, "flow": {**begun["flow"], "greeting": "Alice was here."}, "page": "alices"}
    refused = post(alice, "save_canvas", front_desk, mine, status=409)
    assert "Somebody else changed this draft" in refused["error"]
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Bob was here."
    told = post(alice, "compare_canvas", front_desk, begun)
    assert told["who"] == "Bob Baker"
    assert [change.lower().rsplit(", ", 1)[-1] for change in told["changes"]] == ["greeting"]
    assert told["draft"]["flow"]["greeting"] == "Bob was here."
    post(alice, "save_canvas", front_desk, {**mine, "force": told["revision"]})
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Alice was here."


def test_a_page_whose_last_answer_was_lost_is_no_stranger_to_itself(front_desk: Agent, agency: World) -> None:
    page, sent = browser(agency.bob), drawn(front_desk, page="bobs")
    post(page, "save_canvas", front_desk, {**sent, "flow": {**sent["flow"], "greeting": "One."}})
    post(page, "save_canvas", front_desk, {**sent, "flow": {**sent["flow"], "greeting": "Two."}})
    front_desk.refresh_from_db()
    assert front_desk.draft["flow"]["greeting"] == "Two."


def test_ten_thousand_steps_are_refused_in_words(front_desk: Agent, agency: World) -> None:
    sent = drawn(front_desk)
    steps = [{"id": f"step_{number}", "type": "end"} for number in range(10_000)]
    before = front_desk.draft
    for view in ("save_canvas", "check_canvas"):
        answer = post(browser(agency.bob), view, front_desk, {**sent, "flow": {**sent["flow"], "nodes": steps}}, 422)
        assert "10,000 steps" in answer["error"]
        assert "at most 500" in answer["error"]
    front_desk.refresh_from_db()
    assert front_desk.draft == before


@pytest.mark.parametrize("size", [LARGEST_DRAFT + 1, 2_000_000, 4_000_000])
def test_a_prompt_of_megabytes_is_refused_in_words(front_desk: Agent, agency: World, size: int) -> None:
    sent = drawn(front_desk)
    answer = post(
        browser(agency.bob), "save_canvas", front_desk, {**sent, "flow": {**sent["flow"], "prompt": "a" * size}}, 422
    )
    assert "too large" in answer["error"]
    assert "million" in answer["error"]


def test_what_is_no_json_is_refused_in_words(front_desk: Agent, agency: World) -> None:
    where = reverse("save_canvas", args=[front_desk.pk])
    for body in (b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[1]"):
        answer = browser(agency.bob).post(where, body, content_type="application/json")
        assert answer.status_code in (409, 422), body[:20]
        assert answer.json()["error"]


def test_an_expression_is_read_while_it_is_typed(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    assert post(page, "check_expression", front_desk, {"text": 'day == "monday" and guests > 4'})["error"] == ""
    assert post(page, "check_expression", front_desk, {"text": "day == "})["error"]
    assert "too long" in post(page, "check_expression", front_desk, {"text": "a" * 2_000})["error"]
    assert post(page, "check_expression", front_desk, {"text": "__import__('os')"})["error"]


def test_the_tab_leads_to_the_view_that_was_looked_at_last(front_desk: Agent, agency: World) -> None:
    page = browser(agency.bob)
    canvas, outline, voice = (reverse(name, args=[front_desk.pk]) for name in ("agent_canvas", "agent", "agent_voice"))
    assert f'<a href="{canvas}">Flow</a>' in page.get(voice).content.decode()
    page.get(outline)
    assert f'<a href="{outline}">Flow</a>' in page.get(voice).content.decode()
    page.get(canvas)
    assert f'<a href="{canvas}">Flow</a>' in page.get(voice).content.decode()
