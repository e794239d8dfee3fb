"""The books of what the agent said: what was sent, what was played, what an interruption cut off.

The bridge's `played` is the truth. A sentence whose mark came back was heard whole; one that was cut short was heard in
proportion to the time it played, rounded down to whole words. Only heard words enter the history and the transcript.

A pause takes back what was sent and not yet heard. It is sent again under a new mark, so that the old one, which comes
back as cleared, says nothing about it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from media_worker.observe.spans import OpenSpan

MARK_GRACE = 2.0
"""Seconds a mark may be overdue before its sentence counts as heard: a carrier that loses marks must not hold a call."""

CUT_GRACE = 0.6
"""Seconds to wait, after a `clear`, for marks that were already on their way."""

_SECONDS_PER_CHARACTER = 0.065
_NOTHING = 0.001
_SLOWEST, _FASTEST = 0.15, 0.03
"""Seconds per character beyond which a measure of a voice's pace is none."""

Kind = Literal["reply", "filler", "prompt"]


@dataclass(eq=False)
class Sentence:
    """`seconds` of audio were sent, as if without a break from `starts` (monotonic); `made` came from the TTS.

    `whole`: all of its audio is known. `broken`: the TTS gave no more, though there was more to say.
    """

    text: str
    speech: Speech
    mark: str
    made: float = 0.0
    seconds: float = 0.0
    starts: float | None = None
    whole: bool = False
    broken: bool = False
    played: bool = False
    settled: bool = False
    timer: asyncio.TimerHandle | None = None
    span: OpenSpan | None = None
    """Who makes its sound. Closed when its fate is known."""
    source: Literal["tts", "clip", "cache"] = "tts"
    clip: str = ""
    sound: bytes | None = field(default=None, repr=False)
    """Samples at the call's rate, where no voice is needed."""
    recording: bytearray | None = field(default=None, repr=False)
    """What the TTS gives is gathered here, under the key `keep_as`, when it may be wanted again."""
    keep_as: tuple[str | int, ...] = ()
    begins: list[float] = field(default_factory=list)
    """When its first words begin, in seconds of its sound, as far as the voice has told."""

    @property
    def silent(self) -> bool:
        """The TTS gave no sound, or not all of it, and nobody had stopped it."""
        return not self.speech.cut and (self.starts is None or self.broken)

    @property
    def unspoken(self) -> bool:
        """Nobody has made a sound of it."""
        return not self.settled and not self.made

    def timed(self, words: Sequence[tuple[str, float]]) -> None:
        """What a voice tells of its words. One that spells them in its own way is not believed."""
        own = self.text.split()
        for word, begins in words:
            at = len(self.begins)
            if at >= len(own) or word.casefold() != own[at].casefold():
                return
            self.begins.append(begins)

    def ends(self, index: int, pace: float) -> float:
        """Seconds of its sound until its word `index` is over: told by the voice, else by `pace` seconds a character."""
        if index + 1 < len(self.begins):
            return self.begins[index + 1]
        return len(" ".join(self.text.split()[: index + 1])) * pace

    def heard_words(self, at: float) -> str:
        if self.starts is None:
            return ""
        if self.played and not self.broken:
            return self.text
        if self.played:
            at = self.starts + self.seconds
        words = self.text.split()
        if words and len(self.begins) == len(words):
            over = [*self.begins[1:], max(self.made, self.begins[-1] + len(words[-1]) * _SECONDS_PER_CHARACTER)]
            return " ".join(word for word, end in zip(words, over, strict=True) if end <= at - self.starts)
        known = self.whole and not self.broken
        length = max(self.made, self.seconds, 0.0 if known else len(self.text) * _SECONDS_PER_CHARACTER)
        share = (at - self.starts) / length if length > 0 else 0.0
        return " ".join(words[: int(max(0.0, min(share, 1.0)) * len(words))])


