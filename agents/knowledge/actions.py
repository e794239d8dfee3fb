"""Knowledge comes, changes and goes. Every write is one transaction with its row in the audit log."""

from __future__ import annotations

import contextlib
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from agents.knowledge import indexing, jobs, keeping, queueing
from agents.knowledge.crawling import MOST_FOLLOWED, addresses
from agents.knowledge.embedding import Embedder, space_of
from agents.knowledge.languages import config_of
from agents.knowledge.reading.blocks import MOST_BYTES, Kind
from agents.models import KnowledgeBase, KnowledgeDocument, KnowledgeGeneration, ProviderAccount
from agents.models.knowledge import THRESHOLD
from tenants.audit import actions as audit
from tenants.clients.models import Client
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput, ProviderError, StoreError
from voiceops.lib.storage import store

MOST_BASES = 100
"""Of one client."""
MOST_PAGES_AT_ONCE = 200
PROBE_SECONDS = 8.0
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_ENDINGS: dict[str, Kind] = {
    ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".txt": "txt", ".md": "txt", ".markdown": "txt", ".text": "txt", ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
D, G = KnowledgeDocument.State, KnowledgeGeneration.State


def create(
    actor: User | None,
    client: Client,
    *,
    label: str,
    name: str = "",
    language: str = "en",
    account: ProviderAccount | None = None,
    model: str = "",
    dimensions: int | None = None,
    threshold: float = THRESHOLD,
) -> KnowledgeBase:
    """Raises InvalidInput, whose `field` names what is wrong, also when the account makes no embeddings."""
    label = " ".join(label.split())[:80]
    if not label:
        raise InvalidInput("Give it a name.", "label")
    if KnowledgeBase.objects.filter(client=client).count() >= MOST_BASES:
        raise InvalidInput(f"{client.name} has {MOST_BASES} knowledge bases already.")
    base = KnowledgeBase(
        client=client,
        label=label,
        name=_name(name or label),
        language=language,
        account=account,
        model=model.strip() if account else "",
        dimensions=dimensions if account else None,
        threshold=threshold,
        created_by=actor,
    )
    _try_embeddings(base)
    try:
        with transaction.atomic():
            base.save(force_insert=True)
            live = _generation(base, state=G.LIVE)
            base.live = live
            base.save(update_fields=["live"])
            audit.record(actor, "knowledge.created", base, data={"name": base.name}, client_id=client.pk)
    except IntegrityError:
        raise InvalidInput(f"{client.name} has a knowledge base “{base.name}” already.", "label") from None
    return base


def change(
    actor: User | None,
    base: KnowledgeBase,
    *,
    label: str,
    language: str,
    account: ProviderAccount | None,
    model: str,
    dimensions: int | None,
    threshold: float,
) -> bool:
    """Whether it has to be indexed anew for that, which has begun. The threshold holds from the next question on."""
    model, dimensions = (model.strip(), dimensions) if account else ("", None)
    before = (base.label, base.language, base.account_id, base.model, base.dimensions, base.threshold)
    base.label = " ".join(label.split())[:80] or base.label
    base.language, base.account, base.model = language, account, model
    base.dimensions, base.threshold = dimensions, threshold
    after = (base.label, base.language, base.account_id, base.model, base.dimensions, base.threshold)
    if after == before:
        return False
    if after[2:5] != before[2:5]:
        _try_embeddings(base)
    with transaction.atomic():
        _held(base)
        base.save(update_fields=["label", "language", "account", "model", "dimensions", "threshold"])
        anew = after[1:5] != before[1:5]
        if anew:
            _build(base)
        audit.record(actor, "knowledge.changed", base, data={"name": base.name, "indexed_anew": anew})
    return anew


def index_anew(actor: User | None, base: KnowledgeBase) -> None:
    """Beside the live index, which is searched meanwhile."""
    with transaction.atomic():
        _held(base)
        _build(base)
        audit.record(actor, "knowledge.indexed_anew", base, data={"name": base.name})


def delete(actor: User | None, base: KnowledgeBase) -> None:
    """With every document, passage and file."""
    keys = [key for key in base.documents.values_list("storage_key", flat=True) if key]
    with transaction.atomic():
        _held(base)
        audit.record(
            actor,
            "knowledge.deleted",
            base,
            data={"name": base.name, "documents": base.documents.count()},
            client_id=base.client_id,
        )
        KnowledgeBase.objects.filter(pk=base.pk).update(live=None)
        with connection.cursor() as cursor:
            cursor.execute(
                "delete from agents_knowledgechunk where generation_id in"
                " (select id from agents_knowledgegeneration where base_id = %s)",
                [base.pk],
            )
            cursor.execute("delete from agents_knowledgevector where base_id = %s", [base.pk])
        base.delete()
    _delete_files(keys)


def upload(actor: User | None, base: KnowledgeBase, filename: str, data: bytes) -> KnowledgeDocument:
    """A file as it came; it is read in the background. One of the same name in this base is replaced.

    Raises InvalidInput, and StoreError when it cannot be kept.
    """
    title = PurePath(unicodedata.normalize("NFC", filename.replace("\\", "/"))).name[-300:].strip() or "Document"
    kind = _ENDINGS.get(PurePath(title).suffix.lower())
    if kind is None:
        raise InvalidInput(f"“{title[:80]}” cannot be read: bring PDF, DOCX, HTML, TXT or CSV.", "file")
    if not data:
        raise InvalidInput(f"“{title[:80]}” is empty.", "file")
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"“{title[:80]}” is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    digest = hashlib.sha256(data).hexdigest()
    uploads = base.documents.filter(source=KnowledgeDocument.Source.UPLOAD)
    known = uploads.filter(title=title).first()
    if known is not None and known.sha256 == digest and known.state != D.FAILED:
        return known
    if known is None and not queueing.room(base):
        raise InvalidInput(f"A knowledge base holds at most {queueing.MOST_DOCUMENTS:,} documents.", "file")
    document = known or KnowledgeDocument(base=base, title=title, created_by=actor)
    document.kind, document.sha256, document.size = kind, digest, len(data)
    keeping.keep(document, data)
    with transaction.atomic():
        _wait(document, "title", "kind", "sha256", "size", "storage_key")
        audit.record(actor, "document.added", document, data={"bytes": len(data)}, client_id=base.client_id)
    return document


def add_pages(actor: User | None, base: KnowledgeBase, text: str, follow: int = 0) -> list[KnowledgeDocument]:
    """The pages of a list, one address a line; with `follow` so many pages of the same site that each links to as well.

    Raises InvalidInput. Pages that are there already are not added again.
    """
    urls = addresses(text, MOST_PAGES_AT_ONCE)
    if queueing.room(base) < len(urls):
        raise InvalidInput(f"A knowledge base holds at most {queueing.MOST_DOCUMENTS:,} documents.", "urls")
    with transaction.atomic():
        made = queueing.add_pages(base, urls, actor, follow=max(0, min(follow, MOST_FOLLOWED)))
        audit.record(actor, "knowledge.pages_added", base, data={"pages": len(made)})
    return made


def again(actor: User | None, document: KnowledgeDocument) -> None:
    """Read once more; a page is fetched once more."""
    with transaction.atomic():
        document.fetch = document.source == KnowledgeDocument.Source.PAGE
        _wait(document, "fetch")
        audit.record(actor, "document.read_again", document)


def fetch_again(actor: User | None, base: KnowledgeBase) -> int:
    """All pages of the base. Those that did not change are left as they are."""
    pages = base.documents.filter(source=KnowledgeDocument.Source.PAGE, state__in=(D.READY, D.FAILED))
    with transaction.atomic():
        keys = list(pages.select_for_update(of=("self",)).values_list("pk", flat=True))
        base.documents.filter(pk__in=keys).update(
            state=D.WAITING, fetch=True, problem="", attempts=0, due_at=None, claimed_until=None
        )
        for key in keys:
            queueing.read_soon(key)
        audit.record(actor, "knowledge.fetched_again", base, data={"pages": len(keys)})
    return len(keys)


def remove(actor: User | None, document: KnowledgeDocument) -> None:
    """Agents find nothing of it from the next question on."""
    base = document.base
    with transaction.atomic():
        if not KnowledgeDocument.objects.select_for_update(of=("self",)).filter(pk=document.pk).exists():
            return
        audit.record(actor, "document.removed", document, client_id=base.client_id)
        indexing.forget(document)
        KnowledgeDocument.objects.filter(pk=document.pk).delete()
    _delete_files([document.storage_key])
    indexing.sweep_vectors(base)


def _wait(document: KnowledgeDocument, *fields: str) -> None:
    """In line to be read. Whoever reads an older state of it finds that it is not theirs any more."""
    document.state, document.problem = D.WAITING, ""
    document.attempts, document.due_at, document.claimed_until = 0, None, None
    if document._state.adding:
        document.save(force_insert=True)
    else:
        document.save(update_fields=[*fields, "state", "problem", "attempts", "due_at", "claimed_until"])
    queueing.read_soon(document.pk)


def _held(base: KnowledgeBase) -> None:
    KnowledgeBase.objects.select_for_update(of=("self",)).get(pk=base.pk)


def _build(base: KnowledgeBase) -> None:
    """In place of one that was being built. A base without documents has nothing to wait for."""
    given_up = base.generations.filter(state=G.BUILDING)
    given_up.update(state=G.FAILED, problem="It was begun anew.", finished_at=timezone.now(), claimed_until=None)
    generation = _generation(base, state=G.BUILDING)
    if base.documents.exists():
        queueing.build_soon(generation.pk)
        return
    base.generations.filter(state=G.LIVE).update(state=G.RETIRED, finished_at=timezone.now())
    generation.state = G.LIVE
    generation.save(update_fields=["state"])
    base.live = generation
    base.save(update_fields=["live"])
    jobs.clear_away(base)


def _generation(base: KnowledgeBase, state: str) -> KnowledgeGeneration:
    number = int(base.generations.aggregate(last=Max("number"))["last"] or 0) + 1
    return KnowledgeGeneration.objects.create(
        base=base,
        number=number,
        state=state,
        language=base.language,
        config=config_of(base.language),
        account=base.account,
        model=base.model,
        dimensions=base.dimensions,
        space=space_of(base.account.pk, base.model, base.dimensions) if base.account else "",
    )


def _try_embeddings(base: KnowledgeBase) -> None:
    """One word is embedded, so that people hear now what would fail later."""
    if base.account is None:
        return
    if not base.model:
        raise InvalidInput("Name the model that makes the embeddings.", "model")
    try:
        Embedder.of(base.account, base.model, base.dimensions).embed(["test"], seconds=PROBE_SECONDS)
    except ProviderError as error:
        raise InvalidInput(f"No embeddings from “{base.account.label}”: {error.sentence}", "model") from None


def _delete_files(keys: Sequence[str]) -> None:
    for key in filter(None, keys):
        with contextlib.suppress(StoreError):  # a file without a row can be read by nobody: it is sealed for its row
            store().delete(key)


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _NOT_A_NAME.sub("_", plain).strip("_")[:40].strip("_")
    if not name or not name[0].isalpha():
        name = f"base_{name}"[:40].strip("_")
    return name
