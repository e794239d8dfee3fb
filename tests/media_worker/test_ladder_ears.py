"""Ears that fail or do not understand: others hear the same words, or the caller is asked again."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import Fallbacks, Provider
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault
from tests.fakes.vendors.sockets import Fault as SocketFault
from tests.media_worker.backups import agent, said, steps, vendor
from tests.media_worker.conftest import HOURS, calling, clip

pytestmark = pytest.mark.unit

BUILT_IN = Provider(vendor="builtin")
AGAIN = Fallbacks().reask


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.turns.STT_PATIENCE", 1.5)


@pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("html")], ids=lambda fault: fault.kind)
async def test_other_ears_hear_the_same_words(workers, fault):
    worker = await workers()
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.faults["stt"] = [fault]
        what = agent({"llm": BUILT_IN, "stt": vendor(first), "stt_backups": [vendor(second)]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
    assert steps(caller) == [("stt", "next_ears")]
    heard = second.requests("stt")
    assert len(heard) == 1
    assert len(heard[0].body["file"]) >= len(first.requests("stt")[0].body["file"]) * 0.8
    assert caller.snapshots[-1].media["stt"] == 1


async def test_after_two_empty_turns_others_listen(workers):
    worker = await workers()
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.faults["stt"] = [Fault("empty")] * 9
        what = agent({"llm": BUILT_IN, "stt": vendor(first), "stt_backups": [vendor(second)]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            for asked in (1, 2):
                caller.say(clip("i_would_like_to_book_an_appointment"))
                await caller.until(lambda asked=asked: said(caller, 0)[1:] == [AGAIN] * asked)
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
    assert steps(caller) == [("stt", "reask"), ("stt", "next_ears"), ("stt", "reask")]
    assert len(second.requests("stt")) == 1


async def test_ears_whose_key_was_refused_and_that_stand_alone_end_the_call_with_an_apology(workers):
    worker = await workers()
    async with FakeOpenAI() as only:
        only.troubled = {"none": Fault("status", status=401)}
        async with calling(worker, agent({"llm": BUILT_IN, "stt": vendor(only)})) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            await caller.until(caller.over.is_set, 30)
    assert said(caller, 0)[1:] == [Fallbacks().apology]
    assert caller.finished.reason == "provider_error"
    assert any(body.fatal for body in caller.of(told.Fault))


async def test_ears_lost_in_mid_word_are_replaced_and_no_word_is_heard_twice(workers):
    worker = await workers()
    async with DeepgramServer() as first, FakeOpenAI() as second:
        first.heard = second.heard = ["what are your opening hours"]
        first.faults = [SocketFault("cut", after=2), *[SocketFault("status", 500)] * 9]
        ears = Provider(vendor="deepgram", base_url=first.base_url, api_key=first.key)  # type: ignore[arg-type]
        what = agent({"llm": BUILT_IN, "stt": ears, "stt_backups": [vendor(second)]})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
    assert [body.text for body in caller.of(told.UserTurn)] == ["what are your opening hours"]
    assert ("stt", "next_ears") in steps(caller)


async def test_what_was_heard_with_little_confidence_is_asked_for_again(workers):
    worker = await workers()
    async with DeepgramServer(confidence=0.3) as ears:
        ears.heard = ["what are your opening hours"] * 3
        stt = Provider(vendor="deepgram", base_url=ears.base_url, api_key=ears.key)  # type: ignore[arg-type]
        what = agent({"llm": BUILT_IN, "stt": stt}, fallbacks={"reask": "Pardon?", "least_confidence": 0.5})
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == "Pardon?"
            ears.confidence = 0.6
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(2)).text == HOURS
    assert steps(caller) == [("stt", "reask")]
