"""When a caller has begun and has finished to speak."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams, VADState

from calls.phone.lines import CLIPS, line_from_wav
from media_worker.contract import events as told
from media_worker.contract.spec import TurnTaking
from media_worker.pipeline import smart_turn
from media_worker.pipeline.codec import mulaw_to_pcm, pcm_to_mulaw
from media_worker.pipeline.ears import Freshness
from media_worker.pipeline.turns import TurnDetector, UserTurn
from media_worker.pipeline.vad import Vad
from tests.media_worker.conftest import calling, clip, spec
from tests.media_worker.fakes import Vendors

pytestmark = pytest.mark.unit

FINISHED = "slt_what_are_your_opening_hours"
UNFINISHED = "slt_wait_please_stop_i_have_another_question"
QUIET = b"\0" * 320


def frames(pcm: bytes) -> Iterator[bytes]:
    for at in range(0, len(pcm), 320):
        yield pcm[at : at + 320]


def changes(pcm: bytes, turns: TurnTaking | None = None) -> list[tuple[str, float]]:
    """What the VAD says to it, and when in seconds."""
    vad, found = Vad(turns or TurnTaking(), 8000), []
    for number, frame in enumerate(frames(pcm)):
        found += [(change, (number + 1) * 0.02) for change in vad.hear(frame)]
    return found


# ── voice activity ───────────────────────────────────────────────────────────────────────────────


def test_speech_begins_and_ends_once_for_a_sentence():
    told = changes(QUIET * 50 + clip(FINISHED) + QUIET * 50)
    assert [change for change, _ in told] == ["started", "stopped"]
    assert 1.0 < told[0][1] < 1.7
    assert 2.5 < told[1][1] < 3.6


@pytest.mark.parametrize("name", ["silence_line_hum", "noise_white"])
def test_noise_is_no_speech(name):
    assert changes(clip(name) * 3) == []


def test_speech_is_heard_after_a_minute_of_silence():
    assert changes(QUIET * 3000 + clip(FINISHED))[0][0] == "started"


def test_frames_of_any_length_give_the_same_answer():
    pcm = QUIET * 20 + clip(FINISHED) + QUIET * 50
    vad, found = Vad(TurnTaking(), 8000), []
    for at in range(0, len(pcm), 322):
        found += vad.hear(pcm[at : at + 322])
    assert found == ["started", "stopped"]


@pytest.mark.parametrize("name", ["yes", "slt_goodbye", "my_name_is_peter_parker", "cough", "noise_white"])
def test_it_hears_what_pipecats_own_analyser_hears_and_never_later(name):
    pcm = QUIET * 50 + clip(name) + QUIET * 50
    theirs = SileroVADAnalyzer(sample_rate=8000, params=VADParams())
    theirs.set_sample_rate(8000)
    moments, speaking = [], False
    for number, frame in enumerate(frames(pcm)):
        state = theirs._run_analyzer(frame)
        if state in (VADState.SPEAKING, VADState.QUIET) and (state is VADState.SPEAKING) != speaking:
            speaking = not speaking
            moments.append((number + 1) * 0.02)
    ours = [moment for _, moment in changes(pcm)]
    assert len(ours) == len(moments)
    for which, (our, their) in enumerate(zip(ours, moments, strict=True)):
        assert -0.2 <= our - their <= 0.021, "began" if which % 2 == 0 else "ended"


# ── fresh audio ──────────────────────────────────────────────────────────────────────────────────


def test_a_burst_after_a_stall_is_dropped_and_a_pause_of_the_line_is_not(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("media_worker.pipeline.ears.time.monotonic", lambda: now[0])
    freshness = Freshness()

    def arrive(count: int, every: float) -> int:
        kept = 0
        for _ in range(count):
            now[0] += every
            kept += freshness.fresh(0.02)
        return kept

    assert arrive(100, 0.02) == 100
    now[0] += 2.0  # we stalled for two seconds, and get them all at once
    assert arrive(100, 0.0) < 40
    assert arrive(50, 0.02) == 50
    now[0] += 5.0  # the line itself was silent: what comes now is new
    assert arrive(50, 0.02) == 50


# ── the end of a turn ────────────────────────────────────────────────────────────────────────────


@dataclass
class Told:
    """A listener that writes down what it is told."""

    turns: list[UserTurn] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    heard: list[tuple[str, bool]] = field(default_factory=list)
    voice: list[bool] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    patience: float = 0.0

    def voice_began(self) -> None:
        self.voice.append(True)

    def voice_ended(self, text_owed: float) -> None:
        self.voice.append(False)

    def words(self, text: str, settled: bool, confidence: float | None) -> None:
        self.heard.append((text, settled))

    def undecided(self, text: str) -> None:
        self.guesses.append(text)

    def user_turn(self, turn: UserTurn) -> None:
        self.turns.append(turn)

    def nothing_heard(self, seconds: float) -> None:
        self.empty.append(seconds)

    def close(self) -> None:
        pass

    def detector(self, **turns: object) -> TurnDetector:
        ways = TurnTaking(**({"smart_turn": False, "speech_timeout": 0.05} | turns))
        return TurnDetector(lambda: ways, 8000, self, lambda: self.patience)


async def test_a_final_transcript_and_enough_silence_end_the_turn():
    seen = Told()
    detector = seen.detector()
    detector.speech_started()
    detector.speech_stopped(b"")
    detector.transcript("hello there", True, True, 0.9)
    assert seen.turns == []
    await asyncio.sleep(0.1)
    assert [(turn.text, turn.confidence) for turn in seen.turns] == [("hello there", 0.9)]


async def test_a_pause_in_the_middle_joins_two_texts_to_one_turn():
    seen = Told()
    detector = seen.detector(speech_timeout=0.2)
    for text in ("my number is", "five five five"):
        detector.speech_started()
        detector.speech_stopped(b"")
        detector.transcript(text, True, True, None)
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert [turn.text for turn in seen.turns] == ["my number is five five five"]


async def test_an_stt_that_never_says_final_gets_its_own_time_and_no_more():
    seen = Told()
    detector = seen.detector()
    detector.stt_latency = 0.4
    detector.speech_started()
    detector.speech_stopped(b"")
    detector.transcript("hello", True, False, None)
    await asyncio.sleep(0.1)
    assert seen.turns == []
    await asyncio.sleep(0.2)
    assert [turn.text for turn in seen.turns] == ["hello"]


async def test_a_segmented_stt_is_waited_for_until_it_has_read_every_segment():
    seen = Told()
    detector = seen.detector()
    detector.segmented, detector.stt_latency = True, 0.1
    for _ in range(2):
        detector.speech_started()
        detector.speech_stopped(b"")
    detector.transcript("first", True, True, None)
    await asyncio.sleep(0.2)
    assert seen.turns == []
    detector.transcript("second", True, True, None)
    assert [turn.text for turn in seen.turns] == ["first second"]


async def test_speech_without_a_word_is_reported_once(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.turns.STT_PATIENCE", 0.1)
    seen = Told()
    detector = seen.detector()
    detector.stt_latency = -0.95
    detector.speech_started()
    detector.speech_stopped(b"")
    await asyncio.sleep(0.3)
    assert seen.turns == []
    assert len(seen.empty) == 1


async def test_words_before_the_decision_may_be_thought_about(monkeypatch):
    monkeypatch.setattr(smart_turn, "ask", lambda pcm, rate, answer: answer(0.1))
    seen = Told()
    detector = seen.detector(smart_turn=True, speech_timeout=0.05, smart_turn_deadline=0.2)
    detector.speech_started()
    detector.transcript("what are your", False, False, None)
    assert seen.guesses == []
    detector.speech_stopped(b"")
    detector.transcript("what are your hours", True, True, None)
    assert seen.guesses == ["what are your", "what are your hours"]
    await asyncio.sleep(0.3)
    assert [turn.text for turn in seen.turns] == ["what are your hours"]
    assert len(seen.guesses) == 2


async def test_smart_turn_that_answers_too_late_leaves_the_clock_to_decide(monkeypatch):
    monkeypatch.setattr(smart_turn, "ask", lambda pcm, rate, answer: None)
    seen = Told()
    detector = seen.detector(smart_turn=True, speech_timeout=0.1, smart_turn_deadline=5.0)
    detector.speech_started()
    detector.speech_stopped(b"")
    detector.transcript("hello", True, True, None)
    await asyncio.sleep(0.2)
    assert len(seen.turns) == 1


async def test_an_unfinished_sentence_waits_for_the_deadline(monkeypatch):
    monkeypatch.setattr(smart_turn, "ask", lambda pcm, rate, answer: answer(0.1))
    seen = Told()
    detector = seen.detector(smart_turn=True, speech_timeout=0.05, smart_turn_deadline=0.3)
    detector.speech_started()
    detector.speech_stopped(b"")
    detector.transcript("I would like", True, True, None)
    await asyncio.sleep(0.15)
    assert seen.turns == []
    await asyncio.sleep(0.25)
    assert len(seen.turns) == 1


def test_the_model_tells_finished_from_unfinished_speech():
    assert smart_turn.probability(clip(FINISHED), 8000) > 0.7
    assert smart_turn.probability(clip(UNFINISHED), 8000) < 0.4


async def test_more_questions_than_threads_can_take_are_not_queued():
    answers: list[float | None] = []
    complete = asyncio.Event()

    def answer(value: float | None) -> None:
        answers.append(value)
        if len(answers) == 20:
            complete.set()

    for _ in range(20):
        smart_turn.ask(clip(FINISHED), 8000, answer)
    await asyncio.sleep(0)
    assert answers.count(None) == 12
    await asyncio.wait_for(complete.wait(), 20)


async def test_smart_turn_ends_a_finished_sentence_long_before_the_clock_would(workers):
    worker = await workers(Vendors(["what are your opening hours", "goodbye"]))
    turns = {"smart_turn": True, "speech_timeout": 3.0, "smart_turn_deadline": 3.0}
    async with calling(worker, spec(turns=turns)) as caller:
        await caller.until_heard(0)
        caller.say(clip(FINISHED))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        started = time.monotonic()
        await caller.until_heard(1)
    latency = next(body for body in caller.of(told.Latency) if body.turn == 1)
    assert latency.turn_end_ms is not None
    assert latency.speech_end_ms is not None
    assert latency.turn_end_ms - latency.speech_end_ms < 1500
    assert started


async def test_the_shared_sessions_are_one_a_process():
    from media_worker.pipeline import vad

    assert vad.session() is vad.session()
    assert Vad(TurnTaking(), 8000)._session is Vad(TurnTaking(), 16000)._session
    assert smart_turn.session() is smart_turn.session()
    assert np.isfinite(smart_turn.probability(QUIET, 16000))


@pytest.mark.parametrize(
    "name", ["what_are_your_opening_hours", "goodbye", "no_thank_you", "where_are_you_located", "slt_yes"]
)
def test_the_end_of_speech_is_heard_when_it_is_and_not_when_its_echo_fades(name: str) -> None:
    line = line_from_wav(CLIPS / f"{name}.wav", 8000)
    vad, turns = Vad(TurnTaking(), 8000), TurnTaking()
    frames = [*line.frames, *[line.frames[-1] * 0] * 50]
    changes = [
        (change, number * 0.02) for number, frame in enumerate(frames, 1) for change in vad.hear(frame.tobytes())
    ]
    assert [change for change, _ in changes] == ["started", "stopped"]
    late = changes[-1][1] - line.speech_ends * 0.02 - turns.vad_stop
    assert -0.04 <= late <= 0.04


# ── callers who do not stop ──────────────────────────────────────────────────────────────────────


async def test_a_caller_who_does_not_stop_is_answered_all_the_same(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.turns.LONGEST_NOISE", 0.1)
    monkeypatch.setattr("media_worker.pipeline.turns.LONGEST_TURN", 1.0)
    seen = Told()
    detector = seen.detector()
    detector.speech_started()
    detector.transcript("and then I said", True, False, None)
    detector.transcript("to my neighbour", False, False, None)
    await asyncio.sleep(0.2)
    assert seen.turns == []
    await asyncio.sleep(0.8)
    assert [turn.text for turn in seen.turns] == ["and then I said to my neighbour"]
    detector.transcript("that he", True, False, None)
    await asyncio.sleep(1.2)
    assert [turn.text for turn in seen.turns][1:] == ["that he"]
    detector.close()


async def test_noise_without_a_word_does_not_keep_the_turn_open(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.turns.LONGEST_NOISE", 0.1)
    seen = Told()
    detector = seen.detector()
    detector.speech_started()
    assert detector.open
    await asyncio.sleep(0.3)
    assert not detector.open
    assert len(seen.empty) == 1


async def test_a_node_that_is_patient_waits_longer_even_when_the_sentence_sounds_finished(monkeypatch):
    monkeypatch.setattr(smart_turn, "ask", lambda pcm, rate, answer: answer(0.9))
    seen = Told(patience=0.4)
    detector = seen.detector(smart_turn=True, speech_timeout=1.0, smart_turn_deadline=2.0, vad_stop=0.1)
    detector.speech_started()
    detector.speech_stopped(b"")
    detector.transcript("five five five", True, True, None)
    await asyncio.sleep(0.15)
    assert seen.turns == []
    await asyncio.sleep(0.4)
    assert [turn.text for turn in seen.turns] == ["five five five"]


def on_a_noisy_line(samples: np.ndarray, voice: float, decibels: float, pink: bool) -> bytes:
    """With steady noise so far below the voice, and through a telephone's codec."""
    noise = np.random.default_rng(7).standard_normal(len(samples))
    if pink:
        frequencies = np.fft.rfftfreq(len(samples))
        frequencies[0] = frequencies[1]
        noise = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(frequencies), len(samples))
    noise *= voice * 10 ** (-decibels / 20) / np.sqrt(np.mean(noise**2))
    return mulaw_to_pcm(pcm_to_mulaw(np.clip(samples + noise, -32768, 32767).astype("<i2").tobytes()))


@pytest.mark.parametrize("pink", [False, True], ids=["white", "pink"])
@pytest.mark.parametrize("decibels", [20, 10])
def test_the_end_of_speech_is_heard_through_steady_noise(decibels: float, pink: bool) -> None:
    late = []
    for name in ("what_are_your_opening_hours", "goodbye", "no_thank_you", "where_are_you_located", "three_o_clock"):
        line = line_from_wav(CLIPS / f"{name}.wav", 8000)
        samples = np.concatenate([np.zeros(8000), *line.frames, np.zeros(8000)])
        spoken = np.concatenate(line.frames[line.speech_starts : line.speech_ends]).astype(float)
        told = changes(on_a_noisy_line(samples, float(np.sqrt(np.mean(spoken**2))), decibels, pink))
        assert [change for change, _ in told] == ["started", "stopped"]
        late.append(told[1][1] - 1.0 - line.speech_ends * 0.02 - TurnTaking().vad_stop)
    assert np.median(late) <= (0.08 if decibels == 20 else 0.12)
    assert max(late) <= 0.2
