"""One process at a time works on a row. A claim that is not given back was left by a crash, and is taken over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from agents.models.knowledge import Claimable

LEASE = timedelta(minutes=3)
MOST_ATTEMPTS = 6
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 600.0

C = TypeVar("C", bound=Claimable)


class NobodysAnyMore(Exception):
    """The row was deleted, or its claim ran out and another took it: what was done so far is not to be finished."""


def claimable(rows: QuerySet[C]) -> QuerySet[C]:
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return rows.filter(free, Q(due_at=None) | Q(due_at__lte=now))


def claim(rows: QuerySet[C], pk: Any) -> C | None:
    """The row, claimed; None when it is somebody else's, not due, or gone."""
    now = timezone.now()
    if not claimable(rows.filter(pk=pk)).update(claimed_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    return rows.filter(pk=pk).first()


def go_on(row: Claimable, *, progress: bool) -> None:
    """Still at it. With `progress` earlier failures are forgiven. Raises NobodysAnyMore."""
    until = timezone.now() + LEASE
    values: dict[str, Any] = {"claimed_until": until}
    if progress:
        values["attempts"] = 1
    if not _mine(row).update(**values):
        raise NobodysAnyMore
    row.claimed_until = until
    if progress:
        row.attempts = 1


def hold(row: Claimable) -> None:
    """Inside a transaction, until its end: nobody deletes or takes it meanwhile. Raises NobodysAnyMore."""
    assert transaction.get_connection().in_atomic_block
    if not _mine(row).select_for_update(of=("self",)).exists():
        raise NobodysAnyMore


def _mine(row: Claimable) -> QuerySet[Any]:
    return type(row)._default_manager.filter(pk=row.pk, claimed_until=row.claimed_until)


def wait_for(row: Claimable) -> float:
    """Seconds until the next try: twice as long each time."""
    return float(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** max(0, row.attempts - 1)))
