"""`/api/v1/numbers/`: which there are, and who answers them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import AgentVersion
from calls.models import PhoneNumber
from calls.numbering import actions, queries
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


class NumberSerializer(serializers.ModelSerializer[PhoneNumber]):
    client_name = serializers.CharField(source="client.name", read_only=True)
    agent_name = serializers.CharField(source="agent.name", default=None, read_only=True)

    split_version = serializers.IntegerField(
        source="split_version.number", default=None, read_only=True, help_text="Which `split_percent` of callers hear."
    )

    class Meta:
        model = PhoneNumber
        fields = (
            *("id", "number", "label", "client", "client_name", "agent", "agent_name"),
            *("split_version", "split_percent", "created_at"),
        )
        read_only_fields = ("id", "number", "client", "split_percent", "created_at")


class AssignSerializer(serializers.Serializer[Any]):
    agent = serializers.UUIDField(
        allow_null=True, required=False, help_text="Who answers from the next call on; null: nobody."
    )
    split_version = serializers.IntegerField(
        allow_null=True, required=False, help_text="A version’s number, to compare with the published one; null: none."
    )
    split_percent = serializers.IntegerField(
        min_value=0, max_value=100, required=False, help_text="The share of callers who hear it."
    )


@extend_schema(
    responses=NumberSerializer(many=True),
    tags=["Numbers"],
    summary="Numbers by client",
    parameters=[OpenApiParameter("client", str, description="A client’s id.")],
)
@api_view(["GET"])
def numbers(request: Request) -> Response:
    person = access.require(request, Permission.VIEW_NUMBERS)
    rows = queries.numbers(access.visible(person, PhoneNumber.objects.all()), client=access.chosen_client(request))
    return Response(NumberSerializer(rows, many=True).data)


@extend_schema(methods=["GET"], responses=NumberSerializer, tags=["Numbers"], summary="One number")
@extend_schema(
    methods=["PATCH"],
    request=AssignSerializer,
    responses=NumberSerializer,
    tags=["Numbers"],
    summary="Let another agent answer it",
)
@api_view(["GET", "PATCH"])
def number(request: Request, number_id: Any) -> Response:
    row: PhoneNumber = access.number(request, number_id, Permission.VIEW_NUMBERS)
    if request.method == "PATCH":
        actor = access.require(request, Permission.MANAGE_NUMBERS)
        body = AssignSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        agent = row.agent
        if "agent" in body.validated_data:
            chosen = body.validated_data["agent"]
            agent = access.agent(request, chosen) if chosen else None
        row = actions.change_number(
            actor,
            row,
            account=row.account,
            client=row.client,
            agent=agent,
            label=row.label,
            split=_split(row, body.validated_data),
        )
    return Response(NumberSerializer(row).data)


def _split(row: PhoneNumber, asked: dict[str, Any]) -> actions.Split | None:
    if not {"split_version", "split_percent"} & set(asked):
        return None
    current = row.split_version.number if row.split_version else None
    number, percent = asked.get("split_version", current), asked.get("split_percent", row.split_percent)
    if number is None:
        return actions.Split()
    version = AgentVersion.objects.filter(agent=row.agent, number=number).first() if row.agent else None
    if version is None:
        raise InvalidInput("This agent has no such version.", "split_version")
    return actions.Split(version, percent)
