"""`/api/v1/agents/<id>/export/` and `/api/v1/agents/import/`: an agent as a file."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.resources import AgentDetailSerializer, as_shown
from agents.exchange import actions
from agents.exchange.file import read_document
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


class ImportSerializer(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    file = serializers.JSONField(help_text="As it was exported.")
    name = serializers.CharField(max_length=120, allow_blank=True, default="", help_text="Empty: as in the file.")
    own_accounts = serializers.BooleanField(
        default=True, help_text="Use the agency's accounts with the file's vendors; false: the built-in everywhere."
    )


class ImportedSerializer(AgentDetailSerializer):
    notes = serializers.ListField(child=serializers.CharField(), help_text="What is otherwise than in the file.")


@extend_schema(
    responses={200: OpenApiTypes.OBJECT},
    tags=["Agents"],
    summary="An agent as a file, without accounts",
    parameters=[OpenApiParameter("version", int, description="The number of a version; without it, the draft.")],
)
@api_view(["GET"])
def export(request: Request, agent_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent = access.agent(request, agent_id)
    asked = request.query_params.get("version", "")
    version = agent.versions.filter(number=int(asked)).first() if asked.isdigit() and len(asked) < 10 else None
    if asked and version is None:
        raise InvalidInput("There is no such version.", "version")
    return Response(json.loads(actions.export(actor, agent, version)))


@extend_schema(
    request=ImportSerializer,
    responses={201: ImportedSerializer},
    tags=["Agents"],
    summary="Make an agent from a file; it is a draft until it is published",
)
@api_view(["POST"])
def import_agent(request: Request) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    body = ImportSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = dict(body.validated_data)
    client = access.client(request, asked["client"])
    read = read_document(asked["file"])
    made = actions.import_agent(actor, client, read, name=asked["name"], own_accounts=asked["own_accounts"])
    return Response(as_shown(made.agent, internals=True) | {"notes": list(made.notes)}, 201)
