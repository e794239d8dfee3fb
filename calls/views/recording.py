"""A call's recording: played with seeking, drawn from its peaks, and asked for again when its preparation failed."""

from __future__ import annotations

import logging
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from calls.aftercall import actions
from calls.models import AfterCallJob, Call, Recording
from calls.recording import serving
from calls.recording.assemble import PEAKS_PER_SECOND
from tenants import access
from tenants.access import Permission
from tenants.audit.actions import record
from tenants.people.models import User

logger = logging.getLogger(__name__)

HEARD_AGAIN_SECONDS = 3600


@require_safe
def audio(request: HttpRequest, call_id: UUID) -> HttpResponse | StreamingHttpResponse:
    person = access.require(request, Permission.LISTEN)
    recording = _recording(request, call_id)
    if request.method == "GET":
        note_listening(person, recording.call)
    return serving.answer(request, connection.schema_name, recording)


@require_safe
def peaks(request: HttpRequest, call_id: UUID) -> JsonResponse:
    access.require(request, Permission.LISTEN)
    recording = _recording(request, call_id)
    answer = JsonResponse({"seconds": recording.duration_ms / 1000, "per_second": PEAKS_PER_SECOND, **recording.peaks})
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_POST
def again(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Prepare once more what was given up."""
    person = access.require(request, Permission.CONTROL_CALLS)
    call = access.find(request, Call.objects.all(), call_id)
    with transaction.atomic():
        if actions.again(call, AfterCallJob.Kind.ASSEMBLE_RECORDING):
            Recording.objects.filter(call=call).update(status=Recording.Status.ASSEMBLING, detail="")
            record(person, "recording.retried", call)
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


def _recording(request: HttpRequest, call_id: UUID) -> Recording:
    call = access.find(request, Call.objects.all(), call_id)
    found = Recording.objects.filter(call=call, status=Recording.Status.READY).select_related("call").first()
    if found is None:
        raise Http404("This call has no recording that can be played.")
    return found
