"""A caller who speaks over the agent is heard, and the agent remembers only what it got to say."""

from __future__ import annotations

import time

import pytest

from media_worker.contract import events as told
from tests.media_worker.conftest import HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit


async def test_the_agent_stops_and_the_history_keeps_only_what_was_heard(workers):
    worker = await workers(Vendors(["what are your opening hours", "goodbye"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        started = time.monotonic()
        await caller.until(lambda: time.monotonic() - started > 0.8)
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        began = time.monotonic()
        await caller.until(lambda: caller.clears)
        answer = await caller.until_heard(1)
        await caller.until_heard(2)
    assert caller.clears[0] - began < 0.8  # the clip's own onset, the VAD's start time, and a moment
    assert answer.interrupted
    assert HOURS.startswith(answer.text)
    assert 0 < len(answer.text.split()) < len(HOURS.split())
    assert " ".join([answer.text, answer.unheard]) == HOURS
    assert [body.turn for body in caller.of(told.Interrupted)] == [1]
    second = caller.of(told.UserTurn)[1]
    assert second.interrupted_agent
    assert ("assistant", answer.text) in [(m.role, m.text) for m in caller.snapshots[-1].messages]
    assert caller.order.index("clear") < len(caller.order) - 1


async def test_an_agent_that_may_not_be_interrupted_finishes_its_sentence(workers):
    worker = await workers(Vendors(["what are your opening hours", "goodbye"]))
    async with calling(worker, spec(turns={"interruptible": False})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        answer = await caller.until_heard(1)
    assert answer.text == HOURS
    assert not answer.interrupted
    assert not caller.clears


async def test_one_word_does_not_stop_an_agent_that_waits_for_two(workers):
    worker = await workers(Vendors(["what are your opening hours", "mhm", "wait please stop"]))
    async with calling(worker, spec(turns={"min_words": 2})) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        caller.say(clip("slt_yes") + b"\0" * 3200)
        caller.say(clip("slt_yes"))
        answer = await caller.until_heard(1)
        await caller.until_heard(2)
    assert answer.interrupted
    assert [body.text for body in caller.of(told.UserTurn)][-1] == "wait please stop"


async def test_what_an_llm_was_not_heard_to_say_is_not_in_its_next_prompt(workers):
    vendors = Vendors(["tell me everything", "tell me more"], [Answer([HOURS]), Answer(["Gladly."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        started = time.monotonic()
        await caller.until(lambda: time.monotonic() - started > 0.6)
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        answer = await caller.until_heard(1)
        await caller.until_heard(2)
    mind = vendors.built[0].llm
    said = [message for message in mind.contexts[1].get_messages() if message["role"] == "assistant"]
    assert said[-1]["content"] == answer.text
    assert len(answer.text) < len(HOURS)


async def test_a_bridge_that_loses_marks_does_not_hold_the_call(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.speech.MARK_GRACE", 0.2)
    worker = await workers(Vendors(["goodbye"]))
    async with calling(worker, spec()) as caller:
        caller.lose_marks = True
        await caller.until_heard(0)
        caller.say(clip("slt_goodbye"))
        await caller.until(caller.over.is_set)
    assert caller.finished is not None
    assert caller.finished.reason == "agent_hangup"
