"""The streaming vendors over plain HTTP, where an agency's network lets no websocket pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pipecat.frames.frames import InterruptionFrame, TranscriptionFrame, TTSAudioRawFrame, TTSSpeakFrame

from media_worker.pipeline.hearing import confidence_of
from media_worker.providers.faults import fault_of
from tests.fakes.vendors.cartesia_server import CartesiaServer
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.elevenlabs_server import ElevenLabsServer
from tests.fakes.vendors.sarvam_server import SarvamServer
from tests.fakes.vendors.sockets import Fault, SocketVendor, tone_for
from tests.media_worker.providers.conformance.kit import KEY, build, rigged

pytestmark = pytest.mark.unit
HELLO = "Hello, this is the clinic."
LINE = "what are your opening hours"


@dataclass(frozen=True)
class Posted:
    """`body` is what of the request's body has to be so."""

    name: str
    server: type[SocketVendor]
    path: str
    header: tuple[str, str]
    parameters: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


VOICES = [
    Posted(
        "deepgram",
        DeepgramServer,
        "/v1/speak",
        ("authorization", f"Token {KEY}"),
        {
            "model": ["aura-2-thalia-en"],
            "encoding": ["linear16"],
            "sample_rate": ["8000"],
            "container": ["none"],
        },
        {"text": HELLO},
    ),
    Posted(
        "elevenlabs",
        ElevenLabsServer,
        "/v1/text-to-speech/v-1/stream",
        ("xi-api-key", KEY),
        {"output_format": ["pcm_8000"]},
        {"text": HELLO, "model_id": "eleven_flash_v2_5", "language_code": "en"},
        {"voice": "v-1"},
    ),
    Posted(
        "cartesia",
        CartesiaServer,
        "/tts/bytes",
        ("x-api-key", KEY),
        {},
        {
            "transcript": HELLO,
            "model_id": "sonic-3",
            "voice": {"mode": "id", "id": "v-1"},
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 8000},
        },
        {"voice": "v-1"},
    ),
    Posted(
        "sarvam",
        SarvamServer,
        "/text-to-speech",
        ("api-subscription-key", KEY),
        {},
        {"text": HELLO, "speaker": "shubh", "speech_sample_rate": 8000, "target_language_code": "en-IN"},
    ),
]
EARS = [
    Posted(
        "deepgram",
        DeepgramServer,
        "/v1/listen",
        ("authorization", f"Token {KEY}"),
        {"model": ["nova-3"], "language": ["en"], "punctuate": ["true"]},
    ),
    Posted(
        "elevenlabs",
        ElevenLabsServer,
        "/v1/speech-to-text",
        ("xi-api-key", KEY),
        {},
        {"model_id": "scribe_v2", "language_code": "en"},
    ),
]
FAULTS = [
    (Fault("status", 401), "refused"),
    (Fault("status", 429), "rate_limited"),
    (Fault("status", 500), "unavailable"),
    (Fault("html"), "unavailable"),
    (Fault("nobody"), "unavailable"),
]
every_voice = pytest.mark.parametrize("posted", VOICES, ids=lambda posted: posted.name)
all_ears = pytest.mark.parametrize("posted", EARS, ids=lambda posted: posted.name)


def failing(faults: list[tuple[Fault, str]]) -> Any:
    ids = [f"{fault.kind}{fault.status}" for fault, _ in faults]
    return pytest.mark.parametrize(("fault", "kind"), faults, ids=ids)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_worker.providers.posted.STT_SECONDS", 1.0)


@pytest.fixture
async def server(posted: Posted) -> AsyncIterator[SocketVendor]:
    async with posted.server(key=KEY) as made:
        yield made


def rig_of(posted: Posted, talent: Any, server: SocketVendor, key: str = KEY) -> Any:
    return rigged(build(posted.name, talent, server.base_url, key, connection="http", **posted.options))


def arrived(server: SocketVendor, posted: Posted) -> None:
    (seen,) = server.seen
    name, value = posted.header
    assert (seen.path, seen.headers[name]) == (posted.path, value)
    assert {name: seen.query.get(name) for name in posted.parameters} == posted.parameters
    assert {name: seen.body.get(name) for name in posted.body} == posted.body
    assert KEY not in str(seen.query) + str(seen.body)


@every_voice
async def test_an_utterance_is_posted_and_its_sound_passed_on(posted: Posted, server: SocketVendor) -> None:
    wanted = tone_for(HELLO, 8000)
    async with rig_of(posted, "tts", server) as rig:
        await rig.send(TTSSpeakFrame(HELLO))
        await rig.until(lambda: sum(len(frame.audio) for frame in rig.of(TTSAudioRawFrame)) >= len(wanted))
        assert b"".join(frame.audio for frame in rig.of(TTSAudioRawFrame)) == wanted
        assert {frame.sample_rate for frame in rig.of(TTSAudioRawFrame)} == {8000}
        assert rig.errors == []
    arrived(server, posted)


@every_voice
@failing(FAULTS[:-1])  # a voice that is silent is the pipeline's to notice
async def test_a_voice_that_fails_is_told_after_one_attempt(
    posted: Posted, server: SocketVendor, fault: Fault, kind: str
) -> None:
    server.faults = [fault]
    async with rig_of(posted, "tts", server) as rig:
        await rig.send(TTSSpeakFrame(HELLO))
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert (found.kind, found.retry_after) == (kind, 7.0 if fault.status == 429 else None)
        assert rig.service.is_usable == (kind != "refused")
        assert len(server.seen) == 1
        if kind != "refused":
            await rig.send(TTSSpeakFrame(HELLO))
            await rig.until(lambda: rig.of(TTSAudioRawFrame))


@every_voice
async def test_an_interruption_ends_the_request(posted: Posted, server: SocketVendor) -> None:
    server.first = 0.1
    async with rig_of(posted, "tts", server) as rig:
        await rig.send(TTSSpeakFrame("One."), TTSSpeakFrame("Two."))
        await rig.until(lambda: server.seen)
        await rig.send(InterruptionFrame())
        await rig.until(lambda: rig.of(InterruptionFrame))
        await rig.send(TTSSpeakFrame(HELLO))
        wanted = tone_for(HELLO, 8000)
        await rig.until(lambda: sum(len(frame.audio) for frame in rig.of(TTSAudioRawFrame)) >= len(wanted))
        assert b"".join(frame.audio for frame in rig.of(TTSAudioRawFrame)) == wanted


@all_ears
async def test_a_stretch_of_speech_is_posted_as_a_wav(posted: Posted, server: SocketVendor) -> None:
    server.heard = [LINE]
    async with rig_of(posted, "stt", server) as rig:
        await rig.say()
        (heard,) = await rig.until(lambda: rig.of(TranscriptionFrame))
        assert (heard.text, heard.finalized) == (LINE, True)
        assert confidence_of(heard) == pytest.approx(0.93, abs=0.03)
    arrived(server, posted)
    (seen,) = server.seen
    assert (bytes(seen.sound) or seen.body["file"]).startswith(b"RIFF")


@all_ears
@failing(FAULTS)
async def test_ears_that_fail_say_so_after_one_attempt(
    posted: Posted, server: SocketVendor, fault: Fault, kind: str
) -> None:
    server.faults = [fault]
    async with rig_of(posted, "stt", server) as rig:
        await rig.say(0.3)
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert (found.kind, found.retry_after) == (kind, 7.0 if fault.status == 429 else None)
        assert rig.service.is_usable == (kind != "refused")
        assert len(server.seen) == 1
