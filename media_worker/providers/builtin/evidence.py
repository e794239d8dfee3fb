"""How far a recogniser's sentence can be believed.

A grammar hears one of its sentences in anything. So beside it runs a loop of bare phones, which hears whatever sounds
best with no sentence in mind. Where the caller truly said the sentence, the grammar's words score nearly as well as the
free phones over the same frames; where not, far worse. That difference per frame, the worst word's, and how much of the
speech the words cover, make the confidence. The figures come from `docs/voices.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FLOOR = -50.0
LEAST_FRAMES = 12
TOO_GOOD = -0.2
"""No voice fits that well: a steady tone scores nothing anywhere."""
LONGEST_WORD = 110
"""Frames. Music and hum are heard as one word that never ends."""
# A logistic regression over 239 utterances of three voices, half of them off the grammar (docs/voices.md).
BASE, PER_AVERAGE, PER_WORST, PER_UNCOVERED, PER_WORD = 8.35, 1.47, 0.18, 13.4, 0.48
MOST_IN_PART = 0.3


@dataclass(frozen=True)
class Heard:
    """A stretch of frames (10 ms each, `last` included) heard as `word`; `score` is the log likelihood over all."""

    word: str
    first: int
    last: int
    score: float

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def silent(self) -> bool:
        return self.word.startswith(("<", "SIL", "+", "["))


@dataclass(frozen=True)
class Evidence:
    """`average` and `worst`: words against free phones, per frame, 0 at best. `cover`: words' share of the speech. `longest`: the longest word's frames."""

    average: float
    worst: float
    cover: float
    frames: int
    words: int
    longest: int = 0


def weigh(words: Sequence[Heard], phones: Sequence[Heard]) -> Evidence:
    last = max((part.last for part in (*words, *phones)), default=0)
    free = [0.0] * (last + 1)
    voiced = [False] * (last + 1)
    for phone in phones:
        each = phone.score / phone.frames if phone.score > -math.inf else 0.0
        for frame in range(phone.first, phone.last + 1):
            free[frame] = each
            voiced[frame] = not phone.silent
    total, frames, worst, count, covered, longest = 0.0, 0, 0.0, 0, 0, 0
    for word in words:
        if word.silent:
            continue
        span = range(word.first, word.last + 1)
        difference = word.score - sum(free[frame] for frame in span) if word.score > -math.inf else FLOOR * word.frames
        longest = max(longest, word.frames)
        covered += sum(voiced[frame] for frame in span)
        total += difference
        frames += word.frames
        count += 1
        worst = min(worst, difference / word.frames)
    return Evidence(
        average=total / frames if frames else FLOOR,
        worst=worst if frames else FLOOR,
        cover=covered / max(1, sum(voiced)),
        frames=frames,
        words=count,
        longest=longest,
    )


def confidence(evidence: Evidence, *, whole: bool = True, strictness: float = 0.5) -> float:
    """0 to 1; below 0.5 the sentence is not to be believed. `whole`: it is a complete sentence of the grammar."""
    if evidence.frames < LEAST_FRAMES or not evidence.words or evidence.average > TOO_GOOD:
        return 0.0
    odds = (
        BASE
        + PER_AVERAGE * evidence.average
        + PER_WORST * min(0.0, evidence.worst + 5.0)
        - PER_UNCOVERED * max(0.0, 0.85 - evidence.cover)
        - PER_WORD * min(evidence.words, 6)
        + 3.2 * (0.5 - strictness)
    )
    odds -= 0.15 * max(0, evidence.longest - LONGEST_WORD)
    sure = 1.0 / (1.0 + math.exp(-max(-20.0, min(20.0, odds))))
    return sure if whole else min(sure, MOST_IN_PART)
