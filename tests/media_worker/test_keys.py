"""A key that is limited or refused: the next of the same account serves, and the agency's other calls know."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.pipeline.keys import COOL_DOWN, SET_ASIDE, KeyMemory, trouble_of
from media_worker.providers.faults import VendorFault
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault
from tests.media_worker.backups import ANSWER, agent, steps, vendor
from tests.media_worker.conftest import GREETING, calling, clip
from tests.media_worker.test_ladder_minds import QUESTION, hears

pytestmark = pytest.mark.unit


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_in_trouble_rests_as_long_as_the_vendor_said_and_only_for_its_agency():
    clock = Clock()
    keys = KeyMemory(clock)
    provider = vendor(FakeOpenAI(), keys=("one", "two"))
    keys.trouble("alice", "id-one", "rate_limited", 20.0)
    assert keys.first("alice", provider).key == "id-two"
    assert keys.first("charlie", provider).key == "id-one"
    clock.now += 21
    assert keys.first("alice", provider).key == "id-one"
    keys.trouble("alice", "id-one", "rate_limited", None)
    clock.now += COOL_DOWN - 1
    assert not keys.rested("alice", "id-one")
    keys.trouble("alice", "id-one", "refused", 1.0)
    clock.now += SET_ASIDE - 1
    assert not keys.rested("alice", "id-one")


def test_when_no_key_has_rested_the_chosen_one_is_tried_all_the_same():
    keys = KeyMemory(Clock())
    provider = vendor(FakeOpenAI(), keys=("one", "two"))
    for key in ("id-one", "id-two"):
        keys.trouble("alice", key, "rate_limited", 60.0)
    assert keys.first("alice", provider).key == "id-one"
    assert keys.next("alice", provider) is None
    assert keys.first("alice", vendor(FakeOpenAI())).key == ""


def test_two_keys_that_may_be_asked_again_at_once_are_not_asked_in_turns():
    keys = KeyMemory(Clock())
    provider = vendor(FakeOpenAI(), keys=("one", "two"))
    keys.trouble("alice", "id-one", "rate_limited", 0.0)
    second = keys.next("alice", provider)
    assert second is not None
    keys.trouble("alice", second.key, "rate_limited", 0.0)
    assert keys.next("alice", second) is None


def test_only_the_vendors_word_about_a_key_blames_the_key():
    assert trouble_of(VendorFault("rate_limited", 429)) == "rate_limited"
    assert trouble_of(VendorFault("refused", 401)) == "refused"
    assert trouble_of(VendorFault("unavailable", 500)) is None
    assert trouble_of(VendorFault("rejected", 400)) is None


@pytest.mark.parametrize(("status", "what"), [(429, "rate_limited"), (401, "refused")])
async def test_the_next_key_answers_the_same_turn_and_other_calls_begin_with_it(workers, status, what):
    worker = await workers(hears("how long are you open"))
    async with FakeOpenAI() as server:
        server.troubled = {"one": Fault("status", status=status, retry_after=30)}
        what_agent = agent({"llm": vendor(server, keys=("one", "two"))})
        async with calling(worker, what_agent) as caller:
            await caller.until_heard(0)
            caller.say(clip(QUESTION))
            assert (await caller.until_heard(1)).text == ANSWER
        trouble = caller.of(told.KeyTrouble)
        assert [(one.key, one.what) for one in trouble] == [("id-one", what)]
        if what == "rate_limited":
            assert trouble[0].retry_after == 30
        assert steps(caller) == [("llm", "next_key")]
        assert [span.key for span in caller.of(told.Span) if span.stage == "llm" and span.key] == [
            "the one key",
            "the two key",
        ]
        server.seen.clear()
        for agency, key in (("alice", "two"), ("charlie", "one")):
            what_agent = agent({"llm": vendor(server, keys=("one", "two"))}, agency=agency)
            async with calling(worker, what_agent) as caller:
                await caller.until_heard(0)
                caller.say(clip(QUESTION))
                await caller.until_heard(1)
            assert server.requests("llm")[0].key == key
            server.seen.clear()


async def test_a_voice_goes_on_with_the_next_key(workers):
    worker = await workers()
    async with FakeOpenAI() as server:
        server.troubled = {"one": Fault("status", status=402)}
        async with calling(worker, agent({"tts": vendor(server, keys=("one", "two"))})) as caller:
            assert (await caller.until_heard(0)).text == GREETING
        assert steps(caller) == [("tts", "next_key")]
        assert {seen.key for seen in server.requests("tts")} == {"one", "two"}
