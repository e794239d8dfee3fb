"""A call's recorded clips: which words they say, and their sound, fetched from the host while the call goes on.

A clip counts as usable from the moment its sound is here. Until then, and whenever it cannot be had, its words are
spoken by the TTS.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Literal
from weakref import WeakValueDictionary

import numpy as np
import soxr

from media_worker.contract.spec import Clip, Scalar
from media_worker.contract.wire import Response
from media_worker.pipeline import sounds
from media_worker.pipeline.phrases import Phrasebook, words
from media_worker.pipeline.sentences import ClipMark, sentences
from media_worker.pipeline.sounds import Key, SoundStore

log = logging.getLogger(__name__)

CANONICAL_RATE = 16_000
LONGEST_SECONDS = 60
ANSWER_WITHIN = 10.0
_MOST_BYTES = (LONGEST_SECONDS + 1) * CANONICAL_RATE * 2
_TAUGHT = 40
_TAUGHT_CHARACTERS = 4_000

Ask = Callable[[Literal["clip"], dict[str, Scalar], float], Awaitable[Response]]

_fetching: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
"""One lock for each sound that is on its way: calls that begin together fetch it once."""


class ClipUnavailable(RuntimeError):
    """The host gave no sound, or not the one that was asked for."""


class Clips(Phrasebook[Clip]):
    """`rate` is the call's, in Hz. `store` is shared by the calls of a process."""

    def __init__(
        self, clips: Sequence[Clip] = (), agency: str = "", rate: int = 8000, store: SoundStore | None = None
    ) -> None:
        super().__init__((clip.words, clip) for clip in clips)
        self._clips = {clip.id: clip for clip in clips}
        self._agency = agency
        self._rate = rate
        self._store = sounds.CLIPS if store is None else store
        self._most_sentences = max((len(sentences(clip.words)) for clip in clips), default=0)

    # ── which clip ───────────────────────────────────────────────────────────────────────────────

    def usable(self, thing: Clip) -> bool:
        return self._key(thing, self._rate) in self._store

    def named(self, mark: ClipMark) -> Clip | str:
        """What to say for a mark: the clip, or words for the TTS; an empty text when there is nothing to say."""
        clip = self._clips.get(mark.id)
        if clip is None:
            return (self.find(mark.words) or mark.words) if mark.words else ""
        return clip if self.usable(clip) else clip.words

    def of_kind(self, kind: Literal["phrase", "filler", "apology"]) -> tuple[Clip, ...]:
        """Those that can be played now. To play one, say its words."""
        return tuple(clip for clip in self._clips.values() if clip.kind == kind and self.usable(clip))

    def arrange(self, said: Sequence[str]) -> list[str | Clip]:
        """Sentences in a row, as clips where clips say them. A clip may say several of them."""
        found: list[str | Clip] = []
        at = 0
        while at < len(said):
            for end in range(min(len(said), at + self._most_sentences), at, -1):
                if (clip := self.find(" ".join(said[at:end]))) is not None:
                    found.append(clip)
                    at = end
                    break
            else:
                found += self.cut(said[at])
                at += 1
        return found

    def taught(self) -> str:
        """For a system prompt: how a reply names a clip, and what there is. Empty without clips."""
        lines: list[str] = []
        left = _TAUGHT_CHARACTERS
        for clip in [clip for clip in self._clips.values() if clip.kind == "phrase"][:_TAUGHT]:
            line = f"- [clip:{clip.id}] {' '.join(clip.words.split())}"
            left -= len(line)
            if left < 0:
                break
            lines.append(line)
        if not lines:
            return ""
        return (
            "Some phrases are recorded by a person and sound best. Where one says exactly what you want to say, write "
            "its mark instead of the words, alone or between your own sentences, and nothing else in brackets. The "
            "words after each mark are what the caller will hear:\n" + "\n".join(lines)
        )

    # ── its sound ────────────────────────────────────────────────────────────────────────────────

    def sound(self, clip: Clip) -> bytes | None:
        """Samples at the call's rate; None when they are not here."""
        return self._store.get(self._key(clip, self._rate))

    async def fetch(self, ask: Ask, first_words: Iterable[str] = ()) -> None:
        """Get what is missing: what keeps a call from silence first, then what says `first_words`, then the rest.

        A clip that cannot be had is passed over; a host that does not answer is not asked again.
        """
        urgent = {words(text) for text in first_words}
        rank = defaultdict(lambda: 3, apology=0, filler=1)
        for clip in sorted(
            self._clips.values(), key=lambda clip: min(rank[clip.kind], 2 if words(clip.words) in urgent else 3)
        ):
            try:
                await self._fetch(clip, ask)
            except ClipUnavailable as error:
                log.warning("A clip is not to be had: %s", error)
            except TimeoutError:
                log.warning("The host does not hand out clips")
                return

    async def _fetch(self, clip: Clip, ask: Ask) -> None:
        canonical = self._key(clip, CANONICAL_RATE)
        lock = _fetching.setdefault(canonical, asyncio.Lock())
        async with lock:
            if self.usable(clip):
                return
            pcm = self._store.get(canonical)
            if pcm is None:
                pcm = await _whole(clip.sha256, ask)
                self._store.put(canonical, pcm)
            if self._rate != CANONICAL_RATE:
                self._store.put(self._key(clip, self._rate), await asyncio.to_thread(resampled, pcm, self._rate))

    def _key(self, clip: Clip, rate: int) -> Key:
        return (self._agency, clip.sha256, rate)


async def _whole(sha256: str, ask: Ask) -> bytes:
    """A clip's canonical sound, piece by piece."""
    pcm = bytearray()
    while True:
        response = await ask("clip", {"sha256": sha256, "offset": len(pcm)}, ANSWER_WITHIN)
        if not response.ok:
            raise ClipUnavailable("the host refused")
        size = response.result.get("size")
        if not isinstance(size, int) or not 0 < size <= _MOST_BYTES:
            raise ClipUnavailable("the host told no fair size")
        try:
            piece = base64.b64decode(str(response.result.get("audio") or ""), validate=True)
        except binascii.Error:
            raise ClipUnavailable("the host sent something else") from None
        if not piece or len(pcm) + len(piece) > size:
            raise ClipUnavailable("the host sent too little or too much")
        pcm += piece
        if len(pcm) == size:
            break
    if await asyncio.to_thread(_digest, bytes(pcm)) != sha256:
        raise ClipUnavailable("the host sent another sound")
    return bytes(pcm)


def _digest(pcm: bytes) -> str:
    return hashlib.sha256(pcm).hexdigest()


def resampled(pcm: bytes, rate: int) -> bytes:
    """Canonical sound at another rate."""
    samples = np.frombuffer(pcm, dtype="<i2")
    return np.asarray(soxr.resample(samples, CANONICAL_RATE, rate), dtype="<i2").tobytes()
