"""Whole calls through a worker with the streaming vendors: understood, answered, interrupted, and a vendor lost in between."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import CallSpec, Provider, Providers
from tests.fakes.vendors.assemblyai_server import AssemblyAIServer
from tests.fakes.vendors.cartesia_server import CartesiaServer
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.elevenlabs_server import ElevenLabsServer
from tests.fakes.vendors.sarvam_server import SarvamServer
from tests.fakes.vendors.sockets import Fault, SocketVendor
from tests.fakes.vendors.speechmatics_server import SpeechmaticsServer
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec

pytestmark = pytest.mark.unit

SERVERS: dict[str, type[SocketVendor]] = {
    "deepgram": DeepgramServer,
    "speechmatics": SpeechmaticsServer,
    "assemblyai": AssemblyAIServer,
    "elevenlabs": ElevenLabsServer,
    "cartesia": CartesiaServer,
    "sarvam": SarvamServer,
}
VOICED = {"elevenlabs": {"voice": "v-1"}, "cartesia": {"voice": "v-1"}}


@dataclass(frozen=True)
class Pair:
    ears: str
    voice: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.options.get('model', self.ears)}-{self.voice}"


PAIRS = [
    Pair("deepgram", "cartesia"),
    Pair("deepgram", "deepgram", {"model": "flux-general-en"}),
    Pair("speechmatics", "elevenlabs"),
    Pair("assemblyai", "sarvam"),
    Pair("elevenlabs", "deepgram"),
    Pair("sarvam", "cartesia"),
]


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fakes.vendors.sockets.SECONDS_PER_CHARACTER", 0.03)


async def servers(stack: AsyncExitStack, pair: Pair) -> tuple[SocketVendor, SocketVendor]:
    ears = await stack.enter_async_context(SERVERS[pair.ears]())
    voice = await stack.enter_async_context(SERVERS[pair.voice]())
    return ears, voice


def with_vendors(pair: Pair, ears: SocketVendor, voice: SocketVendor) -> CallSpec:
    plain = spec()
    providers = Providers(
        stt=Provider(vendor=pair.ears, base_url=ears.base_url, api_key=ears.key, options=pair.options),  # type: ignore[arg-type]
        tts=Provider(
            vendor=pair.voice,
            base_url=voice.base_url,
            api_key=voice.key,  # type: ignore[arg-type]
            options=VOICED.get(pair.voice, {}),
        ),
    )
    return plain.model_copy(update={"agent": plain.agent.model_copy(update={"providers": providers})})


@pytest.mark.parametrize("pair", PAIRS, ids=str)
async def test_a_caller_is_understood_answered_and_may_interrupt(workers, pair: Pair):
    worker = await workers()
    async with AsyncExitStack() as stack:
        ears, voice = await servers(stack, pair)
        voice.pace = 0.01
        ears.heard = ["what are your opening hours", "wait please stop i have another question", "goodbye"]
        async with calling(worker, with_vendors(pair, ears, voice)) as caller:
            assert (await caller.until_heard(0)).text == GREETING
            caller.say(clip("slt_what_are_your_opening_hours"))
            await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
            started = time.monotonic()
            await caller.until(lambda: time.monotonic() - started > 0.5)
            caller.say(clip("slt_i_would_like_to_book_an_appointment"))
            answer = await caller.until_heard(1)
            assert answer.interrupted
            assert HOURS.startswith(answer.text)
            await caller.until_heard(2)
            caller.say(clip("goodbye"))
            await caller.until(lambda: caller.finished, 20)
        heard = [body.text for body in caller.of(told.UserTurn)]
        assert heard[0] == "what are your opening hours"
        assert heard[-1] == "goodbye"
        assert all(body.confidence == pytest.approx(0.93) for body in caller.of(told.UserTurn))
        assert caller.of(told.Fault) == []
        assert caller.finished.outcome == "answered"
        assert len(ears.seen) == 1


@pytest.mark.parametrize("pair", PAIRS[2:3], ids=str)
async def test_a_cut_line_to_the_ears_loses_no_word_of_the_caller(workers, pair: Pair):
    worker = await workers()
    async with AsyncExitStack() as stack:
        ears, voice = await servers(stack, pair)
        ears.faults = [Fault("cut", after=3)]
        async with calling(worker, with_vendors(pair, ears, voice)) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
        assert [body.text for body in caller.of(told.UserTurn)] == ["what are your opening hours"]
        assert len(ears.seen) == 2


@pytest.mark.parametrize("pair", PAIRS[2:4], ids=str)
async def test_a_voice_that_breaks_mid_word_says_it_again(workers, pair: Pair):
    worker = await workers()
    async with AsyncExitStack() as stack:
        ears, voice = await servers(stack, pair)
        async with calling(worker, with_vendors(pair, ears, voice)) as caller:
            await caller.until_heard(0)
            for socket in list(voice.connections):
                await socket.close(code=1001)
            voice.faults = [Fault("cut", after=4)]
            caller.say(clip("slt_what_are_your_opening_hours"))
            await caller.until(lambda: caller.of(told.Fallback), 20)
            await caller.until(
                lambda: "closed all day." in " ".join(b.text for b in caller.of(told.AgentTurn) if b.turn == 1), 25
            )
        assert {body.stage for body in caller.of(told.Fallback)} == {"tts"}
        assert not caller.over.is_set()


def vendor(name: str, server: SocketVendor, **options: Any) -> Provider:
    return Provider(vendor=name, base_url=server.base_url, api_key=server.key, options=options)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [Fault("status", 401), Fault("status", 500), Fault("nobody")], ids=str)
async def test_vendors_behind_a_closed_door_are_replaced_before_the_first_word(workers, fault: Fault):
    worker = await workers()
    async with DeepgramServer(faults=[fault] * 9) as broken, ElevenLabsServer() as sound:
        plain = spec()
        providers = Providers(
            stt=vendor("deepgram", broken),
            stt_backups=(vendor("elevenlabs", sound),),
            tts=vendor("deepgram", broken),
            tts_backups=(vendor("elevenlabs", sound, voice="v-1"),),
        )
        agent = plain.agent.model_copy(update={"providers": providers})
        async with calling(worker, plain.model_copy(update={"agent": agent})) as caller:
            assert (await caller.until_heard(0)).text == GREETING
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
        steps = {(body.stage, body.step, body.vendor) for body in caller.of(told.Fallback)}
        assert steps == {("stt", "next_ears", "elevenlabs"), ("tts", "backup_voice", "elevenlabs")}
