"""A sound makes the agent pause at once. What it was, words or a cough, decides how the agent goes on."""

from __future__ import annotations

import time

import numpy as np
import pytest

from media_worker.contract import events as told
from media_worker.contract.flow import ConversationNode, EndNode, Flow, Intent, NodeTurns
from media_worker.contract.spec import CallSpec
from media_worker.solo import Caller
from tests.media_worker.conftest import HOURS, calling, clip, spec
from tests.media_worker.fakes import WORD_SECONDS, Answer, Line, Vendors

pytestmark = pytest.mark.unit

ASK = "slt_what_are_your_opening_hours"
QUESTION = "what are your opening hours"
SECONDS_OF_HOURS = len(HOURS.split()) * WORD_SECONDS


async def into_the_answer(caller: Caller, seconds: float = 0.4) -> int:
    """Ask for the hours, and wait until the answer has been heard for some time. Where in `heard` it begins."""
    await caller.until_heard(0)
    start = len(caller.heard)
    caller.say(clip(ASK))
    await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
    began = time.monotonic()
    await caller.until(lambda: time.monotonic() - began > seconds)
    return start


def sounding(pcm: bytes, rate: int = 8000) -> float:
    """Seconds in which the caller heard the tone: its samples are almost never zero."""
    samples = np.abs(np.frombuffer(pcm, dtype="<i2").astype(int))
    return float(np.count_nonzero(np.convolve(samples, np.ones(8), "same") > 100) / rate)


def said(caller: Caller) -> list[str]:
    return [body.text for body in caller.of(told.UserTurn)]


async def test_a_cough_makes_the_agent_pause_and_go_on_where_it_stopped(workers):
    worker = await workers(Vendors([QUESTION, ""]))
    async with calling(worker, spec()) as caller:
        start = await into_the_answer(caller)
        caller.say(clip("ahem"))
        coughed = time.monotonic()
        await caller.until(lambda: caller.clears)
        answer = await caller.until_heard(1)
    assert caller.clears[0] - coughed < 0.8
    assert (answer.text, answer.unheard, answer.interrupted) == (HOURS, "", False)
    assert said(caller) == [QUESTION]
    paused = caller.of(told.Paused)
    assert [body.turn for body in paused] == [1]
    assert 500 < paused[0].ms < 4000
    assert len(caller.clears) == 1
    assert not caller.of(told.Interrupted)
    assert sounding(bytes(caller.heard[start:])) == pytest.approx(SECONDS_OF_HOURS, abs=0.25)


async def test_what_was_heard_is_true_after_a_pause_and_an_interruption(workers):
    worker = await workers(Vendors([QUESTION, "", "please stop"]))
    async with calling(worker, spec()) as caller:
        start = await into_the_answer(caller)
        caller.say(clip("ahem"))
        await caller.until(lambda: caller.of(told.Paused))
        caller.say(clip(ASK))
        await caller.until(lambda: len(caller.clears) == 2)
        sound = sounding(bytes(caller.heard[start:]))
        answer = await caller.until_heard(1)
        await caller.until_heard(2)
    assert answer.interrupted
    assert " ".join([answer.text, answer.unheard]) == HOURS
    assert [body.turn for body in caller.of(told.Interrupted)] == [1]
    assert len(caller.clears) == 2
    assert [turn for turn, _ in caller.speaking] == [0, 1, 2]
    words = len(answer.text.split())
    assert 2 <= words < len(HOURS.split())
    assert words * WORD_SECONDS - 0.2 < sound < (words + 1) * WORD_SECONDS + 0.2


@pytest.mark.parametrize("words", ["uh-huh", "Okay.", "Mm, right"])
async def test_an_uh_huh_is_noted_and_not_answered(workers, words):
    worker = await workers(Vendors([QUESTION, words]))
    async with calling(worker, spec()) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_uh_huh"))
        answer = await caller.until_heard(1)
        await caller.until(lambda: caller.of(told.Backchannel))
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert [(body.turn, body.text) for body in caller.of(told.Backchannel)] == [(1, words)]
    assert said(caller) == [QUESTION]
    assert all(words not in message.text for message in caller.snapshots[-1].messages)


async def test_an_okay_that_goes_on_is_an_interruption(workers):
    worker = await workers(Vendors([QUESTION, "okay", "but what about sunday"]))
    async with calling(worker, spec()) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_okay_but_what_about_sunday"))
        answer = await caller.until_heard(1)
        await caller.until(lambda: len(said(caller)) == 2)
    assert answer.interrupted
    assert said(caller)[1].endswith("but what about sunday")


async def test_an_okay_interrupts_where_back_channels_are_switched_off(workers):
    worker = await workers(Vendors([QUESTION, "okay"]))
    async with calling(worker, spec(turns={"backchannels": False})) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_okay"))
        answer = await caller.until_heard(1)
        await caller.until(lambda: len(said(caller)) == 2)
    assert answer.interrupted
    assert said(caller) == [QUESTION, "okay"]
    assert not caller.of(told.Backchannel)


