"""The built-in ears and voice, as services, with the programs that do the work."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.worker import PipelineParams
from pipecat.tests.utils import SleepFrame, run_test

from media_worker.contract.flow import EndNode, Flow
from media_worker.contract.spec import AgentSpec, CallSpec, Provider
from media_worker.providers.base import BuildContext, Expectation, ProviderUnavailable, validate_options
from media_worker.providers.builtin import children, stt, tts
from media_worker.providers.builtin.children import child, stop_children
from media_worker.providers.registry import vendor, vendors

pytestmark = pytest.mark.unit

CLIPS = Path(__file__).parents[2] / "clips"
BUILTIN = Provider(vendor="builtin")
TALK = Expectation(
    phrases=("what are your opening hours", "I would like to book an appointment", "where are you located", "goodbye"),
    openers=("I would like to book an appointment",),
    volunteered=("date", "time"),
)


def spec() -> CallSpec:
    flow = Flow(greeting="Hello.", start="bye", nodes=(EndNode(id="bye"),))
    agent = AgentSpec(id=uuid.UUID(int=1), version=1, name="Bella", flow=flow)
    return CallSpec(call_id=uuid.UUID(int=2), agency="alice", direction="inbound", agent=agent)


@pytest.fixture(autouse=True)
async def programs() -> AsyncIterator[None]:
    yield
    await stop_children()


async def hear(name: str, expected: Expectation) -> list[TranscriptionFrame]:
    """Plays a clip to the ears as the line would, and waits for what they make of it."""
    samples, _ = soundfile.read(CLIPS / f"{name}.wav", dtype="int16")
    samples = np.concatenate([np.zeros(4000, "<i2"), samples, np.zeros(1600, "<i2")])
    await child(stt.PROGRAM).ready()
    service = stt.build(BUILTIN, BuildContext(spec(), 8000, lambda: expected))
    frames: list[Frame] = []
    for at in range(0, len(samples) - 160, 160):
        if at == 4000:
            frames.append(VADUserStartedSpeakingFrame(start_secs=0.2))
        frames.append(InputAudioRawFrame(samples[at : at + 160].tobytes(), 8000, 1))
    frames += [VADUserStoppedSpeakingFrame(stop_secs=0.2), SleepFrame(0.05)]
    params = PipelineParams(audio_in_sample_rate=8000)
    down, _ = await run_test(service, frames_to_send=frames, pipeline_params=params)
    return [frame for frame in down if isinstance(frame, TranscriptionFrame)]


@pytest.mark.parametrize(
    ("clip", "expected", "text"),
    [
        ("what_are_your_opening_hours", TALK, "what are your opening hours"),
        ("slt_what_are_your_opening_hours", TALK, "what are your opening hours"),
        ("i_would_like_to_book_an_appointment", TALK, "i would like to book an appointment"),
        ("next_thursday_at_three", Expectation(slot="date", volunteered=("time",)), "next thursday at three"),
        ("five_five_five_one_two_three_four", Expectation(slot="phone"), "five five five one two three four"),
        ("my_name_is_peter_parker", Expectation(slot="name", open=True), "my name is peter parker"),
    ],
)
async def test_what_is_expected_is_heard_word_for_word(clip: str, expected: Expectation, text: str) -> None:
    heard = await hear(clip, expected)
    assert [frame.text for frame in heard] == [text]
    assert heard[0].finalized
    assert heard[0].result["confidence"] >= 0.5


@pytest.mark.parametrize("clip", ["my_name_is_peter_parker", "five_five_five_one_two_three_four", "a_cleaning"])
async def test_what_is_not_expected_is_asked_for_again(clip: str) -> None:
    heard = await hear(clip, TALK)
    assert [frame.text for frame in heard] == [stt.UNCLEAR]
    assert heard[0].result["confidence"] < 0.35


@pytest.mark.parametrize("clip", ["noise_white", "cough", "silence_line_hum"])
async def test_noise_is_never_words(clip: str) -> None:
    assert {frame.text for frame in await hear(clip, TALK)} <= {"", stt.UNCLEAR}


async def test_the_ears_outlive_a_flow_of_many_nodes() -> None:
    program = child(stt.PROGRAM)
    await program.ready()
    answers: asyncio.Queue[tuple[int | None, bytes]] = asyncio.Queue()
    hum = (3000 * np.sin(np.arange(8000) / 7)).astype("<i2").tobytes()
    for number in range(30):
        expected = Expectation(phrases=(f"this is question number {number}", "something else"))
        stream = program.open(lambda kind, payload: answers.put_nowait((kind, payload)))
        program.send(stream, stt.OPEN, json.dumps({"rate": 8000, "expected": asdict(expected)}).encode())
        program.send(stream, stt.AUDIO, hum)
        program.send(stream, stt.FINISH)
        kind, payload = await asyncio.wait_for(answers.get(), 20)
        assert kind == stt.RESULT, payload
        assert json.loads(payload)["confidence"] < 0.5


@pytest.mark.parametrize(
    "opening", [b"{}", b"not json", b'{"rate": 0}', b'{"rate": 8000, "expected": {"slot": "planet"}}']
)
async def test_a_broken_request_is_answered_and_harms_no_other(opening: bytes) -> None:
    program = child(stt.PROGRAM)
    await program.ready()
    answers: asyncio.Queue[int | None] = asyncio.Queue()
    for content in (opening, json.dumps({"rate": 8000, "expected": asdict(TALK)}).encode()):
        stream = program.open(lambda kind, payload: answers.put_nowait(kind))
        program.send(stream, stt.OPEN, content)
        program.send(stream, stt.AUDIO, b"\x01")
        program.send(stream, stt.FINISH)
    results = [await asyncio.wait_for(answers.get(), 20)]
    while results[-1] != stt.RESULT:
        results.append(await asyncio.wait_for(answers.get(), 20))
    assert program.pid is not None
    assert not program.died.is_set()


async def speak(text: str, rate: int = 8000) -> tuple[bytes, list[Frame]]:
    service = tts.build(BUILTIN, BuildContext(spec(), rate))
    params = PipelineParams(audio_out_sample_rate=rate)
    down, up = await run_test(service, frames_to_send=[TTSSpeakFrame(text)], pipeline_params=params)
    sound = b"".join(frame.audio for frame in down if isinstance(frame, TTSAudioRawFrame))
    assert {frame.sample_rate for frame in down if isinstance(frame, TTSAudioRawFrame)} <= {rate}
    return sound, [*down, *up]


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_a_sentence_is_spoken_at_the_calls_rate_and_as_loud_as_speech_should_be(rate: int) -> None:
    sound, _ = await speak("Hello, this is Bella Dental. How can I help you today?", rate)
    samples = np.frombuffer(sound, "<i2").astype(float)
    assert 2.5 < len(samples) / rate < 6
    assert 1500 < np.sqrt(np.mean(samples**2)) < 4500
    assert np.abs(samples).max() < 32000


async def test_the_same_sentence_sounds_the_same_the_second_time() -> None:
    assert (await speak("We are open from nine to five."))[0] == (await speak("We are open from nine to five."))[0]


@pytest.mark.parametrize(
    "text",
    ["[[h@loU]] \x01\x02", "🦷🦷", "<speak>hi</speak>", "a" * 3000, "&#0; ％ \u202e abc"],
    ids=["commands", "teeth", "markup", "long", "entities"],
)
async def test_odd_texts_are_spoken_or_passed_over(text: str) -> None:
    _, frames = await speak(text)
    assert not [frame for frame in frames if isinstance(frame, ErrorFrame)]


async def test_a_voice_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_QUICK_DEATH", 0.0)
    await speak("First sentence of this test.")
    program = child(tts.PROGRAM)
    first = program.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await asyncio.wait_for(program.died.wait(), 5)
    sound, _ = await speak("Second sentence of this test.")
    assert len(sound) > 8000
    assert program.pid != first


async def test_a_program_that_cannot_live_is_given_up_with_a_sentence() -> None:
    broken = children.Child("media_worker.no_such_program")
    with pytest.raises(children.ChildUnavailable, match="does not start"):
        await broken.ready()
    with pytest.raises(children.ChildUnavailable, match="keeps dying"):
        await broken.ready()


def test_without_espeak_the_voice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tts, "find_spec", lambda name: None)
    with pytest.raises(ProviderUnavailable, match=r"voiceops\[espeak\]"):
        tts.build(BUILTIN, BuildContext(spec()))


def test_a_long_reply_is_spoken_in_pieces() -> None:
    text = "and so the story goes on, " * 1000
    cut = tts.pieces(text)
    assert max(map(len, cut)) <= tts.LONGEST_PIECE
    assert " ".join(" ".join(cut).split()) == " ".join(text.split())
    assert tts.pieces("... ! 🦷") == []
    assert "".join(tts.pieces("x" * 1000)) == "x" * 1000


def test_options_are_checked_in_sentences() -> None:
    builtin = vendor("builtin")
    fast = Provider(vendor="builtin", options={"speed": 900, "voice": "darth", "what": 1})
    assert validate_options(builtin, fast, "tts") == [
        "There is no setting called “what”.",
        "Voice: “darth” is not one of the choices.",
        "Words per minute is at most 300.",
    ]
    assert validate_options(builtin, BUILTIN, "stt") == []
    compatible = vendor("openai_compatible")
    empty = Provider(vendor="openai_compatible")
    assert validate_options(compatible, empty, "llm") == ["Address is missing.", "Model is missing."]
    for address in ("ftp://x", "http://", "http://user:pass@host/v1", "nonsense", "http://[::1"):
        wrong = Provider(vendor="openai_compatible", base_url=address, options={"model": "m"})
        assert len(validate_options(compatible, wrong, "llm")) == 1, address


def test_every_vendor_is_complete() -> None:
    assert next(v.name for v in vendors("stt")) == "builtin"
    for one in vendors():
        assert one.talents()
        for talent in one.talents():
            for field in one.talent(talent).options:  # type: ignore[union-attr]
                assert field.kind != "choice" or field.default in {choice for choice, _ in field.choices}
    with pytest.raises(KeyError, match="no vendor called"):
        vendor("nobody")
