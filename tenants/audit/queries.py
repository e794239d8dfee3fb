"""Reading the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenants.audit.actions import GENESIS, digest
from tenants.audit.models import AuditEvent


@dataclass(frozen=True)
class Break:
    """The first row that does not follow from the one before it."""

    seq: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """`head` is `seq:hash` of the last row: note it elsewhere to notice later that the end was cut off."""

    events: int
    head: str
    broken: Break | None


def verify(expected_head: str = "") -> Verdict:
    """Walk the current schema's chain. With `expected_head` (`seq:hash`), also look for a missing end."""
    previous, count, head = GENESIS, 0, f"0:{GENESIS}"
    seen = expected_head == head
    for event in _in_order():
        count += 1
        broken = _broken(event, count, previous)
        if broken:
            return Verdict(count, head, broken)
        previous, head = event.hash, f"{event.seq}:{event.hash}"
        seen = seen or head == expected_head
    if expected_head and not seen:
        return Verdict(count, head, Break(count + 1, "the noted end of the log is missing"))
    return Verdict(count, head, None)


def _in_order() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("seq").iterator(chunk_size=1000)


def _broken(event: AuditEvent, due: int, previous: str) -> Break | None:
    if event.seq != due:
        return Break(due, f"number {due} is missing")
    if event.previous_hash != previous:
        return Break(event.seq, "it does not follow from the row before it")
    if event.hash != digest(event):
        return Break(event.seq, "its content was changed")
    return None
