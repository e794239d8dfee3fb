"""`POST /talk/<agent>`: the browser asks for an address to bring its microphone to."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from calls import talk, tickets
from calls.models import Call
from tenants import access
from tenants.access import Permission
from tenants.agencies.middleware import AgencyMiddleware
from voiceops.lib.errors import LimitReached, VoiceOpsError


@require_POST
def start(request: HttpRequest, agent_id: str) -> JsonResponse:
    """`draft=1` talks to the draft, which only who builds agents may hear."""
    draft = request.POST.get("draft", request.GET.get("draft", "")) in {"1", "true"}
    agent = access.agent(request, agent_id, Permission.BUILD_AGENTS if draft else Permission.TALK_TO_AGENTS)
    try:
        call = talk.begin(agent, access.user(request), draft)
    except VoiceOpsError as error:
        return _error(error)
    return _address(request, call, 201)


@require_POST
def resume(request: HttpRequest, call_id: str) -> JsonResponse:
    """The line was lost: the same call at a new address."""
    call = access.call(request, call_id, Permission.TALK_TO_AGENTS)
    try:
        talk.go_on(call)
    except VoiceOpsError as error:
        return _error(error)
    return _address(request, call, 200)


def _address(request: HttpRequest, call: Call, status: int) -> JsonResponse:
    url = tickets.stream_url(AgencyMiddleware.hostname_from_request(request), call.carrier, call.pk)
    answer = {
        "call_id": str(call.pk),
        "media": url,
        "resume": reverse("talk_resume", args=[call.pk]),
        "call_url": _page(call),
    }
    return JsonResponse(answer, status=status)


def _page(call: Call) -> str:
    try:
        return reverse("call", args=[call.pk])
    except NoReverseMatch:
        return ""


def _error(error: VoiceOpsError) -> JsonResponse:
    return JsonResponse({"error": error.sentence}, status=429 if isinstance(error, LimitReached) else 409)
