"""The program that hears: `python -m media_worker.providers.builtin.ears`, started by `children`.

Reads messages from its input, decodes while the caller speaks, answers one result an utterance. One thread: a chunk of
20 ms costs about a millisecond, so many utterances interleave. It ends when its input does.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO

import numpy as np
import soxr
from pocketsphinx import Decoder, get_model_path

from media_worker.providers.base import Expectation
from media_worker.providers.builtin.automaton import Automaton
from media_worker.providers.builtin.children import HEADER, MOST_PAYLOAD
from media_worker.providers.builtin.evidence import Heard, confidence, weigh
from media_worker.providers.builtin.grammar import grammar
from media_worker.providers.builtin.pronounce import Dictionary

OPEN, AUDIO, FINISH, DROP = 1, 2, 3, 4
RESULT, FAILED = 1, 2
RATE = 16_000
CMN = "41.06,27.86,-30.17,47.31,-18.19,2.11,19.54,-23.36,17.39,-14.02,3.18,8.09,-15.07"
MOST_UTTERANCES = 48
MOST_SECONDS = 60
MOST_AGAIN = 12
BELIEVED = 0.5
_MOST_GRAMMARS = 12
_MOST_IDLE = 6
LEAST_CHANCE = 0.001
# Silence must not be dearer than a short word, or every pause is heard as “eight”; and words have to earn their place.
SILENCE, WORD = 0.8, 0.02
_MOST_DICTATORS = 2
_MODEL = Path(get_model_path()) / "en-us"


class Ear:
    """A decoder with a vocabulary of its own; keeps the grammars it heard by, until there are too many of them."""

    def __init__(self, dictionary: Dictionary, seed: str) -> None:
        self.decoder = Decoder(lm=None, dict=seed, silprob=SILENCE, wip=WORD, loglevel="FATAL")
        self._dictionary = dictionary
        self._known: set[str] = {"a"}
        self._grammars: set[str] = set()

    def knows(self, grammar: Automaton) -> bool:
        return grammar.name in self._grammars

    @property
    def full(self) -> bool:
        return len(self._grammars) >= _MOST_GRAMMARS

    def expect(self, grammar: Automaton) -> None:
        """Raises RuntimeError or ValueError when the grammar cannot be compiled."""
        if grammar.name not in self._grammars:
            self._learn(list(dict.fromkeys(word for _, _, word in grammar.arcs)))
            final = grammar.states
            ways = Counter(source for source, _, _ in grammar.arcs)
            arcs: list[tuple[int, int, float] | tuple[int, int, float, str]] = [
                (source, target, max(ways[source] ** -0.5, LEAST_CHANCE), word) for source, target, word in grammar.arcs
            ]
            arcs += [(end, final, 1.0) for end in grammar.ends]
            self.decoder.add_fsg(grammar.name, self.decoder.create_fsg(grammar.name, 0, final, arcs))
            self._grammars.add(grammar.name)
        self.decoder.activate_search(grammar.name)

    def _learn(self, words: list[str]) -> None:
        for word in words:
            if word in self._known:
                continue
            for number, sounds in enumerate(self._dictionary.sounds(word), 1):
                self.decoder.add_word(word if number == 1 else f"{word}({number})", sounds, False)
            self._known.add(word)


class Listeners:
    """Decoders to lend, so that memory grows with simultaneous speakers and not with calls."""

    def __init__(self) -> None:
        self._dictionary = Dictionary(_MODEL / "cmudict-en-us.dict")
        with NamedTemporaryFile("w", suffix=".dict", delete=False) as seed:
            seed.write("a AH\na(2) EY\n")
        self._seed = seed.name
        self._ears: list[Ear] = []
        self._loops: list[Decoder] = []
        self._dictators: list[Decoder] = []
        self._dictators_made = 0

    def close(self) -> None:
        Path(self._seed).unlink(missing_ok=True)

    def ear(self, grammar: Automaton) -> Ear:
        """One that knows the grammar, else one with room for it. pocketsphinx cannot forget, so a full one is replaced."""
        at = next((i for i, ear in enumerate(self._ears) if ear.knows(grammar)), None)
        if at is None and len(self._ears) >= _MOST_IDLE:
            del self._ears[0]
        if at is None:
            at = next((i for i, ear in enumerate(self._ears) if not ear.full), None)
        ear = self._ears.pop(at) if at is not None else Ear(self._dictionary, self._seed)
        ear.expect(grammar)
        return ear

    def loop(self) -> Decoder:
        if self._loops:
            return self._loops.pop()
        loop = Decoder(lm=None, dict=self._seed, loglevel="FATAL")
        loop.add_allphone_file("phones", None)
        loop.activate_search("phones")
        return loop

    def dictator(self) -> Decoder | None:
        """The big one, 90 MB: None when all are listening."""
        if self._dictators:
            return self._dictators.pop()
        if self._dictators_made >= _MOST_DICTATORS:
            return None
        self._dictators_made += 1
        return Decoder(loglevel="FATAL")

    def back(self, ear: Ear | None, loop: Decoder, dictator: Decoder | None) -> None:
        if ear is not None:
            self._ears.append(ear)
        self._loops.append(loop)
        if dictator is not None:
            self._dictators.append(dictator)


class Utterance:
    def __init__(self, listeners: Listeners, wanted: dict[str, Any]) -> None:
        self._listeners = listeners
        self._strictness = float(wanted.get("strictness", 0.5))
        rate = int(wanted["rate"])
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16") if rate != RATE else None
        told: dict[str, Any] = wanted.get("expected", {})
        expected: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}
        self._grammar = grammar(Expectation(**expected))
        self._ear = listeners.ear(self._grammar) if self._grammar else None
        self._loop = listeners.loop()
        self._dictator = listeners.dictator() if wanted.get("dictation") or self._ear is None else None
        self._heard = bytearray()
        self._given = 0
        for decoder in self._decoders():
            decoder.set_cmn(wanted.get("cmn") or CMN)
            decoder.start_utt()

    def _decoders(self) -> list[Decoder]:
        ear = [self._ear.decoder] if self._ear else []
        return [*ear, self._loop, *([self._dictator] if self._dictator else [])]

    def hear(self, pcm: bytes, *, last: bool = False) -> None:
        samples = _hiss(np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2"), self._given)
        self._given += len(samples)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        if len(samples) and len(self._heard) <= MOST_SECONDS * RATE * 2:
            raw = samples.astype("<i2", copy=False).tobytes()
            self._heard += raw
            for decoder in self._decoders():
                decoder.process_raw(raw)

    def finish(self) -> dict[str, Any]:
        """What was said. What is not believed is heard again with this voice's own mean, which is known only now."""
        # The decoder fails on an utterance of no length.
        self.hear(b"" if len(self._heard) > RATE else bytes(RATE), last=True)
        for decoder in self._decoders():
            decoder.end_utt()
        result = self._result()
        if result["confidence"] < BELIEVED and len(self._heard) <= MOST_AGAIN * RATE * 2 and self._ear is not None:
            mean = self._loop.get_cmn(True)
            for decoder in (self._ear.decoder, self._loop):
                decoder.set_cmn(mean)
                decoder.start_utt()
                decoder.process_raw(bytes(self._heard))
                decoder.end_utt()
            again = self._result() | {key: result[key] for key in ("dictated", "dictated_confidence")}
            result = max((again, result), key=lambda one: one["confidence"])
        return result

    def _result(self) -> dict[str, Any]:
        phones = _heard(self._loop)
        text, sure, whole = "", 0.0, True
        evidence = None
        if self._ear is not None and self._grammar is not None:
            words = whole_part(_heard(self._ear.decoder), self._grammar)
            text = " ".join(_plain(part.word) for part in words if not part.silent)
            whole = self._grammar.accepts(text.split())
            evidence = weigh(words, phones)
            sure = confidence(evidence, whole=whole, strictness=self._strictness) if text else 0.0
        dictated, dictated_sure = "", 0.0
        if self._dictator is not None:
            words = _heard(self._dictator)
            dictated = " ".join(_plain(part.word) for part in words if not part.silent)
            dictated_sure = confidence(weigh(words, phones), strictness=self._strictness) if dictated else 0.0
        return {
            "text": text,
            "confidence": round(sure, 3),
            "dictated": dictated,
            "dictated_confidence": round(dictated_sure, 3),
            "speech": sum(part.frames for part in phones if not part.silent) / 100,
            "evidence": [round(x, 2) for x in (evidence.average, evidence.worst, evidence.cover)] if evidence else [],
            "whole": whole,
            "cmn": self._loop.get_cmn(True),
        }

    def close(self, *, ended: bool) -> None:
        if not ended:
            for decoder in self._decoders():
                decoder.end_utt()
        self._listeners.back(self._ear, self._loop, self._dictator)