@dataclass(eq=False)
class Speech:
    """One reply, filler or prompt. `text_done`: no more text comes; `written`: all of its audio has left the TTS.

    `paused_at`: the caller has heard nothing of it since then. `pauses`: how often that was for nothing.
    `speculative`: written before the caller's turn was decided; nothing of it is spoken until it is.
    """

    turn: int
    kind: Kind = "reply"
    interruptible: bool = True
    speculative: bool = False
    sentences: list[Sentence] = field(default_factory=list)
    text_done: bool = False
    written: bool = False
    announced: bool = False
    cut_at: float | None = None
    paused_at: float | None = None
    pauses: int = 0
    interrupted: bool = False
    started_ms: int | None = None
    ended_ms: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cut(self) -> bool:
        return self.cut_at is not None

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences if sentence.text)

    @property
    def stands_at(self) -> float:
        """The moment up to which it was heard, on the clock of its sentences."""
        if self.cut_at is not None:
            return self.cut_at
        return self.paused_at if self.paused_at is not None else time.monotonic()

    def heard(self) -> str:
        at = self.stands_at
        return " ".join(filter(None, (sentence.heard_words(at) for sentence in self.sentences)))

    def unsaid(self) -> str:
        """The sentence that is being heard, and those after it that are known by now."""
        return " ".join(sentence.text for sentence in self.sentences if not sentence.played)

    def unheard(self) -> str:
        return self.text[len(self.heard()) :].strip()


