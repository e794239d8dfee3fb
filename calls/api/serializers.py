"""How calls look to programs. What client people may not see is left out of the answer, not emptied."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls.models import Call, Turn
from calls.queries.sentence import talked_seconds

INTERNALS = (
    "carrier",
    "carrier_call_id",
    "ended_reason",
    "ended_detail",
    "fault",
    "sip_code",
    "gap_p50_ms",
    "gap_p95_ms",
)

FIELDS = (
    "id",
    "client",
    "client_name",
    "agent",
    "agent_name",
    "direction",
    "caller",
    "called",
    "status",
    "answered_by",
    "ended_by",
    "outcome",
    "created_at",
    "answered_at",
    "ended_at",
    "seconds",
    "recording",
    "test",
    *INTERNALS,
)


class CallSerializer(serializers.ModelSerializer[Call]):
    client_name = serializers.CharField(source="client.name", default=None)
    agent_name = serializers.CharField(source="agent.name", default=None)
    seconds = serializers.SerializerMethodField(help_text="From the answer to the end; null until then.")
    recording = serializers.CharField(
        source="recording_status", help_text="recording, assembling, ready, empty or failed; null without one."
    )

    class Meta:
        model = Call
        fields: tuple[str, ...] = FIELDS
        read_only_fields: tuple[str, ...] = FIELDS

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_seconds(self, call: Call) -> float | None:
        return talked_seconds(call)

    def to_representation(self, instance: Call) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context.get("internals", False):
            for name in INTERNALS:
                shown.pop(name, None)
        return shown


class CallDetailSerializer(CallSerializer):
    variables = serializers.JSONField(source="data", read_only=True, help_text="What the flow noted.")

    class Meta(CallSerializer.Meta):
        fields = (*FIELDS, "variables")
        read_only_fields = fields


class TurnSerializer(serializers.ModelSerializer[Turn]):
    role = serializers.SerializerMethodField(help_text="caller or agent")

    class Meta:
        model = Turn
        fields = ("turn", "role", "text", "unheard", "interrupted", "started_ms", "ended_ms", "confidence", "gap_ms")
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["caller", "agent"]))
    def get_role(self, turn: Turn) -> str:
        return "caller" if turn.role == Turn.Role.CALLER else "agent"


class LinkSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Plays with seeking; whoever has it may listen until it expires.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    content_type = serializers.CharField()
    seconds = serializers.FloatField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()


class CallListSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="The address of the next page.")
    results = CallSerializer(many=True)
