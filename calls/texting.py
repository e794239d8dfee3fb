"""Text messages by a client's own carrier account: what `agents.tools.ports` asks of this room."""

from __future__ import annotations

from agents.tools.ports import TextMessage
from calls import numbers
from calls.models import PhoneNumber
from calls.telephony.base import Account
from calls.telephony.registry import CARRIERS
from voiceops.lib.errors import InvalidInput
from voiceops.lib.schema import let_go_of_database


def send(message: TextMessage, within: float) -> str:
    """From the named number when it is the client's, else from the client's first that can. Carriers have a limit of
    their own on the time, so `within` is not passed on.

    Raises InvalidInput when the client has no such number or the destination may not be reached; CarrierError.
    """
    to = numbers.destination(message.to)
    mine = PhoneNumber.objects.filter(client=message.client_id, account__archived_at=None).select_related("account")
    able = [row for row in mine if row.account.carrier in CARRIERS and CARRIERS[row.account.carrier].capabilities.texts]
    sender = next((row for row in able if row.number == message.sender), able[0] if able else None)
    if sender is None:
        raise InvalidInput("This client has no number that text messages can be sent from.")
    account = Account(sender.account.account_sid, sender.account.auth_token, sender.account.api_base_url)
    let_go_of_database()
    return CARRIERS[sender.account.carrier].send_text(account, to, sender.number, message.text)
