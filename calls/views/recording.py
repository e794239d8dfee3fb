"""A call's recording: played with seeking, drawn from its peaks, and asked for again when its preparation failed."""

from __future__ import annotations

import logging
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from calls.aftercall import actions
from calls.models import Call, Recording
from calls.recording import serving
from calls.recording.assemble import PEAKS_PER_SECOND
from tenants import access
from tenants.access import Permission
from tenants.audit.actions import record
from tenants.people.models import User
from voiceops.lib import signing
from voiceops.lib.errors import TicketRefused
from voiceops.lib.schema import current_schema

logger = logging.getLogger(__name__)

HEARD_AGAIN_SECONDS = 3600
LINK_PURPOSE = "recording"


@require_safe
def audio(request: HttpRequest, call_id: UUID) -> HttpResponse | StreamingHttpResponse:
    person = access.require(request, Permission.LISTEN)
    recording = _recording(request, call_id)
    if request.method == "GET":
        note_listening(person, recording.call)
    return serving.answer(request, current_schema(), recording)


@require_safe
def by_link(request: HttpRequest, ticket: str) -> HttpResponse | StreamingHttpResponse:
    """For whoever holds a link that the API gave out: no sign-in, five minutes, this agency's host only."""
    try:
        call_id = UUID(signing.read(ticket, current_schema(), LINK_PURPOSE).subject)
    except TicketRefused as error:
        raise Http404("This link is no longer valid. Ask for a new one.") from error
    ready = Recording.objects.filter(call=call_id, status=Recording.Status.READY).defer("peaks").first()
    if ready is None:
        raise Http404("This call has no recording that can be played.")
    return serving.answer(request, current_schema(), ready)


@require_safe
def peaks(request: HttpRequest, call_id: UUID) -> JsonResponse:
    access.require(request, Permission.LISTEN)
    recording = _recording(request, call_id)
    seen = {side: [_as_seen(peak) for peak in recording.peaks.get(side, [])] for side in ("caller", "agent")}
    answer = JsonResponse({"seconds": recording.duration_ms / 1000, "per_second": PEAKS_PER_SECOND, **seen})
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_POST
def again(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Prepare once more what was given up."""
    person = access.require(request, Permission.CONTROL_CALLS)
    call = access.find(request, Call.objects.all(), call_id)
    actions.assemble_again(person, call)
    return redirect("call", call_id=call.pk)


def note_listening(person: User, call: Call) -> None:
    """In the audit log, once per person, call and hour: a player asks for many ranges."""
    key = f"heard:{person.pk}:{call.pk}"
    try:
        first = cache.add(key, 1, HEARD_AGAIN_SECONDS)
    except Exception as error:
        logger.warning("Without the cache each request for a recording is audited: %s", error)
        first = True
    if first:
        with transaction.atomic():
            record(person, "recording.heard", call, client_id=call.client_id)


def _as_seen(peak: float) -> float:
    """Speech on a phone is quiet and its loudness is heard by ratio: drawn as it is, it would be a flat line."""
    return round(peak**0.5, 3)


def _recording(request: HttpRequest, call_id: UUID) -> Recording:
    call = access.find(request, Call.objects.all(), call_id)
    found = Recording.objects.filter(call=call, status=Recording.Status.READY).select_related("call").first()
    if found is None:
        raise Http404("This call has no recording that can be played.")
    return found
