"""Tests of an agent run against its draft, and say in words what is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, AgentTest, TestResult, TestRun
from agents.simulate import actions, run
from agents.simulate.gate import standing
from agents.simulate.shape import Scenario
from tests.agents.simulate.conftest import Media
from tests.world import World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db


def scenario(*steps: dict[str, Any], **more: Any) -> Scenario:
    return Scenario.model_validate({"steps": steps, **more})


def says(text: str, *expects: dict[str, Any]) -> dict[str, Any]:
    return {"does": "says", "text": text, "expects": expects}


BOOKING = scenario(
    says(
        "I would like to book an appointment", {"kind": "reached", "node": "book"}, {"kind": "said", "text": "how many"}
    ),
    says("three", {"kind": "variable", "name": "guests", "value": "3"}),
    opening=[{"kind": "said", "text": "this is the CLINIC"}, {"kind": "not_said", "text": "robot"}],
    expects=[
        {"kind": "outcome", "outcome": "booked"},
        {"kind": "reached", "node": "book"},
        {"kind": "holds", "expression": "guests < 4"},
        {"kind": "ended"},
    ],
)


@pytest.fixture
def booking(clinic: Agent, agency: World) -> AgentTest:
    return actions.save(agency.alice, clinic, "Books for three", BOOKING)


def ran(agent: Agent, *tests: AgentTest) -> list[TestResult]:
    """What came of them, in a job of this process."""
    made = run.start(None, agent, tests)
    run.execute(made.pk)
    made.refresh_from_db()
    assert made.status == TestRun.Status.DONE, made.problem
    return list(made.results.all())


def test_a_test_passes_when_all_happens_as_it_says(media: Media, clinic: Agent, booking: AgentTest) -> None:
    (result,) = ran(clinic, booking)
    assert (result.status, result.problem) == ("passed", "")
    assert len(result.findings) == len(list(BOOKING.expected()))
    assert [turn["text"] for turn in result.conversation] == ["", "I would like to book an appointment", "three"]


def test_what_fails_is_said_in_words_at_its_place(media: Media, clinic: Agent, agency: World) -> None:
    wrong = scenario(
        says("I would like to book an appointment", {"kind": "said", "text": "pizza"}),
        says("seven", {"kind": "variable", "name": "guests", "value": 3}),
        says("hello", {"kind": "ended"}),
        expects=[{"kind": "outcome", "outcome": "booked"}, {"kind": "used", "tool": "calendar"}],
    )
    (result,) = ran(clinic, actions.save(agency.alice, clinic, "Wrong", wrong))
    assert result.status == "failed"
    assert [(one["place"], one["expected"], one["found"]) for one in result.findings if not one["ok"]] == [
        (1, "It says “pizza”", "It said “For how many people?”."),
        (2, "“guests” is “3”", "It is “7”."),
        (3, "The caller says “hello”", "The agent had hung up before that."),
        (-1, "The call ends as “booked”", "It ended as “callback”."),
        (-1, "It uses “calendar”", "It used no tool."),
    ]


def test_several_tests_run_beside_each_other(media: Media, clinic: Agent, agency: World) -> None:
    tests = [actions.save(agency.alice, clinic, f"Test {number}", BOOKING) for number in range(6)]
    assert [result.status for result in ran(clinic, *tests)] == ["passed"] * 6


def test_a_run_tests_the_draft_that_is_there_when_it_runs(media: Media, clinic: Agent, booking: AgentTest) -> None:
    made = run.start(None, clinic, [booking])
    clinic.draft["flow"]["nodes"][4]["outcome"] = "done"
    clinic.draft_revision += 1
    clinic.save()
    run.execute(made.pk)
    made.refresh_from_db()
    assert made.revision == clinic.draft_revision
    assert made.results.get().status == "failed"


def test_a_job_delivered_twice_runs_nothing_twice(media: Media, clinic: Agent, booking: AgentTest) -> None:
    made = run.start(None, clinic, [booking])
    run.execute(made.pk)
    before = made.results.get()
    run.execute(made.pk)
    assert made.results.get().finished_at == before.finished_at


def test_a_run_that_a_crash_left_open_is_taken_up_again(media: Media, clinic: Agent, booking: AgentTest) -> None:
    made = run.start(None, clinic, [booking])
    TestRun.objects.filter(pk=made.pk).update(status="running", beat_at=timezone.now() - timedelta(hours=1))
    run.execute(made.pk)
    assert made.results.get().status == "passed"


def test_a_run_that_nobody_takes_up_is_broken_off_and_not_running(clinic: Agent, booking: AgentTest) -> None:
    made = run.start(None, clinic, [booking])
    TestRun.objects.filter(pk=made.pk).update(status="running", beat_at=timezone.now() - timedelta(minutes=3))
    assert standing(clinic).running is None
    made.refresh_from_db()
    assert (made.status, made.results.get().status) == ("broken", "not_run")


def test_a_draft_that_cannot_answer_breaks_the_run_off_in_words(
    media: Media, clinic: Agent, booking: AgentTest
) -> None:
    clinic.draft["flow"]["start"] = "nowhere"
    clinic.save()
    made = run.start(None, clinic, [booking])
    run.execute(made.pk)
    made.refresh_from_db()
    assert made.status == "broken"
    assert made.problem


def test_a_version_is_tested_as_it_was_published(media: Media, clinic: Agent, booking: AgentTest) -> None:
    made = run.start(None, clinic, [booking], version=clinic.published)
    run.execute(made.pk)
    made.refresh_from_db()
    assert (made.status, made.revision) == ("done", 0)
    assert made.results.get().status == "failed"
    assert standing(clinic).unknown == [booking]


def test_nothing_to_run_is_refused(clinic: Agent) -> None:
    with pytest.raises(InvalidInput):
        run.start(None, clinic, [])


def test_results_count_for_the_draft_and_the_test_they_are_of(
    media: Media, clinic: Agent, booking: AgentTest, agency: World
) -> None:
    assert standing(clinic).unknown == [booking]
    ran(clinic, booking)
    assert standing(clinic).passing
    clinic.draft["layout"] = {"talk": [10, 20]}
    assert standing(clinic).passing, "moving a step changes nothing for callers"
    clinic.draft["flow"]["greeting"] = "Hi, this is the clinic."
    assert standing(clinic).unknown == [booking]
    clinic.refresh_from_db()
    actions.save(agency.alice, clinic, booking.name, scenario(says("goodbye")), booking)
    assert [test.pk for test in standing(clinic).unknown] == [booking.pk]


def test_names_are_one_of_a_kind(clinic: Agent, booking: AgentTest, agency: World) -> None:
    with pytest.raises(InvalidInput) as refused:
        actions.save(agency.alice, clinic, "books FOR three", BOOKING)
    assert refused.value.field == "name"
    assert actions.duplicate(agency.alice, booking).name == "Books for three 2"


def test_old_runs_go_but_the_last_word_on_each_test_stays(
    media: Media, clinic: Agent, booking: AgentTest, agency: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.simulate.run.KEPT_RUNS", 2)
    ran(clinic, booking)
    other = actions.save(agency.alice, clinic, "Goodbye", scenario(says("goodbye")))
    for _ in range(4):
        ran(clinic, other)
    assert clinic.test_runs.count() == 3
    assert standing(clinic).of(booking) is not None
