"""Documents enter a generation: read, cut, embedded, and put in place of their older reading in one moment.

Vectors are kept batch by batch, by the text they belong to: what was interrupted goes on where it was, a page that changed
a little is embedded a little, and a generation that is cut in another way asks for few vectors anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from agents.knowledge import keeping
from agents.knowledge.claiming import hold
from agents.knowledge.columns import as_literal, width_for
from agents.knowledge.cutting import Passage, cut, pairs, text_hash
from agents.knowledge.embedding import BATCH, Embedder
from agents.knowledge.reading.asking import read_file
from agents.knowledge.reading.blocks import KINDS, Kind, Reading, Unreadable
from agents.models import (
    KnowledgeBase,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeEntry,
    KnowledgeGeneration,
    KnowledgeVector,
)
from voiceops.lib.errors import Busy

MOST_PASSAGES = 200_000
"""Of one base."""
_SAMPLE = 60
_ROWS = 500


def read(document: KnowledgeDocument) -> Reading:
    """Raises Unreadable, StoreError, SealError."""
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    if document.kind not in kinds:
        raise Unreadable("Files of this kind cannot be read: PDF, DOCX, HTML, TXT and CSV can.")
    return read_file(keeping.kept(document), kinds[document.kind], document.url)


def passages_of(document: KnowledgeDocument, reading: Reading) -> list[Passage]:
    """Each with the document's title above its headings."""
    title = document.title
    passages = []
    for passage in cut(reading.blocks):
        above = passage.heading.removeprefix(title).removeprefix(" › ")
        heading = f"{title} › {above}"[:300] if above else title
        passages.append(Passage(heading, passage.text, passage.page))
    return passages


def embed(
    base: KnowledgeBase,
    generation: KnowledgeGeneration,
    embedder: Embedder | None,
    passages: Sequence[Passage],
    progress: Callable[[], None],
) -> None:
    """Whatever of these has no vector yet gets one. `progress` is called after each batch that was kept. Raises
    ProviderError; what was kept stays."""
    if embedder is None:
        return
    texts = {text_hash(text): text for text in (passage.embedded("") for passage in passages)}
    known = KnowledgeVector.objects.filter(base=base, space=generation.space)
    missing = [key for key in texts if key not in _known(known, list(texts))]
    for start in range(0, len(missing), BATCH):
        keys = missing[start : start + BATCH]
        vectors = embedder.embed([texts[key] for key in keys])
        width = width_for(len(vectors[0])) or 0
        KnowledgeVector.objects.bulk_create(
            [
                KnowledgeVector(
                    base=base, space=generation.space, text_hash=key, width=width, embedding=as_literal(vector)
                )
                for key, vector in zip(keys, vectors, strict=True)
            ],
            ignore_conflicts=True,
        )
        progress()


def _known(rows: Any, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), 5_000):
        found |= set(rows.filter(text_hash__in=keys[start : start + 5_000]).values_list("text_hash", flat=True))
    return found


def put(document: KnowledgeDocument, generation: KnowledgeGeneration, passages: Sequence[Passage], sha256: str) -> None:
    """All passages of the document in this generation, in place of what was there. Searches see the old ones until the end
    of it, then the new. Raises NobodysAnyMore, Unreadable."""
    with transaction.atomic():
        hold(document)
        others = KnowledgeEntry.objects.filter(generation=generation).exclude(document=document)
        if sum(others.values_list("passages", flat=True)) + len(passages) > MOST_PASSAGES:
            raise Unreadable(f"The knowledge base would hold more than {MOST_PASSAGES:,} passages. Begin another.")
        forget(document, [generation.pk])
        for start in range(0, len(passages), _ROWS):
            _insert(document, generation, passages[start : start + _ROWS], start)
        KnowledgeEntry.objects.update_or_create(
            document=document, generation=generation, defaults={"sha256": sha256, "passages": len(passages)}
        )


def _insert(
    document: KnowledgeDocument, generation: KnowledgeGeneration, passages: Sequence[Passage], first: int
) -> None:
    vectors: dict[str, int] = {}
    hashes = [text_hash(passage.embedded("")) for passage in passages]
    if generation.space:
        rows = KnowledgeVector.objects.filter(base_id=generation.base_id, space=generation.space, text_hash__in=hashes)
        vectors = dict(rows.select_for_update(of=("self",), no_key=True).values_list("text_hash", "id"))
        if len(vectors) < len(set(hashes)):
            raise Busy("A vector was swept away meanwhile.")
    KnowledgeChunk.objects.bulk_create(
        KnowledgeChunk(
            generation=generation,
            document=document,
            ordinal=first + number,
            page=passage.page,
            heading=passage.heading,
            text=passage.text,
            words=pairs(f"{passage.heading} {passage.text}"),
            config=generation.config,
            vector_id=vectors.get(key),
        )
        for number, (passage, key) in enumerate(zip(passages, hashes, strict=True))
    )


def forget(document: KnowledgeDocument, generations: Iterable[int] | None = None) -> None:
    """Its passages, of all generations or of some. Vectors that nothing refers to any more are swept later."""
    chunks = KnowledgeChunk.objects.filter(document=document)
    entries = KnowledgeEntry.objects.filter(document=document)
    if generations is not None:
        chunks, entries = chunks.filter(generation__in=generations), entries.filter(generation__in=generations)
    chunks._raw_delete(chunks.db)
    entries.delete()


def drop_generation(generation: KnowledgeGeneration, keep_row: bool = False) -> None:
    """With its passages; its vectors are swept later."""
    while True:
        some = KnowledgeChunk.objects.filter(generation=generation).values("pk")[:20_000]
        rows = KnowledgeChunk.objects.filter(pk__in=some)
        if not rows._raw_delete(rows.db):
            break
    KnowledgeEntry.objects.filter(generation=generation).delete()
    if not keep_row:
        generation.delete()


def background(generation: KnowledgeGeneration) -> float | None:
    """How alike two passages of it usually are, by chance: the middle of a sample of pairs. None without vectors."""
    if not generation.space:
        return None
    chance = random.Random(generation.pk)  # noqa: S311 - a sample, the same each time
    picks = [f"{chance.getrandbits(128):032x}" for _ in range(_SAMPLE)]
    with connection.cursor() as cursor:
        cursor.execute(
            """with picked as materialized (
                 select distinct on (v.id) v.id, v.embedding from unnest(%s::text[]) pick
                 cross join lateral (
                   select id, embedding from agents_knowledgevector
                   where base_id = %s and space = %s and text_hash >= pick order by text_hash limit 1) v)
               select percentile_cont(0.5) within group (order by 1 - (a.embedding <=> b.embedding))
               from picked a join picked b on a.id < b.id""",
            [picks, generation.base_id, generation.space],
        )
        (middle,) = cursor.fetchone()
    return None if middle is None else round(float(middle), 4)


def sweep_vectors(base: KnowledgeBase) -> None:
    """Those that no passage refers to, when nobody is about to."""
    with connection.cursor() as cursor:
        cursor.execute(
            """delete from agents_knowledgevector v where v.base_id = %s
               and not exists (select 1 from agents_knowledgechunk c where c.vector_id = v.id)
               and not exists (select 1 from agents_knowledgegeneration g where g.base_id = %s and g.state = 'building')
               and not exists (select 1 from agents_knowledgedocument d
                               where d.base_id = %s and d.state in ('waiting', 'reading', 'indexing'))""",
            [base.pk, base.pk, base.pk],
        )
