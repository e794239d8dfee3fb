"""From records to two tracks of samples: where each piece of audio was heard on the call's clock.

The agent's audio plays from when it was written, or when the audio before it ends; a clear silences what was not yet
played. The caller's frames are the carrier's continuous stream: one that comes late because the network or the process
stalled belongs right after the one before, and the frames behind it catch up; only when a whole second of frames stays
late was there a hole in the stream, and a hole is silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calls.recording.segments import AGENT, CALLER, CLEARED, Record

Samples = npt.NDArray[np.int16]

LATE_MS = 60
AHEAD_MS = 500
LOOK_AHEAD_MS = 1000
STALL_MS = 30_000


def _mulaw_table() -> Samples:
    """ITU-T G.711 µ-law to linear 16 bits."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_MULAW = _mulaw_table()


def decode(codec: str, audio: bytes) -> Samples:
    if codec == "mulaw":
        return _MULAW[np.frombuffer(audio, dtype=np.uint8)]
    return np.frombuffer(audio[: len(audio) & ~1], dtype="<i2").astype(np.int16)


@dataclass
class Track:
    """Pieces in order, not overlapping; `end` is where the last one ends. All in samples."""

    end: int = 0
    pieces: deque[tuple[int, Samples]] = field(default_factory=deque)

    def place(self, start: int, samples: Samples) -> None:
        self.pieces.append((start, samples))
        self.end = start + len(samples)

    def cut(self, at: int) -> None:
        while self.pieces and self.pieces[-1][0] + len(self.pieces[-1][1]) > at:
            start, samples = self.pieces.pop()
            if start < at:
                self.pieces.append((start, samples[: at - start]))
        self.end = min(self.end, at)

    def take(self, start: int, into: Samples) -> None:
        """Copy what lies in [start, start + len(into)) and forget what lies before its end."""
        until = start + len(into)
        while self.pieces and self.pieces[0][0] < until:
            begin, samples = self.pieces.popleft()
            share = samples[: until - begin]
            into[begin - start : begin - start + len(share)] = share
            if len(share) < len(samples):
                self.pieces.appendleft((until, samples[len(share) :]))
                return


class Timeline:
    """Feed it records in the order they were written; take blocks of audio that no later record can change."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.sent = 0
        self.now = 0
        self._caller, self._agent = Track(), Track()
        self._waiting: deque[tuple[int, Samples]] = deque()

    def new_part(self, at_ms: int) -> None:
        """Another bridge goes on: what the carrier had queued went down with the old stream."""
        self._settle(everything=True)
        self._agent.cut(max(self._at(at_ms), self.sent))

    def add(self, record: Record, codec: str) -> None:
        at = self._at(record.at_ms)
        self.now = max(self.now, at)
        if record.track == CLEARED:
            self._agent.cut(max(at, self.sent))
        elif record.track == AGENT:
            self._agent.place(max(at, self._agent.end, self.sent), decode(codec, record.audio))
        elif record.track == CALLER:
            self._waiting.append((at, decode(codec, record.audio)))
            self._settle()

    def blocks(self, size: int) -> Iterator[Samples]:
        """What is certain by now, as arrays of (size, 2)."""
        while self.sent + size <= self._certain():
            yield self._block(size)

    def finish(self, size: int) -> Iterator[Samples]:
        """The rest, the last block shorter."""
        self._settle(everything=True)
        total = max(self._caller.end, self._agent.end)
        while self.sent < total:
            yield self._block(min(size, total - self.sent))

    def _block(self, size: int) -> Samples:
        block = np.zeros((size, 2), dtype=np.int16)
        for side, track in enumerate((self._caller, self._agent)):
            track.take(self.sent, block[:, side])
        self.sent += size
        return block

    def _certain(self) -> int:
        if not self._waiting and self.now - self._caller.end > self._samples(STALL_MS):
            self._caller.end = self.now - self._samples(STALL_MS)
        return min(self.now, self._caller.end)

    def _settle(self, everything: bool = False) -> None:
        late = self._samples(LATE_MS)
        while self._waiting:
            at, samples = self._waiting[0]
            behind = at - self._caller.end
            if behind > late:
                hole = self._hole()
                if hole > late:
                    if not everything and self._waiting[-1][0] - at < self._samples(LOOK_AHEAD_MS):
                        return
                    self._caller.end += hole
            self._waiting.popleft()
            if -behind <= self._samples(AHEAD_MS):
                self._caller.place(self._caller.end, samples)

    def _hole(self) -> int:
        """How late the waiting frames stay when they are laid end to end."""
        end, least = self._caller.end, self._waiting[0][0]
        for at, samples in self._waiting:
            least = min(least, at - end)
            end += len(samples)
        return least

    def _at(self, ms: int) -> int:
        return ms * self.rate // 1000

    _samples = _at


def stereo(parts: Iterable[tuple[str, str, Iterable[Record]]], rate: int, size: int) -> Iterator[Samples]:
    """`(part, codec, records)` in order → blocks of (≤ size, 2): the caller left, the agent right."""
    timeline, current = Timeline(rate), ""
    for part, codec, records in parts:
        for record in records:
            if part != current:
                if current:
                    timeline.new_part(record.at_ms)
                current = part
            timeline.add(record, codec)
        yield from timeline.blocks(size)
    yield from timeline.finish(size)
