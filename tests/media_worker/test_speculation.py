"""A reply begun before the turn is decided: kept when it answers what was said, dropped unheard when it does not."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.pipeline.speculation import same_words
from media_worker.solo import Caller
from tests.media_worker.conftest import calling, clip, spec
from tests.media_worker.fakes import Answer, Line, Vendors

pytestmark = pytest.mark.unit

ASK = "slt_what_are_your_opening_hours"
PATIENT = {"speech_timeout": 1.2}


def asked(vendors: Vendors) -> list[list[str]]:
    """What the caller had said by each request to the model, as the model was told."""
    mind = vendors.built[0].llm
    return [[m["content"] for m in context.get_messages() if m["role"] == "user"] for context in mind.contexts]


def model_spans(caller: Caller) -> list[told.Span]:
    return [span for span in caller.of(told.Span) if span.stage == "llm"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What are your hours?", "what are your hours", True),
        ("It's  five—o'clock", "it s five o clock", True),
        ("What are your hours?", "What were your hours?", False),
        ("", "", True),
    ],
)
def test_transcripts_are_compared_by_their_words(one, other, same):
    assert same_words(one, other) is same


async def test_an_answer_is_written_while_the_turn_is_undecided_and_spoken_when_it_is(workers):
    vendors = Vendors(["What are your opening hours?"], [Answer(["From nine to five. ", "Come by."], delay=0.5)])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns=PATIENT)) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK))
        answer = await caller.until_heard(1)
        events = [event.body for event in caller.events]
        await caller.until(lambda: model_spans(caller))
    assert answer.text == "From nine to five. Come by."
    assert asked(vendors) == [["What are your opening hours?"]]
    latency = next(body for body in caller.of(told.Latency) if body.turn == 1)
    assert latency.llm_start_ms < latency.llm_first_ms < latency.turn_end_ms
    assert latency.turn_end_ms <= latency.tts_first_ms < latency.turn_end_ms + 400
    turn = next(at for at, body in enumerate(events) if isinstance(body, told.UserTurn))
    assert all(body.turn == 0 for body in events[:turn] if isinstance(body, (told.AgentTurn, told.Latency)))
    assert [(m.role, m.text) for m in caller.snapshots[-1].messages][-2:] == [
        ("user", "What are your opening hours?"),
        ("assistant", answer.text),
    ]
    assert [span.kept for span in model_spans(caller)] == [True]


async def test_an_answer_to_words_that_were_heard_wrongly_is_never_spoken(workers):
    line = Line("what are your open hours", "what are your opening hours", later=0.5)
    vendors = Vendors([line], [Answer(["The doors are open. ", "Really."]), Answer(["From nine to five."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns=PATIENT)) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK))
        answer = await caller.until_heard(1)
        await caller.until(lambda: len(model_spans(caller)) == 2)
    assert answer.text == "From nine to five."
    assert asked(vendors) == [["what are your open hours"], ["what are your opening hours"]]
    assert [body.text for body in caller.of(told.AgentTurn) if body.turn] == ["From nine to five."]
    assert sorted(span.kept for span in model_spans(caller)) == [False, True]
    assert not caller.of(told.Interrupted)
    assert vendors.built[0].tts.said[-2:] == ["The doors are open.", "From nine to five."]


async def test_a_caller_who_goes_on_is_answered_as_a_whole(workers):
    vendors = Vendors(["what are", "your opening hours"], [Answer(["What are what?"]), Answer(["From nine to five."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns={"speech_timeout": 2.5})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_yes") + b"\0" * 8000 + clip(ASK))
        answer = await caller.until_heard(1)
    assert answer.text == "From nine to five."
    assert asked(vendors) == [["what are"], ["what are your opening hours"]]
    assert [body.text for body in caller.of(told.UserTurn)] == ["what are your opening hours"]


async def test_no_tool_runs_before_the_decision(workers):
    goodbye = Answer(tools=[("end_call", {"outcome": "answered"})])
    vendors = Vendors(["that was all", "wait a moment"], [goodbye, Answer(["I am here."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns={"speech_timeout": 2.5})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_goodbye") + b"\0" * 8000 + clip(ASK))
        answer = await caller.until_heard(1)
        assert not caller.over.is_set()
    assert answer.text == "I am here."
    assert not [span for span in caller.of(told.Span) if span.stage == "tool"]


async def test_a_tool_of_an_answer_that_is_kept_runs_after_the_decision(workers):
    vendors = Vendors(["that was all"], [Answer(tools=[("end_call", {"outcome": "answered"})])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns=PATIENT)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_goodbye"))
        await caller.until(caller.over.is_set)
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.outcome) == ("agent_hangup", "answered")
    tool = next(span for span in caller.of(told.Span) if span.stage == "tool")
    decided = next(span for span in caller.of(told.Span) if span.stage == "turn")
    assert tool.started_ms >= decided.ended_ms
    assert len(vendors.built[0].llm.contexts) == 1


async def test_a_model_that_fails_early_is_covered_when_the_turn_is_decided(workers):
    vendors = Vendors(["what are your opening hours"], [Answer(error="boom"), Answer(["From nine to five."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns=PATIENT)) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK))
        answer = await caller.until_heard(1)
    assert answer.text == "From nine to five."
    assert [fallback.step for fallback in caller.of(told.Fallback)] == ["vendor_error"]


async def test_a_failure_over_words_that_were_not_all_is_nobodys(workers):
    vendors = Vendors(["what are", "your opening hours"], [Answer(error="boom"), Answer(["From nine to five."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns={"speech_timeout": 2.5})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_yes") + b"\0" * 8000 + clip(ASK))
        answer = await caller.until_heard(1)
    assert answer.text == "From nine to five."
    assert not caller.of(told.Fallback)


async def test_nothing_is_begun_early_where_that_is_switched_off(workers):
    vendors = Vendors(["what are your opening hours"], [Answer(["From nine to five."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True, turns=PATIENT | {"speculate": False})) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK))
        await caller.until_heard(1)
    latency = next(body for body in caller.of(told.Latency) if body.turn == 1)
    assert latency.llm_start_ms >= latency.turn_end_ms


async def test_the_end_of_the_longest_call_is_said_although_an_answer_was_being_written(workers):
    vendors = Vendors(["what are your opening hours"], [Answer(["From nine to five."])])
    worker = await workers(vendors)
    call = spec(llm=True, turns={"speech_timeout": 5.0}, limits={"max_duration": 10})
    async with calling(worker, call, elapsed_ms=4_500) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK))
        await caller.until(caller.over.is_set, 20)
    assert caller.finished is not None
    assert caller.finished.reason == "max_duration"
    assert caller.transcript()[-1][1].endswith("Goodbye.")
    assert ("agent", "From nine to five.") not in caller.transcript()
