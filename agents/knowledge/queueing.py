"""Rows first, Celery second: what the broker does not take, the sweeper finds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from agents.models import KnowledgeBase, KnowledgeDocument
from tenants.people.models import User

logger = logging.getLogger(__name__)

MOST_DOCUMENTS = 5_000
"""Of one base."""


def read_soon(pk: UUID) -> None:
    from agents.knowledge.tasks import read_document  # it imports the jobs, which queue

    transaction.on_commit(lambda: _hand_over(read_document, str(pk)))


def build_soon(pk: int) -> None:
    from agents.knowledge.tasks import build_generation

    transaction.on_commit(lambda: _hand_over(build_generation, pk))


def _hand_over(task: Any, pk: str | int) -> None:
    try:
        task.delay(pk)
    except Exception:  # the broker is away
        logger.exception("A document could not be handed to a worker; the sweeper will find it")


def room(base: KnowledgeBase) -> int:
    """How many more documents it takes."""
    return max(0, MOST_DOCUMENTS - int(base.documents.aggregate(count=Count("pk"))["count"]))


def add_pages(base: KnowledgeBase, urls: Sequence[str], by: User | None, follow: int = 0) -> list[KnowledgeDocument]:
    """Those that the base does not have yet, up to its room. Inside the caller's transaction."""
    known = set(base.documents.filter(url__in=list(urls)).values_list("url", flat=True))
    new = [url for url in dict.fromkeys(urls) if url not in known][: room(base)]
    rows = [
        KnowledgeDocument(
            base=base,
            title=url.partition("://")[2][:300],
            source=KnowledgeDocument.Source.PAGE,
            url=url,
            fetch=True,
            follow=follow,
            created_by=by,
        )
        for url in new
    ]
    KnowledgeDocument.objects.bulk_create(rows, ignore_conflicts=True)
    made = list(KnowledgeDocument.objects.filter(pk__in=[row.pk for row in rows]))
    for row in made:
        read_soon(row.pk)
    return made