async def test_an_okay_answers_a_question_that_a_yes_would_answer(workers):
    question = "Would Tuesday morning at a quarter to eleven with Doctor Miller suit you and your whole family?"
    vendors = Vendors(["i need an appointment", "okay"], [Answer([question]), Answer(["It is booked."])])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_okay"))
        answer = await caller.until_heard(1)
        second = await caller.until_heard(2)
    assert answer.interrupted
    assert second.text == "It is booked."
    assert said(caller)[1] == "okay"


async def test_a_cough_while_the_agent_thinks_does_not_lose_the_answer(workers):
    vendors = Vendors(["tell me everything", ""], [Answer([HOURS], delay=1.6)])
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip(ASK) + b"\0" * 8000)
        await caller.until(lambda: caller.of(told.UserTurn))
        caller.say(clip("ahem"))
        answer = await caller.until_heard(1)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert len(vendors.built[0].llm.contexts) == 1
    assert not caller.of(told.Interrupted)


async def test_a_cough_stops_the_agent_where_pausing_is_switched_off(workers):
    worker = await workers(Vendors([QUESTION, ""]))
    async with calling(worker, spec(turns={"resume_after": 0})) as caller:
        await into_the_answer(caller)
        caller.say(clip("ahem"))
        answer = await caller.until_heard(1)
    assert answer.interrupted
    assert not caller.of(told.Paused)


async def test_a_hum_that_was_heard_as_some_word_or_other_only_pauses_the_agent(workers):
    worker = await workers(Vendors([QUESTION, Line("", "(unclear)", later=0.1, confidence=0.1)]))
    async with calling(worker, spec()) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_mm"))
        answer = await caller.until_heard(1)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert said(caller) == [QUESTION]


async def test_too_few_words_only_pause_the_agent(workers):
    worker = await workers(Vendors([QUESTION, "wait"]))
    async with calling(worker, spec(turns={"min_words": 2})) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_yes"))
        answer = await caller.until_heard(1)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert said(caller) == [QUESTION]
    assert caller.of(told.Paused)


async def test_a_line_that_is_never_quiet_pauses_the_agent_a_few_times_and_then_no_more(workers):
    worker = await workers(Vendors([QUESTION]))
    async with calling(worker, spec(turns={"resume_after": 0.3})) as caller:
        await into_the_answer(caller, 0.0)
        caller.say((clip("ahem") + b"\0" * 6400) * 5)
        answer = await caller.until_heard(1, 30)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert len(caller.of(told.Paused)) == 3


def at_the_terms(**turns: object) -> CallSpec:
    """The hours, at a node with ways of its own."""
    flow = Flow(
        greeting="Hello.",
        start="talk",
        nodes=(
            ConversationNode(id="talk", intents=(Intent(name="hours", examples=(QUESTION,), goto="hours"),)),
            ConversationNode(id="hours", say=HOURS, turns=NodeTurns(**turns), intents=()),
            EndNode(id="bye", text="Goodbye."),
        ),
    )
    call = spec()
    return call.model_copy(update={"agent": call.agent.model_copy(update={"flow": flow})})


async def test_what_is_said_at_a_node_that_may_not_be_interrupted_is_answered_afterwards(workers):
    worker = await workers(Vendors([QUESTION, "wait", "please stop", "at once"]))
    async with calling(worker, at_the_terms(interruptible=False)) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        answer = await caller.until_heard(1)
        await caller.until(lambda: len(said(caller)) == 2)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert not caller.clears
    assert caller.of(told.UserTurn)[1].text.startswith("wait")


async def test_a_node_may_want_more_words_than_the_agent(workers):
    worker = await workers(Vendors([QUESTION, "stop it"]))
    async with calling(worker, at_the_terms(min_words=3)) as caller:
        await into_the_answer(caller)
        caller.say(clip("slt_yes"))
        answer = await caller.until_heard(1)
    assert (answer.text, answer.interrupted) == (HOURS, False)


async def test_a_voice_that_is_far_ahead_waits_and_nothing_of_it_is_lost(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.transport.MOST_AHEAD", 0.3)
    worker = await workers(Vendors([QUESTION, "", "please stop"]))
    async with calling(worker, spec()) as caller:
        start = await into_the_answer(caller)
        caller.say(clip("ahem"))
        answer = await caller.until_heard(1)
    assert (answer.text, answer.interrupted) == (HOURS, False)
    assert sounding(bytes(caller.heard[start:])) == pytest.approx(SECONDS_OF_HOURS, abs=0.25)


async def test_a_voice_that_waits_for_room_is_freed_by_an_interruption(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.transport.MOST_AHEAD", 0.3)
    worker = await workers(Vendors([QUESTION, "please stop", QUESTION]))
    async with calling(worker, spec()) as caller:
        await into_the_answer(caller)
        caller.say(clip(ASK))
        cut = await caller.until_heard(1)
        await caller.until_heard(2)
        caller.say(clip(ASK))
        again = await caller.until_heard(3)
    assert cut.interrupted
    assert (again.text, again.interrupted) == (HOURS, False)


async def test_an_stt_that_reads_whole_stretches_is_made_to_read_a_long_one_in_between(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.ears.LONGEST_STRETCH", 1.0)
    worker = await workers(Vendors(["five five five", "one two", "three four"]))
    async with calling(worker, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("five_five_five_one_two_three_four"))
        await caller.until(lambda: said(caller))
    assert said(caller)[0].startswith("five five five one two")
