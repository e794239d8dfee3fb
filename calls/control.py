"""What staff may do to a call that runs."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from calls import lifecycle, outbound
from calls.bridge.desk import command_group
from calls.lifecycle import End, EndedReason
from calls.models import Call
from calls.telephony.registry import carrier
from tenants.audit.actions import record
from tenants.people.models import User
from voiceops.lib.errors import CarrierError
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)


def hang_up(person: User, call: Call) -> None:
    """End a call that is not over: by its bridge when it has one, so that the worker reports what was said; before it
    has one, with the carrier. Hanging up twice is harmless."""
    if call.status == Call.Status.ENDED:
        return
    with transaction.atomic():
        record(person, "call.hung_up", call, client_id=call.client_id)
    if call.media_leg:
        _tell_bridge(call)
        return
    if lifecycle.end(call.pk, End(EndedReason.STAFF_HANGUP)) and call.carrier_call_id and call.account is not None:
        try:
            carrier(call.carrier).hang_up_call(outbound.account_of(call), call.carrier_call_id)
        except CarrierError as error:
            logger.warning("Call %s: the carrier did not hang up: %s", call.pk, error.sentence)


def _tell_bridge(call: Call) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    message = {"type": "bridge.order", "command": "hangup"}
    async_to_sync(layer.group_send)(command_group(current_schema(), call.pk), message)
