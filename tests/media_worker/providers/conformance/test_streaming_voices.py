"""Every vendor that speaks over a websocket, against a server that speaks its protocol: the same promises for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pipecat.frames.frames import InterruptionFrame, TTSAudioRawFrame, TTSSpeakFrame, TTSStoppedFrame

from media_worker.providers.faults import fault_of
from media_worker.providers.streaming.timing import SpokenWordsFrame
from tests.fakes.vendors.cartesia_server import CartesiaServer
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.elevenlabs_server import ElevenLabsServer
from tests.fakes.vendors.sarvam_server import SarvamServer
from tests.fakes.vendors.sockets import SECONDS_PER_CHARACTER, Fault, SocketVendor, tone_for
from tests.media_worker.providers.conformance.kit import KEY, Rig, build, rigged

pytestmark = pytest.mark.unit
HELLO = "Hello, this is the clinic."
OPEN = "We are open from nine to five."


@dataclass(frozen=True)
class Voice:
    """`said` finds the text in what the server was sent; `fault` is the vendor's own way to tell of too much."""

    name: str
    server: type[SocketVendor]
    path: str
    header: tuple[str, str]
    parameters: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    words: bool = False
    stops: Callable[[list[dict[str, Any]]], bool] | None = None
    """Whether the vendor was told to stop; None: it is left by another connection."""
    first: Callable[[dict[str, Any]], bool] = lambda message: True
    limits_inside: bool = True


def _cartesia_request(message: dict[str, Any]) -> bool:
    return (
        message["model_id"] == "sonic-3"
        and message["voice"] == {"mode": "id", "id": "v-1"}
        and message["output_format"] == {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 8000}
        and (message["language"], message["generation_config"]) == ("en", {"speed": 1.1})
    )


def _sarvam_config(message: dict[str, Any]) -> bool:
    config = message["data"]
    return message["type"] == "config" and (
        config["target_language_code"],
        config["speaker"],
        config["speech_sample_rate"],
        config["output_audio_codec"],
        config["model"],
    ) == ("en-IN", "shubh", "8000", "linear16", "bulbul:v3")


