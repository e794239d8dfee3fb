"""`/api/v1/agents/<id>/clips/`: the recorded phrases of an agent; add one from a file, archive one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agents.clips import actions, queries
from agents.clips.sound import MOST_BYTES
from agents.models import VoiceClip
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


class ClipSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    agent = serializers.UUIDField(source="agent_id", allow_null=True, help_text="null: all agents of the client.")
    name = serializers.CharField()
    words = serializers.CharField()
    kind = serializers.ChoiceField(choices=VoiceClip.Kind.choices)
    voice = serializers.CharField()
    seconds = serializers.FloatField()
    sha256 = serializers.CharField(help_text="Of its sound: one channel, 16 kHz, 16 bits.")
    used = serializers.IntegerField(help_text="How often callers heard it.")
    created_at = serializers.DateTimeField()


class NewClipSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="WAV, MP3, OGG or FLAC, up to a minute.")
    words = serializers.CharField(max_length=500, help_text="Exactly what is said in it.")
    name = serializers.CharField(max_length=40, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=VoiceClip.Kind.choices, default="phrase")
    voice = serializers.CharField(max_length=200, allow_blank=True, default="")
    for_client = serializers.BooleanField(default=False, help_text="For all agents of its client.")


@extend_schema(methods=["GET"], responses=ClipSerializer(many=True), tags=["Agents"], summary="Clips an agent may play")
@extend_schema(
    methods=["POST"],
    request={"multipart/form-data": NewClipSerializer},
    responses={201: ClipSerializer},
    tags=["Agents"],
    summary="Add a recorded phrase: calls from now on play it",
)
@api_view(["GET", "POST"])
@parser_classes([MultiPartParser])
def clips(request: Request, agent_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    if request.method == "GET":
        return Response(ClipSerializer(queries.of_agent(access.agent(request, agent_id)), many=True).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent = access.agent(request, agent_id)
    body = NewClipSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = dict(body.validated_data)
    file = asked.pop("file")
    if file.size > MOST_BYTES:
        raise InvalidInput(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    return Response(ClipSerializer(actions.add(actor, agent, data=file.read(), **asked)).data, 201)


@extend_schema(responses={204: None}, tags=["Agents"], summary="Archive a clip: its words are spoken from now on")
@api_view(["DELETE"])
def clip(request: Request, agent_id: Any, clip_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent = access.agent(request, agent_id)
    rows = VoiceClip.objects.filter(client=agent.client, archived_at=None)
    found = access.find(request, rows.filter(agent=agent) | rows.filter(agent=None), clip_id)
    actions.archive(actor, found)
    return Response(status=204)
