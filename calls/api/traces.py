"""`/api/v1/calls/{id}/trace/`: what every stage of every turn took. For those who may see internals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Call
from calls.tracing import reading
from tenants import access
from tenants.access import Permission


class StageSerializer(serializers.Serializer[Any]):
    """Moments are milliseconds on the call's clock."""

    stage = serializers.CharField(help_text="stt, turn, llm, tool, tts, clip, cache or s2s.")
    vendor = serializers.CharField()
    model = serializers.CharField()
    key = serializers.CharField(help_text="The alias of the key.")
    tier = serializers.CharField(help_text="rules, small or large; empty where nothing was routed.")
    why = serializers.CharField()
    name = serializers.CharField(help_text="The tool’s or the clip’s.")
    started_ms = serializers.IntegerField()
    first_ms = serializers.IntegerField(allow_null=True)
    ended_ms = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    characters = serializers.IntegerField()
    seconds = serializers.FloatField()
    kept = serializers.BooleanField(help_text="False: nobody heard what came of it.")
    error = serializers.CharField()


class FallbackSerializer(serializers.Serializer[Any]):
    at_ms = serializers.IntegerField()
    step = serializers.CharField()
    stage = serializers.CharField()
    why = serializers.CharField()
    vendor = serializers.CharField(help_text="Who took over, where somebody did.")


class PauseSerializer(serializers.Serializer[Any]):
    at_ms = serializers.IntegerField()
    ms = serializers.IntegerField()


class ExchangeSerializer(serializers.Serializer[Any]):
    turn = serializers.IntegerField(source="number", help_text="0 is the greeting.")
    gap_ms = serializers.IntegerField(allow_null=True, help_text="End of speech to first sound on the line.")
    speech_end_ms = serializers.IntegerField(allow_null=True)
    on_wire_ms = serializers.IntegerField(allow_null=True)
    stages = StageSerializer(many=True)
    fallbacks = FallbackSerializer(many=True)
    pauses = PauseSerializer(many=True)
    interruptions = serializers.ListField(child=serializers.IntegerField())
    backchannels = serializers.IntegerField()


@extend_schema(responses=ExchangeSerializer(many=True), tags=["Calls"], summary="What each stage of each turn took")
@api_view(["GET"])
def trace(request: Request, call_id: UUID) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    found = access.find(request, Call.objects.all(), call_id)
    return Response(ExchangeSerializer(reading.trace(found.pk), many=True).data)
