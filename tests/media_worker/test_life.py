"""How calls end, how they go on elsewhere, and what they leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from pipecat.pipeline.worker import PipelineWorker

from calls.reasons import EndedReason
from media_worker.contract import events as told
from media_worker.contract.spec import Provider
from media_worker.contract.wire import Dtmf, Hangup
from media_worker.pipeline import ending
from media_worker.session import Session
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit


async def test_a_caller_who_hangs_up_ends_the_call_at_once(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec()) as caller:
        await caller.until(lambda: caller.speaking)
        await caller.send(Hangup().model_dump_json())
        await caller.until(caller.over.is_set, 3)
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.ended_by) == ("caller_hangup", "caller")
    assert caller.requests == []
    greeting = caller.of(told.AgentTurn)[0]
    assert len(greeting.text) < len(GREETING)
    assert {body.stage for body in caller.of(told.Usage)} == {"stt", "tts"}


async def test_silence_is_asked_about_and_then_hung_up_on(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec(limits={"idle_after": 2.0})) as caller:
        await caller.until(caller.over.is_set, 30)
    assert [text for _, text in caller.transcript()] == [
        GREETING,
        "Are you still there?",
        "I can't hear you, so I will hang up now. Goodbye.",
    ]
    assert caller.finished is not None
    assert caller.finished.reason == "idle_timeout"
    assert [request.action for request in caller.requests] == ["hangup"]


async def test_a_call_that_lasts_too_long_ends_with_a_goodbye(workers):
    worker = await workers(Vendors([]))
    async with calling(worker, spec(limits={"max_duration": 10}), elapsed_ms=8_000) as caller:
        await caller.until(caller.over.is_set)
    assert caller.transcript()[-1][1].endswith("Goodbye.")
    assert caller.finished is not None
    assert caller.finished.reason == "max_duration"


async def test_pressed_digits_become_a_turn(workers):
    worker = await workers(Vendors([], [Answer(["Thank you."])]))
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        for digit in "42#":
            await caller.send(Dtmf(digit=digit).model_dump_json())
        await caller.until_heard(1)
    assert caller.transcript()[1:] == [("user", "42"), ("agent", "Thank you.")]
    assert [body.digit for body in caller.of(told.Digit)] == ["4", "2", "#"]


async def test_another_worker_goes_on_and_says_nothing_twice(workers):
    first = await workers(Vendors(["what are your opening hours"]))
    async with calling(first, spec()) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
        snapshot, seen = caller.snapshots[-1], caller.events[-1].seq
    second = await workers(Vendors(["no thank you goodbye"]))
    async with calling(second, caller.spec, resume=snapshot, elapsed_ms=snapshot.at_ms) as caller:
        await caller.until(lambda: caller.of(told.AgentTurn))
        caller.say(clip("slt_goodbye"))
        await caller.until(caller.over.is_set)
    assert [event.seq for event in caller.events] == list(
        range(snapshot.seq + 1, snapshot.seq + 1 + len(caller.events))
    )
    assert snapshot.seq <= seen
    assert caller.of(told.Started)[0].resumed
    assert caller.events[0].at_ms >= snapshot.at_ms
    said = [text for who, text in caller.transcript() if who == "agent"]
    assert GREETING not in said
    assert HOURS not in said
    assert [body.turn for body in caller.of(told.UserTurn)] == [2]
    assert [message.text for message in caller.snapshots[-1].messages][:3] == [
        GREETING,
        "what are your opening hours",
        HOURS,
    ]


async def test_a_turn_that_nobody_answered_is_answered_by_the_next_worker(workers):
    first = await workers(Vendors(["what are your opening hours"], [Answer(stall_before=True)]))
    async with calling(first, spec(llm=True)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: caller.of(told.UserTurn))
        snapshot = caller.snapshots[-1]
    second = await workers(Vendors([], [Answer(["From nine to five."])]))
    async with calling(second, caller.spec, resume=snapshot) as caller:
        answer = await caller.until_heard(1)
    assert answer.text == "From nine to five."
    assert caller.of(told.UserTurn) == []


async def test_fifty_calls_leave_no_task_and_no_pipeline_behind(workers):
    vendors = Vendors(["goodbye"])
    worker = await workers(vendors, capacity=50)
    before = asyncio.all_tasks()
    of_other_tests = weakref.WeakSet(_living())

    async def one(number: int) -> None:
        async with calling(worker, spec()) as caller:
            await caller.ready.wait()
            if number % 3 == 0:
                await caller.send(Hangup().model_dump_json())
                await caller.over.wait()
            elif number % 3 == 1:
                await caller.until(lambda: caller.speaking)

    for batch in range(5):
        await asyncio.gather(*(one(batch * 10 + number) for number in range(10)))
    async with asyncio.timeout(20):
        await worker._empty.wait()
    await asyncio.sleep(0)
    vendors.built.clear()
    gc.collect()
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    assert {task.get_name() for task in left} == set()
    assert [thing for thing in _living() if thing not in of_other_tests] == []


def _living() -> list[object]:
    gc.collect()
    return [thing for thing in gc.get_objects() if type(thing) in (PipelineWorker, Session)]


async def test_an_agent_with_an_unknown_vendor_ends_its_call_with_a_reason(workers):
    worker = await workers()
    wrong = spec().model_copy(deep=True)
    providers = wrong.agent.providers.model_copy(update={"tts": Provider(vendor="nobody")})
    wrong = wrong.model_copy(update={"agent": wrong.agent.model_copy(update={"providers": providers})})
    async with calling(worker, wrong) as caller:
        await caller.until(caller.over.is_set)
    assert caller.finished is not None
    assert caller.finished.reason == "agent_unusable"
    assert "nobody" in caller.finished.detail


def test_every_reason_to_end_is_known_to_the_calls():
    ours = {value for name, value in vars(ending).items() if name.isupper()}
    assert ours - {ending.DRAINED, ending.CONNECTION_LOST} <= {reason.value for reason in EndedReason}


async def test_a_caller_who_only_makes_noise_is_asked_a_few_times_and_then_hung_up_on(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.turns.LONGEST_NOISE", 1.5)
    monkeypatch.setattr("media_worker.pipeline.floor.SPEECH_FOR_CERTAIN", 0.5)
    worker = await workers(Vendors([]))
    async with calling(worker, spec(limits={"idle_after": 2.0})) as caller:
        await caller.until_heard(0)
        caller.say(clip("five_five_five_one_two_three_four") * 30)
        await caller.until(caller.over.is_set, 60)
    assert caller.finished is not None
    assert caller.finished.reason == "idle_timeout"
    assert not caller.of(told.UserTurn)


async def test_a_goodbye_is_heard_although_a_noise_had_made_the_agent_pause(workers):
    """The last words wait for nobody, and a mark that never comes back does not hold them."""
    worker = await workers(Vendors(["goodbye", "", "", ""]))
    async with calling(worker, spec()) as caller:
        caller.lose_marks = True
        await caller.until_heard(0)
        caller.say(clip("slt_goodbye") + clip("ahem") * 4)
        await caller.until(caller.over.is_set, 30)
    assert caller.finished is not None
    assert (caller.finished.reason, caller.finished.outcome) == ("agent_hangup", "answered")
    assert caller.transcript()[-1] == ("agent", "Thank you for calling. Goodbye.")


async def test_the_longest_call_ends_with_its_goodbye_while_the_agent_is_paused(workers):
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spec(limits={"max_duration": 10}), elapsed_ms=1_000) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        caller.say(clip("slt_mm") * 12)
        await caller.until(caller.over.is_set, 30)
    assert caller.finished is not None
    assert caller.finished.reason == "max_duration"
    assert caller.transcript()[-1][1].endswith("Goodbye.")
