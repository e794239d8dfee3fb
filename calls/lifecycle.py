"""The only writer of `Call.status`. A call moves forwards, ends once, and always ends.

Every change locks the row, so that a webhook, the bridge and the sweeper may all speak at the same time: the first end
stands. The jobs that follow a call are written in the transaction that ends it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.accounts import pools
from calls import live
from calls.aftercall import actions as aftercall
from calls.models import Call
from calls.reasons import MEANINGS, EndedReason

__all__ = ["End", "EndedReason", "answered", "end", "media_opened", "moved", "refused"]

logger = logging.getLogger(__name__)

S = Call.Status
ORDER: dict[str, int] = {
    S.SCHEDULED: 0,
    S.QUEUED: 1,
    S.DIALING: 2,
    S.RINGING: 3,
    S.IN_PROGRESS: 4,
    S.TRANSFERRING: 5,
    S.ENDED: 6,
}


@dataclass(frozen=True)
class End:
    """How a call ended. What is left empty comes from the reason's meaning.

    `leg`: only if the call's media is still on this leg, which another bridge may have taken over.
    """

    reason: EndedReason
    detail: str = ""
    by: str = ""
    fault: str = ""
    outcome: str = ""
    sip_code: int | None = None
    leg: int | None = None


def moved(call_id: UUID, status: str, **fields: Any) -> bool:
    """Take the call forwards to `status` and set `fields` with it. False when it is there, beyond, or over."""

    def change(call: Call) -> bool:
        if ORDER[status] <= ORDER[call.status]:
            return False
        call.status = status
        now = timezone.now()
        if status == S.RINGING:
            call.ringing_at = call.ringing_at or now
        for name, value in fields.items():
            setattr(call, name, value)
        return True

    return _change(call_id, change, status)


def answered(call_id: UUID) -> bool:
    """Somebody, or something, picked up."""
    return moved(call_id, S.IN_PROGRESS, answered_at=timezone.now())


def back_from_transfer(call_id: UUID) -> bool:
    """The transfer did not come about and the agent goes on: the one step backwards."""

    def change(call: Call) -> bool:
        if call.status != S.TRANSFERRING:
            return False
        call.status = S.IN_PROGRESS
        return True

    return _change(call_id, change, S.IN_PROGRESS)


def media_opened(call: Call, now: datetime) -> None:
    """A bridge takes the call's media. `call` is locked by the caller's transaction."""
    call.media_leg += 1
    call.media_started_at = call.media_started_at or now
    call.answered_at = call.answered_at or now
    call.bridge_seen_at = now
    if ORDER[call.status] < ORDER[S.IN_PROGRESS] or call.status == S.TRANSFERRING:
        call.status = S.IN_PROGRESS
    call.save(update_fields=["media_leg", "media_started_at", "answered_at", "bridge_seen_at", "status"])
    live.call_changed(call, "status")


def end(call_id: UUID, how: End) -> bool:
    """End the call, once. False when it is over already, or its media moved on to another leg."""
    meaning = MEANINGS[how.reason]

    def change(call: Call) -> bool:
        if call.status == S.ENDED or (how.leg is not None and how.leg != call.media_leg):
            return False
        call.status = S.ENDED
        call.ended_at = timezone.now()
        call.ended_reason = how.reason
        call.ended_by = how.by or meaning.by
        call.ended_detail = how.detail[:500]
        call.fault = how.fault or meaning.fault
        call.outcome = how.outcome[:40]
        call.sip_code = how.sip_code or call.sip_code
        pools.release(call.pk)
        aftercall.plan(call)
        return True

    ended = _change(call_id, change, "ended")
    if ended:
        logger.info("Call %s ended: %s", call_id, how.reason)
    return ended


def refused(call: Call, how: End) -> None:
    """A call that is over as it begins: written with its reason in one row. `call` is not saved yet."""
    meaning = MEANINGS[how.reason]
    call.status = S.ENDED
    call.ended_at = timezone.now()
    call.ended_reason = how.reason
    call.ended_by = how.by or meaning.by
    call.fault = how.fault or meaning.fault
    call.ended_detail = how.detail[:500]
    logger.info("Call %s refused: %s", call.pk, how.reason)


def _change(call_id: UUID, change: Callable[[Call], bool], kind: str) -> bool:
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=call_id).first()
        if call is None or not change(call):
            return False
        call.save()
        live.call_changed(call, kind)
    return True
