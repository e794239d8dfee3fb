"""The address of a call's media: signed, bound to agency, carrier and call, two minutes, good once."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from tenants.agencies.models import Agency
from voiceops.lib import signing
from voiceops.lib.errors import TicketRefused
from voiceops.lib.schema import current_schema

RESUME_SECONDS = 24 * 3600


def stream_url(host: str, carrier: str, call_id: UUID) -> str:
    """Where the carrier takes the audio of this call of the agency whose schema is set. Each one is a new ticket."""
    token = signing.sign(current_schema(), f"media:{carrier}", str(call_id), settings.TICKET_SECONDS)
    return f"{websocket_root(host)}/media/{carrier}/{token}"


def resume_url(host: str, carrier: str, call_id: UUID) -> str:
    """Where the carrier asks how to go on when the media has ended. It may be asked often, while the call lasts."""
    token = signing.sign(current_schema(), f"resume:{carrier}", str(call_id), RESUME_SECONDS)
    return f"{web_root(host)}/telephony/{carrier}/resume/{token}"


def read_resume(token: str, carrier: str) -> UUID:
    """The call. Raises TicketRefused."""
    return UUID(signing.read(token, current_schema(), f"resume:{carrier}").subject)


def spend(token: str, carrier: str, check: Callable[[UUID], None] = lambda call_id: None) -> UUID:
    """The call this ticket opens, once. Raises TicketRefused for one that is not ours, not for here, old or spent.

    `check` may refuse, by raising, a ticket that holds, before it is spent.

    Spending is one atomic SET NX under a key of the agency's; whoever comes second is refused.
    """
    ticket = signing.read(token, current_schema(), f"media:{carrier}")
    call_id = UUID(ticket.subject)
    check(call_id)
    left = max(1, int(ticket.expires_at - time.time()) + 1)
    if not cache.add(f"ticket:{ticket.nonce}", 1, left):
        raise TicketRefused("spent")
    return call_id


def host_of(agency: Agency) -> str:
    """The agency's own host, for addresses that no request names."""
    domain = agency.domains.filter(is_primary=True).first()
    return domain.domain if domain is not None else f"{agency.slug}.{settings.PUBLIC_HOST}"


def web_root(host: str) -> str:
    """The public address of an agency's host: what carriers are told, and what they sign."""
    return f"{settings.PUBLIC_SCHEME}://{_netloc(host)}"


def websocket_root(host: str) -> str:
    return f"{'wss' if settings.PUBLIC_SCHEME == 'https' else 'ws'}://{_netloc(host)}"


def _netloc(host: str) -> str:
    return f"{host}:{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else host
