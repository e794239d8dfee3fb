"""Paging by the last row seen: `(created_at, id)`, opaque in a URL."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from voiceops.lib.errors import InvalidInput


def encode(created_at: datetime, pk: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}~{pk}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, uuid.UUID]:
    """Raises InvalidInput for a cursor that is not one of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        moment, _, pk = text.partition("~")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None:
            raise ValueError("naive")
        return created_at, uuid.UUID(pk)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput("This page of the list cannot be found: begin at the top.", "cursor") from error


def page(rows: QuerySet[Any], cursor: str, size: int) -> tuple[list[Any], str]:
    """Newest first: the rows after `cursor`, and the cursor of what follows them (empty at the end)."""
    rows = rows.order_by("-created_at", "-id")
    if cursor:
        created_at, pk = decode(cursor)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    return found, encode(found[-1].created_at, found[-1].pk) if more else ""
