"""The agent's side of the wire: messages in order, audio in real time.

`Wire` is the socket as the session sees it: `send` never waits, one task writes. `Mouth` is the last processor: it takes
the TTS's audio, cuts it into small pieces, stays at most `LEAD_MS` ahead of what the caller hears, and sets a mark after
every sentence.
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
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from media_worker.contract.spec import AudioFormat
from media_worker.contract.wire import AGENT, LEAD_MS, Clear, Mark, Speaking, ToBridge
from media_worker.pipeline.codec import encoder
from media_worker.pipeline.speech import Books, Sentence, Speech

STEP = 0.06
"""Seconds of audio in one message: three frames of a carrier, so that a speaking call wakes us 17 times a second."""

TTS_PATIENCE = 5.0
"""Seconds without a sample, while the TTS owes some, until it counts as broken."""

_LEAD = LEAD_MS / 1000
_TRACK = bytes([AGENT])
_MOST_UNSENT = 2000


class Wire:
    """Ordered sending without waiting. A bridge that stops reading is a dead bridge: `lost` is called once."""

    def __init__(self, socket: Connection, lost: Callable[[], None]) -> None:
        self._socket = socket
        self._lost = lost
        self._queue: deque[str | bytes] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._dead = False

    def send(self, message: ToBridge) -> None:
        self._put(message.model_dump_json())

    def audio(self, payload: bytes | memoryview) -> None:
        self._put(b"".join((_TRACK, payload)))

    def _put(self, data: str | bytes) -> None:
        if self._dead:
            return
        if len(self._queue) >= _MOST_UNSENT:
            self._die()
            return
        self._queue.append(data)
        self._idle.clear()
        self._wake.set()

    def _die(self) -> None:
        self._dead = True
        self._queue.clear()
        self._idle.set()
        self._lost()

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._socket.send(self._queue.popleft())
                self._idle.set()
        except ConnectionClosed:
            self._die()

    async def flush(self, seconds: float) -> None:
        """Until all is written, or the time is up."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            self._die()


@dataclass
class SentenceFrame(ControlFrame):
    """What follows, until the next of these, is the audio of `sentence`."""

    sentence: Sentence | None = field(default=None, kw_only=True)


@dataclass
class SpeechWrittenFrame(ControlFrame):
    """All audio of `speech` has passed."""

    speech: Speech | None = field(default=None, kw_only=True)


class Mouth(FrameProcessor):
    """`first_audio` is called as a speech's first piece leaves, `silent_tts` when the TTS owes audio for too long."""

    def __init__(
        self,
        wire: Wire,
        audio: AudioFormat,
        books: Books,
        first_audio: Callable[[Speech], None],
        silent_tts: Callable[[], object],
    ) -> None:
        super().__init__(name="mouth", enable_direct_mode=True)
        self._wire = wire
        self._encode = encoder(audio)
        self._rate = audio.rate
        self._bytes_per_second = audio.bytes_per_second
        self._piece = int(STEP * self._bytes_per_second)
        self._books = books
        self._first_audio = first_audio
        self._silent_tts = silent_tts
        self._resampler = create_stream_resampler()
        self._sentence: Sentence | None = None
        self._audible = False
        self._queue: deque[tuple[Sentence, memoryview | None]] = deque()
        self._wake = asyncio.Event()
        self._until = 0.0
        self._owed: asyncio.TimerHandle | None = None
        self._pacing: asyncio.Task[None] | None = None
        self.seconds = 0.0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, TTSAudioRawFrame):
                await self._take(frame)
                return
            if isinstance(frame, SentenceFrame):
                self._close_sentence()
                self._sentence, self._audible = frame.sentence, False
                self._expect_audio()
            elif isinstance(frame, TTSStoppedFrame):
                if self._audible:
                    self._close_sentence()
            elif isinstance(frame, SpeechWrittenFrame) and frame.speech is not None:
                self._close_sentence()
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
        if pcm:
            self._audible = True
            if sentence.span is not None:
                sentence.span.first()
            self._expect_audio()
            self._queue.append((sentence, memoryview(self._encode(pcm))))
            self._wake.set()

    def _close_sentence(self) -> None:
        sentence, self._sentence = self._sentence, None
        self._expect_nothing()
        if sentence is None or sentence.settled:
            return
        if sentence.span is not None:
            sentence.span.end()
        if self._audible:
            self._queue.append((sentence, None))
            self._wake.set()
        else:
            self._books.skipped(sentence)

    # ── a TTS that falls silent ──────────────────────────────────────────────────────────────────

    def _expect_audio(self) -> None:
        self._expect_nothing()
        wait = max(0.0, self._until - time.monotonic()) + TTS_PATIENCE
        self._owed = asyncio.get_running_loop().call_later(wait, self._is_silent)

    def _expect_nothing(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None

    def _is_silent(self) -> None:
        if self._sentence is not None and not self._sentence.speech.cut:
            self._silent_tts()

    def break_off(self) -> None:
        """No more audio of the present sentence will come: what there is of it is played, and it counts as broken."""
        if self._sentence is not None:
            self._sentence.broken = True
            self._close_sentence()

    # ── real time ────────────────────────────────────────────────────────────────────────────────

    @property
    def playing_until(self) -> float:
        """When all that was sent will have been heard, on `time.monotonic()`."""
        return self._until

    def clear(self) -> None:
        """Stop playback, and forget what has not been sent."""
        self._queue = deque((sentence, rest) for sentence, rest in self._queue if not sentence.speech.cut)
        self._until = time.monotonic()
        if self._sentence is not None and self._sentence.speech.cut:
            self._sentence = None
            self._expect_nothing()
        self._wire.send(Clear())

    async def _pace(self) -> None:
        while True:
            if not self._queue:
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
        if sentence.speech.cut:
            return
        if audio is None:
            self._wire.send(Mark(name=sentence.mark))
            self._books.marked(sentence, self._until)
            return
        if len(audio) > self._piece:
            self._queue.appendleft((sentence, audio[self._piece :]))
            audio = audio[: self._piece]
        speech = sentence.speech
        if not speech.announced:
            speech.announced = True
            if speech.kind in ("reply", "filler"):
                self._wire.send(Speaking(turn=speech.turn))
            self._first_audio(speech)
        starts = max(now, self._until)
        seconds = len(audio) / self._bytes_per_second
        self._until = starts + seconds
        self.seconds += seconds
        self._wire.audio(audio)
        self._books.sending(sentence, starts, seconds)

    async def cleanup(self) -> None:
        self._expect_nothing()
        if self._pacing is not None:
            await self.cancel_task(self._pacing)
        await super().cleanup()
