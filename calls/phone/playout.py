"""The carrier's playback buffer: plays in real time, returns marks, is emptied by a clear."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Playout:
    """Bytes in, one frame out per tick. `heard` keeps what was played, silence included.

    A mark comes back when the audio before it was played, at once when nothing is queued, and when a clear empties
    the buffer (Twilio's behaviour).
    """

    frame_bytes: int
    silence: bytes
    heard: bytearray = field(default_factory=bytearray)
    received: int = 0
    played: int = 0
    _queue: bytearray = field(default_factory=bytearray)
    _marks: deque[tuple[int, str]] = field(default_factory=deque)

    def add(self, audio: bytes) -> None:
        self._queue += audio
        self.received += len(audio)

    def mark(self, name: str) -> list[str]:
        """Marks that come back at once."""
        self._marks.append((self.played + len(self._queue), name))
        return self._due()

    def clear(self) -> list[str]:
        self._queue.clear()
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names

    def tick(self) -> tuple[bytes, list[str]]:
        """The frame that is played now, and the marks that come back with it."""
        chunk = bytes(self._queue[: self.frame_bytes])
        del self._queue[: self.frame_bytes]
        self.played += len(chunk)
        frame = chunk + self.silence * (self.frame_bytes - len(chunk))
        self.heard += frame
        return frame, self._due()

    @property
    def queued(self) -> int:
        return len(self._queue)

    def _due(self) -> list[str]:
        names = []
        while self._marks and self._marks[0][0] <= self.played:
            names.append(self._marks.popleft()[1])
        return names
