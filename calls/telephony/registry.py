"""The carriers, listed by hand: a carrier is one file and one line here."""

from __future__ import annotations

from calls.telephony.base import Carrier
from calls.telephony.twilio import Twilio
from calls.telephony.web import Web

CARRIERS: dict[str, Carrier] = {carrier.name: carrier for carrier in (Twilio(), Web())}


def carrier(name: str) -> Carrier:
    """Raises KeyError for a carrier nobody knows."""
    return CARRIERS[name]
