"""Whatever a language model does, the caller hears something."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import Fallbacks
from media_worker.pipeline.brain import AGAIN
from tests.media_worker.conftest import HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit

HURRY = {"next_model_after": 0.5}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.thinking.BETWEEN_TOKENS", 0.3)


def answers(caller, turn: int) -> list[str]:
    return [body.text for body in caller.of(told.AgentTurn) if body.turn == turn]


async def test_an_llm_answers_sentence_by_sentence(workers):
    vendors = Vendors(["tell me a story"], [Answer(["Once upon ", "a time. There was", " a clinic."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        answer = await caller.until_heard(1)
    assert answer.text == "Once upon a time. There was a clinic."
    assert vendors.built[0].tts.said[-2:] == ["Once upon a time.", "There was a clinic."]
    latency = next(body for body in caller.of(told.Latency) if body.turn == 1)
    stages = (latency.speech_end_ms, latency.llm_start_ms, latency.llm_first_ms, latency.tts_first_ms)
    assert all(stage is not None for stage in (*stages, latency.turn_end_ms, latency.tts_start_ms))
    assert list(stages) == sorted(stages)
    mind = vendors.built[0].llm
    assert [message["role"] for message in mind.contexts[0].get_messages()] == ["assistant", "user"]
    assert "You are on the phone" in mind.prompts[0]


async def test_a_tool_ends_the_call_with_the_flows_goodbye(workers):
    worker = await workers(Vendors(["that was all"], [Answer(tools=[("end_call", {"outcome": "answered"})])]))
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(caller.over.is_set)
    assert answers(caller, 1) == ["Thank you for calling. Goodbye."]
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.outcome) == ("agent_hangup", "answered")


async def test_a_refused_tool_gives_the_llm_another_round(workers):
    vendors = Vendors(["book me"], [Answer(["Let me see."], [("fly", {})]), Answer(["That I cannot do."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        answer = await caller.until_heard(1)
    assert answer.text == "Let me see. That I cannot do."
    second = vendors.built[0].llm.contexts[1].get_messages()
    assert [message["role"] for message in second][-2:] == ["assistant", "tool"]
    assert "There is no tool called fly" in second[-1]["content"]


@pytest.mark.parametrize(
    ("trouble", "step"),
    [
        (Answer(stall_before=True), "timeout"),
        (Answer(error="500 server error"), "vendor_error"),
        (Answer(), "vendor_error"),
    ],
)
async def test_the_only_model_gets_a_second_chance_for_the_same_turn(workers, trouble, step):
    worker = await workers(Vendors(["tell me"], [trouble, Answer(["Here you are."])]))
    async with calling(worker, spec(llm=True, fallbacks=HURRY)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: answers(caller, 1))
    assert answers(caller, 1) == ["Here you are."]
    assert [(body.step, body.stage) for body in caller.of(told.Fallback)] == [(step, "llm")]
    assert len(caller.of(told.Fault)) >= 1


async def test_an_answer_cut_off_in_the_middle_is_followed_by_a_question(workers):
    worker = await workers(Vendors(["tell me"], [Answer(["One thing first. And then"], stall_after=True)]))
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: len(answers(caller, 1)) == 2)
    assert answers(caller, 1) == ["One thing first.", AGAIN]


async def test_an_llm_that_never_works_ends_in_an_apology_and_a_hangup(workers):
    worker = await workers(Vendors(["tell me", "tell me"], [Answer(error="no")] * 5))
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: answers(caller, 1)[-1:] == [AGAIN])
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(caller.over.is_set)
    assert answers(caller, 1) == [AGAIN]
    assert answers(caller, 2) == [Fallbacks().apology]
    assert caller.finished is not None
    assert caller.finished.reason == "provider_error"
    assert [request.action for request in caller.requests] == ["hangup"]


async def test_a_voice_that_fails_once_says_it_again(workers):
    vendors = Vendors(["what are your opening hours"])
    worker = await workers(vendors)
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        vendors.built[0].tts.mute = 1
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
    assert answer.text == HOURS
    assert [body.stage for body in caller.of(told.Fallback)] == ["tts"]


async def test_a_voice_that_fails_for_good_ends_the_call(workers):
    worker = await workers(Vendors([], mute=99))
    async with calling(worker, spec()) as caller:
        await caller.until(caller.over.is_set)
    assert caller.finished is not None
    assert caller.finished.reason == "provider_error"
    assert any(body.fatal for body in caller.of(told.Fault))
