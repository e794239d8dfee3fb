"""Writing the audit log, and proving that nobody rewrote it."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.audit.request import address
from tenants.people.models import User
from voiceops.lib.schema import current_schema

GENESIS = "0" * 64
LONGEST_TEXT = 200
_SECRET = re.compile(r"password|secret|token|api_?key|credential|transcript|authorization|cookie", re.IGNORECASE)
Plain = str | int | float | bool | None


def record(
    actor: User | None,
    action: str,
    object: models.Model | None = None,  # noqa: A002
    *,
    data: Mapping[str, Any] | None = None,
    client_id: uuid.UUID | None = None,
    label: str = "",
) -> AuditEvent:
    """Append one event inside the caller's transaction: both happen or neither does.

    `actor` None is VoiceOps itself. `action` is `<thing>.<what was done>`, as in `agent.published`. `data` holds a few
    plain values (what changed); a key that sounds like a secret or a transcript is refused with a ValueError.

    Call it last in an action: it holds the agency's audit lock until the transaction ends.
    """
    event = AuditEvent(
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor_label=str(actor)[:LONGEST_TEXT] if actor else "VoiceOps",
        action=action,
        object_type=object._meta.label_lower if object is not None else "",
        object_id=str(object.pk) if object is not None else "",
        object_label=(label or (str(object) if object is not None else ""))[:LONGEST_TEXT],
        client_id=client_id or _client_of(object),
        ip=_ip(),
        data=plain(data or {}),
    )
    with transaction.atomic():
        _lock()
        last = AuditEvent.objects.order_by("-seq").only("seq", "hash").first()
        event.seq = last.seq + 1 if last else 1
        event.previous_hash = last.hash if last else GENESIS
        event.hash = digest(event)
        event.save(force_insert=True)
    return event


def plain(data: Mapping[str, Any]) -> dict[str, Plain | list[Plain]]:
    """`data` as it will be stored: scalars and short lists of them."""
    stored: dict[str, Plain | list[Plain]] = {}
    for key, value in data.items():
        if _SECRET.search(key):
            raise ValueError(f"The audit log may not hold {key!r}.")
        stored[key] = [_scalar(item) for item in value] if isinstance(value, list | tuple | set) else _scalar(value)
    return stored


def digest(event: AuditEvent) -> str:
    """SHA-256 over the previous hash and the row in canonical JSON."""
    body = {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(event.actor_id or ""),
        "actor_label": event.actor_label,
        "action": event.action,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "object_label": event.object_label,
        "client_id": str(event.client_id or ""),
        "ip": event.ip or "",
        "data": event.data,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{event.previous_hash}\n{text}".encode()).hexdigest()


def _lock() -> None:
    """One writer at a time per schema, until the transaction ends; other schemas are not held up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit|{current_schema()}"])


def _client_of(thing: models.Model | None) -> uuid.UUID | None:
    value = getattr(thing, "client_id", None)
    return value if isinstance(value, uuid.UUID) else None


def _ip() -> str | None:
    try:
        return str(ipaddress.ip_address(address() or ""))
    except ValueError:
        return None


def _scalar(value: Any) -> Plain:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
