"""A call comes in: whose number is it, who answers, and may they? Answered within a few queries."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.models import Agent
from calls import capacity, live, split
from calls.lifecycle import End, EndedReason, refused
from calls.models import Call, CarrierAccount, PhoneNumber
from calls.telephony.base import Ringing

logger = logging.getLogger(__name__)

REPEATED_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Answer:
    """What to tell the carrier: take the call's media (`connect`), or say why not and hang up."""

    call: Call
    connect: bool
    reason: EndedReason | None = None


def take(account: CarrierAccount, ringing: Ringing) -> Answer:
    """The row of this call and what to do with it. The same webhook again finds the row it made."""
    known = Call.objects.filter(carrier=account.carrier, carrier_call_id=ringing.carrier_call_id).first()
    if known is not None:
        return again(known)
    number = (
        PhoneNumber.objects.select_related("client", "agent__published", "split_version")
        .filter(number=ringing.called)
        .first()
        if ringing.called
        else None
    )
    call = Call(
        carrier=account.carrier,
        carrier_call_id=ringing.carrier_call_id,
        account=account,
        direction=Call.Direction.INBOUND,
        caller=ringing.caller,
        called=ringing.called,
        status=Call.Status.RINGING,
        ringing_at=timezone.now(),
    )
    if number is not None:
        call.number, call.client, call.agent = number, number.client, number.agent
        call.agent_version = split.version_for(number, ringing.caller, ringing.carrier_call_id)
    try:
        with transaction.atomic():
            reason = _refusal(number, account)
            if reason is not None:
                refused(call, End(reason))
            call.save(force_insert=True)
            live.call_changed(call, "new")
    except IntegrityError:  # the same webhook, at the same moment
        return again(Call.objects.get(carrier=account.carrier, carrier_call_id=ringing.carrier_call_id))
    return Answer(call, reason is None, reason)


def again(call: Call) -> Answer:
    """A webhook that was answered before. It opens the call's media a second time only while the first is not used:
    its signature carries no time, so whoever caught one could play it back for ever."""
    if call.status == Call.Status.ENDED:
        return Answer(call, False)
    fresh = timezone.now() - call.created_at < REPEATED_WITHIN
    return Answer(call, fresh and call.media_leg == 0)


def _refusal(number: PhoneNumber | None, account: CarrierAccount) -> EndedReason | None:
    if number is None or number.account_id != account.pk:
        return EndedReason.NUMBER_UNKNOWN
    if number.agent is None or number.agent.archived_at is not None:
        return EndedReason.NO_AGENT
    if number.agent.call_type == Agent.CallType.OUTBOUND:
        return EndedReason.NO_AGENT
    if number.agent.published is None:
        return EndedReason.AGENT_NOT_PUBLISHED
    return capacity.refusal(number.client)
