"""The try panel, the tab Tests and the publish dialog, as people and programs use them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django_tenants.utils import schema_context

from agents.models import Agent, AgentTest, TestRun
from agents.simulate import actions, run
from agents.simulate.shape import Scenario
from tenants.audit.models import AuditEvent
from tenants.people.models import Role, User
from tests.agents.conftest import browser
from tests.agents.simulate.conftest import Media
from tests.world import PASSWORD, RIVAL_HOST, World

pytestmark = pytest.mark.db

BOOKING = Scenario.model_validate(
    {
        "steps": [{"does": "says", "text": "I would like to book an appointment"}, {"does": "says", "text": "three"}],
        "expects": [{"kind": "outcome", "outcome": "booked"}],
    }
)


@pytest.fixture
def booking(clinic: Agent, agency: World) -> AgentTest:
    return actions.save(agency.alice, clinic, "Books for three", BOOKING)


def send(page: Browser, agent: Agent, **body: Any) -> Any:
    return page.post(reverse("try_agent", args=[agent.pk]), json.dumps(body), content_type="application/json")


def run_now(agent: Agent) -> None:
    """What the job would do."""
    for made in TestRun.objects.filter(agent=agent, status="queued"):
        run.execute(made.pk)


# ── trying ───────────────────────────────────────────────────────────────────────────────────────


def test_bob_talks_to_the_draft_turn_by_turn_and_goes_back(media: Media, clinic: Agent, agency: World) -> None:
    bob = browser(agency.bob)
    opening = send(bob, clinic, does="opens").json()
    assert opening["exchange"]["reply"].startswith("Hello, this is the clinic.")
    assert opening["revision"] == clinic.draft_revision
    asked = send(
        bob, clinic, does="says", text="I would like to book an appointment", resume=opening["snapshot"]
    ).json()
    assert asked["exchange"]["nodes"] == ["book"]
    three = send(bob, clinic, does="says", text="three", resume=asked["snapshot"]).json()["exchange"]
    seven = send(bob, clinic, does="says", text="seven", resume=asked["snapshot"]).json()["exchange"]
    assert (three["outcome"], seven["outcome"]) == ("booked", "callback")
    assert three["changed"] == {"guests": 3}


def test_variables_and_clock_may_be_chosen(media: Media, clinic: Agent, agency: World) -> None:
    clinic.draft["flow"]["greeting"] = "Hello {{name}}."
    clinic.save()
    said = send(browser(agency.bob), clinic, does="opens", variables={"name": "Peter"}, now="2026-01-02T09:30").json()
    assert said["exchange"]["reply"].startswith("Hello Peter.")


def test_what_keeps_the_draft_from_answering_is_said(media: Media, clinic: Agent, agency: World) -> None:
    clinic.draft["flow"]["start"] = "nowhere"
    clinic.save()
    answer = send(browser(agency.bob), clinic, does="opens")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("The draft cannot answer yet. ")


@pytest.mark.parametrize(
    "body",
    [{}, {"does": "sings"}, {"does": "says", "text": "x" * 2000}, {"does": "opens", "resume": {"turn": -1}}],
)
def test_what_makes_no_sense_is_refused(clinic: Agent, agency: World, body: dict[str, Any]) -> None:
    assert send(browser(agency.bob), clinic, **body).status_code == 422


def test_the_panel_is_told_what_may_be_chosen(clinic: Agent, agency: World) -> None:
    clinic.draft["flow"]["variables"] = [{"name": "name", "about": "Who is called"}]
    clinic.draft["flow"]["nodes"][0]["tools"] = ["calendar"]
    clinic.save()
    offered = browser(agency.bob).get(reverse("try_agent", args=[clinic.pk])).json()
    assert [variable["name"] for variable in offered["variables"]] == ["name"]
    assert offered["tools"] == [{"name": "calendar", "label": "calendar", "mocked": False}]
    assert offered["steps"]["talk"] == "talk"


def test_a_conversation_becomes_a_test_in_one_click(media: Media, clinic: Agent, agency: World) -> None:
    bob = browser(agency.bob)
    turns: list[dict[str, Any]] = [send(bob, clinic, does="opens").json()]
    for text in ("I would like to book an appointment", "three"):
        turns.append(send(bob, clinic, does="says", text=text, resume=turns[-1]["snapshot"]).json())
    where = reverse("keep_as_test", args=[clinic.pk])
    body = json.dumps({"conversation": [turn["exchange"] for turn in turns], "variables": {"name": "Peter"}})
    kept = bob.post(where, body, content_type="application/json")
    assert kept.status_code == 201
    assert kept.json()["name"] == "I would like to book an appointment → booked"
    test = clinic.tests.get()
    scenario = Scenario.model_validate(test.scenario)
    assert [one.kind for one in scenario.steps[0].expects] == ["reached"]
    assert [one.kind for one in scenario.steps[1].expects] == ["reached", "variable"]
    assert scenario.expects[0].kind == "outcome"
    assert scenario.variables == {"name": "Peter"}
    made = run.start(None, clinic, [test])
    run.execute(made.pk)
    assert made.results.get().status == "passed"
    again = bob.post(where, body, content_type="application/json").json()["name"]
    assert again == "I would like to book an appointment → booked 2"


def test_an_operator_talks_to_what_is_published(media: Media, clinic: Agent, agency: World) -> None:
    olga = User.objects.create_user("olga@alice.example", PASSWORD, name="Olga", role=Role.OPERATOR)
    said = send(browser(olga), clinic, does="opens").json()["exchange"]["reply"]
    assert not said.startswith("Hello, this is the clinic.")
    assert send(browser(olga), clinic, does="opens", real=True).status_code == 404
    kept = browser(olga).post(reverse("keep_as_test", args=[clinic.pk]), "{}", content_type="application/json")
    assert kept.status_code == 404


# ── the tab ──────────────────────────────────────────────────────────────────────────────────────


def test_the_tab_teaches_and_then_lists(media: Media, clinic: Agent, agency: World) -> None:
    bob = browser(agency.bob)
    where = reverse("agent_tests", args=[clinic.pk])
    assert "has to go well" in bob.get(where).content.decode()
    actions.save(agency.alice, clinic, "Books for three", BOOKING)
    assert "Not run yet" in bob.get(where).content.decode()
    running = bob.post(reverse("run_agent_tests", args=[clinic.pk]), headers={"hx-request": "true"}).content.decode()
    assert "hx-trigger" in running
    assert "0 of 1" in running
    run_now(clinic)
    listed = bob.get(where, headers={"hx-request": "true"}).content.decode()
    assert "Passed" in listed
    assert "hx-trigger" not in listed


FIELDS = {
    "name": "By hand",
    "opening.0.kind": "said",
    "opening.0.what": "clinic",
    "steps.0.does": "says",
    "steps.0.text": "I would like to book an appointment",
    "steps.0.expects.0.kind": "reached",
    "steps.0.expects.0.what": "book",
    "steps.1.does": "says",
    "steps.1.text": "three",
    "steps.1.expects.0.kind": "variable",
    "steps.1.expects.0.what": "guests",
    "steps.1.expects.0.value": "3",
    "steps.2.does": "presses",
    "steps.2.text": "1 2 #",
    "expects.0.kind": "ended",
    "expects.0.what": "yes",
    "mocks.0.tool": "calendar",
    "mocks.0.ok": "no",
    "mocks.0.text": "Busy",
    "mocks.0.variables": "free_at = three",
    "variables": "name = Peter\nage = 40",
    "now": "2026-11-20T10:00",
}


def test_a_test_is_written_by_hand_and_comes_back_as_it_was_typed(clinic: Agent, agency: World) -> None:
    bob = browser(agency.bob)
    saved = bob.post(reverse("new_agent_test", args=[clinic.pk]), FIELDS)
    assert saved.status_code == 302
    test = clinic.tests.get()
    scenario = Scenario.model_validate(test.scenario)
    assert scenario.variables == {"name": "Peter", "age": "40"}
    assert (scenario.mocks["calendar"].ok, scenario.mocks["calendar"].variables) == (False, {"free_at": "three"})
    shown = bob.get(saved["Location"]).content.decode()
    for said in ("three", "12#", "free_at = three", "2026-11-20T10:00", "name = Peter"):
        assert said in shown


def test_rows_come_and_go_without_saving(clinic: Agent, agency: World) -> None:
    bob, where = browser(agency.bob), reverse("new_agent_test", args=[clinic.pk])
    for button, expected in (
        ({"add": "steps"}, "steps.3.text"),
        ({"add": "steps.0.expects"}, "steps.0.expects.1.kind"),
        ({"add": "expects"}, "expects.1.kind"),
        ({"add": "mocks"}, "mocks.1.tool"),
    ):
        assert expected in bob.post(where, {**FIELDS, **button}).content.decode()
    assert "steps.2.text" not in bob.post(where, {**FIELDS, "remove": "steps.0"}).content.decode()
    for nonsense in ({"add": "steps.9.expects"}, {"remove": "steps.77"}, {"remove": "x"}, {"add": "y"}):
        assert bob.post(where, {**FIELDS, **nonsense}).status_code == 200
    assert not clinic.tests.exists()


def test_what_is_wrong_stands_beside_its_row_and_nothing_typed_is_lost(clinic: Agent, agency: World) -> None:
    wrong = {**FIELDS, "steps.0.expects.0.kind": "holds", "steps.0.expects.0.what": "guests >", "steps.2.text": "abc!"}
    answer = browser(agency.bob).post(reverse("new_agent_test", args=[clinic.pk]), wrong)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "Keys are 0 to 9" in shown
    assert "guests &gt;" in shown
    assert not clinic.tests.exists()


def test_a_step_that_is_gone_is_shown_as_gone_and_not_replaced(clinic: Agent, agency: World) -> None:
    scenario = Scenario.model_validate({"expects": [{"kind": "reached", "node": "cellar"}]})
    test = actions.save(agency.alice, clinic, "Cellar", scenario)
    shown = browser(agency.bob).get(reverse("agent_test", args=[clinic.pk, test.pk])).content.decode()
    assert "cellar (no such step)" in shown


def test_tests_are_copied_and_deleted(clinic: Agent, booking: AgentTest, agency: World) -> None:
    bob = browser(agency.bob)
    assert bob.post(reverse("duplicate_agent_test", args=[clinic.pk, booking.pk])).status_code == 302
    assert clinic.tests.count() == 2
    assert bob.post(reverse("delete_agent_test", args=[clinic.pk, booking.pk])).status_code == 302
    assert list(clinic.tests.values_list("name", flat=True)) == ["Books for three 2"]


# ── publishing ───────────────────────────────────────────────────────────────────────────────────


def publish(page: Browser, agent: Agent, **more: str) -> Any:
    return page.post(reverse("publish_agent", args=[agent.pk]), {"revision": agent.draft_revision, "notes": "", **more})


def test_the_dialog_runs_the_tests_first_and_then_lets_publish(
    media: Media, clinic: Agent, booking: AgentTest, agency: World
) -> None:
    bob = browser(agency.bob)
    dialog = bob.get(reverse("publish_agent", args=[clinic.pk]), headers={"hx-request": "true"}).content.decode()
    assert 'hx-trigger="load"' in dialog
    assert "Publish version" not in dialog
    tests = reverse("publish_tests", args=[clinic.pk])
    assert "0 of 1 done" in bob.post(tests).content.decode()
    assert publish(bob, clinic).status_code == 422
    run_now(clinic)
    ready = bob.get(tests).content.decode()
    assert "The test passes" in ready
    assert "Publish version 2" in ready
    assert publish(bob, clinic).status_code == 302
    clinic.refresh_from_db()
    assert clinic.published is not None
    assert clinic.published.number == 2


def test_a_failing_test_is_shown_with_its_conversation_and_publishing_needs_a_word(
    media: Media, clinic: Agent, booking: AgentTest, agency: World
) -> None:
    clinic.draft["flow"]["nodes"][4]["outcome"] = "done"
    clinic.save()
    bob = browser(agency.bob)
    tests = reverse("publish_tests", args=[clinic.pk])
    bob.post(tests)
    run_now(clinic)
    shown = bob.get(tests).content.decode()
    assert "1 of 1 test" in shown
    assert "For how many people?" in shown
    assert "It ended as “done”." in shown
    refused = publish(bob, clinic)
    assert refused.status_code == 422
    assert "1 of its tests fails" in refused.content.decode()
    assert publish(bob, clinic, anyway="1").status_code == 302
    event = AuditEvent.objects.filter(action="agent.published").latest("id")
    assert event.data == {"version": 2, "failing_tests": 1, "tests_not_run": 0}


def test_what_came_after_the_failing_step_is_left_out_of_the_dialog(media: Media, clinic: Agent, agency: World) -> None:
    wrong = Scenario.model_validate(
        {
            "steps": [
                {
                    "does": "says",
                    "text": "what are your opening hours",
                    "expects": [{"kind": "said", "text": "midnight"}],
                },
                {"does": "says", "text": "I would like to book an appointment"},
            ]
        }
    )
    actions.save(agency.alice, clinic, "Hours", wrong)
    bob = browser(agency.bob)
    tests = reverse("publish_tests", args=[clinic.pk])
    bob.post(tests)
    run_now(clinic)
    shown = bob.get(tests).content.decode()
    assert "It said “We open at nine.”." in shown
    assert "For how many people?" not in shown
    assert "1 more turn in the test" in shown


def test_without_tests_the_dialog_says_so_and_offers_one(clinic: Agent, agency: World) -> None:
    bob = browser(agency.bob)
    dialog = bob.get(reverse("publish_agent", args=[clinic.pk])).content.decode()
    assert "has no tests" in dialog
    assert reverse("new_agent_test", args=[clinic.pk]) in dialog
    assert publish(bob, clinic).status_code == 302


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


def test_clients_and_strangers_find_nothing(clinic: Agent, booking: AgentTest, agency: World) -> None:
    with schema_context("charlie"):
        charlie = browser(agency.charlie, RIVAL_HOST)
    dana = browser(agency.dana)
    of_agent = ("try_agent", "agent_tests", "new_agent_test", "publish_tests")
    of_test = ("agent_test",)
    posted = ("keep_as_test", "run_agent_tests")
    for person in (dana, charlie):
        for view in of_agent:
            assert person.get(reverse(view, args=[clinic.pk])).status_code == 404, view
        for view in of_test:
            assert person.get(reverse(view, args=[clinic.pk, booking.pk])).status_code == 404, view
        for view in posted:
            assert person.post(reverse(view, args=[clinic.pk])).status_code == 404, view
        for view in ("duplicate_agent_test", "delete_agent_test", "agent_test"):
            assert person.post(reverse(view, args=[clinic.pk, booking.pk])).status_code == 404, view
        assert send(person, clinic, does="opens").status_code == 404
    with schema_context("alice"):
        assert AgentTest.objects.filter(pk=booking.pk).exists()


def test_a_test_of_another_agent_is_not_this_ones(clinic: Agent, booking: AgentTest, agency: World) -> None:
    other = Agent.objects.create(client=agency.corner_garage, name="Garage", draft=clinic.draft)
    bob = browser(agency.bob)
    assert bob.get(reverse("agent_test", args=[other.pk, booking.pk])).status_code == 404
    assert bob.post(reverse("run_agent_tests", args=[other.pk]), {"test": str(booking.pk)}).status_code == 404
