"""Which intent a caller means, by the examples the agent's builder gave. Deterministic, well under a millisecond.

A caller's sentence is scored against every example: how much of the example's weight it covers (rare words weigh more;
character trigrams forgive a misheard ending) and how much of the sentence the example explains. The best example is the
intent's score; it has to clear a threshold and, against the runner-up, a margin. A “not” beside the words that matter
turns a match off, unless the example holds one too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from media_worker.contract.flow import Intent
from media_worker.flow.words import NEGATIONS, QUESTIONS, STOP, stem, tokens

THRESHOLD = 0.56
MARGIN = 0.06
_LONGEST_SENTENCE = 60


@dataclass(frozen=True)
class Match:
    intent: Intent
    score: float
    margin: float


@dataclass(frozen=True)
class _Example:
    intent: Intent
    weights: dict[str, float]
    total: float
    told: int
    negated: bool


class Matcher:
    """Built once per set of intents."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        sentences = [
            (intent, _content(example))
            for intent in intents
            for example in (*intent.examples, intent.name.replace("_", " "))
        ]
        in_intents: dict[str, set[str]] = {}
        for intent, words in sentences:
            for word in words:
                in_intents.setdefault(word, set()).add(intent.name)
        count = max(len(intents), 2)
        self._idf = {word: 0.4 + math.log(1 + count / len(names)) for word, names in in_intents.items()}
        self._unknown = 0.4 + math.log(1 + count)
        self._examples = [self._example(intent, words) for intent, words in sentences if words]
        self._grams = {word: _trigrams(word) for word in self._idf}

    def _example(self, intent: Intent, words: list[str]) -> _Example:
        weights = {word: self._weight(word) for word in dict.fromkeys(words)}
        negated = any(word in NEGATIONS for word in words)
        told = sum(word not in STOP and word not in QUESTIONS for word in weights)
        return _Example(intent, weights, sum(weights.values()), told, negated)

    def _weight(self, word: str) -> float:
        weight = self._idf.get(word, self._unknown)
        if word in STOP:
            return 0.12 * weight
        return 0.45 * weight if word in QUESTIONS else weight

    def best(self, text: str) -> Match | None:
        """The intent the sentence means, or None when it is not clear enough."""
        ranked = self.rank(text)
        if not ranked or ranked[0][1] < THRESHOLD:
            return None
        margin = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0.0)
        if margin < MARGIN and ranked[0][1] < 0.97:
            return None
        return Match(ranked[0][0], ranked[0][1], margin)

    def rank(self, text: str) -> list[tuple[Intent, float]]:
        """Every intent with its score, best first; ties keep the builder's order."""
        words = _content(text)[:_LONGEST_SENTENCE]
        if not words or not self._examples:
            return []
        likeness = self._likeness(words)
        weight_said = {word: self._weight(word) for word in dict.fromkeys(words)}
        total_said = sum(weight_said.values())
        negated = _negated(words)
        scores: dict[str, tuple[Intent, float]] = {}
        for example in self._examples:
            score = self._score(example, words, likeness, weight_said, total_said, negated)
            if score > scores.get(example.intent.name, (example.intent, 0.0))[1]:
                scores[example.intent.name] = (example.intent, score)
        return sorted(scores.values(), key=lambda pair: -pair[1])

    def _likeness(self, words: list[str]) -> dict[str, dict[str, float]]:
        """For each word said, the examples' words it may stand for: 1 when equal, less by trigrams."""
        found: dict[str, dict[str, float]] = {}
        for word in dict.fromkeys(words):
            near = {word: 1.0} if word in self._idf else {}
            if not near and len(word) >= 5 and word not in STOP:
                grams = _trigrams(word)
                for known, other in self._grams.items():
                    if len(known) >= 5 and abs(len(known) - len(word)) <= 3:
                        shared = 2 * len(grams & other) / (len(grams) + len(other))
                        if shared >= 0.6:
                            near[known] = shared
            found[word] = near
        return found

    def _score(
        self,
        example: _Example,
        words: list[str],
        likeness: dict[str, dict[str, float]],
        weight_said: dict[str, float],
        total_said: float,
        negated: set[str],
    ) -> float:
        covered: dict[str, float] = {}
        explained = 0.0
        for word, near in likeness.items():
            hit = max(((like, known) for known, like in near.items() if known in example.weights), default=None)
            if hit is None:
                continue
            like, known = hit
            covered[known] = max(covered.get(known, 0.0), like)
            explained += weight_said[word] * like
        if likeness.keys() == example.weights.keys():
            return 1.0  # word for word, though it be made of small words alone: “who is this”
        content = [word for word in covered if word not in STOP and word not in QUESTIONS]
        if not content and any(word not in STOP for word in example.weights):
            return 0.0
        recall = sum(example.weights[word] * like for word, like in covered.items()) / example.total
        precision = explained / total_said if total_said else 0.0
        if recall + precision == 0:
            return 0.0
        # Callers wrap what they want in stories: what the example holds counts more than what else was said.
        score = 1.55 * recall * precision / (0.55 * precision + recall) if recall else 0.0
        # A lone “yes” or “thanks” at the start of a story is courtesy.
        least = 0.62 if example.told > 1 else 0.42
        score = min(1.0, max(score, recall * (least + (1 - least) * min(1.0, 2 * precision))))
        if not example.negated and negated & set(content):
            score *= 0.35
        elif example.negated and not (set(words) & NEGATIONS):
            score *= 0.5
        return score


def _content(text: str) -> list[str]:
    words = [word if word in STOP else stem(word) for word in tokens(text)]
    for at in range(len(words) - 1):
        if words[at : at + 2] == ["what", "time"]:
            words[at : at + 2] = ["when", "when"]
    return words


def _negated(words: list[str]) -> set[str]:
    """Words a negation governs: the four after it, up to a “but” or “just”."""
    found: set[str] = set()
    left = 0
    for word in words:
        if word in NEGATIONS:
            left = 5
        elif word in ("but", "instead", "rather"):
            left = 0
        elif left:
            found.add(word)
            left -= word not in STOP
    return found


def _trigrams(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(Counter(padded[i : i + 3] for i in range(len(padded) - 2)))
