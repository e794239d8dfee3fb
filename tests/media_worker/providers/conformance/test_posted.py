"""Every vendor that is asked over plain HTTP speaks and hears alike, each in its own shape over a real socket."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pipecat.frames.frames import InterruptionFrame, TranscriptionFrame, TTSAudioRawFrame, TTSSpeakFrame

from media_worker.pipeline.hearing import confidence_of
from media_worker.providers.faults import fault_of
from tests.fakes.vendors.openai_server import Fault
from tests.fakes.vendors.posted_server import PostedServer
from tests.fakes.vendors.sockets import tone_for
from tests.media_worker.providers.conformance.kit import KEY, Rig, build, rigged

pytestmark = pytest.mark.unit
LINE = "What are your <opening> hours & prices?"


@dataclass(frozen=True)
class Case:
    """`header` carries the key, and is empty where the vendor knows none."""

    vendor: str
    path: str
    header: str
    rate: int = 24000
    after_host: str = ""
    voice: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    whole: bool = False
    """A sentence comes in one piece: half of one is no sound."""

    def __str__(self) -> str:
        return self.vendor


VOICES = [
    Case("azure_speech", "/cognitiveservices/v1", "ocp-apim-subscription-key", 8000, voice="en-GB-SoniaNeural"),
    Case("google_speech", "/v1/text:synthesize", "x-goog-api-key", 8000, voice="en-GB-Neural2-A", whole=True),
    Case("kokoro", "/v1/audio/speech", "authorization", after_host="/v1", voice="bf_emma"),
    Case("chatterbox", "/v1/audio/speech", "authorization", after_host="/v1", voice="alice.wav"),
    Case("piper", "/", "", 22050, voice="en_GB-alba-medium"),
    Case("xtts", "/tts_to_audio/", "", voice="alice"),
]
EARS = [
    Case("google_speech", "/v1/speech:recognize", "x-goog-api-key", options={"way": "rest", "words": "Bright Dental"}),
    Case("groq", "/v1/audio/transcriptions", "authorization", after_host="/v1", options={"prompt": "Bright Dental"}),
    Case("openai_compatible", "/v1/audio/transcriptions", "authorization", after_host="/v1"),
]
voices = pytest.mark.parametrize("case", VOICES, ids=str)
ears = pytest.mark.parametrize("case", EARS, ids=str)
FAULTS = [
    (Fault("status", 401), "refused", None),
    (Fault("status", 429, retry_after=7), "rate_limited", 7.0),
    (Fault("status", 500), "unavailable", None),
    (Fault("html"), "unavailable", None),
]
NAMES = ["401", "429", "500", "html"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_worker.providers.posted.STT_SECONDS", 0.5)
    monkeypatch.setattr("media_worker.providers.openai_services.STT_SECONDS", 0.5)


@pytest.fixture
async def server() -> AsyncIterator[PostedServer]:
    async with PostedServer(KEY) as made:
        yield made


def speaking(case: Case, server: PostedServer, key: str = KEY) -> Any:
    return rigged(build(case.vendor, "tts", server.base_url + case.after_host, key, voice=case.voice))


def hearing(case: Case, server: PostedServer, key: str = KEY) -> Any:
    return rigged(build(case.vendor, "stt", server.base_url + case.after_host, key, **case.options))


def sound(rig: Rig) -> bytes:
    return b"".join(frame.audio for frame in rig.of(TTSAudioRawFrame))


# ── voices ───────────────────────────────────────────────────────────────────────────────────────


@voices
async def test_an_utterance_is_spoken_with_its_voice_and_the_key_at_its_place(case: Case, server: PostedServer) -> None:
    async with speaking(case, server) as rig:
        await rig.send(TTSSpeakFrame(LINE))
        tone = tone_for(LINE, case.rate)
        await rig.until(lambda: len(sound(rig)) >= len(tone))
        assert sound(rig) == tone
        assert {frame.sample_rate for frame in rig.of(TTSAudioRawFrame)} == {case.rate}
        assert rig.errors == []
    (asked,) = server.seen
    assert (asked.path, asked.body["text"], asked.body["voice"]) == (case.path, LINE, case.voice)
    if case.header:
        assert asked.headers[case.header].removeprefix("Bearer ") == KEY
    assert KEY not in str(asked.body) + asked.path


@voices
async def test_sound_is_passed_on_before_all_of_it_is_there(case: Case, server: PostedServer) -> None:
    if case.whole:
        pytest.skip("It comes in one piece.")
    server.pace = 0.05
    async with speaking(case, server) as rig:
        await rig.send(TTSSpeakFrame(LINE * 3))
        await rig.until(lambda: sound(rig))
        assert len(sound(rig)) < len(tone_for(LINE * 3, case.rate)) / 2


@voices
async def test_an_interruption_closes_the_connection(case: Case, server: PostedServer) -> None:
    server.pace = 0.05
    async with speaking(case, server) as rig:
        await rig.send(TTSSpeakFrame(LINE * 5))
        await rig.until(lambda: server.seen if case.whole else sound(rig))
        await rig.send(InterruptionFrame())
        await asyncio.wait_for(server.seen[0].aborted.wait(), 10)
        server.pace = 0
        before = len(sound(rig))
        await rig.send(TTSSpeakFrame("Yes."))
        await rig.until(lambda: sound(rig)[before:].endswith(tone_for("Yes.", case.rate)[-200:]))
        assert rig.errors == []


@voices
@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"),
    [*FAULTS, (Fault("empty"), "unavailable", None), (Fault("cut", after=2), "unavailable", None)],
    ids=[*NAMES, "empty", "cut"],
)
async def test_a_voice_that_fails_says_so_and_speaks_again(
    case: Case, server: PostedServer, fault: Fault, kind: str, retry_after: float | None
) -> None:
    if case.vendor == "kokoro" and fault.kind == "empty":
        pytest.skip("OpenAI's protocol has no end to miss: the pipeline's patience notices.")
    server.faults = [fault]
    async with speaking(case, server) as rig:
        await rig.send(TTSSpeakFrame(LINE))
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert (found.kind, found.retry_after) == (kind, retry_after)
        if kind == "refused":
            assert not rig.service.is_usable
            return
        before = len(sound(rig))
        await rig.send(TTSSpeakFrame("Yes."))
        await rig.until(lambda: sound(rig)[before:].endswith(tone_for("Yes.", case.rate)[-200:]))
        assert len(server.seen) == 2


@voices
async def test_a_wrong_key_of_a_voice_is_refused_and_never_written(case: Case, server: PostedServer) -> None:
    if not case.header:
        pytest.skip("It knows no keys.")
    async with speaking(case, server, "key-of-charlie") as rig:
        await rig.send(TTSSpeakFrame(LINE))
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "refused"
        assert "key-of-charlie" not in rig.errors[0].error


# ── ears ─────────────────────────────────────────────────────────────────────────────────────────


@ears
async def test_an_utterance_is_sent_whole_and_its_text_is_final(case: Case, server: PostedServer) -> None:
    server.heard = ["what are your opening hours"]
    async with hearing(case, server) as rig:
        await rig.say()
        (heard,) = await rig.until(lambda: rig.of(TranscriptionFrame))
        assert (heard.text, heard.finalized) == ("what are your opening hours", True)
        assert confidence_of(heard) == (0.93 if case.vendor == "google_speech" else None)
        assert rig.errors == []
    (asked,) = server.seen
    assert (asked.path, asked.headers[case.header].removeprefix("Bearer ")) == (case.path, KEY)
    assert not case.options or "Bright Dental" in str(asked.body["more"])
    with wave.open(io.BytesIO(asked.body["wav"])) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
        assert 0.8 <= wav.getnframes() / 8000 <= 2.0


@ears
@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"), [*FAULTS, (Fault("silence"), "unavailable", None)], ids=[*NAMES, "silence"]
)
async def test_ears_that_fail_say_so_and_hear_the_next(
    case: Case, server: PostedServer, fault: Fault, kind: str, retry_after: float | None
) -> None:
    server.faults, server.heard = [fault], ["goodbye"]
    async with hearing(case, server) as rig:
        await rig.say()
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert (found.kind, found.retry_after) == (kind, retry_after)
        if kind == "refused":
            assert not rig.service.is_usable
            return
        await rig.say()
        await rig.until(lambda: [frame for frame in rig.of(TranscriptionFrame) if frame.text == "goodbye"])
