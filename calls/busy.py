"""What a caller hears whom no agent can take: what the agency chose for the number that was called, else the usual."""

from __future__ import annotations

from calls.models import Call
from calls.reasons import EndedReason, meaning
from calls.telephony.base import Carrier, Document

BUSY = frozenset({EndedReason.BUSY_NO_CAPACITY, EndedReason.NO_WORKER, EndedReason.CLIENT_CAP_REACHED})
"""There was no room for the call, or nobody to talk."""

LOST = frozenset({EndedReason.WORKER_LOST})
"""It was lost in the midst, and the caller has been told so."""


def answer(carrier: Carrier, call: Call, reason: str) -> Document:
    """The last document of a call that ended for `reason`."""
    why = EndedReason(reason)
    spoken, number = meaning(why).spoken, call.number
    if call.direction == Call.Direction.INBOUND and number is not None:
        if why in BUSY:
            spoken = number.busy_sentence or spoken
        if why in BUSY | LOST and number.busy_transfer_to:
            words = number.busy_sentence if why in BUSY else ""
            return carrier.say_and_transfer(words, number.busy_transfer_to, number.number)
    return carrier.say_and_hang_up(spoken) if spoken else carrier.hang_up()
