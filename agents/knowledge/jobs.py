"""What happens to a document, and to a generation that is built, from claim to end. In the schema that is set."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.knowledge import crawling, indexing, keeping, queueing
from agents.knowledge.claiming import MOST_ATTEMPTS, NobodysAnyMore, claim, claimable, go_on, hold, wait_for
from agents.knowledge.cutting import Passage
from agents.knowledge.embedding import embedder_of
from agents.knowledge.reading.blocks import Reading, Unreadable
from agents.models import KnowledgeBase, KnowledgeDocument, KnowledgeGeneration
from voiceops.lib.errors import Busy, CustomerError, VoiceOpsError

logger = logging.getLogger(__name__)

D, G = KnowledgeDocument.State, KnowledgeGeneration.State
UNFINISHED = (D.WAITING, D.READING, D.INDEXING)
C = TypeVar("C", KnowledgeDocument, KnowledgeGeneration)
INTERRUPTED = "It was interrupted each time it was read. Try again, or split it into smaller files."


def _attempted(
    row: C, work: Callable[[C], None], waits: Callable[[C, str], float], failed: Callable[[C, str], None]
) -> float | None:
    """Do it. What may go better later is tried again, so often; everything else is given up with its sentence."""
    if row.attempts > MOST_ATTEMPTS:  # every worker that tried it died
        failed(row, row.problem or INTERRUPTED)
        return None
    try:
        work(row)
    except NobodysAnyMore:
        return None
    except Unreadable as error:
        sentence, may_do_later = str(error), False
    except VoiceOpsError as error:
        sentence, may_do_later = error.sentence, error.retryable or error.fault == "platform"
    except Exception as error:
        logger.exception("%s %s could not be indexed", type(row).__name__, row.pk)
        sentence, may_do_later = f"An error of ours, {type(error).__name__}: the log has more.", True
    else:
        return None
    if may_do_later and row.attempts < MOST_ATTEMPTS:
        return waits(row, sentence)
    failed(row, sentence)
    return None


# ── documents ────────────────────────────────────────────────────────────────────────────────────


def read_document(pk: UUID) -> float | None:
    """Seconds until another try is due; None when it is over or somebody else's."""
    unfinished = KnowledgeDocument.objects.filter(state__in=UNFINISHED).select_related("base", "base__live")
    document = claim(unfinished, pk)
    if document is None:
        return None
    return _attempted(document, _read, _document_waits, _document_failed)


def _read(document: KnowledgeDocument) -> None:
    _at(document, D.READING)
    if document.fetch and not _fetched(document):
        everywhere = {generation.pk for generation in _wanting(document.base)}
        _document_ready(document, None, None, everywhere)
        return
    reading = indexing.read(document)
    if document.source == KnowledgeDocument.Source.PAGE and reading.title:
        document.title = reading.title[:300]
    passages = indexing.passages_of(document, reading)
    _at(document, D.INDEXING)
    entered: set[int] = set()
    while not _document_ready(document, reading, passages, entered):
        for generation in _wanting(document.base):
            if generation.pk not in entered:
                _enter(document, generation, passages)
                entered.add(generation.pk)


def _fetched(document: KnowledgeDocument) -> bool:
    """Whether the page has to be read: it is not the one that was read before."""
    page = crawling.fetch(document.url)
    digest = hashlib.sha256(page.data).hexdigest()
    if digest == document.sha256 and document.read_at and _is_everywhere(document):
        return False
    go_on(document, progress=False)
    keeping.keep(document, page.data)
    document.kind, document.sha256, document.size = page.kind, digest, len(page.data)
    _save(document, "storage_key", "kind", "sha256", "size")
    return True


def _is_everywhere(document: KnowledgeDocument) -> bool:
    wanted = {generation.pk for generation in _wanting(document.base)}
    entries = document.entries.filter(sha256=document.sha256).values_list("generation_id", flat=True)
    return wanted <= set(entries)


def _wanting(base: KnowledgeBase) -> list[KnowledgeGeneration]:
    """The live one first, then one that is being built."""
    rows = KnowledgeGeneration.objects.filter(base=base, state__in=(G.LIVE, G.BUILDING)).select_related("account")
    return sorted(rows, key=lambda generation: generation.state != G.LIVE)


def _enter(document: KnowledgeDocument, generation: KnowledgeGeneration, passages: Sequence[Passage]) -> None:
    embedder = embedder_of(generation)
    indexing.embed(document.base, generation, embedder, passages, progress=lambda: go_on(document, progress=True))
    go_on(document, progress=False)
    indexing.put(document, generation, passages, document.sha256)


def _document_ready(
    document: KnowledgeDocument, reading: Reading | None, passages: Sequence[Passage] | None, entered: set[int]
) -> bool:
    """False when there is a generation by now that it has not entered. The base is held meanwhile: no generation begins or
    takes another's place."""
    with transaction.atomic():
        KnowledgeBase.objects.select_for_update(of=("self",)).get(pk=document.base_id)
        if {generation.pk for generation in _wanting(document.base)} - entered:
            return False
        hold(document)
        if reading is not None and passages is not None:
            document.pages, document.passages = reading.pages, len(passages)
            document.read_at = timezone.now()
            if document.follow:
                links = crawling.followed(document.url, reading.links, document.follow)
                queueing.add_pages(document.base, links, document.created_by)
        document.state, document.problem, document.fetch, document.follow = D.READY, "", False, 0
        document.claimed_until, document.attempts, document.due_at = None, 0, None
        document.save()
    _settle(document.base)
    return True


def _document_waits(document: KnowledgeDocument, sentence: str) -> float:
    wait = wait_for(document)
    due = timezone.now() + timedelta(seconds=wait)
    _let_go(document, state=D.WAITING, problem=sentence[:300], due_at=due)
    return wait


