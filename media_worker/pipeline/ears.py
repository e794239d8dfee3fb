"""Caller's audio in. The first processor: everything the STT hears passes here, with its voice activity."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.spec import AudioFormat, TurnTaking
from media_worker.pipeline.codec import decoder
from media_worker.pipeline.smart_turn import SECONDS
from media_worker.pipeline.vad import Vad

STALE = 0.5
"""Audio older than this many seconds is dropped: an answer to what was said a while ago helps nobody."""

LONGEST_STRETCH = 20.0
"""Seconds of speech without a pause after which the STT is told to read what it has: some read nothing before an end."""

_BEFORE_SPEECH = 0.5


class VoiceListener(Protocol):
    """Who is told of voice: `speech_stopped` gets the open turn's samples."""

    @property
    def open(self) -> bool: ...
    def speech_started(self) -> None: ...
    def speech_stopped(self, audio: bytes) -> None: ...
    def read_now(self) -> bool:
        """Speech has gone on for long. Whether an STT is to read what it has."""


class Freshness:
    """How late audio arrives against its own clock. A burst after a stall is late; a pause of the caller's line is not.

    `fresh(seconds)` takes a frame's length and says whether to keep it.
    """

    def __init__(self) -> None:
        self._media = 0.0
        self._earliest: float | None = None
        self._last = 0.0
        self._doubted = False

    def fresh(self, seconds: float) -> bool:
        now = time.monotonic()
        offset = now - self._media
        burst = now - self._last < seconds / 2
        self._media += seconds
        self._last = now
        if self._earliest is None or offset < self._earliest:
            self._earliest = offset
        if offset - self._earliest <= STALE:
            self._doubted = False
            return True
        if burst:
            return False
        if self._doubted:  # two in a row that came at their own pace: the line was silent, and its clock stood still
            self._earliest = offset
        self._doubted = not self._doubted
        return True


class Ears(FrameProcessor):
    """`feed` takes the wire's bytes. What the STT has not taken within `STALE` seconds is not piled up.

    Being first, it sees every error of every processor: `failed` is told.
    """

    def __init__(
        self,
        audio: AudioFormat,
        turns: TurnTaking,
        detector: VoiceListener,
        failed: Callable[[ErrorFrame], None],
    ) -> None:
        super().__init__(name="ears", enable_direct_mode=True)
        self._failed = failed
        self._decode = decoder(audio)
        self._rate = audio.rate
        self._turns = turns
        self._detector = detector
        self._vad = Vad(turns, audio.rate)
        self._freshness = Freshness()
        self._recent: deque[bytes] = deque()
        self._recent_bytes = 0
        self._since = 0
        """Bytes since a little before the last stretch of speech began."""
        self._keep_quiet = int((_BEFORE_SPEECH + turns.vad_start) * audio.rate) * 2
        self._keep_turn = SECONDS * audio.rate * 2
        self._stretch = 0.0
        self.taken = 0.0
        self.seconds = 0.0
        self.dropped = 0.0

    async def feed(self, payload: bytes) -> None:
        pcm = self._decode(payload)
        seconds = len(pcm) / 2 / self._rate
        if not seconds:
            return
        backlog = self.seconds - self.taken if self.taken else 0.0
        if not self._freshness.fresh(seconds) or backlog > STALE:
            self.dropped += seconds
            return
        self.seconds += seconds
        self._remember(pcm)
        self._since += len(pcm)
        stt = self.next
        if stt is None:
            return
        await stt.queue_frame(InputAudioRawFrame(audio=pcm, sample_rate=self._rate, num_channels=1))
        await self._read_long_speech(seconds)
        for change in self._vad.hear(pcm):
            self._stretch = 0.0
            if change == "started":
                self._since = self._keep_quiet
                self._detector.speech_started()
                await self.push_frame(VADUserStartedSpeakingFrame(start_secs=self._turns.vad_start))
            else:
                await self.push_frame(VADUserStoppedSpeakingFrame(stop_secs=self._turns.vad_stop))
                self._detector.speech_stopped(b"".join(self._recent) if self._turns.smart_turn else b"")

    async def _read_long_speech(self, seconds: float) -> None:
        self._stretch = self._stretch + seconds if self._vad.speaking else 0.0
        if self._stretch < LONGEST_STRETCH:
            return
        self._stretch = 0.0
        if self._detector.read_now():
            await self.push_frame(VADUserStoppedSpeakingFrame(stop_secs=0.0))
            await self.push_frame(VADUserStartedSpeakingFrame(start_secs=0.0))

    def took(self, seconds: float) -> None:
        """The STT is through with so much; what it hears for the second time counts once."""
        self.taken = min(self.seconds, self.taken + seconds)

    async def replay(self) -> None:
        """Let another STT, which stands behind us now, hear the open turn's last stretch of speech from its beginning."""
        self.taken = self.seconds
        if not self._detector.open:
            return
        pcm = b"".join(self._recent)[-self._since :]
        before = min(len(pcm), self._keep_quiet)
        await self._tell(pcm[:before])
        await self.push_frame(VADUserStartedSpeakingFrame(start_secs=self._turns.vad_start))
        await self._tell(pcm[before:])
        if not self._vad.speaking:
            await self.push_frame(VADUserStoppedSpeakingFrame(stop_secs=self._turns.vad_stop))

    async def _tell(self, pcm: bytes) -> None:
        piece = self._rate // 50 * 2
        for start in range(0, len(pcm), piece):
            audio = pcm[start : start + piece]
            await self.push_frame(InputAudioRawFrame(audio=audio, sample_rate=self._rate, num_channels=1))

    def _remember(self, pcm: bytes) -> None:
        """Keep the open turn's sound, and a little of what was before it: for smart-turn, and for other ears."""
        self._recent.append(pcm)
        self._recent_bytes += len(pcm)
        keep = self._keep_turn if self._detector.open else self._keep_quiet
        while self._recent_bytes > keep:
            self._recent_bytes -= len(self._recent.popleft())

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ErrorFrame):
            self._failed(frame)
        await self.push_frame(frame, direction)
