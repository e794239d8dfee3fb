"""Opens a call's media: the ticket is spent and all that the bridge will need is read, in one synchronous function."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from agents.spec import build_spec, build_spec_for_draft
from calls import lifecycle, tickets
from calls.lifecycle import End, EndedReason
from calls.models import Call, CallEvent, CallSnapshot, CarrierAccount
from calls.telephony.base import Account, Carrier
from calls.telephony.registry import CARRIERS
from media_worker.contract.events import Snapshot
from media_worker.contract.spec import CallSpec
from voiceops.lib.errors import TicketRefused, VoiceOpsError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handshake:
    """What the socket's request said."""

    schema: str
    host: str
    carrier: str
    ticket: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A call whose media this bridge now holds. Without a spec it cannot be talked to, and `refusal` says why."""

    schema: str
    call_id: UUID
    carrier: Carrier
    carrier_call_id: str
    leg: int
    elapsed_ms: int
    next_seq: int
    worker_seq: int
    spec: CallSpec | None = field(repr=False)
    snapshot: Snapshot | None = field(default=None, repr=False)
    account: Account | None = None
    refusal: End | None = None
    caller_id: str = ""
    faults: tuple[str, ...] = ()
    client_id: UUID | None = None
    draft: bool = False
    """An editor's test, which only builders hold."""


class HandshakeRefused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def open_call(handshake: Handshake) -> Opened:
    """Raises HandshakeRefused with the HTTP status for the answer and a few words for the log."""
    carrier = CARRIERS.get(handshake.carrier)
    if carrier is None:
        raise HandshakeRefused(404, "unknown carrier")
    with schema_context(handshake.schema):
        try:
            call_id = tickets.spend(handshake.ticket, carrier.name, lambda call_id: _check(carrier, handshake, call_id))
        except TicketRefused as error:
            raise HandshakeRefused(403, f"the ticket is {error.why}") from None
        with transaction.atomic():
            call = Call.objects.select_for_update().filter(pk=call_id).first()
            if call is None or call.status == Call.Status.ENDED:
                raise HandshakeRefused(404, "the call is over")
            now = timezone.now()
            lifecycle.media_opened(call, now)
        return _opened(handshake.schema, carrier, call)


def caught_up(opened: Opened) -> Opened:
    """The same, with what the call's earlier bridge has stored since."""
    with schema_context(opened.schema):
        told = CallEvent.objects.filter(call_id=opened.call_id)
        return replace(
            opened,
            next_seq=_last_seq(told, CallEvent.Source.BRIDGE) + 1,
            worker_seq=_last_seq(told, CallEvent.Source.WORKER),
            snapshot=_snapshot(opened.call_id),
        )


def _check(carrier: Carrier, handshake: Handshake, call_id: UUID) -> None:
    """The carrier's signature of the handshake, where it signs. Before the ticket is spent, so a guess costs nothing."""
    if not carrier.capabilities.signs_handshakes:
        return
    account = CarrierAccount.objects.filter(calls__pk=call_id).first()
    url = f"{tickets.websocket_root(handshake.host)}/media/{carrier.name}/{handshake.ticket}"
    signed = carrier.verify_upgrade(url, handshake.headers, account.auth_token if account else "")
    if signed is False or (signed is None and settings.REQUIRE_STREAM_SIGNATURE):
        raise HandshakeRefused(403, "the handshake is not signed" if signed is None else "the signature is wrong")


def _opened(schema: str, carrier: Carrier, call: Call) -> Opened:
    faults: list[str] = []
    spec, refusal = _spec(carrier, call, faults)
    told = CallEvent.objects.filter(call=call)
    started = call.media_started_at
    assert started is not None
    return Opened(
        schema=schema,
        call_id=call.pk,
        carrier=carrier,
        carrier_call_id=call.carrier_call_id,
        leg=call.media_leg,
        elapsed_ms=max(0, int((timezone.now() - started).total_seconds() * 1000)),
        next_seq=_last_seq(told, CallEvent.Source.BRIDGE) + 1,
        worker_seq=_last_seq(told, CallEvent.Source.WORKER),
        spec=spec,
        snapshot=_snapshot(call.pk),
        account=account_of(call),
        refusal=refusal,
        caller_id=call.called if call.direction == Call.Direction.INBOUND else call.caller,
        faults=tuple(faults),
        client_id=call.client_id,
        draft=call.test and call.agent_version_id is None,
    )


def _last_seq(events: QuerySet[CallEvent], source: str) -> int:
    return events.filter(source=source).order_by("-seq").values_list("seq", flat=True).first() or 0


def _spec(carrier: Carrier, call: Call, faults: list[str]) -> tuple[CallSpec | None, End | None]:
    """A test of the editor's talks to the draft, every other call to the version it was pinned to. `faults` gets what
    is wrong with the accounts and does not keep the call from starting."""
    audio, variables = carrier.capabilities.audio, call.variables
    try:
        if call.agent_version is not None:
            version = call.agent_version
            return build_spec(version=version, call=call, audio=audio, variables=variables, faults=faults), None
        if call.test and call.agent is not None:
            agent = call.agent
            return build_spec_for_draft(agent=agent, call=call, audio=audio, variables=variables, faults=faults), None
        return None, End(EndedReason.AGENT_NOT_PUBLISHED)
    except VoiceOpsError as error:
        return None, End(EndedReason.AGENT_UNUSABLE, detail=error.sentence)
    except Exception:
        logger.exception("The spec of call %s could not be built", call.pk)
        return None, End(EndedReason.AGENT_UNUSABLE, detail="The agent's stored settings cannot be read.")


def _snapshot(call_id: UUID) -> Snapshot | None:
    row = CallSnapshot.objects.filter(call_id=call_id).first()
    return Snapshot.model_validate(row.data) if row is not None else None


def account_of(call: Call) -> Account | None:
    row = call.account
    return Account(row.account_sid, row.auth_token, row.api_base_url) if row is not None else None
