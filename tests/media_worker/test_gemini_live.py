"""Gemini Live in a call: the same conversation by another vendor's protocol, against a server that speaks it."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import CallSpec, PoolKey, Provider
from tests.fakes.vendors.gemini_live_server import FakeGeminiLive
from tests.fakes.vendors.openai_server import call, say
from tests.fakes.vendors.realtime_server import Fault
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Vendors

pytestmark = pytest.mark.unit

KEY = "AIza-test"
LONG = "We are open from nine to five on weekdays. " * 4


@pytest.fixture
async def server():
    async with FakeGeminiLive(key=KEY) as running:
        yield running


def spoken(server: FakeGeminiLive, keys: tuple[PoolKey, ...] = (), patience: float = 5.0) -> CallSpec:
    call_spec = spec()
    first = keys[0] if keys else None
    s2s = Provider(
        vendor="gemini",
        base_url=server.base_url,
        api_key=first.secret if first else KEY,
        keys=keys,
        key=first.id if first else "",
    )
    agent = call_spec.agent
    changes = {
        "providers": agent.providers.model_copy(update={"s2s": s2s}),
        "fallbacks": agent.fallbacks.model_copy(update={"next_model_after": patience}),
    }
    return call_spec.model_copy(update={"agent": agent.model_copy(update=changes)})


async def test_a_caller_is_heard_answered_and_seen_off(workers, server):
    server.heard = ["what are your opening hours", "goodbye then"]
    server.replies = [say(HOURS), call("end_call")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
        caller.say(clip("slt_goodbye"))
        await caller.over.wait()
    said = [line for line in caller.transcript() if line[1]]
    assert answer.text == HOURS
    assert said[:4] == [
        ("agent", GREETING),
        ("user", "what are your opening hours"),
        ("agent", HOURS),
        ("user", "goodbye then"),
    ]
    assert said[4][0] == "agent"
    assert caller.finished is not None
    assert caller.finished.reason == "agent_hangup"
    spans = [span for span in caller.of(told.Span) if span.stage == "s2s" and span.turn == 1]
    assert (spans[0].tokens_in, spans[0].tokens_out, spans[0].vendor) == (20, 10, "gemini")


async def test_the_setup_names_model_voice_tools_and_our_own_turn_taking(workers, server):
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until_heard(1)
    setup = server.setups[0]
    assert server.headers[0]["x-goog-api-key"] == KEY
    assert setup["model"].startswith("models/gemini")
    assert setup["realtimeInputConfig"] == {"automaticActivityDetection": {"disabled": True}}
    assert "Clinic" in setup["systemInstruction"]["parts"][0]["text"]
    assert {one["name"] for one in setup["tools"][0]["functionDeclarations"]} >= {"end_call"}
    assert 1.0 < server.seconds_heard[0] < 4.0


async def test_an_interruption_stops_the_model_and_only_heard_words_stay(workers, server):
    server.replies = [say(LONG)]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: any(turn == 1 for turn, _ in caller.speaking))
        caller.say(clip("slt_wait_please_stop_i_have_another_question"))
        cut = await caller.until_heard(1)
        await caller.until(lambda: ("agent", server.usual_reply.text) in caller.transcript())
    assert cut.interrupted
    assert cut.unheard
    assert LONG.startswith(cut.text)


async def test_a_tool_is_answered_in_the_vendors_shape(workers, server):
    server.replies = [call("order_pizza", size="large"), say("I cannot do that, sorry.")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
    [told_it] = server.sent("toolResponse")
    assert told_it["functionResponses"][0]["name"] == "order_pizza"
    assert answer.text == "I cannot do that, sorry."


@pytest.mark.parametrize("fault", [Fault("cut"), Fault("stall"), Fault("silence")])
async def test_when_it_fails_the_others_go_on_with_the_call(workers, server, fault):
    server.faults = [None, fault]
    worker = await workers(Vendors(["what are your opening hours"]))
    async with calling(worker, spoken(server, patience=1.0)) as caller:
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: caller.of(told.Fallback))
        await caller.until(lambda: len([line for line in caller.transcript() if line[0] == "agent"]) > 1)
    [step] = caller.of(told.Fallback)
    assert (step.step, step.stage) == ("next_model", "s2s")


async def test_a_key_that_is_refused_after_the_handshake_is_told_and_the_next_serves(workers, server):
    worker = await workers()
    keys = (PoolKey(id="k1", alias="old", secret="AIza-revoked"), PoolKey(id="k2", alias="new", secret=KEY))
    async with calling(worker, spoken(server, keys)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
    [trouble] = caller.of(told.KeyTrouble)
    assert (trouble.key, trouble.what) == ("k1", "refused")


async def test_messages_that_cannot_be_read_are_passed_over(workers, server):
    server.faults = [Fault("garbage")]
    worker = await workers()
    async with calling(worker, spoken(server)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
    assert not caller.of(told.Fallback)
