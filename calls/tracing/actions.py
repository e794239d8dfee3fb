"""Saying where an agency's traces go, and trying it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from calls.models import Call, TraceDestination
from calls.tracing import delivering
from calls.tracing.shape import Shaped, ShapedCall, span_id
from tenants.audit import actions as audit
from tenants.people.models import User
from voiceops.lib.errors import AddressRefused, InvalidInput
from voiceops.lib.net import public_addresses
from voiceops.lib.schema import current_schema

Kind = TraceDestination.Kind
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_MOST_HEADERS = 20
_RESERVED = frozenset({"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class Draft:
    """What a person typed. `secret` None keeps the stored headers or key."""

    address: str
    include_transcripts: bool = False
    public_key: str = ""
    secret: str | None = field(default=None, repr=False)


def save(actor: User, kind: str, draft: Draft) -> TraceDestination:
    """Raises InvalidInput with the field that is wrong. What was delivered to another address says nothing of this."""
    with transaction.atomic():
        row = TraceDestination.objects.select_for_update().filter(kind=kind).first() or TraceDestination(kind=kind)
        created = row._state.adding
        moved = created or draft.address != row.address
        row.address = _address(draft.address)
        row.public_key = draft.public_key.strip()
        row.include_transcripts = draft.include_transcripts
        _SECRETS[Kind(kind)](row, draft, moved)
        row.delivered_at = row.failed_at = row.paused_until = None
        row.last_error = ""
        row.save()
        data = {
            "kind": kind,
            "host": urlsplit(row.address).netloc,
            "with_words": row.include_transcripts,
            "replaced": draft.secret is not None,
        }
        audit.record(actor, f"trace_destination.{'created' if created else 'changed'}", row, data=data)
    _forget_clients(kind)
    return row


def remove(actor: User, row: TraceDestination) -> None:
    with transaction.atomic():
        audit.record(actor, "trace_destination.removed", row, data={"kind": row.kind})
        row.delete()
    _forget_clients(row.kind)


def attempt(actor: User, row: TraceDestination) -> None:
    """Send a trace of one span, now. Raises a VoiceOpsError with a sentence when it was not taken."""
    audit.record(actor, "trace_destination.tried", row, data={"kind": row.kind})
    delivering.send(row, sample())


def sample() -> ShapedCall:
    """A trace that says that it is none."""
    now = timezone.now()
    call = Call(direction=Call.Direction.WEB, created_at=now, test=True)
    ns = int(now.timestamp() * 1_000_000) * 1000
    root = Shaped(
        id=span_id(call.pk, "conversation"),
        parent=None,
        kind="conversation",
        name="VoiceOps test",
        start_ns=ns - 1_000_000,
        end_ns=ns,
        attributes={"gen_ai.conversation.id": str(call.pk), "voiceops.agency": current_schema(), "voiceops.test": True},
    )
    return ShapedCall(call, call.pk.int, current_schema(), [root])


def _forget_clients(kind: str) -> None:
    """Of this process; others notice at the next call, by the keys' fingerprint."""
    if kind == Kind.LANGFUSE:
        from calls.tracing import langfuse

        schema = current_schema()
        transaction.on_commit(lambda: langfuse.clients.forget(schema))


def _address(text: str) -> str:
    from calls.tracing.sending import allowed_networks

    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise InvalidInput("This is no address: it has the form https://host/path.", "address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("The address begins with https:// (or http:// in your own network).", "address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput("Write the address alone: keys have fields of their own.", "address")
    try:
        public_addresses(parts.hostname, port or (443 if parts.scheme == "https" else 80), allowed_networks())
    except AddressRefused as error:
        raise InvalidInput(
            f"{error.sentence} Only the operator of this installation can allow private networks, with TRACE_NETWORKS.",
            "address",
        ) from None
    return address


def _headers(row: TraceDestination, draft: Draft, moved: bool) -> None:
    """A new address gets no headers that were meant for the old one."""
    if draft.secret is not None:
        row.secret = {"headers": headers_of(draft.secret)}
    elif moved:
        row.secret = {"headers": {}}


def _langfuse_keys(row: TraceDestination, draft: Draft, moved: bool) -> None:
    if not row.public_key.startswith("pk-"):
        raise InvalidInput("Langfuse’s public key begins with pk-.", "public_key")
    if draft.secret is not None:
        row.secret = {"secret_key": draft.secret.strip()}
    elif moved:
        raise InvalidInput("Another host needs its secret key again.", "secret")
    if not str(row.secret.get("secret_key", "")).startswith("sk-"):
        raise InvalidInput("Langfuse’s secret key begins with sk-.", "secret")


_SECRETS: dict[Kind, Callable[[TraceDestination, Draft, bool], None]] = {
    Kind.OTLP: _headers,
    Kind.LANGFUSE: _langfuse_keys,
}


def headers_of(text: str) -> dict[str, str]:
    """`Name: value` lines. Raises InvalidInput."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise InvalidInput("Write one header a line, as in “Authorization: Bearer …”.", "secret")
        if name.lower() in _RESERVED:
            raise InvalidInput(f"The header {name} is set by VoiceOps.", "secret")
        found[name] = value
    if len(found) > _MOST_HEADERS:
        raise InvalidInput(f"At most {_MOST_HEADERS} headers.", "secret")
    return found