ALL = [
    Voice(
        "deepgram",
        DeepgramServer,
        "/v1/speak",
        ("authorization", f"Token {KEY}"),
        {"model": ["aura-2-thalia-en"], "encoding": ["linear16"], "sample_rate": ["8000"]},
        stops=lambda sent: {"type": "Clear"} in sent,
        first=lambda message: message == {"type": "Speak", "text": HELLO},
        limits_inside=False,
    ),
    Voice(
        "elevenlabs",
        ElevenLabsServer,
        "/v1/text-to-speech/v-1/multi-stream-input",
        ("xi-api-key", KEY),
        {"model_id": ["eleven_flash_v2_5"], "output_format": ["pcm_8000"], "language_code": ["en"]},
        {"voice": "v-1", "stability": 0.4},
        words=True,
        stops=lambda sent: any(message.get("close_context") for message in sent),
        first=lambda message: message["voice_settings"] == {"stability": 0.4},
    ),
    Voice(
        "cartesia",
        CartesiaServer,
        "/tts/websocket",
        ("x-api-key", KEY),
        options={"voice": "v-1", "speed": 1.1},
        words=True,
        stops=lambda sent: any(message.get("cancel") for message in sent),
        first=_cartesia_request,
    ),
    Voice(
        "sarvam",
        SarvamServer,
        "/text-to-speech/ws",
        ("api-subscription-key", KEY),
        {"model": ["bulbul:v3"], "send_completion_event": ["true"]},
        first=_sarvam_config,
    ),
]
every = pytest.mark.parametrize("voice", ALL, ids=lambda voice: voice.name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_worker.providers.streaming.line.OPEN_SECONDS", 1.0)
    monkeypatch.setattr("media_worker.providers.streaming.voice.FIRST_SECONDS", 1.0)
    monkeypatch.setattr("media_worker.providers.streaming.voice.NEXT_SECONDS", 1.0)


@pytest.fixture
async def server(voice: Voice) -> AsyncIterator[SocketVendor]:
    async with voice.server(key=KEY) as made:
        yield made


def speaking(voice: Voice, server: SocketVendor, key: str = KEY) -> Any:
    return rigged(build(voice.name, "tts", server.base_url, key, **voice.options))


def sound(rig: Rig) -> bytes:
    return b"".join(frame.audio for frame in rig.of(TTSAudioRawFrame))


async def spoken(rig: Rig, *sentences: str) -> None:
    """Until all of it has come."""
    whole = b"".join(tone_for(sentence, 8000) for sentence in sentences)
    await rig.send(*(TTSSpeakFrame(sentence) for sentence in sentences))
    await rig.until(lambda: len(sound(rig)) >= len(whole))
    assert sound(rig) == whole


def sent(server: SocketVendor) -> list[dict[str, Any]]:
    return [message for seen in server.seen for message in seen.texts]


@every
async def test_the_key_and_the_parameters_are_where_the_vendor_wants_them(voice: Voice, server: SocketVendor) -> None:
    async with speaking(voice, server) as rig:
        await spoken(rig, HELLO)
    (seen,) = server.seen
    name, value = voice.header
    assert (seen.path, seen.headers[name]) == (voice.path, value)
    assert {name: seen.query.get(name) for name in voice.parameters} == voice.parameters
    assert voice.first(seen.texts[0])
    assert KEY not in str(seen.query) + str(seen.texts)


@every
async def test_sound_comes_in_pieces_at_the_calls_own_rate(voice: Voice, server: SocketVendor) -> None:
    server.pace = 0.02
    async with speaking(voice, server) as rig:
        await spoken(rig, HELLO, OPEN)
        frames = rig.of(TTSAudioRawFrame)
        assert len(frames) > 10
        assert {frame.sample_rate for frame in frames} == {8000}
        await rig.until(lambda: len(rig.of(TTSStoppedFrame)) == 2)
        assert rig.errors == []
    assert len(server.seen) == 1


@every
async def test_words_are_timed_where_the_vendor_does(voice: Voice, server: SocketVendor) -> None:
    async with speaking(voice, server) as rig:
        await spoken(rig, HELLO)
        await rig.until(lambda: rig.of(TTSStoppedFrame))
        words = [word for frame in rig.of(SpokenWordsFrame) for word in frame.words]
    if not voice.words:
        assert words == []
        return
    assert [word for word, _ in words] == HELLO.split()
    begins = [len(" ".join(["", *HELLO.split()[:n]])) * SECONDS_PER_CHARACTER for n in range(len(HELLO.split()))]
    assert [at for _, at in words] == pytest.approx(begins, abs=0.06)


@every
async def test_an_interruption_stops_it_and_nothing_stale_is_heard(voice: Voice, server: SocketVendor) -> None:
    server.pace = 0.05
    async with speaking(voice, server) as rig:
        await rig.send(TTSSpeakFrame(OPEN), TTSSpeakFrame("And on Saturdays until noon."))
        await rig.until(lambda: len(rig.of(TTSAudioRawFrame)) >= 3)
        await rig.send(InterruptionFrame())
        await rig.until(lambda: rig.of(InterruptionFrame))
        heard = len(rig.frames)
        assert len(sound(rig)) < len(tone_for(OPEN, 8000))
        await rig.send(TTSSpeakFrame(HELLO))
        wanted = tone_for(HELLO, 8000)

        def since() -> bytes:
            return b"".join(frame.audio for frame in rig.frames[heard:] if isinstance(frame, TTSAudioRawFrame))

        await rig.until(lambda: len(since()) >= len(wanted))
        assert since() == wanted
        await rig.until(lambda: rig.of(TTSStoppedFrame))
        assert rig.errors == []
    if voice.stops is not None:
        assert voice.stops(sent(server))
        assert len(server.seen) == 1
    else:
        assert len(server.seen) == 2
    assert not any("Saturdays" in str(message) for message in sent(server))


@every
async def test_many_interruptions_in_a_row_leave_it_whole(voice: Voice, server: SocketVendor) -> None:
    server.pace, server.first = 0.01, 0.02
    async with speaking(voice, server) as rig:
        for number in range(6):
            await rig.send(TTSSpeakFrame(f"This is number {number}, and it is long enough."))
            await asyncio.sleep(0.015 * number)
            await rig.send(InterruptionFrame())
        await rig.until(lambda: len(rig.of(InterruptionFrame)) == 6)
        rig.frames.clear()
        await spoken(rig, HELLO)
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
async def test_a_door_that_stays_closed_is_told(voice: Voice, server: SocketVendor, fault: Fault, kind: str) -> None:
    server.faults = [fault] * 9
    async with speaking(voice, server) as rig:
        await rig.send(TTSSpeakFrame(HELLO))
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert found.kind == kind
        assert found.retry_after == (7.0 if fault.status == 429 else None)
        assert rig.service.is_usable == (kind != "refused")
        assert KEY not in rig.errors[0].error
    assert len(server.seen) <= 2


@every
async def test_a_refused_key_is_told_before_anybody_has_to_speak(voice: Voice, server: SocketVendor) -> None:
    async with speaking(voice, server, "key-of-charlie") as rig:
        began = time.monotonic()
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "refused"
        assert time.monotonic() - began < 3
        assert not rig.service.is_usable
        assert "key-of-charlie" not in str(rig.errors)


@every
@pytest.mark.parametrize(
    "fault",
    [Fault("cut", after=3), Fault("mute"), Fault("garbage", after=3), Fault("error", after=3)],
    ids=lambda fault: fault.kind,
)
async def test_a_voice_that_breaks_mid_word_is_told_and_speaks_again(
    voice: Voice, server: SocketVendor, fault: Fault
) -> None:
    server.faults = [fault]
    async with speaking(voice, server) as rig:
        await rig.send(TTSSpeakFrame(OPEN))
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "unavailable"
        assert rig.service.is_usable
        await rig.until(lambda: rig.of(TTSStoppedFrame))
        rig.frames.clear()
        await spoken(rig, HELLO)
    assert len(server.seen) == 2


@every
async def test_a_voice_that_never_ends_is_stopped(
    voice: Voice, server: SocketVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_worker.providers.streaming.voice.LONGEST", (0.2, 0.01))
    server.pace = 0.01
    async with speaking(voice, server) as rig:
        await rig.send(TTSSpeakFrame(OPEN))
        await rig.until(lambda: rig.errors)
        assert len(sound(rig)) < len(tone_for(OPEN, 8000))
        assert rig.service.is_usable
        monkeypatch.undo()
        await rig.until(lambda: rig.of(TTSStoppedFrame))
        rig.frames.clear()
        await spoken(rig, HELLO)


@every
async def test_too_much_is_told_as_that(voice: Voice, server: SocketVendor) -> None:
    if not voice.limits_inside:
        pytest.skip("It limits at the handshake only.")
    server.faults = [Fault("error", after=1, what="sessions")]
    async with speaking(voice, server) as rig:
        await rig.send(TTSSpeakFrame(OPEN))
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "rate_limited"


@every
async def test_a_connection_that_died_in_silence_is_replaced_without_a_word(voice: Voice, server: SocketVendor) -> None:
    async with speaking(voice, server) as rig:
        await spoken(rig, HELLO)
        await rig.until(lambda: rig.of(TTSStoppedFrame))
        for socket in list(server.connections):
            await socket.close(code=1001)
        rig.frames.clear()
        await spoken(rig, OPEN)
        assert rig.errors == []
    assert len(server.seen) == 2
