"""Calls we place. The row is the intent and comes first; the carrier is asked once; what it did is never guessed.

queued ──claim──► dialing ──carrier's id──► (ringing, in_progress by webhook)
                     └─ no clear answer ──► the carrier's list is asked, by the sweeper; never dialled again
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.models import Agent
from calls import capacity, lifecycle, live, numbers, progress, split, tickets
from calls.inbound import Answer
from calls.lifecycle import End, EndedReason
from calls.models import Call, CarrierAccount, PhoneNumber
from calls.reasons import MEANINGS
from calls.telephony.base import Account, DialOrder, Ringing
from calls.telephony.registry import carrier
from tenants.agencies.models import Agency
from voiceops.lib.errors import (
    CarrierOutcomeUnknown,
    CarrierRefused,
    CarrierUnreachable,
    InvalidInput,
    LimitReached,
)
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)

LISTED_WITHIN = timedelta(seconds=45)
"""How long a carrier may take to list a call it placed; after that it did not place it."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Order:
    """`from_number` may be left out when the agent has one number."""

    agent: Agent
    to: str
    from_number: str = ""
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    idempotency_key: str = ""
    test: bool = False


def place(order: Order) -> Call:
    """The call's row, queued, its dialling started once the transaction commits. The same idempotency key again gives
    the same call. Raises InvalidInput or LimitReached with a sentence for whoever asked."""
    if order.idempotency_key and (known := Call.objects.filter(idempotency_key=order.idempotency_key).first()):
        return _same(known, order)
    agent = order.agent
    if agent.archived_at is not None or agent.call_type == Agent.CallType.INBOUND:
        raise InvalidInput("This agent does not make calls: change its call type to outbound or both.", "agent")
    if agent.published is None:
        raise InvalidInput("This agent has no published version. Publish it first.", "agent")
    to = numbers.destination(order.to)
    number = _from_number(agent, order.from_number)
    if to == number.number:
        raise InvalidInput("A number cannot call itself.", "to")
    call = Call(
        client=agent.client,
        agent=agent,
        agent_version=split.version_for(number, to) if number.agent_id == agent.pk else agent.published,
        number=number,
        account=number.account,
        carrier=number.account.carrier,
        direction=Call.Direction.OUTBOUND,
        caller=number.number,
        called=to,
        status=Call.Status.QUEUED,
        variables=dict(order.variables),
        idempotency_key=order.idempotency_key,
        test=order.test,
    )
    try:
        with transaction.atomic():
            refusal = capacity.refusal(agent.client)
            if refusal is not None:
                raise LimitReached(MEANINGS[refusal].sentence)
            call.save(force_insert=True)
            live.call_changed(call, "new")
            transaction.on_commit(lambda: _kick(call.pk))
    except IntegrityError:  # the same key, at the same moment
        return _same(Call.objects.get(idempotency_key=order.idempotency_key), order)
    return call


def dial(call_id: UUID) -> None:
    """Dial a queued call, once: whoever takes it from queued to dialing asks the carrier, and nobody else ever."""
    if not lifecycle.moved(call_id, Call.Status.DIALING):
        return
    call = Call.objects.select_related("account").get(pk=call_id)
    try:
        carrier_call_id = carrier(call.carrier).dial(account_of(call), _order(call))
    except CarrierRefused as error:
        lifecycle.end(call_id, End(EndedReason.CARRIER_REFUSED, detail=error.sentence))
    except CarrierUnreachable as error:
        lifecycle.end(call_id, End(EndedReason.CARRIER_UNREACHABLE, detail=error.sentence))
    except CarrierOutcomeUnknown as error:
        logger.error("Call %s may have been placed: %s", call_id, error.sentence)
        reconcile(call_id)
    else:
        progress.placed(call_id, carrier_call_id)


def reconcile(call_id: UUID) -> None:
    """Ask the carrier whether it placed a call whose dialling got no answer. It is found, waited for, or given up."""
    call = Call.objects.select_related("account").get(pk=call_id)
    if call.status != Call.Status.DIALING or call.carrier_call_id:
        return
    try:
        listed = carrier(call.carrier).find_calls(account_of(call), call.called, call.created_at - timedelta(seconds=5))
    except (CarrierRefused, CarrierUnreachable, CarrierOutcomeUnknown) as error:
        logger.warning("Call %s cannot be reconciled yet: %s", call_id, error.sentence)
        return
    ours = set(
        Call.objects.filter(
            carrier=call.carrier, carrier_call_id__in=[one.carrier_call_id for one in listed]
        ).values_list("carrier_call_id", flat=True)
    )
    stray = [one for one in listed if one.carrier_call_id not in ours]
    if stray:
        progress.placed(call_id, stray[-1].carrier_call_id)
    elif timezone.now() - call.created_at > LISTED_WITHIN:
        lifecycle.end(call_id, End(EndedReason.DIAL_OUTCOME_UNKNOWN))


def answered(account: CarrierAccount, ringing: Ringing, call_id: UUID) -> Answer | None:
    """Somebody picked up a call we placed: connect its media, once. None for a call that is not ours."""
    call = progress.of_carrier(account, ringing.carrier_call_id, call_id)
    if call is None or call.direction != Call.Direction.OUTBOUND:
        return None
    connect = call.status != Call.Status.ENDED and call.media_leg == 0
    if connect:
        lifecycle.answered(call.pk)
    return Answer(call, connect)


def _kick(call_id: UUID) -> None:
    """Hand it to Celery; when the broker is away the sweeper finds it."""
    from calls.jobs import dial_call

    try:
        dial_call.delay(str(call_id))
    except Exception as error:
        logger.warning("Call %s waits for the sweeper: %s", call_id, error)


def _same(known: Call, order: Order) -> Call:
    if known.agent_id != order.agent.pk or known.called != numbers.destination(order.to):
        raise InvalidInput("This idempotency key was used for another call.", "Idempotency-Key")
    return known


def _from_number(agent: Agent, wanted: str) -> PhoneNumber:
    """The number that is shown to who is called: one of the agent's client's, on a carrier that can dial."""
    rows = PhoneNumber.objects.select_related("account", "agent__published", "split_version").filter(
        client=agent.client, account__archived_at=None
    )
    if wanted:
        row = rows.filter(number=numbers.e164(wanted, "from")).first()
        if row is None:
            raise InvalidInput("The client has no such number to call from.", "from")
        return row
    mine = list(rows.filter(agent=agent)[:2]) or list(rows[:2])
    if len(mine) != 1:
        raise InvalidInput(
            "Say which number to call from." if mine else "The client has no number to call from.", "from"
        )
    return mine[0]


def account_of(call: Call) -> Account:
    assert call.account is not None
    return Account(call.account.account_sid, call.account.auth_token, call.account.api_base_url)


def _order(call: Call) -> DialOrder:
    root = tickets.web_root(tickets.host_of(_agency()))
    path = f"{root}/telephony/{call.carrier}"
    return DialOrder(
        to=call.called,
        from_number=call.caller,
        answer_url=f"{path}/voice/{call.pk}",
        status_url=f"{path}/status/{call.pk}",
        answered_by_url=f"{path}/amd/{call.pk}",
    )


def _agency() -> Agency:
    return Agency.objects.get(schema_name=current_schema())
