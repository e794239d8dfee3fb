"""What carriers say of a call on their side, in any order and more than once, becomes steps forward of ours."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from calls import lifecycle, live
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


def carrier_said(account: CarrierAccount, change: StatusChange, call_id: UUID | None = None) -> None:
    """Keep it as an event, and move the call if it is a step forward. A call nobody knows is none of ours."""
    call = of_carrier(account, change.carrier_call_id, call_id)
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


def picked_up_by(account: CarrierAccount, found: AnsweredBy, call_id: UUID) -> None:
    call = of_carrier(account, found.carrier_call_id, call_id)
    if call is not None:
        Call.objects.filter(pk=call.pk).update(answered_by=found.answered_by)
        live.call_changed(call, "status")


def of_carrier(account: CarrierAccount, carrier_call_id: str, call_id: UUID | None) -> Call | None:
    """The call with the carrier's id; or the one we placed that has none yet, because its carrier is quicker to tell
    of it than to answer."""
    calls = Call.objects.filter(account=account)
    known = calls.filter(carrier_call_id=carrier_call_id).first()
    if known is not None or call_id is None:
        return known
    placed(call_id, carrier_call_id)
    return calls.filter(pk=call_id, carrier_call_id=carrier_call_id).first()


def placed(call_id: UUID, carrier_call_id: str) -> None:
    """Remember what the carrier calls a call of ours. The first to know writes it."""
    try:
        with transaction.atomic():
            Call.objects.filter(pk=call_id, carrier_call_id="").update(carrier_call_id=carrier_call_id)
    except IntegrityError:
        logger.error("Call %s: the carrier's id belongs to another call", call_id)


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
