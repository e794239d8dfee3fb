"""`/api/v1/agents/<id>/compare/`: what differs between two versions, or a version and the draft, in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents import queries
from tenants import access
from tenants.access import Permission


class DifferenceLineSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(
        help_text="same, gone, new, mixed (words of both) or fold (lines that stayed the same)."
    )
    text = serializers.CharField()


class DifferenceSerializer(serializers.Serializer[Any]):
    part = serializers.CharField(source="part.title", help_text="The step, “Start”, or another part of the agent.")
    field = serializers.CharField(help_text="Its field, as the editor calls it; empty: all of the part.")
    what = serializers.CharField(help_text="added, removed, changed or renamed.")
    lines = DifferenceLineSerializer(many=True)


@extend_schema(
    responses=DifferenceSerializer(many=True),
    tags=["Agents"],
    summary="What differs between two versions",
    parameters=[
        OpenApiParameter("a", str, description="A version’s number, or “draft”; left out: what callers hear."),
        OpenApiParameter("b", str, description="The same; left out: the draft."),
    ],
)
@api_view(["GET"])
def compare(request: Request, agent_id: UUID) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    agent = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    published = str(agent.published.number) if agent.published else "draft"
    before = queries.content_of(agent, request.query_params.get("a", published))
    after = queries.content_of(agent, request.query_params.get("b", "draft"))
    if before is None or after is None:
        raise Http404("There is no such version.")
    return Response(DifferenceSerializer(queries.changes(before, after), many=True).data)
