"""A question finds passages: the doorway to what agents know.

For the bridge's desk (a request with the action `knowledge`), for turns in writing and for tests:

    outcome = look_up(client_id, content.knowledge, use)

in the agency's schema and off the event loop. It is over in about two seconds at most, never raises for anything that an
agent, a caller or a server of embeddings does, and reads bases of that client only, whatever names it is given.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from agents.knowledge import vectors
from agents.knowledge.columns import as_literal, width_for
from agents.knowledge.embedding import QUESTION_SECONDS, embedder_of, questions
from agents.knowledge.fillers import asked
from agents.knowledge.ranking import Candidate, Hit, distinct, fused, scored
from agents.knowledge.words import passages_with, words_of
from agents.models import KnowledgeBase, KnowledgeGeneration
from media_worker.contract.tools import Source, ToolOutcome, UseTool
from voiceops.lib.errors import ProviderError

logger = logging.getLogger(__name__)

MOST_HITS = 5
LONGEST_QUESTION = 1_000
DATABASE_MS = 1_000
LONGEST_EXTRACT = 420
UNKNOWN = "Nothing in the documents answers this."
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n")
_ASKED_IN_A_ROW = re.compile(r"^[^:;\n]{1,40}: [^;\n]{1,300}\?; [^:;\n]{1,40}: ", re.MULTILINE)
"""The first cell of a table of questions and answers: nobody reads the question out."""

_SET = "select set_config('statement_timeout', %s, true), set_config('enable_seqscan', %s, true)"
_DETAILS = """select c.id, d.id, d.title, d.url, c.heading, c.page, c.text, g.base_id,
  (select coalesce(jsonb_object_agg(w.lexeme, jsonb_build_array(
     to_jsonb(w.positions), 'A' = any(w.weights), not 'A' = all(w.weights))), '{{}}')
   from unnest(c.search) w where w.lexeme = any(%s)),
  {likeness}
