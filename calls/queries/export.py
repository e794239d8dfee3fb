"""Calls as CSV, a page at a time: each page is asked for in one hop to a thread that sets the schema itself."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import tzinfo
from typing import Any

from channels.db import database_sync_to_async
from django_tenants.utils import schema_context

from calls.models import Call
from calls.queries import listing
from calls.queries.filters import Filters
from calls.queries.outcomes import words
from calls.queries.sentence import talked_seconds
from tenants.people.models import User

PAGE = 500
COLUMNS = (
    "call",
    "when",
    "direction",
    "client",
    "agent",
    "caller",
    "called",
    "status",
    "ended by",
    "outcome",
    "seconds",
)
INTERNAL_COLUMNS = ("ended reason", "fault", "latency p95 ms")


async def csv_lines(schema: str, person: User, filters: Filters, internals: bool, zone: tzinfo) -> AsyncIterator[bytes]:
    """Times in `zone`, ISO 8601. Begins with a byte order mark, so that spreadsheets read it as UTF-8."""

    def some(cursor: str) -> tuple[list[Call], str]:
        with schema_context(schema):
            return listing.call_page(person, filters, cursor, PAGE)

    yield "\ufeff".encode() + _line(COLUMNS + INTERNAL_COLUMNS if internals else COLUMNS)
    cursor, more = "", True
    while more:
        calls, cursor = await database_sync_to_async(some, thread_sensitive=False)(cursor)
        yield b"".join(_line(_cells(call, internals, zone)) for call in calls)
        more = bool(cursor)


def _cells(call: Call, internals: bool, zone: tzinfo) -> list[Any]:
    seconds = talked_seconds(call)
    cells = [
        call.pk,
        call.created_at.astimezone(zone).isoformat(timespec="seconds"),
        call.get_direction_display(),
        call.client.name if call.client else "",
        call.agent.name if call.agent else "",
        call.caller,
        call.called,
        call.get_status_display(),
        call.get_ended_by_display() if call.ended_by else "",
        words(call.outcome),
        "" if seconds is None else round(seconds),
    ]
    if internals:
        cells += [call.ended_reason, call.fault, "" if call.gap_p95_ms is None else call.gap_p95_ms]
    return cells


def _line(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _harmless(cell: Any) -> Any:
    """A spreadsheet must not run what somebody named an agent; a phone number may begin with its plus."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} and not cell[1:].isdigit():
        return f"'{cell}"
    return cell
