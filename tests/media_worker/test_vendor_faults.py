"""Real services of a real (fake) vendor over real sockets fail in every way they can. The caller never meets silence."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import CallSpec, Provider, Providers
from media_worker.pipeline.brain import AGAIN
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault
from tests.media_worker.conftest import GREETING, calling, clip, spec

pytestmark = pytest.mark.unit

ANSWER = "We are open from nine to six."
KINDS = [
    Fault("status", status=500),
    Fault("status", status=429),
    Fault("html"),
    Fault("silence"),
    Fault("stall"),
    Fault("cut"),
    Fault("empty"),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.thinking.BETWEEN_TOKENS", 0.5)
    monkeypatch.setattr("media_worker.pipeline.transport.TTS_PATIENCE", 1.0)
    monkeypatch.setattr("media_worker.pipeline.turns.STT_PATIENCE", 1.0)
    monkeypatch.setattr("media_worker.providers.openai_services.STT_SECONDS", 2.0)


def with_vendor(server: FakeOpenAI) -> CallSpec:
    vendor = Provider(vendor="openai_compatible", base_url=server.base_url, options={"model": "any"})
    plain = spec(llm=True, fallbacks={"next_model_after": 1.0})
    agent = plain.agent.model_copy(update={"providers": Providers(stt=vendor, llm=vendor, tts=vendor)})
    return plain.model_copy(update={"agent": agent})


def said(caller, turn: int) -> list[str]:
    return [body.text for body in caller.of(told.AgentTurn) if body.turn == turn]


async def test_a_vendor_that_works_is_heard(workers):
    worker = await workers()
    async with FakeOpenAI() as server, calling(worker, with_vendor(server)) as caller:
        assert (await caller.until_heard(0)).text == GREETING
        caller.say(clip("slt_what_are_your_opening_hours"))
        assert (await caller.until_heard(1)).text == ANSWER
        assert caller.of(told.Fault) == []


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: f"{fault.kind}{fault.status}")
async def test_an_llm_that_fails_is_covered_and_the_call_goes_on(workers, fault):
    worker = await workers()
    async with FakeOpenAI() as server, calling(worker, with_vendor(server)) as caller:
        server.faults["llm"] = [fault]
        await caller.until_heard(0)
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: said(caller, 1)[-1:] in ([ANSWER], [AGAIN]))
        assert [body.stage for body in caller.of(told.Fallback)] == ["llm"]
        caller.say(clip("slt_what_are_your_opening_hours"))
        assert (await caller.until_heard(2)).text == ANSWER


@pytest.mark.parametrize("fault", KINDS[:4] + KINDS[6:], ids=lambda fault: f"{fault.kind}{fault.status}")
async def test_ears_that_fail_make_the_agent_ask_again(workers, fault):
    worker = await workers()
    async with FakeOpenAI() as server, calling(worker, with_vendor(server)) as caller:
        server.faults["stt"] = [fault]
        await caller.until_heard(0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: len(said(caller, 0)) == 2 or said(caller, 1))
        assert said(caller, 0)[1:], "the caller was not asked again"
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: ANSWER in [text for _, text in caller.transcript()])


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: f"{fault.kind}{fault.status}")
async def test_a_voice_that_fails_says_it_again(workers, fault):
    worker = await workers()
    async with FakeOpenAI() as server, calling(worker, with_vendor(server)) as caller:
        await caller.until_heard(0)
        server.faults["tts"] = [fault]
        caller.say(clip("slt_what_are_your_opening_hours"))
        await caller.until(lambda: said(caller, 1)[-1:] == [ANSWER], 20)
        assert [body.stage for body in caller.of(told.Fallback)] == ["tts"]
        assert not caller.over.is_set()
