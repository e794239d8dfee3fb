"""The files themselves, sealed in the house's storage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from agents.models import KnowledgeDocument
from voiceops.lib.schema import current_schema
from voiceops.lib.sealed import SealedReader, SealedWriter
from voiceops.lib.storage import store


def keep(document: KnowledgeDocument, data: bytes) -> None:
    """In place of an older one. Sets the document's `storage_key`. Raises StoreError."""
    document.storage_key = f"{current_schema()}/knowledge/{document.pk}"
    with tempfile.NamedTemporaryFile(prefix="knowledge-") as file:
        sealed = SealedWriter(file, _place(document))
        sealed.write(data)
        sealed.finish()
        store().put(document.storage_key, Path(file.name))


def kept(document: KnowledgeDocument) -> bytes:
    """Raises StoreError, SealError."""
    shelf, key = store(), document.storage_key
    reader = SealedReader(lambda start, length: shelf.read(key, start, length), shelf.size(key), _place(document))
    return b"".join(reader.chunks())


def _place(document: KnowledgeDocument) -> str:
    return f"{current_schema()}|agents.knowledge|{document.pk}"
