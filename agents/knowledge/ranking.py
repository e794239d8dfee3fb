"""From two lists of passages to one with scores: fused by rank, looked at closely, and doubles left out.

The score is 0 to 1 and the same for the same words on every machine:

    words     which share of the question's words the passage holds (rare ones weigh more), how near they stand together,
              and how many of them its headings name
    meaning   how near its vector is to the question's, beyond what unrelated passages of the base are to each other
    score     either convinces by itself; both together more
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from agents.knowledge.words import Wanted

LOOKED_AT = 40
_FUSION = 60
_USUAL_BACKGROUND = 0.3
_BEND = 2.5
"""A passage that answers is rarely more than half of the way from background to sameness: the first steps count most."""
_ONLY_ABOVE = 0.85
"""A word that only the headings hold says a little less than one in the text: all passages below share it."""

_SAME = 0.85
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Candidate:
    """`places` are where each of the question's words stands in the passage, headings first; `titled` are those in its
    headings, `written` those in its text."""

    id: int
    base: UUID
    document_id: UUID
    document: str
    url: str
    heading: str
    page: int | None
    text: str
    places: Mapping[str, Sequence[int]]
    titled: frozenset[str]
    written: frozenset[str]
    likeness: float | None


@dataclass(frozen=True)
class Hit:
    """`words` and `meaning` are what the score is made of; `meaning` is None without embeddings. `held` are the words of the
    question that were found."""

    document_id: UUID
    base: UUID
    document: str
    url: str
    heading: str
    page: int | None
    text: str
    score: float
    words: float
    meaning: float | None
    held: tuple[str, ...] = field(default=())


def fused(*lists: Sequence[int]) -> list[int]:
    """Reciprocal rank fusion: what stands high in several lists comes first."""
    scores: dict[int, float] = {}
    for ranked in lists:
        for rank, passage in enumerate(ranked):
            scores[passage] = scores.get(passage, 0.0) + 1.0 / (_FUSION + rank + 1)
    return sorted(scores, key=lambda passage: (-scores[passage], passage))[:LOOKED_AT]


def scored(candidate: Candidate, wanted: Wanted, background: float | None) -> Hit:
    words = _words(candidate, wanted)
    meaning = None if candidate.likeness is None else _meaning(candidate.likeness, background)
    score = words if meaning is None else 1.0 - (1.0 - 0.85 * words) * (1.0 - 0.85 * meaning)
    return Hit(
        document_id=candidate.document_id,
        base=candidate.base,
        document=candidate.document,
        url=candidate.url,
        heading=candidate.heading,
        page=candidate.page,
        text=candidate.text,
        score=round(min(1.0, score), 3),
        words=round(words, 3),
        meaning=None if meaning is None else round(meaning, 3),
        held=tuple(word for word in wanted.words if word in candidate.places),
    )


def _words(candidate: Candidate, wanted: Wanted) -> float:
    worth = {word: wanted.worth(word) for word in wanted.words}
    everything = sum(worth.values())
    if not everything:
        return 0.0
    held = [(word, 1.0 if word in candidate.written else _ONLY_ABOVE) for word in candidate.places if word in worth]
    covered = sum(worth[word] * share for word, share in held) / everything
    titled = sum(worth[word] for word in candidate.titled if word in worth) / everything
    return min(1.0, covered * (0.85 + 0.15 * _nearness(candidate.places)) + 0.1 * titled)


def _nearness(places: Mapping[str, Sequence[int]]) -> float:
    """1 where all words that were found stand side by side, towards 0 the more lies between them."""
    if len(places) < 2:
        return 1.0
    stands = sorted((place, word) for word, at in places.items() for place in at)
    last: dict[str, int] = {}
    window: int | None = None
    for place, word in stands:
        last[word] = place
        if len(last) == len(places):
            width = place - min(last.values()) + 1
            window = width if window is None else min(window, width)
    return min(1.0, 2.0 * len(places) / (len(places) + (window or 1_000)))


def _meaning(likeness: float, background: float | None) -> float:
    floor = _USUAL_BACKGROUND if background is None else min(0.95, max(0.0, background))
    beyond = min(1.0, max(0.0, (likeness - floor) / (1.0 - floor)))
    return (1.0 - math.exp(-_BEND * beyond)) / (1.0 - math.exp(-_BEND))


def distinct(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The best, each only once: of passages that say nearly the same the best one is kept."""
    kept: list[tuple[Hit, frozenset[str]]] = []
    for hit in hits:
        words = frozenset(_WORD.findall(hit.text.lower()))
        if not any(_alike(words, other) for _, other in kept):
            kept.append((hit, words))
        if len(kept) == most:
            break
    return [hit for hit, _ in kept]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * max(1, len(one | other))
