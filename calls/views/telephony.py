"""Carriers' webhooks. Signature first, then one decision, then the carrier's own document.

An answer webhook has to be quick: nothing here waits for anything but a few queries.
"""

from __future__ import annotations

import logging
from urllib.parse import parse_qs
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls import busy, inbound, outbound, progress, tickets
from calls.models import Call, CarrierAccount
from calls.receipts import first_delivery
from calls.telephony.base import Carrier, Document, Webhook, WebhookRefused
from calls.telephony.registry import CARRIERS
from tenants.agencies.middleware import AgencyMiddleware
from voiceops.lib.errors import TicketRefused
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"


@csrf_exempt
@require_POST
def voice(request: HttpRequest, carrier: str, call_id: UUID | None = None) -> HttpResponse:
    """A call comes in; or, at the address that names it, one that we placed was answered."""
    try:
        known, hook, account = _verified(request, carrier)
        ringing = known.ringing(hook)
    except WebhookRefused as refused:
        return _refused(refused)
    host = AgencyMiddleware.hostname_from_request(request)
    answer = inbound.take(account, ringing) if call_id is None else outbound.answered(account, ringing, call_id)
    if answer is None:
        return _document(known.hang_up())
    if answer.connect:
        return _document(_connect(known, host, answer.call))
    if answer.reason is None:
        return _document(known.hang_up())
    return _document(busy.answer(known, answer.call, answer.reason))


@csrf_exempt
@require_POST
def status(request: HttpRequest, carrier: str, call_id: UUID | None = None) -> HttpResponse:
    """A carrier tells how its leg goes: any number of times, in any order. Of calls that we placed it may do so before
    its answer to the dialling was read, so their addresses name them."""
    try:
        known, hook, account = _verified(request, carrier)
        change = known.status(hook)
    except WebhookRefused as refused:
        return _refused(refused)
    if first_delivery(known.name, change.key):
        progress.carrier_said(account, change, call_id)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def answered_by(request: HttpRequest, carrier: str, call_id: UUID) -> HttpResponse:
    """The carrier's detection of who picked up."""
    try:
        known, hook, account = _verified(request, carrier)
        found = known.answered_by(hook)
    except WebhookRefused as refused:
        return _refused(refused)
    progress.picked_up_by(account, found, call_id)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def resume(request: HttpRequest, carrier: str, token: str) -> HttpResponse:
    """The media has ended. If the call goes on (its bridge died, the line was cut), it gets another ticket; if it is
    over, it is hung up, with a word to a caller who was failed."""
    try:
        known, hook, account = _verified(request, carrier)
        ringing = known.ringing(hook)
        call_id = tickets.read_resume(token, known.name)
    except WebhookRefused as refused:
        return _refused(refused)
    except TicketRefused as error:
        return _refused(WebhookRefused(f"the resume address is {error.why}", 403))
    calls = Call.objects.select_related("number")
    call = calls.filter(pk=call_id, account=account, carrier_call_id=ringing.carrier_call_id).first()
    if call is None:
        return _refused(WebhookRefused("the resume address is another call's", 403))
    if call.status == Call.Status.ENDED:
        return _document(busy.answer(known, call, call.ended_reason))
    if call.status == Call.Status.TRANSFERRING:
        return _document(known.hang_up())
    logger.warning("Call %s is resumed", call.pk)
    return _document(_connect(known, AgencyMiddleware.hostname_from_request(request), call))


def _connect(carrier: Carrier, host: str, call: Call) -> Document:
    return carrier.connect(
        tickets.stream_url(host, carrier.name, call.pk), tickets.resume_url(host, carrier.name, call.pk)
    )


def _verified(request: HttpRequest, name: str) -> tuple[Carrier, Webhook, CarrierAccount]:
    """The carrier, what it sent, and the agency's account that signed it. Raises WebhookRefused."""
    carrier = CARRIERS.get(name)
    if carrier is None or current_schema() == "public":
        raise WebhookRefused("unknown carrier", 404)
    hook = _webhook(request)
    account = CarrierAccount.objects.filter(
        carrier=name, account_sid=carrier.account_of(hook), archived_at=None
    ).first()
    if account is None or not carrier.verify(hook, account.auth_token):
        raise WebhookRefused("the signature is wrong or the account unknown", 403)
    return carrier, hook, account


def _webhook(request: HttpRequest) -> Webhook:
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        raise WebhookRefused("unreadable length") from None
    if length > LARGEST_FORM:
        raise WebhookRefused("body too large", 413)
    body = request.body
    if len(body) > LARGEST_FORM:
        raise WebhookRefused("body too large", 413)
    form: dict[str, list[str]] = {}
    if request.content_type == FORM:
        try:
            form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise WebhookRefused("unreadable form") from None
    elif request.content_type != "application/json":
        raise WebhookRefused("neither a form nor JSON", 415)
    url = tickets.web_root(AgencyMiddleware.hostname_from_request(request)) + request.get_full_path()
    headers = {key.lower(): value for key, value in request.headers.items()}
    return Webhook(url, body, request.content_type, headers, form)


def _document(document: Document) -> HttpResponse:
    return HttpResponse(document.body, content_type=document.content_type)


def _refused(refused: WebhookRefused) -> HttpResponse:
    logger.warning("A webhook was refused: %s", refused.why)
    return HttpResponse(refused.why.capitalize() + ".", status=refused.status, content_type="text/plain")
