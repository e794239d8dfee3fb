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
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal
from weakref import WeakValueDictionary

import numpy as np
import soxr

from media_worker.contract.spec import Clip, Scalar
from media_worker.contract.wire import Response
from media_worker.pipeline import sounds
from media_worker.pipeline.phrases import Phrasebook, tokens, words
from media_worker.pipeline.sentences import ClipMark, Piece, sentences
from media_worker.pipeline.sounds import Key, SoundStore

log = logging.getLogger(__name__)

CANONICAL_RATE = 16_000
LONGEST_SECONDS = 60
ANSWER_WITHIN = 10.0
OPENING_WITHIN = 0.25
"""Seconds that a greeting waits for its clip: about what a voice needs to begin."""
_MARKUP = re.compile(r"[*_`#]+|\[([^\]]*)\]\([^)]*\)")
_MOST_BYTES = (LONGEST_SECONDS + 1) * CANONICAL_RATE * 2
_MOST_REFUSALS = 3

Ask = Callable[[Literal["clip"], dict[str, Scalar], float], Awaitable[Response]]

_fetching: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
"""One lock for each sound that is on its way: calls that begin together fetch it once."""


def plain(text: str) -> str:
    """Without what is not spoken; empty when nothing is left to say."""
    text = " ".join(_MARKUP.sub(r"\1", text).split())
    return text if any(character.isalnum() for character in text) else ""


def plain_sentences(text: str) -> list[str]:
    """The sentences as they are spoken, without the clips that the text names."""
    return [said for piece in sentences(text) if isinstance(piece, str) and (said := plain(piece))]


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
        self._may_open = asyncio.Event()
        self._most_sentences = 1
        self._beginnings: dict[tuple[str, ...], list[Clip]] = defaultdict(list)
        for clip in clips:
            said = plain_sentences(clip.words)
            self._most_sentences = max(self._most_sentences, len(said))
            for end in range(1, len(said)):
                self._beginnings[words(" ".join(said[:end]))].append(clip)

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

    def goes_on(self, said: Sequence[str], open_text: str) -> bool:
        """Whether these sentences, with `open_text` after them whose last word may be half, begin a longer clip."""
        begun = words(" ".join(said))
        so_far = (*begun, *words(open_text)[:-1])
        return any(
            words(clip.words)[: len(so_far)] == so_far and self.usable(clip) for clip in self._beginnings.get(begun, ())
        )

    # ── its sound ────────────────────────────────────────────────────────────────────────────────

    def sound(self, clip: Clip) -> bytes | None:
        """Samples at the call's rate; None when they are not here."""
        return self._store.get(self._key(clip, self._rate))

    async def fetch(self, ask: Ask, first_words: str = "") -> None:
        """Get what is missing: what is a part of `first_words`, then what keeps a call from silence, then the rest.

        Never raises. A clip that cannot be had is passed over; a host that refuses in a row is not asked again.
        """
        try:
            await self._fetch_all(ask, first_words)
        finally:
            self._may_open.set()

    async def opening_is_here(self) -> None:
        """Until the clips of the first words are here, or cannot be had; not for long."""
        if self._clips:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._may_open.wait(), OPENING_WITHIN)

    async def _fetch_all(self, ask: Ask, first_words: str) -> None:
        opening = f" {' '.join(words(first_words))} "
        rank = {"apology": 1, "filler": 2}

        def urgency(clip: Clip) -> int:
            return 0 if f" {' '.join(words(clip.words))} " in opening else rank.get(clip.kind, 3)

        refusals = 0
        for clip in sorted(self._clips.values(), key=urgency):
            if urgency(clip):
                self._may_open.set()
            try:
                await self._fetch(clip, ask)
                refusals = 0
            except ClipUnavailable as error:
                log.warning("A clip is not to be had: %s", error)
                refusals += 1
            except Exception:
                log.exception("Fetching a clip failed")
                return
            if refusals >= _MOST_REFUSALS:
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


class Arranger:
    """The pieces of one text, in order, as clips and as sentences for the TTS. A sentence that may be the beginning of
    a longer clip is held until it is known what follows."""

    def __init__(self, clips: Clips) -> None:
        self._clips = clips
        self._held: list[str] = []
        self._echo: tuple[str, ...] = ()

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def take(self, piece: Piece, open_text: str = "") -> list[str | Clip]:
        """`open_text` is what came behind the piece and is none yet."""
        if isinstance(piece, ClipMark):
            thing = self._clips.named(piece)
            self._echo = words(thing if isinstance(thing, str) else thing.words)
            return [*self.rest(), *([thing] if thing else [])]
        text = self._unrepeated(plain(piece))
        if not text:
            return []
        self._held.append(text)
        return self.more(open_text)

    def more(self, open_text: str) -> list[str | Clip]:
        """What need not be held any longer, now that `open_text` is known."""
        return [] if self._held and self._clips.goes_on(self._held, open_text) else self.rest()

    def rest(self) -> list[str | Clip]:
        held, self._held = self._held, []
        return self._clips.arrange(held)

    def _unrepeated(self, text: str) -> str:
        """Models like to write a clip's mark and then its words as well: what is left of `text` without them."""
        found, echo = tokens(text), self._echo
        said = tuple(token.word for token in found)
        if not echo or not said or said[: len(echo)] != echo[: len(said)]:
            self._echo = ()
            return text
        self._echo = echo[len(said) :]
        return text[found[len(echo)].start :] if len(said) > len(echo) else ""


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
