"""Sound that was heard before, kept for the next time: one store for the clips of a process, one for its TTS.

A key begins with the agency's name, so that no agency ever hears what another one recorded or had spoken.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

Key: TypeAlias = tuple[str | int, ...]

CLIP_BYTES = 96 * 1024 * 1024
SPOKEN_BYTES = 64 * 1024 * 1024
_MOST_SEEN = 20_000


class SoundStore:
    """Samples by key, 16 bits wide. Beyond `most_bytes` the longest unused goes first; what is larger than an eighth
    of it is not kept at all."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self.size = 0

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def get(self, key: Key) -> bytes | None:
        pcm = self._kept.get(key)
        if pcm is not None:
            self._kept.move_to_end(key)
        return pcm

    def put(self, key: Key, pcm: bytes) -> None:
        if not pcm or len(pcm) > self._most // 8:
            return
        self.size += len(pcm) - len(self._kept.pop(key, b""))
        self._kept[key] = pcm
        while self.size > self._most:
            self.size -= len(self._kept.popitem(last=False)[1])

    def seen_before(self, key: Key) -> bool:
        """Whether this was asked before, of late; from now on it was. Holds no text: only hashes."""
        mark = hash(key)
        again = mark in self._seen
        self._seen[mark] = None
        self._seen.move_to_end(mark)
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
        return again

    def clear(self) -> None:
        self._kept.clear()
        self._seen.clear()
        self.size = 0


CLIPS = SoundStore(CLIP_BYTES)
SPOKEN = SoundStore(SPOKEN_BYTES)
