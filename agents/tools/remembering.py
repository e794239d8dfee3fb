"""One use of a call happens once. Whoever asks again under its key, such as the next worker after a crash, gets the first
one's outcome; the row outlives this process, so that holds across a restart too.

A use whose process died is not known to have happened. What is safe is done again; the rest is said to be unknown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from agents.models import ToolUse
from media_worker.contract.tools import ToolOutcome
from voiceops.lib.schema import let_go_of_database

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)
SLACK = timedelta(seconds=2)
LOOK_EVERY = 0.1
UNKNOWN = "It is not known whether this was done: the system that did it was interrupted. Do not do it again."


def once(
    call_id: UUID, key: str, tool: str, seconds: float, safe: bool, work: Callable[[], ToolOutcome]
) -> ToolOutcome:
    """`work`, or what came of it when it was asked for before. `work` does not raise."""
    now = timezone.now()
    until = now + timedelta(seconds=seconds) + SLACK
    row, is_new = ToolUse.objects.get_or_create(
        call_id=call_id, key=key, defaults={"tool": tool, "started_at": now, "until": until}
    )
    if not is_new:
        earlier = _waited(row)
        if earlier is not None:
            return earlier
        if not safe or not _taken_over(row, seconds):
            return ToolOutcome(ok=False, text=UNKNOWN)
    let_go_of_database()
    outcome = work()
    row.outcome = outcome.model_dump(mode="json")
    row.save(update_fields=["outcome"])
    return outcome


def forget() -> int:
    """By beat, in every agency: outcomes hold what was said and found, and no call asks for one so late. How many."""
    return ToolUse.objects.filter(started_at__lt=timezone.now() - KEPT).delete()[0]


def _waited(row: ToolUse) -> ToolOutcome | None:
    """The outcome of the first to ask, when it comes before that one's time is over."""
    while row.outcome is None and timezone.now() < row.until:
        let_go_of_database()
        time.sleep(LOOK_EVERY)
        row.refresh_from_db()
    return None if row.outcome is None else ToolOutcome.model_validate(row.outcome)


def _taken_over(row: ToolUse, seconds: float) -> bool:
    until = timezone.now() + timedelta(seconds=seconds) + SLACK
    return bool(ToolUse.objects.filter(pk=row.pk, until=row.until).update(until=until))
