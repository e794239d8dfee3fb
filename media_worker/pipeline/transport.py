"""The agent's audio, in real time.

`Mouth` is the last processor: it takes the TTS's audio, cuts it into small pieces, stays at most `LEAD_MS` ahead of what the caller hears, and sets a mark after
every sentence. It can pause: the caller hears silence at once, and `resume` goes on with the very next sample.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pipecat.audio.utils import create_stream_resampler
from pipecat.frames.frames import ControlFrame, Frame, StartFrame, TTSAudioRawFrame, TTSStoppedFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.spec import AudioFormat
from media_worker.contract.wire import LEAD_MS, Clear, Mark, Speaking
from media_worker.pipeline.codec import encoder
from media_worker.pipeline.speech import Books, Sentence, Speech
from media_worker.pipeline.wire import Wire
from media_worker.providers.streaming.timing import SpokenWordsFrame

STEP = 0.06
"""Seconds of audio in one message: three frames of a carrier, so that a speaking call wakes us 17 times a second."""

TTS_PATIENCE = 5.0
"""Seconds without a sample, while the TTS owes some, until it counts as broken."""

TTS_PATIENCE_WITH_DEPUTY = 2.5
"""The same where another voice stands by."""

_MOST_OF_A_FILLER = 0.8
"""Seconds that an answer, once there, waits for the end of a word of patience."""

MOST_AHEAD = 30.0
"""Seconds of audio kept for later; a TTS that is further ahead of the caller than that has to wait."""

GOODBYE_PATIENCE = 20.0
"""Seconds a last sentence may take to be heard, whatever happens to its mark."""

_LEAD = LEAD_MS / 1000


@dataclass
class SentenceFrame(ControlFrame):
    """What follows, until the next of these, is the audio of `sentence`."""

    sentence: Sentence | None = field(default=None, kw_only=True)


@dataclass
class SpeechWrittenFrame(ControlFrame):
    """All audio of `speech` has passed."""

    speech: Speech | None = field(default=None, kw_only=True)


_OF_A_VOICE = (TTSAudioRawFrame, SentenceFrame, TTSStoppedFrame, SpeechWrittenFrame)


class Mouth(FrameProcessor):
    """`first_audio` is called as a speech's first piece leaves; `silent_tts`, with a word of why, when the TTS owes audio
    for too long, or is through with a sentence and gave none. It takes no more then, until `go_on`."""

    def __init__(
        self,
        wire: Wire,
        audio: AudioFormat,
        books: Books,
        first_audio: Callable[[Speech], None],
        silent_tts: Callable[[str], object],
    ) -> None:
        super().__init__(name="mouth", enable_direct_mode=True)
        self._wire = wire
        self._encode = encoder(audio)
        self._rate = audio.rate
        self._bytes_per_second = audio.bytes_per_second
        self._sample = audio.bytes_per_second // audio.rate
        self._piece = int(STEP * self._bytes_per_second)
        self._books = books
        self._first_audio = first_audio
        self._silent_tts = silent_tts
        self._resampler = create_stream_resampler()
        self._sentence: Sentence | None = None
        self._audible = False
        self._halted = False
        self.has_deputy = False
        self._queue: deque[tuple[Sentence, memoryview | None]] = deque()
        self._waiting = 0
        self._room = asyncio.Event()
        self._sent: deque[tuple[Sentence, memoryview | None, float]] = deque()
        self._paused = False
        self._wake = asyncio.Event()
        self._until = 0.0
        self._owed: asyncio.TimerHandle | None = None
        self._pacing: asyncio.Task[None] | None = None
        self.seconds = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.DOWNSTREAM:
            if self._halted and isinstance(frame, _OF_A_VOICE):
                return
            if isinstance(frame, TTSAudioRawFrame):
                await self._take(frame)
                return
            if isinstance(frame, SentenceFrame):
                self._close_sentence()
                if self._halted:
                    return
                self._sentence, self._audible = frame.sentence, False
                if frame.sentence is not None:
                    frame.sentence.begins.clear()
                self._expect_audio()
            elif isinstance(frame, SpokenWordsFrame) and self._sentence is not None:
                self._sentence.timed(frame.words)
            elif isinstance(frame, TTSStoppedFrame):
                if self._audible:
                    self._close_sentence()
            elif isinstance(frame, SpeechWrittenFrame) and frame.speech is not None:
                self._close_sentence()
                if self._halted:
                    return
                self._books.written(frame.speech)
        await super().process_frame(frame, direction)
        if isinstance(frame, StartFrame):
            self._pacing = self.create_task(self._pace(), "pace")
        await self.push_frame(frame, direction)

    async def _take(self, frame: TTSAudioRawFrame) -> None:
        sentence = self._sentence
        if sentence is None or sentence.speech.cut:
            return
        pcm = frame.audio
        if frame.sample_rate != self._rate:
            pcm = await self._resampler.resample(pcm, frame.sample_rate, self._rate)
        if not pcm:
            return
        self._audible = True
        if sentence.recording is not None:
            sentence.recording += pcm
        if sentence.span is not None:
            sentence.span.first()
        await self._wait_for_room(sentence)
        if sentence is not self._sentence:
            return
        self._expect_audio()
        if not sentence.made and sentence.speech.kind == "reply":
            self._shorten_filler()
        audio = memoryview(self._encode(pcm))
        sentence.made += len(audio) / self._bytes_per_second
        self._waiting += len(audio)
        self._queue.append((sentence, audio))
        self._wake.set()

    async def _wait_for_room(self, sentence: Sentence) -> None:
        while self._waiting > MOST_AHEAD * self._bytes_per_second and not sentence.speech.cut:
            self._expect_nothing()
            self._room.clear()
            await self._room.wait()

    def _shorten_filler(self) -> None:
        """An answer is there: of a word of patience that would keep it waiting only what is on its way is heard."""
        filler = [(sentence, audio) for sentence, audio in self._queue if sentence.speech.kind == "filler"]
        unsent = sum(len(audio) for _, audio in filler if audio is not None)
        if unsent <= _MOST_OF_A_FILLER * self._bytes_per_second:
            return
        self._queue = deque(entry for entry in self._queue if entry[0].speech.kind != "filler")
        self._waiting -= unsent
        for sentence in dict.fromkeys(sentence for sentence, _ in filler):
            sentence.broken = True
            self._queue.appendleft((sentence, None))

    def _close_sentence(self) -> None:
        sentence, self._sentence = self._sentence, None
        self._expect_nothing()
        if sentence is None or sentence.settled:
            return
        if sentence.span is not None:
            sentence.span.end()
        if self._audible:
            sentence.whole = True
            self._queue.append((sentence, None))
            self._wake.set()
        elif not sentence.speech.cut:
            self._halted = True
            self._silent_tts("empty")

    # ── a TTS that falls silent ──────────────────────────────────────────────────────────────────

    def _expect_audio(self) -> None:
        self._expect_nothing()
        wait = max(0.0, self._until - time.monotonic()) + (
            min(TTS_PATIENCE, TTS_PATIENCE_WITH_DEPUTY) if self.has_deputy else TTS_PATIENCE
        )
        self._owed = asyncio.get_running_loop().call_later(wait, self._is_silent)

    def _expect_nothing(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None

    def _is_silent(self) -> None:
        if self._sentence is not None and not self._sentence.speech.cut:
            self._silent_tts("silent")

    def halt(self) -> None:
        """No more comes of the present sentence: what there is of it is played, up to its last whole word."""
        self._halted = True
        self._expect_nothing()
        sentence, self._sentence = self._sentence, None
        if sentence is None or sentence.settled or sentence.speech.cut or not sentence.made:
            return
        self._trim(sentence, self._books.break_off(sentence))
        if sentence.made:
            self._queue.append((sentence, None))
            self._wake.set()
        else:
            self._books.unmade(sentence)

    def go_on(self) -> None:
        """Another voice speaks."""
        self._halted = False

    def _trim(self, sentence: Sentence, seconds: float) -> None:
        """Take back so much of its end as was not sent yet."""
        excess = int(seconds * self._rate) * (self._bytes_per_second // self._rate)
        while excess > 0 and self._queue and self._queue[-1][0] is sentence and self._queue[-1][1] is not None:
            _, audio = self._queue.pop()
            assert audio is not None
            kept = audio[: max(0, len(audio) - excess)]
            taken = len(audio) - len(kept)
            excess -= taken
            self._waiting -= taken
            sentence.made = max(0.0, sentence.made - taken / self._bytes_per_second)
            if kept:
                self._queue.append((sentence, kept))
        if not sentence.text and sentence.starts is None:
            sentence.made = 0.0

    async def until_heard(self, speech: Speech) -> None:
        """Or until nothing of it has come for too long: words that cannot be said do not hold a call."""
        while not speech.over.is_set():
            before = self.seconds
            try:
                await asyncio.wait_for(speech.over.wait(), GOODBYE_PATIENCE)
            except TimeoutError:
                if self.seconds <= before:
                    return

    # ── real time ────────────────────────────────────────────────────────────────────────────────

    @property
    def playing_until(self) -> float:
        """When all that was sent will have been heard, on `time.monotonic()`."""
        return self._until

    @property
    def pending(self) -> bool:
        """Something is still to be heard of what the TTS gave."""
        return bool(self._queue) or self._until > time.monotonic()

    def pause(self) -> bool:
        """Silence at once; what was sent and not heard will be sent again. Whether the caller heard anything stop."""
        now = time.monotonic()
        self._paused = True
        back: list[tuple[Sentence, memoryview | None]] = []
        for sentence, audio, starts in self._sent:
            if sentence.speech.cut:
                continue
            if audio is None:
                if starts > now:
                    self._books.unmark(sentence)
                    back.append((sentence, None))
                continue
            heard = max(0, int((now - starts) * self._bytes_per_second)) // self._sample * self._sample
            if heard < len(audio):
                back.append((sentence, audio[heard:]))
                self._take_back(sentence, len(audio) - heard)
        self._sent.clear()
        self._queue.extendleft(reversed(back))
        self._books.pause(now)
        if back:
            self._until = now
            self._wire.send(Clear())
        return bool(back)

    def _take_back(self, sentence: Sentence, size: int) -> None:
        seconds = size / self._bytes_per_second
        self._waiting += size
        self.seconds -= seconds
        self._books.take_back(sentence, seconds)

    def resume(self) -> None:
        self._paused = False
        self._books.resume()
        self._wake.set()

    def clear(self) -> None:
        """Stop playback, and forget what has not been sent."""
        silent, self._paused = self._paused, False
        self.forget()
        self._sent.clear()
        self._until = time.monotonic()
        if not silent:
            self._wire.send(Clear())

    def forget(self) -> None:
        """Nobody needs what is left of speeches that were cut; what was held for a decision may go."""
        self._queue = deque((sentence, rest) for sentence, rest in self._queue if not sentence.speech.cut)
        self._waiting = sum(len(rest) for _, rest in self._queue if rest is not None)
        if self._sentence is not None and self._sentence.speech.cut:
            self._sentence = None
            self._expect_nothing()
        self._room.set()
        self._wake.set()

    def _held(self) -> bool:
        """What may not be interrupted is not held by a pause either; what is only a guess is held in any case."""
        speech = self._queue[0][0].speech
        return (speech.speculative and not speech.cut) or (self._paused and speech.interruptible)

    async def _pace(self) -> None:
        while True:
            if not self._queue or self._held():
                self._wake.clear()
                await self._wake.wait()
                continue
            now = time.monotonic()
            ahead = self._until - now
            if ahead > _LEAD - STEP and self._queue[0][1] is not None:
                await asyncio.sleep(ahead - (_LEAD - STEP) + 0.001)
                continue
            self._send_piece(now)

    def _send_piece(self, now: float) -> None:
        sentence, audio = self._queue.popleft()
        if audio is not None:
            self._waiting -= len(audio)
            self._room.set()
        if sentence.speech.cut:
            return
        while self._sent and self._sent[0][2] + STEP < now:
            self._sent.popleft()
        if audio is None:
            self._wire.send(Mark(name=sentence.mark))
            self._books.marked(sentence, self._until)
            self._sent.append((sentence, None, self._until))
            return
        if len(audio) > self._piece:
            self._queue.appendleft((sentence, audio[self._piece :]))
            self._waiting += len(audio) - self._piece
            audio = audio[: self._piece]
        speech = sentence.speech
        if not speech.announced:
            speech.announced = True
            if speech.kind == "reply":
                self._wire.send(Speaking(turn=speech.turn))
            self._first_audio(speech)
        starts = max(now, self._until)
        seconds = len(audio) / self._bytes_per_second
        self._until = starts + seconds
        self.seconds += seconds
        self._wire.audio(audio)
        self._books.sending(sentence, starts, seconds)
        self._sent.append((sentence, audio, starts))

    async def cleanup(self) -> None:
        self._expect_nothing()
        if self._pacing is not None:
            await self.cancel_task(self._pacing)
        await super().cleanup()