def _document_failed(document: KnowledgeDocument, sentence: str) -> None:
    """What was in the index of an older reading stays there."""
    logger.info("Document %s cannot be used: %s", document.pk, sentence)
    _let_go(document, state=D.FAILED, problem=sentence[:300], fetch=False, attempts=0, due_at=None)
    _settle(document.base)


def _let_go(document: KnowledgeDocument, **values: Any) -> None:
    """Nothing is written when it is somebody else's by now."""
    mine = KnowledgeDocument.objects.filter(pk=document.pk, claimed_until=document.claimed_until)
    mine.update(claimed_until=None, **values)


def _at(document: KnowledgeDocument, state: str) -> None:
    document.state, document.problem = state, ""
    _save(document, "state", "problem")


def _save(document: KnowledgeDocument, *fields: str) -> None:
    """Raises NobodysAnyMore when it was deleted or taken over."""
    mine = KnowledgeDocument.objects.filter(pk=document.pk, claimed_until=document.claimed_until)
    if not mine.update(**{name: getattr(document, name) for name in fields}):
        raise NobodysAnyMore


def _settle(base: KnowledgeBase) -> None:
    """Once nothing is under way: what a generation has to know of itself, and what it needs no more."""
    if base.documents.filter(state__in=UNFINISHED).exists():
        return
    for generation in _wanting(base):
        if generation.space:
            value = indexing.background(generation)
            KnowledgeGeneration.objects.filter(pk=generation.pk).update(background=value)
    indexing.sweep_vectors(base)


# ── generations ──────────────────────────────────────────────────────────────────────────────────


def build_generation(pk: int) -> float | None:
    """As `read_document`: every document of the base enters the generation, which then takes the live one's place."""
    building = KnowledgeGeneration.objects.filter(state=G.BUILDING).select_related("base", "account")
    generation = claim(building, pk)
    if generation is None:
        return None
    return _attempted(generation, _build, _generation_waits, _generation_failed)


def _build(generation: KnowledgeGeneration) -> None:
    embedder = embedder_of(generation)
    while (document := _missing(generation)) is not None:
        try:
            passages = indexing.passages_of(document, indexing.read(document))
        except Unreadable as error:
            raise _Spoilt(f"“{document.title[:100]}”: {error}") from None
        go_on(generation, progress=False)
        indexing.embed(
            generation.base, generation, embedder, passages, progress=lambda: go_on(generation, progress=True)
        )
        with transaction.atomic():
            hold(generation)
            _put_unclaimed(document, generation, passages)
        go_on(generation, progress=True)
    _switch(generation)


class _Spoilt(CustomerError):
    """A document that was read once cannot be read again."""


def _put_unclaimed(document: KnowledgeDocument, generation: KnowledgeGeneration, passages: Sequence[Passage]) -> None:
    """Unless it was deleted or read anew meanwhile: then what is read anew enters by itself, or is missing again."""
    now = KnowledgeDocument.objects.select_for_update(of=("self",)).filter(pk=document.pk).first()
    if now is not None and now.sha256 == document.sha256:
        indexing.put(now, generation, passages, document.sha256)


def _missing(generation: KnowledgeGeneration) -> KnowledgeDocument | None:
    """A document that is in the live generation and not in this one."""
    base = KnowledgeBase.objects.get(pk=generation.base_id)
    there = base.documents.filter(entries__generation=base.live_id).exclude(storage_key="")
    return there.exclude(entries__generation=generation).order_by("created_at").first()


def _switch(generation: KnowledgeGeneration) -> None:
    """In one moment. The replaced one's passages go after it."""
    with transaction.atomic():
        base = KnowledgeBase.objects.select_for_update(of=("self",)).get(pk=generation.base_id)
        hold(generation)
        if _missing(generation) is not None:
            raise Busy("A document came in the last moment.")
        KnowledgeGeneration.objects.filter(base=base, state=G.LIVE).update(state=G.RETIRED, finished_at=timezone.now())
        KnowledgeGeneration.objects.filter(pk=generation.pk).update(
            state=G.LIVE, problem="", claimed_until=None, attempts=0, background=indexing.background(generation)
        )
        KnowledgeBase.objects.filter(pk=base.pk).update(live=generation)
    clear_away(base)


def clear_away(base: KnowledgeBase) -> None:
    """Generations that were replaced or given up, with their passages; vectors that nothing refers to."""
    for old in base.generations.filter(state__in=(G.RETIRED, G.FAILED)):
        indexing.drop_generation(old)
    indexing.sweep_vectors(base)


def _generation_waits(generation: KnowledgeGeneration, sentence: str) -> float:
    wait = wait_for(generation)
    KnowledgeGeneration.objects.filter(pk=generation.pk).update(
        problem=sentence[:300], due_at=timezone.now() + timedelta(seconds=wait), claimed_until=None
    )
    return wait


def _generation_failed(generation: KnowledgeGeneration, sentence: str) -> None:
    """The live one goes on being searched."""
    KnowledgeGeneration.objects.filter(pk=generation.pk).update(
        state=G.FAILED, problem=sentence[:300], claimed_until=None, finished_at=timezone.now()
    )
    indexing.drop_generation(generation, keep_row=True)


# ── left behind ──────────────────────────────────────────────────────────────────────────────────


def left_behind(most: int) -> tuple[list[UUID], list[int]]:
    """Documents and generations that wait and that nobody works on."""
    documents = claimable(KnowledgeDocument.objects.filter(state__in=UNFINISHED)).order_by("created_at")
    generations = claimable(KnowledgeGeneration.objects.filter(state=G.BUILDING)).order_by("created_at")
    return (
        list(documents.values_list("pk", flat=True)[:most]),
        list(generations.values_list("pk", flat=True)[:most]),
    )
