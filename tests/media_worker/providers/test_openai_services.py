"""Ears, mind and voice of OpenAI and its look-alikes against a server that speaks the protocol over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    LLMContextFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.tests.utils import SleepFrame, run_test

from media_worker.contract.flow import EndNode, Flow
from media_worker.contract.spec import AgentSpec, CallSpec, Provider
from media_worker.providers.base import BuildContext
from media_worker.providers.registry import vendor
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, say, tone_for

pytestmark = pytest.mark.unit
KEY = "sk-alice"


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(key=KEY) as made:
        yield made


def context() -> BuildContext:
    flow = Flow(greeting="Hello.", start="end", nodes=(EndNode(id="end"),))
    agent = AgentSpec(id=uuid4(), version=1, name="Front desk", flow=flow)
    return BuildContext(spec=CallSpec(call_id=uuid4(), agency="alice", direction="inbound", agent=agent))


def build(
    server: FakeOpenAI, talent: Any, key: str = KEY, vendor_name: str = "openai_compatible", **options: Any
) -> Any:
    provider = Provider(vendor=vendor_name, base_url=server.base_url, api_key=key, options=options)  # type: ignore[arg-type]
    spec = vendor(vendor_name).talent(talent)
    assert spec is not None
    assert spec.build is not None
    return spec.build(provider, context())


async def through(service: Any, *frames: Frame, wait: float = 0.4) -> tuple[list[Frame], list[Frame]]:
    down, up = await run_test(service, frames_to_send=[*frames, SleepFrame(wait)])
    return list(down), list(up)


def question() -> LLMContextFrame:
    return LLMContextFrame(context=LLMContext(messages=[{"role": "user", "content": "When do you open?"}]))


def utterance() -> list[Frame]:
    audio = [InputAudioRawFrame(audio=b"\x10\x00" * 160, sample_rate=8000, num_channels=1) for _ in range(40)]
    return [VADUserStartedSpeakingFrame(start_secs=0.2), *audio, VADUserStoppedSpeakingFrame(stop_secs=0.2)]


@pytest.mark.parametrize("name", ["openai", "openai_compatible"])
async def test_a_reply_is_streamed_word_by_word(server: FakeOpenAI, name: str) -> None:
    server.replies = [say("We open at nine.")]
    down, _ = await through(build(server, "llm", vendor_name=name, model="small", temperature=0.3), question())
    assert [frame.text for frame in down if isinstance(frame, LLMTextFrame)] == ["We ", "open ", "at ", "nine. "]
    (request,) = server.requests("llm")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "small"
    assert request.body["temperature"] == 0.3
    assert KEY not in str(request.body)


@pytest.mark.parametrize(
    "fault", [Fault("status", 401), Fault("status", 429), Fault("status", 500), Fault("html"), Fault("cut", after=1)]
)
async def test_a_failing_mind_is_an_error_after_one_attempt(server: FakeOpenAI, fault: Fault) -> None:
    server.faults["llm"] = [fault]
    _, up = await through(build(server, "llm", vendor_name="openai_compatible", model="m"), question())
    assert any(isinstance(frame, ErrorFrame) for frame in up)
    assert len(server.requests("llm")) == 1


async def test_sound_is_passed_on_as_it_comes(server: FakeOpenAI) -> None:
    down, _ = await through(build(server, "tts", voice="af_sky"), TTSSpeakFrame("Hello there."))
    audio = [frame for frame in down if isinstance(frame, TTSAudioRawFrame)]
    assert b"".join(frame.audio for frame in audio) == tone_for("Hello there.")
    assert {frame.sample_rate for frame in audio} == {24000}
    assert len(audio[0].audio) <= 24000 * 2 * 0.05
    (request,) = server.requests("tts")
    assert request.body["voice"] == "af_sky"
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("fault", [Fault("status", 401), Fault("status", 500), Fault("html"), Fault("cut", after=2)])
async def test_a_failing_voice_is_an_error(server: FakeOpenAI, fault: Fault) -> None:
    server.faults["tts"] = [fault]
    down, up = await through(build(server, "tts"), TTSSpeakFrame("Hello there, how can I help you today?"))
    assert any(isinstance(frame, ErrorFrame) for frame in [*down, *up])


async def test_an_utterance_is_sent_whole_and_its_text_is_final(server: FakeOpenAI) -> None:
    server.heard = ["book an appointment"]
    down, _ = await through(build(server, "stt", prompt="Bright Dental"), *utterance())
    (heard,) = [frame for frame in down if isinstance(frame, TranscriptionFrame)]
    assert (heard.text, heard.finalized) == ("book an appointment", True)
    (request,) = server.requests("stt")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["file"].startswith(b"RIFF")
    assert request.body["prompt"] == "Bright Dental"


async def test_ears_with_a_wrong_key_say_so(server: FakeOpenAI) -> None:
    _, up = await through(build(server, "stt", key="sk-wrong"), *utterance())
    errors = [frame for frame in up if isinstance(frame, ErrorFrame)]
    assert errors
    assert "sk-wrong" not in str(errors)


@pytest.mark.parametrize(
    ("model", "effort", "temperature"),
    [("gpt-4.1-mini", None, 0.3), ("gpt-5-mini", "minimal", None), ("gpt-5.4", "none", None), ("o4-mini", "low", None)],
)
async def test_a_model_that_reasons_is_told_to_do_the_least(
    server: FakeOpenAI, model: str, effort: str | None, temperature: float | None
) -> None:
    await through(build(server, "llm", vendor_name="openai", model=model, temperature=0.3), question())
    (request,) = server.requests("llm")
    assert (request.body.get("reasoning_effort"), request.body.get("temperature")) == (effort, temperature)
    assert request.body["max_completion_tokens"] == 400
