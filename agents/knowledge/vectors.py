"""Passages whose meaning is near that of a question, by pgvector.

A small base is compared whole. In a large one the index is walked; it holds the vectors of all bases of the agency, so
the walk goes on until enough of the wanted bases were met.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from agents.knowledge.columns import as_literal, width_for

KEPT = 40
WHOLE_UP_TO = 10_000
SEEN = 200
"""So many neighbours are kept in view on the walk: more find more, and take longer."""

_WALK = (
    "select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', %s, true),"
    " set_config('enable_sort', 'off', true)"
)
_AFTER = "select set_config('enable_sort', 'on', true)"
_NEAREST = """with near as materialized (
  select id, embedding::halfvec({width}) <=> %s::halfvec({width}) as distance from agents_knowledgevector
  where width = {width} and base_id = any(%s) and space = %s
  order by {order} limit {kept})
select c.id, 1 - near.distance from near join agents_knowledgechunk c on c.vector_id = near.id
where c.generation_id = any(%s) order by near.distance, c.id"""


def nearest(
    cursor: Any, vector: Sequence[float], space: str, bases: Sequence[UUID], generations: Sequence[int], passages: int
) -> list[tuple[int, float]]:
    """Passages with the cosine of the angle between them and the question, best first."""
    width = width_for(len(vector))
    whole = passages <= WHOLE_UP_TO
    distance = f"embedding::halfvec({width}) <=> %s::halfvec({width})"
    statement = _NEAREST.format(width=width, kept=KEPT, order=f"({distance}) + 0" if whole else distance)
    literal = as_literal(vector)
    if not whole:
        cursor.execute(_WALK, [str(SEEN)])
    cursor.execute(statement, [literal, list(bases), space, literal, list(generations)])
    found = [(int(passage), float(likeness)) for passage, likeness in cursor.fetchall()]
    if not whole:
        cursor.execute(_AFTER)
    return found
