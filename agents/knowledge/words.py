"""Passages that hold the words of a question, by PostgreSQL's full text search.

For each word only so many passages are looked at: a word that is in more of them than that says little. What a word says
is counted on the way, so nothing has to be kept up beside the index.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.knowledge.columns import generation_word
from agents.knowledge.cutting import pairs

MOST_WORDS = 16
LOOKED_AT = 300
"""Passages of one word."""
KEPT = 60

_WORDS = """select lexeme from unnest(to_tsvector(%s::regconfig, %s) || to_tsvector('simple', %s))
order by coalesce(positions[1], 20000) limit %s"""
_ONE = "(select {number} as word, id from agents_knowledgechunk where search @@ %s::tsquery limit {limit})"


@dataclass(frozen=True)
class Wanted:
    """The words of a question as the index knows them, with how many passages hold each: `common` when there are too many to
    count."""

    words: tuple[str, ...]
    counts: Mapping[str, int]
    passages: int

    def worth(self, word: str) -> float:
        """The rarer, the more it says. A word that nothing holds says most."""
        count = self.counts.get(word, 0)
        count = self.passages // 4 if count >= LOOKED_AT else count
        return math.log(1.0 + (self.passages + 1.0) / (count + 0.5))


def words_of(cursor: Any, config: str, question: str) -> tuple[str, ...]:
    """Stop words are gone, endings cut off."""
    cursor.execute(_WORDS, [config, question, pairs(question), MOST_WORDS])
    return tuple(word for (word,) in cursor.fetchall())


def passages_with(
    cursor: Any, words: Sequence[str], generations: Sequence[int], passages: int
) -> tuple[list[int], Wanted]:
    """The passages whose words say most together, best first."""
    if not words:
        return [], Wanted((), {}, passages)
    inside = " | ".join(quoted(generation_word(generation)) for generation in generations)
    parts = [_ONE.format(number=number, limit=LOOKED_AT) for number in range(len(words))]
    asked = [f"({inside}) & {quoted(word)}" for word in words]
    if len(words) > 1:
        parts.append(_ONE.format(number=-1, limit=LOOKED_AT))
        asked.append(f"({inside}) & {' & '.join(quoted(word) for word in words)}")
    cursor.execute(" union all ".join(parts), asked)
    holds: dict[int, set[int]] = {}
    for number, passage in cursor.fetchall():
        holds.setdefault(passage, set()).update(range(len(words)) if number < 0 else (number,))
    counts = {word: sum(number in held for held in holds.values()) for number, word in enumerate(words)}
    wanted = Wanted(tuple(words), counts, passages)
    worth = [wanted.worth(word) for word in words]
    ranked = sorted(holds, key=lambda passage: (-sum(worth[number] for number in holds[passage]), passage))
    return ranked[:KEPT], wanted


def quoted(word: str) -> str:
    """As a tsquery takes a word that is not to be changed."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