from agents_knowledgechunk c
join agents_knowledgedocument d on d.id = c.document_id
join agents_knowledgegeneration g on g.id = c.generation_id
left join agents_knowledgevector v on v.id = c.vector_id
where c.id = any(%s)"""


@dataclass(frozen=True)
class Found:
    """`hits` come best first, also those below their base's threshold; `known` are those above. `note` says what was not as
    usual, for the trace."""

    hits: tuple[Hit, ...] = ()
    known: tuple[Hit, ...] = ()
    note: str = ""
    ms: int = 0


@dataclass(frozen=True)
class _Live:
    base: KnowledgeBase
    generation: KnowledgeGeneration
    passages: int


def look_up(client_id: UUID, readable: Sequence[str], use: UseTool) -> ToolOutcome:
    """What an agent of this client that may read the bases `readable` finds. `use.arguments` are `question` and, where a step
    looks in some of them only, `bases` (names with commas between).

    `ok` with `sources` and, as text, the sentences that answer best; not `ok` and no sources where nothing is good enough.
    """
    question = str(use.arguments.get("question") or "").strip()
    named = [name.strip() for name in str(use.arguments.get("bases") or "").split(",") if name.strip()]
    names = [name for name in readable if not named or name in named]
    if not question:
        return ToolOutcome(ok=False, text="There was no question to look up.")
    if not names:
        return ToolOutcome(ok=False, text="This agent has nothing to look things up in.")
    found = search(client_id, names, question)
    if not found.known:
        return ToolOutcome(ok=False, text=UNKNOWN, note=found.note, ms=found.ms)
    sources = tuple(
        Source(
            document=hit.document,
            heading=_with_page(hit)[:300],
            text=hit.text[:4_000],
            score=hit.score,
        )
        for hit in found.known
    )
    return ToolOutcome(ok=True, text=extract(question, found.known[0]), sources=sources, note=found.note, ms=found.ms)


def search(client_id: UUID, names: Sequence[str], question: str, most: int = MOST_HITS) -> Found:
    """In the bases of this client with these names. Does not raise for a server of embeddings that is down."""
    began = time.monotonic()
    question = " ".join(question.replace("\x00", "").split())[:LONGEST_QUESTION]
    bases = KnowledgeBase.objects.filter(client_id=client_id, name__in=list(names), live__isnull=False)
    rows = list(bases.select_related("live", "live__account").order_by("name"))
    missing = sorted(set(names) - {base.name for base in rows})
    notes = [f"There is no knowledge base “{name}”." for name in missing[:3]]
    hits: list[Hit] = []
    if question and rows:
        try:
            hits = _searched(rows, question, notes)
        except OperationalError as error:
            logger.warning("A search in knowledge was cut off: %s", type(error).__name__)
            notes.append("The search took too long and was cut off.")
    hits = distinct(sorted(hits, key=lambda hit: (-hit.score, hit.document, hit.heading, hit.text)), most)
    thresholds = {base.pk: base.threshold for base in rows}
    known = tuple(hit for hit in hits if hit.score >= thresholds[hit.base])
    ms = round((time.monotonic() - began) * 1000)
    return Found(tuple(hits), known, " ".join(dict.fromkeys(notes))[:300], ms)


def _searched(bases: Sequence[KnowledgeBase], question: str, notes: list[str]) -> list[Hit]:
    """Bases that were made alike are searched together. Questions to servers are on their way meanwhile."""
    until = time.monotonic() + QUESTION_SECONDS
    alike: dict[tuple[str, str, str], list[KnowledgeBase]] = {}
    for base in bases:
        live = base.live
        assert live is not None
        alike.setdefault((live.config, live.language, live.space), []).append(base)
    asking = {space: _ask(group[0], question, notes) for (_, _, space), group in alike.items() if space}
    hits: list[Hit] = []
    with _bounded(DATABASE_MS) as cursor:
        for (config, language, space), group in alike.items():
            hits += _group(cursor, group, question, config, language, asking.get(space), until, notes)
    return hits


def _ask(base: KnowledgeBase, question: str, notes: list[str]) -> Future[list[float]] | None:
    assert base.live is not None
    try:
        embedder = embedder_of(base.live)
    except ProviderError as error:
        notes.append(f"Searched by words alone: {error.sentence}")
        return None
    return questions.ask(embedder, question, QUESTION_SECONDS) if embedder else None


def _group(
    cursor: Any,
    bases: Sequence[KnowledgeBase],
    question: str,
    config: str,
    language: str,
    asking: Future[list[float]] | None,
    until: float,
    notes: list[str],
) -> list[Hit]:
    lives = [base.live for base in bases if base.live is not None]
    generations = [live.pk for live in lives]
    cursor.execute(
        "select coalesce(sum(passages), 0) from agents_knowledgeentry where generation_id = any(%s)", [generations]
    )
    passages = int(cursor.fetchone()[0])
    words = words_of(cursor, config, asked(question, language))
    by_words, wanted = passages_with(cursor, words, generations, passages)
    vector = _answered(asking, until, notes) if asking is not None else None
    near: list[tuple[int, float]] = []
    if vector is not None:
        near = vectors.nearest(cursor, vector, lives[0].space, [base.pk for base in bases], generations, passages)
    wanted_passages = fused(by_words, [passage for passage, _ in near])
    backgrounds = {live.base_id: live.background for live in lives}
    return [
        scored(candidate, wanted, backgrounds.get(candidate.base))
        for candidate in _details(cursor, wanted_passages, wanted.words, vector, lives[0].space)
    ]


def _answered(asking: Future[list[float]], until: float, notes: list[str]) -> list[float] | None:
    try:
        return asking.result(max(0.0, until - time.monotonic()))
    except TimeoutError:
        notes.append("Searched by words alone: the server of embeddings did not answer in time.")
    except ProviderError as error:
        notes.append(f"Searched by words alone: {error.sentence}")
    return None


def _details(
    cursor: Any, passages: Sequence[int], words: Sequence[str], vector: Sequence[float] | None, space: str
) -> Iterator[Candidate]:
    if not passages:
        return
    likeness, given = "null::float", []
    if vector is not None:
        width = width_for(len(vector))
        likeness = (
            f"case when v.space = %s and v.width = {width}"
            f" then 1 - (v.embedding::halfvec({width}) <=> %s::halfvec({width})) end"
        )
        given = [space, as_literal(vector)]
    cursor.execute(_DETAILS.format(likeness=likeness), [list(words), *given, list(passages)])
    for row in cursor.fetchall():
        number, document, title, url, heading, page, text, base, held, alike = row
        stands: dict[str, tuple[list[int], bool, bool]] = json.loads(held)
        places = {word: at[0] for word, at in stands.items()}
        titled = frozenset(word for word, at in stands.items() if at[1])
        written = frozenset(word for word, at in stands.items() if at[2])
        if heading == title:
            heading = ""
        heading = heading.removeprefix(f"{title} › ")
        yield Candidate(number, base, document, title, url, heading, page, text, places, titled, written, alike)


@contextmanager
def _bounded(ms: int) -> Iterator[Any]:
    """A cursor whose statements are cut off (OperationalError) after so long, and which looks into indexes: reading the table
    from its beginning is cheap only as long as what is looked for happens to stand there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select current_setting('statement_timeout')")
        (usual,) = cursor.fetchone()
        cursor.execute(_SET, [str(ms), "off"])
        yield cursor
        cursor.execute(_SET, [usual, "on"])


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


def extract(question: str, hit: Hit) -> str:
    """The sentences of the passage that say most about the question, in their order."""
    said = {word[:5] for word in re.findall(r"\w{3,}", question.lower())}

    def worth(text: str) -> int:
        return sum(word[:5] in said for word in set(re.findall(r"\w{3,}", text.lower())))

    lines = hit.text.split("\n")
    rows = [line for line in lines if _ASKED_IN_A_ROW.match(line)]
    text = _ASKED_IN_A_ROW.sub("", max(rows, key=worth)) if rows else hit.text
    sentences = [sentence.strip().removeprefix("- ") for sentence in _SENTENCE.split(text) if sentence.strip()]
    best = 0 if rows else max(range(len(sentences)), key=lambda number: (worth(sentences[number]), -number), default=0)
    taken: list[str] = []
    for sentence in sentences[best:]:
        if taken and len(" ".join([*taken, sentence])) > LONGEST_EXTRACT:
            break
        taken.append(sentence if sentence[-1:] in ".!?…。！？" else f"{sentence}.")
    return " ".join(taken)[:LONGEST_EXTRACT]


def _with_page(hit: Hit) -> str:
    page = f"page {hit.page}" if hit.page else ""
    return ", ".join(part for part in (hit.heading, page) if part)


def in_one_line(hit: Hit) -> Hit:
    """For lists."""
    return replace(hit, text=" ".join(hit.text.split()))