class Books:
    """Every speech from its first word to the moment its fate is known. `on_over` is called once for each."""

    def __init__(
        self,
        now_ms: Callable[[], int],
        on_over: Callable[[Speech], None],
        on_heard: Callable[[Speech], None],
    ) -> None:
        self._now_ms = now_ms
        self._on_over = on_over
        self._on_heard = on_heard
        self._open: list[Speech] = []
        self._by_mark: dict[str, Sentence] = {}
        self._marks = itertools.count(1)
        self._pace = _SECONDS_PER_CHARACTER

    @property
    def speaking(self) -> bool:
        """Something is being said, or is about to be."""
        return self.current is not None

    @property
    def current(self) -> Speech | None:
        return next((speech for speech in self._open if not speech.cut and not speech.speculative), None)

    @property
    def open(self) -> tuple[Speech, ...]:
        return tuple(self._open)

    def begin(self, speech: Speech) -> Speech:
        self._open.append(speech)
        return speech

    def sentence(self, speech: Speech, text: str) -> Sentence:
        sentence = Sentence(text=text, speech=speech, mark=f"s{next(self._marks)}")
        speech.sentences.append(sentence)
        return sentence

    # ── another voice ────────────────────────────────────────────────────────────────────────────

    def break_off(self, sentence: Sentence) -> float:
        """The TTS gave no more of it: the words of which there is sound are one sentence, the missing ones the next.

        Seconds of its sound that belong to no whole word any more.
        """
        words, said, ends = sentence.text.split(), 0, 0.0
        for index in range(len(words)):
            end = sentence.ends(index, self._pace)
            if end > sentence.made:
                break
            said, ends = index + 1, end
        rest = " ".join(words[said:])
        sentence.text = " ".join(words[:said])
        if rest:
            missing = Sentence(text=rest, speech=sentence.speech, mark=f"s{next(self._marks)}")
            sentences = sentence.speech.sentences
            sentences.insert(sentences.index(sentence) + 1, missing)
        return max(0.0, sentence.made - ends) if rest else 0.0

    def drop(self, speech: Speech) -> None:
        """Nobody needs it any more, and nobody has heard of it."""
        speech.cut_at, speech.written = time.monotonic(), True
        for sentence in speech.sentences:
            self._settle(sentence, False)
        self._check(speech)

    def unmade(self, sentence: Sentence) -> None:
        """Not a word of it was spoken: all of it is in the next."""
        self._settle(sentence, False)

    def skip(self, speech: Speech) -> None:
        """No voice has a sound for its next sentence: it is left out."""
        sentence = next((one for one in speech.sentences if one.unspoken), None)
        if sentence is not None:
            self._settle(sentence, False)

    def written(self, speech: Speech) -> None:
        speech.written = True
        self._check(speech)

    def sending(self, sentence: Sentence, starts: float, seconds: float) -> None:
        sentence.starts = starts - sentence.seconds
        sentence.seconds += seconds
        if sentence.speech.started_ms is None:
            sentence.speech.started_ms = self._now_ms()

    def marked(self, sentence: Sentence, plays_until: float) -> None:
        """All of the sentence was sent, and its mark after it."""
        sentence.whole = True
        pace = sentence.made / len(sentence.text) if sentence.text else 0.0
        if _FASTEST < pace < _SLOWEST:
            self._pace = pace
        self._by_mark[sentence.mark] = sentence
        overdue = max(0.0, plays_until - time.monotonic()) + MARK_GRACE
        sentence.timer = asyncio.get_running_loop().call_later(overdue, self._settle, sentence, True)

    def played(self, mark: str, cleared: bool) -> None:
        sentence = self._by_mark.get(mark)
        if sentence is not None:
            self._settle(sentence, not cleared)

    # ── a pause ──────────────────────────────────────────────────────────────────────────────────

    def pause(self, now: float) -> None:
        """The caller hears nothing from now on. Marks of what was sent before and not taken back count as played."""
        for speech in self._open:
            if not speech.cut:
                speech.paused_at = now
        for sentence in list(self._by_mark.values()):
            if not sentence.speech.cut:
                self._settle(sentence, True)

    def take_back(self, sentence: Sentence, seconds: float) -> None:
        """The last `seconds` that were sent of it will not be heard, and are to be sent again."""
        sentence.seconds = max(0.0, sentence.seconds - seconds)
        if sentence.seconds < _NOTHING:
            sentence.seconds, sentence.starts = 0.0, None

    def unmark(self, sentence: Sentence) -> None:
        """Its mark was not reached: there will be another."""
        self._by_mark.pop(sentence.mark, None)
        sentence.mark = f"s{next(self._marks)}"
        if sentence.timer is not None:
            sentence.timer.cancel()
            sentence.timer = None

    def resume(self) -> None:
        for speech in self._open:
            speech.paused_at = None

    # ── an interruption ──────────────────────────────────────────────────────────────────────────

    def cut(self, *only: Speech) -> list[Speech]:
        """Stop all that can be stopped; what was stopped. `settle_unsent` goes with it, once playback was cleared."""
        now = time.monotonic()
        cut = [speech for speech in only or self._open if speech.interruptible and not speech.cut]
        for speech in cut:
            speech.cut_at = now if speech.paused_at is None else speech.paused_at
            speech.written = True
            speech.interrupted = speech.started_ms is not None
        return cut

    def settle_unsent(self, cut: list[Speech]) -> None:
        """What never left is unheard; for marks that are on their way there is a moment to come back."""
        loop = asyncio.get_running_loop()
        for speech in cut:
            for sentence in speech.sentences:
                if sentence.mark not in self._by_mark:
                    self._settle(sentence, False)
                elif sentence.timer is not None:
                    sentence.timer.cancel()
                    sentence.timer = loop.call_later(CUT_GRACE, self._settle, sentence, False)
            self._check(speech)

    def drop_unspoken(self) -> None:
        """The TTS lost what it was given: sentences without a sound yet will not have one."""
        for speech in [speech for speech in self._open if not speech.cut]:
            for sentence in speech.sentences:
                if not sentence.made:
                    self._settle(sentence, False)
            if speech.text_done:
                self.written(speech)

    def settle_all(self) -> None:
        """Decide now what is still open: what was not played by this moment was not heard."""
        for speech in list(self._open):
            speech.cut_at = speech.stands_at
            speech.written = True
            for sentence in speech.sentences:
                self._settle(sentence, False)
            self._check(speech)

    def settle_cut(self) -> None:
        """Decide now what was cut: its marks had their time."""
        for speech in [speech for speech in self._open if speech.cut]:
            for sentence in speech.sentences:
                self._settle(sentence, False)
            self._check(speech)

    def _settle(self, sentence: Sentence, played: bool) -> None:
        if sentence.settled:
            return
        sentence.settled = True
        sentence.played = played
        if sentence.timer is not None:
            sentence.timer.cancel()
            sentence.timer = None
        self._by_mark.pop(sentence.mark, None)
        speech = sentence.speech
        if sentence.span is not None:
            sentence.span.add(seconds=sentence.seconds)
            sentence.span.close(kept=sentence.starts is not None, error="no sound" if sentence.silent else "")
        self._check(speech)
        if played and not speech.over.is_set():
            self._on_heard(speech)

    def _check(self, speech: Speech) -> None:
        if speech.over.is_set() or not speech.written:
            return
        if all(sentence.settled for sentence in speech.sentences):
            speech.ended_ms = self._now_ms()
            if speech in self._open:
                self._open.remove(speech)
            speech.over.set()
            self._on_over(speech)
