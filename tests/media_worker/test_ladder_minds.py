"""A model that is slow, fails or falls silent: the caller hears an answer all the same."""

from __future__ import annotations

import asyncio

import pytest

from media_worker.contract import events as told
from media_worker.flow.runner import ToolResult
from media_worker.pipeline.brain import AGAIN
from media_worker.pipeline.thinking import ENOUGH
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, call, say
from tests.media_worker.backups import ANSWER, agent, said, steps, vendor
from tests.media_worker.conftest import calling, clip
from tests.media_worker.fakes import Answer, Vendors
from tests.media_worker.test_hybrid_voice import fetched, recorded, share_of, with_clips

pytestmark = pytest.mark.unit

QUESTION = "i_would_like_to_book_an_appointment"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.thinking.BETWEEN_TOKENS", 0.6)


def hears(text: str):
    """Ears that hear this once a turn, and a voice that hums; the model is the real service."""
    from media_worker.pipeline.build import build_service

    scripted = Vendors([text] * 9)

    def make(stage, provider, context):
        return build_service(stage, provider, context) if stage == "llm" else scripted(stage, provider, context)

    return make


async def test_a_slow_tool_is_covered_as_well(workers, monkeypatch):
    async def slowly(self, name, arguments):
        await asyncio.sleep(1.0)
        return ToolResult("Done.")

    monkeypatch.setattr("media_worker.flow.runner.FlowRunner.on_tool_call", slowly)
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as server:
        server.replies = [call("end_call")]
        what = agent({"llm": vendor(server)}, fallbacks={"filler_after": 0.4, "fillers": ["Let me see."]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            await caller.until(lambda: ANSWER in said(caller, 1))
    assert said(caller, 1) == ["Let me see.", ANSWER]


async def test_a_recorded_filler_goes_before_a_spoken_one(workers):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as slow:
        slow.delays.llm = 1.0
        what, pcm = with_clips(
            agent({"llm": vendor(slow)}, fallbacks={"filler_after": 0.2}), recorded("hm", "Hm, well.", 700.0, "filler")
        )
        async with calling(worker, what) as caller:
            caller.clip_sounds = pcm
            await caller.until_heard(0)
            await fetched(caller, what)
            caller.say(clip(QUESTION))
            await caller.until(lambda: ANSWER in said(caller, 1))
    assert said(caller, 1) == ["Hm, well.", ANSWER]
    assert share_of(bytes(caller.heard), 700.0) > 0.8


async def test_a_long_word_of_patience_does_not_keep_the_answer_waiting(workers):
    long = " ".join(["well"] * 17) + "."
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as slow:
        slow.delays.llm = 0.9
        what = agent({"llm": vendor(slow)}, fallbacks={"filler_after": 0.2, "fillers": [long]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            await caller.until(lambda: ANSWER in said(caller, 1))
    filler, answer = said(caller, 1)
    assert answer == ANSWER
    assert 0 < len(filler.split()) < 14


async def test_a_slow_model_is_covered_by_one_word_of_patience_that_is_no_answer(workers):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as slow:
        slow.delays.llm = 1.2
        what = agent({"llm": vendor(slow)}, fallbacks={"filler_after": 0.3, "fillers": ["Let me see."]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            await caller.until(lambda: ANSWER in said(caller, 1))
            slow.delays.llm = 0.0
            caller.say(clip(QUESTION))
            await caller.until(lambda: ANSWER in said(caller, 2))
    assert said(caller, 1) == ["Let me see.", ANSWER]
    assert said(caller, 2) == [ANSWER]
    assert steps(caller) == [("llm", "filler")]
    second = [message["content"] for message in slow.requests("llm")[1].body["messages"]]
    assert ANSWER in second
    assert "Let me see." not in second


@pytest.mark.parametrize(
    "fault", [Fault("status", status=500), Fault("html"), Fault("silence"), Fault("empty")], ids=lambda f: f.kind
)
async def test_the_next_model_answers_the_same_turn(workers, fault):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.faults["llm"] = [fault]
        what = agent({"llm": vendor(first), "llm_backups": [vendor(second)]}, fallbacks={"next_model_after": 0.6})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == ANSWER
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(2)).text == ANSWER
    assert steps(caller) == [("llm", "next_model")]
    assert len(first.requests("llm")) == 1
    assert second.requests("llm")[0].body["messages"][-1]["content"] == "how long are you open"
    assert caller.snapshots[-1].media["llm"] == 1
    spans = [body for body in caller.of(told.Span) if body.stage == "llm" and body.vendor != "builtin"]
    assert [bool(span.error) for span in spans] == [True, False, False]


@pytest.mark.parametrize("kind", ["stall", "cut"])
async def test_a_model_that_breaks_off_is_continued_by_the_next(workers, kind):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.replies = [say("We open at nine. On Sundays we are not there at all.")]
        first.faults["llm"] = [Fault(kind, after=7)]
        second.usual_reply = say("On Sundays we are closed.")
        what = agent({"llm": vendor(first), "llm_backups": [vendor(second)]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == "We open at nine. On Sundays we are closed."
    messages = second.requests("llm")[0].body["messages"]
    assert messages[-2] == {"role": "assistant", "content": "We open at nine."}
    assert "Go on from exactly there" in messages[-1]["content"]


@pytest.mark.parametrize("answered", [True, False])
async def test_when_all_models_are_gone_somebody_else_takes_the_call(workers, monkeypatch, answered):
    monkeypatch.setattr("media_worker.pipeline.ladder.TRANSFER_WITHIN", 1.0)
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.troubled = second.troubled = {"none": Fault("status", status=503)}
        fallbacks = {"transfer_to": "+15550100", "apology": "I am sorry. I will pass you on."}
        what = agent({"llm": vendor(first), "llm_backups": [vendor(second)]}, fallbacks=fallbacks)
        async with calling(worker, what) as caller:
            caller.refuses = set() if answered else {"transfer"}
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            await caller.until(lambda: [request for request in caller.requests if request.action == "transfer"])
            assert said(caller, 1) == ["I am sorry. I will pass you on."]
            assert caller.requests[-1].arguments == {"to": "+15550100"}
            await caller.until(caller.over.is_set)
    assert steps(caller) == [("llm", "next_model"), ("llm", "apology"), ("llm", "transfer")]
    assert caller.finished.reason == ("transferred" if answered else "provider_error")
    hangups = [request for request in caller.requests if request.action == "hangup"]
    assert bool(hangups) is not answered


async def test_a_reply_without_end_is_stopped_politely(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.thinking.MOST_CHARACTERS", 150)
    story = " ".join(f"This is sentence number {number} of it." for number in range(700))
    worker = await workers(Vendors(["tell me a story"], [Answer([word + " " for word in story.split()])]))
    async with calling(worker, agent({"llm": vendor(FakeOpenAI())})) as caller:
        await caller.until_heard(0)
        caller.say(clip(QUESTION))
        await caller.until(lambda: ("llm", "too_long") in steps(caller))
        await caller.until_heard(1)
    text = said(caller, 1)[0]
    assert text.endswith(f"of it. {ENOUGH}")
    assert len(text) < 250


async def test_an_endless_tool_loop_ends_in_a_question(workers):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as server:
        server.usual_reply = call("fly_to_the_moon", when="now")
        async with calling(worker, agent({"llm": vendor(server)})) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == AGAIN
    assert len(server.requests("llm")) == 6
    assert "tools" not in server.requests("llm")[-1].body
    assert not caller.over.is_set() or caller.finished.reason != "provider_error"
