"""`/api/v1/calls/`: the list, one call, its transcript, a link to its recording."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.placing import PlaceCallSerializer, place
from calls.api.serializers import (
    CallDetailSerializer,
    CallListSerializer,
    CallSerializer,
    LinkSerializer,
    TurnSerializer,
)
from calls.models import Call, Recording, Turn
from calls.queries import listing
from calls.queries.cursor import page
from calls.queries.filters import CHIPS, parse
from calls.views.recording import LINK_PURPOSE
from tenants import access
from tenants.access import Permission
from tenants.audit.actions import record
from voiceops.lib import signing
from voiceops.lib.errors import InvalidInput
from voiceops.lib.schema import current_schema

LINK_SECONDS = 300
MOST = 200
FILTERS = [
    OpenApiParameter("cursor", str, description="Where the next page begins: take `next` as it is."),
    OpenApiParameter("limit", int, description=f"Rows a page, 1 to {MOST}; 50 otherwise."),
    OpenApiParameter("client", str, description="A client’s id."),
    OpenApiParameter("agent", str, description="An agent’s id."),
    OpenApiParameter("q", str, description="Words that were said, or a number that took part."),
    *(
        OpenApiParameter(chip.name, str, enum=[choice.value for choice in chip.choices], description=chip.word)
        for chip in CHIPS
    ),
]


@extend_schema(
    methods=["GET"],
    operation_id="calls_list",
    responses=CallListSerializer,
    parameters=FILTERS,
    tags=["Calls"],
    summary="Calls, newest first",
)
@extend_schema(
    methods=["POST"],
    request=PlaceCallSerializer,
    responses={201: CallSerializer},
    parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Asks once, surely.")],
    tags=["Calls"],
    summary="Place a call",
)
@api_view(["GET", "POST"])
def calls(request: Request) -> Response:
    if request.method == "POST":
        return _placed(request, place(request))
    person = access.require(request, Permission.VIEW_CALLS)
    internals = access.may(person, Permission.VIEW_INTERNALS)
    filters = parse(request.query_params, internals)
    rows, cursor = page(listing.whole_rows(person, filters), request.query_params.get("cursor", ""), _limit(request))
    following = request.build_absolute_uri(listing.changed(request.GET, "cursor", cursor)) if cursor else None
    shown = CallSerializer(rows, many=True, context={"internals": internals})
    return Response({"next": following, "results": shown.data})


@extend_schema(responses=CallDetailSerializer, tags=["Calls"], summary="One call")
@api_view(["GET"])
def call(request: Request, call_id: UUID) -> Response:
    person = access.require(request, Permission.VIEW_CALLS)
    rows = Call.objects.select_related("client", "agent").annotate(recording_status=F("recording__status"))
    found = access.find(request, rows, call_id)
    context = {"internals": access.may(person, Permission.VIEW_INTERNALS)}
    return Response(CallDetailSerializer(found, context=context).data)


@extend_schema(responses=TurnSerializer(many=True), tags=["Calls"], summary="What was said, in order")
@api_view(["GET"])
def transcript(request: Request, call_id: UUID) -> Response:
    found = access.call(request, call_id, Permission.VIEW_CALLS)
    return Response(TurnSerializer(Turn.objects.filter(call=found), many=True).data)


@extend_schema(responses=LinkSerializer, tags=["Calls"], summary="A link to the recording that works for five minutes")
@api_view(["GET"])
def recording_link(request: Request, call_id: UUID) -> Response:
    person = access.require(request, Permission.LISTEN)
    found = access.call(request, call_id)
    recording: Any = Recording.objects.filter(call=found, status=Recording.Status.READY).defer("peaks").first()
    if recording is None:
        raise Http404
    ticket = signing.sign(current_schema(), LINK_PURPOSE, str(found.pk), LINK_SECONDS)
    with transaction.atomic():
        record(person, "recording.linked", found, client_id=found.client_id)
    return Response(
        {
            "url": request.build_absolute_uri(reverse("recording_by_link", args=[ticket])),
            "expires_in": LINK_SECONDS,
            "content_type": recording.content_type,
            "seconds": recording.duration_ms / 1000,
            "size": recording.size,
            "sha256": recording.sha256,
        }
    )


def _placed(request: Request, row: Call) -> Response:
    person = access.user(request)
    found = Call.objects.select_related("client", "agent").annotate(recording_status=F("recording__status"))
    context = {"internals": access.may(person, Permission.VIEW_INTERNALS)}
    return Response(CallSerializer(found.get(pk=row.pk), context=context).data, status=201)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(listing.PAGE))
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise InvalidInput(f"limit is a whole number from 1 to {MOST}.", "limit")
    return int(text)
