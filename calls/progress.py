"""What carriers say of a call on their side, in any order and more than once, becomes steps forward of ours."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from calls import lifecycle
from calls.lifecycle import End, EndedReason
from calls.models import Call, CallEvent, CarrierAccount
from calls.telephony.base import AnsweredBy, CarrierStatus, StatusChange

logger = logging.getLogger(__name__)

BRIDGE_LIVES = timedelta(seconds=15)

FINAL = {
    CarrierStatus.BUSY: EndedReason.BUSY,
    CarrierStatus.NO_ANSWER: EndedReason.NO_ANSWER,
    CarrierStatus.FAILED: EndedReason.CARRIER_FAILED,
    CarrierStatus.CANCELED: EndedReason.CALLEE_CANCELED,
}


def carrier_said(account: CarrierAccount, change: StatusChange) -> None:
    """Keep it as an event, and move the call if it is a step forward. A call nobody knows is none of ours."""
    call = Call.objects.filter(carrier=account.carrier, account=account, carrier_call_id=change.carrier_call_id).first()
    if call is None:
        logger.warning("A carrier reports %s of a call that is not known here", change.status)
        return
    _note(call, change)
    if change.status in CarrierStatus.FINAL:
        _over(call, change)
    elif change.status == CarrierStatus.RINGING:
        lifecycle.moved(call.pk, Call.Status.RINGING)
    elif change.status == CarrierStatus.ANSWERED:
        lifecycle.answered(call.pk)
    if change.answered_by and change.answered_by != "unknown":
        Call.objects.filter(pk=call.pk).update(answered_by=change.answered_by)


def picked_up_by(account: CarrierAccount, found: AnsweredBy) -> None:
    Call.objects.filter(carrier=account.carrier, account=account, carrier_call_id=found.carrier_call_id).update(
        answered_by=found.answered_by
    )


def _over(call: Call, change: StatusChange) -> None:
    """While a bridge holds the line it knows better why the call is over, and is about to say so; if it dies first,
    the sweeper reads what the carrier said here."""
    if change.status == CarrierStatus.COMPLETED and _bridge_lives(call):
        Call.objects.filter(pk=call.pk, sip_code=None).update(sip_code=change.sip_code)
        return
    lifecycle.end(call.pk, End(reason_of(call, change.status), sip_code=change.sip_code))


def reason_of(call: Call, status: str) -> EndedReason:
    """Why a call is over of which the carrier said this, and nobody else said anything."""
    if status != CarrierStatus.COMPLETED:
        return FINAL[status]
    if call.status == Call.Status.TRANSFERRING:
        return EndedReason.TRANSFERRED
    return EndedReason.CALLER_HANGUP if call.media_leg else EndedReason.CALLER_GAVE_UP


def _bridge_lives(call: Call) -> bool:
    return call.bridge_seen_at is not None and timezone.now() - call.bridge_seen_at < BRIDGE_LIVES


def _note(call: Call, change: StatusChange) -> None:
    at_ms = 0
    if call.media_started_at is not None:
        at_ms = max(0, int((timezone.now() - call.media_started_at).total_seconds() * 1000))
    data = {"status": change.status, "sip_code": change.sip_code}
    with transaction.atomic():
        Call.objects.select_for_update().only("pk").get(pk=call.pk)
        last = CallEvent.objects.filter(call=call, source=CallEvent.Source.CARRIER).aggregate(last=Max("seq"))["last"]
        CallEvent.objects.create(
            call=call,
            source=CallEvent.Source.CARRIER,
            seq=(last or 0) + 1,
            at_ms=at_ms,
            kind="carrier_status",
            data=data,
        )
