"""Every vendor that hears over a websocket, against a server that speaks its protocol: the same promises for all."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pipecat.frames.frames import (
    InterimTranscriptionFrame,
    ProposedUserStoppedSpeakingFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)

from media_worker.pipeline.hearing import confidence_of
from media_worker.providers.faults import fault_of
from tests.fakes.vendors.assemblyai_server import AssemblyAIServer
from tests.fakes.vendors.azure_server import AzureSpeechServer
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.elevenlabs_server import ElevenLabsServer
from tests.fakes.vendors.sarvam_server import SarvamServer
from tests.fakes.vendors.sockets import Fault, Seen, SocketVendor
from tests.fakes.vendors.speechmatics_server import SpeechmaticsServer
from tests.media_worker.providers.conformance.kit import KEY, Rig, build, rigged

pytestmark = pytest.mark.unit
LINE = "what are your opening hours"


@dataclass(frozen=True)
class Ears:
    """`header` carries the key, `parameters` are what the vendor has to be told of model, language and sound."""

    name: str
    server: type[SocketVendor]
    path: str
    header: tuple[str, str]
    parameters: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    quiet: float = 0.0
    """Seconds of silence after which the vendor ends a turn by itself; 0: when it is told."""
    first: Callable[[dict[str, Any]], bool] = lambda message: True


def _speechmatics_start(message: dict[str, Any]) -> bool:
    config = message["transcription_config"]
    return (
        message["message"] == "StartRecognition"
        and message["audio_format"] == {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 8000}
        and (config["language"], config["operating_point"], config["enable_partials"]) == ("en", "enhanced", True)
    )


ALL = [
    Ears(
        "deepgram",
        DeepgramServer,
        "/v1/listen",
        ("authorization", f"Token {KEY}"),
        {
            "model": ["nova-3"],
            "language": ["en"],
            "encoding": ["linear16"],
            "sample_rate": ["8000"],
            "interim_results": ["true"],
            "keyterm": ["Bright Dental", "molar"],
        },
        {"keyterms": "Bright Dental, molar"},
    ),
    Ears(
        "deepgram",
        DeepgramServer,
        "/v2/listen",
        ("authorization", f"Token {KEY}"),
        {
            "model": ["flux-general-en"],
            "encoding": ["linear16"],
            "sample_rate": ["8000"],
            "eot_threshold": ["0.7"],
            "eot_timeout_ms": ["2500"],
        },
        {"model": "flux-general-en"},
        quiet=0.5,
    ),
    Ears(
        "speechmatics",
        SpeechmaticsServer,
        "/v2",
        ("authorization", f"Bearer {KEY}"),
        first=_speechmatics_start,
    ),
    Ears(
        "assemblyai",
        AssemblyAIServer,
        "/v3/ws",
        ("authorization", KEY),
        {
            "speech_model": ["universal-streaming-english"],
            "encoding": ["pcm_s16le"],
            "sample_rate": ["8000"],
            "keyterms_prompt": [json.dumps(["molar"])],
        },
        {"keyterms": "molar"},
    ),
    Ears(
        "elevenlabs",
        ElevenLabsServer,
        "/v1/speech-to-text/realtime",
        ("xi-api-key", KEY),
        {
            "model_id": ["scribe_v2_realtime"],
            "language_code": ["en"],
            "audio_format": ["pcm_8000"],
            "commit_strategy": ["manual"],
        },
    ),
    Ears(
        "sarvam",
        SarvamServer,
        "/speech-to-text-realtime/ws",
        ("api-subscription-key", KEY),
        {
            "model": ["saaras:v3-realtime"],
            "language_code": ["en-IN"],
            "encoding": ["linear16"],
            "sample_rate": ["8000"],
            "endpointing": ["manual"],
        },
        first=lambda message: message == {"event": "speech_start"},
    ),
    Ears(
        "azure_speech",
        AzureSpeechServer,
        "/speech/recognition/conversation/cognitiveservices/v1",
        ("ocp-apim-subscription-key", KEY),
        {"language": ["en-US"], "format": ["detailed"]},
        first=lambda message: message["path"] == "speech.config" and "context" in message["body"],
    ),
    Ears(
        "azure_speech",
        AzureSpeechServer,
        "/speech/recognition/conversation/cognitiveservices/v1",
        ("ocp-apim-subscription-key", KEY),
        {"language": ["en-US"]},
        {"words": "Bright Dental, molar"},
    ),
]
every = pytest.mark.parametrize("ears", ALL, ids=lambda ears: f"{ears.name}{ears.path}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_worker.providers.streaming.line.OPEN_SECONDS", 1.0)
    monkeypatch.setattr("media_worker.providers.streaming.ears.OPEN_SECONDS", 1.0)
    monkeypatch.setattr("media_worker.providers.streaming.ears.ANSWER_SECONDS", 0.5)


@pytest.fixture
async def server(ears: Ears) -> AsyncIterator[SocketVendor]:
    async with ears.server(key=KEY) as made:
        yield made


def listening(ears: Ears, server: SocketVendor, key: str = KEY) -> Any:
    return rigged(build(ears.name, "stt", server.base_url, key, **ears.options))


async def utter(rig: Rig, ears: Ears, count: int = 1) -> TranscriptionFrame:
    """The caller says a line; what was understood of it, once that is final."""
    await rig.say()
    if ears.quiet:
        await rig.sound(ears.quiet, loud=False)
    finals = await rig.until(lambda: [heard for heard in rig.of(TranscriptionFrame) if heard.finalized][count - 1 :])
    return finals[0]


def texts(rig: Rig) -> str:
    return " ".join(frame.text for frame in rig.of(TranscriptionFrame) if frame.text)


def connection(server: SocketVendor) -> Seen:
    return server.seen[-1]


@every
async def test_the_key_and_the_parameters_are_where_the_vendor_wants_them(ears: Ears, server: SocketVendor) -> None:
    async with listening(ears, server) as rig:
        await utter(rig, ears)
    (seen,) = server.seen
    name, value = ears.header
    assert (seen.path, seen.headers[name]) == (ears.path, value)
    assert {name: seen.query.get(name) for name in ears.parameters} == ears.parameters
    assert not seen.texts or ears.first(seen.texts[0])
    assert KEY not in str(seen.query) + str(seen.texts)


@every
async def test_words_come_while_the_caller_speaks_and_the_end_is_final(ears: Ears, server: SocketVendor) -> None:
    server.heard = [LINE]
    async with listening(ears, server) as rig:
        last = await utter(rig, ears)
        interim = [frame.text for frame in rig.of(InterimTranscriptionFrame)]
        assert len(interim) >= 2
        assert all(LINE.startswith(text) for text in interim)
        assert texts(rig) == LINE
        assert last.finalized
        sure = [confidence_of(frame) for frame in rig.of(TranscriptionFrame) if frame.text]
        assert sure == [pytest.approx(0.93)]
        assert bool(rig.of(ProposedUserStoppedSpeakingFrame)) == bool(ears.quiet)
        assert rig.errors == []


@every
async def test_the_sound_arrives_whole_at_the_calls_own_rate(ears: Ears, server: SocketVendor) -> None:
    async with listening(ears, server) as rig:
        await utter(rig, ears)
    sound = len(connection(server).sound) / 2 / 8000
    assert 0.8 + ears.quiet - 0.1 <= sound <= 0.8 + ears.quiet + 0.2
    assert all(piece % 2 == 0 for piece in connection(server).pieces)


@every
async def test_one_connection_serves_many_turns(ears: Ears, server: SocketVendor) -> None:
    server.heard = [LINE, "goodbye"]
    async with listening(ears, server) as rig:
        await utter(rig, ears)
        await utter(rig, ears, 2)
        await rig.until(lambda: texts(rig) == f"{LINE} goodbye")
    assert len(server.seen) == 1


@every
async def test_noise_without_words_is_no_failure(ears: Ears, server: SocketVendor) -> None:
    """A cough: the VAD heard it, the vendor did not."""
    async with listening(ears, server) as rig:
        await rig.until(lambda: server.seen)
        for _ in range(3):
            await rig.send(VADUserStartedSpeakingFrame(start_secs=0.2))
            await rig.sound(0.2, loud=False)
            await rig.send(VADUserStoppedSpeakingFrame(stop_secs=0.2))
        await rig.sound(0.7, loud=False)
        server.heard = [LINE]
        await rig.say()
        await rig.sound(ears.quiet, loud=False)
        await rig.until(lambda: texts(rig) == LINE)
        assert rig.errors == []


@every
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("status", 401), "refused"),
        (Fault("status", 429), "rate_limited"),
        (Fault("status", 500), "unavailable"),
        (Fault("html"), "unavailable"),
        (Fault("nobody"), "unavailable"),
    ],
    ids=lambda value: f"{value.kind}{value.status}" if isinstance(value, Fault) else "",
)
async def test_a_door_that_stays_closed_is_told_and_given_up(
    ears: Ears, server: SocketVendor, fault: Fault, kind: str
) -> None:
    server.faults = [fault] * 5
    began = time.monotonic()
    async with listening(ears, server) as rig:
        await rig.say(0.2)
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert found.kind == kind
        assert found.retry_after == (7.0 if fault.status == 429 else None)
        assert not rig.service.is_usable
        assert KEY not in rig.errors[0].error
        await rig.say(0.2)
    assert time.monotonic() - began < 10
    assert len(server.seen) == (2 if fault.kind in ("status", "html") and kind == "unavailable" else 1)


@every
async def test_a_refused_key_is_told_within_a_second_or_so(ears: Ears, server: SocketVendor) -> None:
    async with listening(ears, server, "key-of-charlie") as rig:
        began = time.monotonic()
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "refused"
        assert time.monotonic() - began < 3
        assert not rig.service.is_usable
        assert "key-of-charlie" not in str(rig.errors)


@every
async def test_a_connection_that_is_cut_mid_word_is_replaced_and_nothing_is_lost(
    ears: Ears, server: SocketVendor
) -> None:
    server.faults = [Fault("cut", after=3)]
    server.heard = [LINE, LINE]
    async with listening(ears, server) as rig:
        await utter(rig, ears)
        await rig.until(lambda: texts(rig) == LINE)
        assert rig.errors == []
        assert rig.service.is_usable
    assert len(server.seen) == 2


@every
async def test_a_connection_that_keeps_breaking_is_given_up(ears: Ears, server: SocketVendor) -> None:
    server.faults = [Fault("cut", after=2)] * 9
    async with listening(ears, server) as rig:
        for _ in range(2):
            await rig.say()
            await rig.sound(ears.quiet, loud=False)
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "unavailable"
        assert not rig.service.is_usable
    assert len(server.seen) == 2


@every
async def test_a_vendor_that_says_nothing_is_given_up(ears: Ears, server: SocketVendor) -> None:
    server.faults = [Fault("mute")] * 5
    async with listening(ears, server) as rig:
        for _ in range(2):
            await rig.say()
            await rig.sound(0.1, loud=False)
            await asyncio.sleep(0.7)
        await rig.until(lambda: rig.errors)
        assert not rig.service.is_usable
    assert len(server.seen) == 1


@every
async def test_messages_that_cannot_be_read_do_not_end_the_call(ears: Ears, server: SocketVendor) -> None:
    server.faults = [Fault("garbage", after=2)] * 5
    async with listening(ears, server) as rig:
        for _ in range(4):
            await rig.say()
            await rig.sound(ears.quiet, loud=False)
        await rig.until(lambda: rig.errors)
        assert not rig.service.is_usable


@every
async def test_a_vendors_own_error_is_read(ears: Ears, server: SocketVendor) -> None:
    if ears.name == "deepgram":
        pytest.skip("Deepgram limits at the handshake only.")
    server.faults = [Fault("error", after=1, what="sessions")]
    async with listening(ears, server) as rig:
        await rig.say()
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "rate_limited"
        assert not rig.service.is_usable
