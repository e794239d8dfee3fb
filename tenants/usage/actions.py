"""Writing usage: once per key, and in the daily sums at the same moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from tenants.clients.models import Client

CALL_SECONDS = "call_seconds"


@dataclass(frozen=True)
class Quantity:
    """So much of `kind`. `key` names this one quantity for ever, as in `call:<id>:call_seconds`."""

    key: str
    kind: str
    quantity: Decimal | float | int
    vendor: str = ""


def record(
    quantities: Sequence[Quantity],
    *,
    at: datetime,
    client: Client | None = None,
    agent_id: uuid.UUID | None = None,
    call_id: uuid.UUID | None = None,
) -> int:
    """Store what is new and add it to the day's sums. Returns how many were new: saying it twice changes nothing.

    A day is the client's own day (UTC without a client).
    """
    day = at.astimezone(ZoneInfo(client.timezone) if client else UTC).date()
    shared: dict[str, Any] = {
        "at": at,
        "day": day,
        "client": client.pk if client else None,
        "agent": agent_id,
        "call": call_id,
    }
    new = 0
    with transaction.atomic(), connection.cursor() as cursor:
        # In one order, so that two calls of a client that end together wait for each other instead of locking up.
        for item in sorted(quantities, key=lambda item: (item.kind, item.vendor)):
            quantity = round(Decimal(str(item.quantity)), 3)
            if quantity <= 0:
                continue
            values: dict[str, Any] = {"key": item.key, "kind": item.kind, "vendor": item.vendor, "quantity": quantity}
            cursor.execute(_ONCE, {**shared, **values})
            new += cursor.rowcount
    return new


_ONCE = """
WITH stored AS (
    INSERT INTO usage_usagerecord (key, at, client_id, agent_id, call_id, kind, vendor, quantity)
    VALUES (%(key)s, %(at)s, %(client)s, %(agent)s, %(call)s, %(kind)s, %(vendor)s, %(quantity)s)
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
)
INSERT INTO usage_dailyusage (day, client_id, kind, vendor, quantity)
SELECT %(day)s, %(client)s, %(kind)s, %(vendor)s, %(quantity)s FROM stored
ON CONFLICT (day, client_id, kind, vendor)
DO UPDATE SET quantity = usage_dailyusage.quantity + EXCLUDED.quantity
"""