_HISS = np.random.default_rng(8).normal(0.0, 9.0, RATE)


def _hiss(samples: np.ndarray[Any, np.dtype[np.int16]], at: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Samples with the faintest hiss, within the line's own band: pauses of nothing but zeros are heard as speech."""
    hissing = samples + _HISS.take(np.arange(at, at + len(samples)), mode="wrap")
    return np.clip(hissing, -32768, 32767).astype(np.int16)


def whole_part(words: list[Heard], grammar: Automaton) -> list[Heard]:
    """Without the last word or two, where that makes a sentence of the grammar: a pause is often heard as “at”."""
    for cut in range(3):
        kept = words
        for _ in range(cut):
            at = max((i for i, part in enumerate(kept) if not part.silent), default=None)
            kept = kept[:at] if at is not None else []
        said = [_plain(part.word) for part in kept if not part.silent]
        if said and grammar.accepts(said):
            return kept
    return words


def _heard(decoder: Decoder) -> list[Heard]:
    if decoder.hyp() is None:
        return []
    parts = decoder.seg() or ()
    return [Heard(s.word, s.start_frame, s.end_frame, _log(s.ascore)) for s in parts]


def _log(likelihood: float) -> float:
    """What is too small for a float was drawn out over seconds; `weigh` knows what to make of it."""
    return math.log(likelihood) if likelihood > 0 else -math.inf


def _plain(word: str) -> str:
    return word.split("(", 1)[0]


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Until the input ends. A broken utterance is answered with its failure; it does not end the others."""
    listeners = Listeners()
    live: dict[int, Utterance] = {}

    def answer(stream: int, kind: int, payload: bytes) -> None:
        sink.write(HEADER.pack(len(payload), stream, kind) + payload)
        sink.flush()

    try:
        answer(0, 0, b"")
        while True:
            header = source.read(HEADER.size)
            if len(header) < HEADER.size:
                return
            size, stream, kind = HEADER.unpack(header)
            payload = source.read(size) if size <= MOST_PAYLOAD else b""
            if len(payload) < size:
                return
            try:
                if kind == OPEN:
                    if len(live) >= MOST_UTTERANCES:
                        raise RuntimeError("too many people speak at once")
                    live[stream] = Utterance(listeners, json.loads(payload))
                elif kind == AUDIO and stream in live:
                    live[stream].hear(payload)
                elif kind == FINISH and stream in live:
                    utterance = live.pop(stream)
                    result = utterance.finish()
                    utterance.close(ended=True)
                    answer(stream, RESULT, json.dumps(result).encode())
                elif kind == DROP and stream in live:
                    live.pop(stream).close(ended=False)
            except (RuntimeError, ValueError, KeyError, TypeError) as error:
                live.pop(stream, None)
                answer(stream, FAILED, f"{type(error).__name__}: {error}"[:500].encode())
    finally:
        listeners.close()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
