"""Every call ends: finds those that nobody will end any more, and ends them with an honest reason.

Runs by beat, in every agency. Each rule names how long it waits for whoever should have ended the call.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from calls import lifecycle, outbound, progress
from calls.lifecycle import End, EndedReason
from calls.models import Call, CallEvent
from calls.telephony.base import CarrierStatus
from calls.telephony.registry import carrier
from voiceops.lib.errors import CarrierError

logger = logging.getLogger(__name__)

S = Call.Status
AT_ONCE = 200
WAITS_FOR_MEDIA = timedelta(seconds=150)
WAITS_FOR_BRIDGE = timedelta(seconds=45)
WAITS_FOR_DIALLING = timedelta(seconds=20)
WAITS_IN_QUEUE = timedelta(seconds=60)
WAITS_FOR_RINGING = timedelta(seconds=120)
GIVES_UP_ON_CARRIER = timedelta(minutes=10)


def sweep() -> int:
    """In the schema that is set. How many calls were ended."""
    now = timezone.now()
    ended = sum(_end(call, _reason(call)) for call in _held_by_nobody(now))
    for call in _of(S.DIALING).filter(carrier_call_id="", created_at__lt=now - WAITS_FOR_DIALLING)[:AT_ONCE]:
        outbound.reconcile(call.pk)
    for call in _of(S.QUEUED).filter(created_at__lt=now - WAITS_IN_QUEUE)[:AT_ONCE]:
        outbound.dial(call.pk)
    silent = _of(S.DIALING, S.RINGING).filter(direction=Call.Direction.OUTBOUND, created_at__lt=now - WAITS_FOR_RINGING)
    for call in silent.exclude(carrier_call_id="").select_related("account")[:AT_ONCE]:
        ended += _ask_carrier(call, now)
    return ended


def _of(*statuses: str) -> QuerySet[Call]:
    return Call.objects.filter(status__in=statuses).order_by("created_at")


def _held_by_nobody(now: datetime) -> QuerySet[Call]:
    never_opened = Q(media_leg=0) & (
        Q(status=S.RINGING, ringing_at__lt=now - WAITS_FOR_MEDIA) & ~Q(direction=Call.Direction.OUTBOUND)
        | Q(status=S.IN_PROGRESS, answered_at__lt=now - WAITS_FOR_MEDIA)
    )
    let_go = Q(media_leg__gt=0, bridge_seen_at__lt=now - WAITS_FOR_BRIDGE)
    return _of(S.RINGING, S.IN_PROGRESS, S.TRANSFERRING).filter(never_opened | let_go)[:AT_ONCE]


def _reason(call: Call) -> EndedReason:
    said = (
        CallEvent.objects.filter(call=call, kind="carrier_status", data__status__in=sorted(CarrierStatus.FINAL))
        .order_by("-seq")
        .first()
    )
    if said is not None:
        return progress.reason_of(call, said.data["status"])
    if call.status == S.TRANSFERRING:
        return EndedReason.TRANSFERRED
    if call.media_leg:
        return EndedReason.BRIDGE_LOST
    return EndedReason.CALLER_GAVE_UP if call.direction == Call.Direction.WEB else EndedReason.MEDIA_NEVER_STARTED


def _end(call: Call, reason: EndedReason) -> int:
    logger.warning("Call %s is ended by the sweeper: %s", call.pk, reason)
    return int(lifecycle.end(call.pk, End(reason, leg=call.media_leg)))


def _ask_carrier(call: Call, now: datetime) -> int:
    """A call that rings for too long: its status callback was lost, so the carrier is asked how it ended."""
    try:
        listed = carrier(call.carrier).find_calls(
            outbound.account_of(call), call.called, call.created_at - timedelta(seconds=5)
        )
    except CarrierError as error:
        listed = []
        logger.warning("Call %s: the carrier cannot be asked how it ended: %s", call.pk, error.sentence)
    status = next((one.status for one in listed if one.carrier_call_id == call.carrier_call_id), "")
    if status in CarrierStatus.FINAL:
        return _end(call, progress.reason_of(call, status))
    if now - call.created_at > GIVES_UP_ON_CARRIER:
        detail = "The carrier never said how the call ended."
        return int(lifecycle.end(call.pk, End(EndedReason.CARRIER_FAILED, detail=detail)))
    return 0
