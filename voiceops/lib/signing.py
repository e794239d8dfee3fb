"""Signatures: tickets that come back to us, and webhooks that others check.

Tickets are short, URL-safe proofs that we asked for something, bound to agency, purpose and subject.

A ticket travels in a URL's path, because carriers drop query strings. Being spent once is the reader's business:
`Ticket.nonce` is what to remember until `expires_at`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from voiceops.lib.errors import InvalidInput, TicketRefused

_SEPARATOR = "~"
_MAC_BYTES = 20
_MAX_LENGTH = 1024


@dataclass(frozen=True)
class Ticket:
    """`subject` is a call's id; `expires_at` seconds since the epoch; `nonce` unique to this ticket."""

    schema: str
    purpose: str
    subject: str
    expires_at: int
    nonce: str


def sign(schema: str, purpose: str, subject: str, seconds: float, *, now: float | None = None) -> str:
    """A ticket that holds for `seconds`. No padding, no characters that need quoting in a path."""
    expires_at = int((time.time() if now is None else now) + seconds)
    body = _encode(json.dumps([schema, purpose, subject, expires_at, secrets.token_hex(8)]).encode())
    return f"{body}{_SEPARATOR}{_encode(_mac(body, _keys()[0]))}"


def read(token: str, schema: str, purpose: str, *, now: float | None = None) -> Ticket:
    """The ticket, if we signed it for this agency and purpose and it still holds. Raises TicketRefused otherwise."""
    body, separator, mac = token.partition(_SEPARATOR)
    if not separator or len(token) > _MAX_LENGTH or not token.isascii():
        raise TicketRefused("malformed")
    try:
        given = _decode(mac)
    except (binascii.Error, ValueError):
        raise TicketRefused("malformed") from None
    if not any(hmac.compare_digest(given, _mac(body, key)) for key in _keys()):
        raise TicketRefused("forged")
    ticket = Ticket(*json.loads(_decode(body)))
    if (ticket.schema, ticket.purpose) != (schema, purpose):
        raise TicketRefused("foreign")
    if ticket.expires_at <= (time.time() if now is None else now):
        raise TicketRefused("expired")
    return ticket


def _keys() -> Sequence[bytes]:
    """One key per SECRET_KEY and fallback, derived so that a ticket is never anything else's signature."""
    from django.conf import settings

    roots = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.digest(str(root).encode(), b"voiceops ticket v1", hashlib.sha256) for root in roots]


def _mac(body: str, key: bytes) -> bytes:
    return hmac.digest(key, body.encode(), hashlib.sha256)[:_MAC_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────

WEBHOOK_PREFIX = "whsec_"


def webhook_headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of the Standard Webhooks scheme: receivers check `v1,<HMAC-SHA256 of id.timestamp.body>`.

    Raises InvalidInput for a secret that is none.
    """
    stamp = str(int(at.timestamp()))
    mac = hmac.digest(webhook_key(secret), f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def webhook_key(secret: str) -> bytes:
    """The bytes of `whsec_<base64>`. Raises InvalidInput."""
    try:
        key = base64.b64decode(secret.removeprefix(WEBHOOK_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise InvalidInput("A signing key is whsec_ and 24 to 64 bytes in base64.")
    return key
