"""`/api/v1/tools/`: what agents may use outside a conversation. No answer holds a secret."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import Tool
from agents.tools import actions, queries
from agents.tools.actions import ToolDraft
from agents.tools.kinds.base import NO_CLIENT, Caller
from agents.tools.registry import configured_kinds, kinds
from agents.tools.trying import try_out
from tenants import access
from tenants.access import Permission

KINDS = [kind.name for kind in configured_kinds()]


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    about = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    source = serializers.CharField(help_text="model, variable or fixed: who fills it.")  # type: ignore[assignment]
    value = serializers.CharField()
    trusted = serializers.BooleanField(help_text="What a caller said may not fill it.")


class OperationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="How flows name it.")
    label = serializers.CharField()  # type: ignore[assignment]
    about = serializers.CharField()
    parameters = ParameterSerializer(many=True)
    sets = serializers.ListField(child=serializers.CharField(), source="operation.sets")


class ToolSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    client = serializers.UUIDField(source="client_id", allow_null=True, help_text="null: all clients.")
    kind = serializers.CharField()
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    about = serializers.CharField()
    config = serializers.JSONField()
    has_secrets = serializers.SerializerMethodField(help_text="The names of the secrets that are stored.")
    fills = serializers.JSONField()
    mocks = serializers.JSONField()
    waiting = serializers.CharField()
    failure = serializers.CharField(help_text="What callers hear when it does not work.")
    seconds = serializers.FloatField()
    operations = serializers.SerializerMethodField()
    used = serializers.IntegerField()
    failed = serializers.IntegerField()
    last_error = serializers.CharField()
    last_used_at = serializers.DateTimeField(allow_null=True)

    def get_has_secrets(self, tool: Tool) -> list[str]:
        kind = kinds().get(tool.kind)
        return [name for name, held in actions.without_secrets(kind, tool).items() if held] if kind else []

    def get_operations(self, tool: Tool) -> list[dict[str, Any]]:
        return [dict(OperationSerializer(one).data) for one in queries.offers(tool)]


class NewToolSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS)
    client = serializers.UUIDField(allow_null=True, default=None, help_text="null: all clients.")
    name = serializers.CharField(max_length=40)
    label = serializers.CharField(max_length=120, default="", allow_blank=True)  # type: ignore[assignment]
    about = serializers.CharField(max_length=1000, default="", allow_blank=True)
    config = serializers.DictField(default=dict, help_text="What the kind declares: docs/tools.md.")
    secrets = serializers.DictField(
        child=serializers.CharField(allow_blank=True), default=dict, write_only=True, help_text="Never sent back."
    )
    fills = serializers.DictField(child=serializers.CharField(allow_blank=True), default=dict)
    mocks = serializers.DictField(default=dict)
    waiting = serializers.CharField(max_length=300, default="", allow_blank=True)
    failure = serializers.CharField(max_length=300)
    seconds = serializers.FloatField(default=8.0)


class ChangedToolSerializer(NewToolSerializer):
    """What is left out stays as it is. `kind` and `client` cannot be changed."""

    kind = None  # type: ignore[assignment]
    client = None  # type: ignore[assignment]


class TrySerializer(serializers.Serializer[Any]):
    use = serializers.CharField(max_length=40, help_text="One of the names of its operations.")
    arguments = serializers.DictField(default=dict)
    caller = serializers.CharField(max_length=64, default="", allow_blank=True)


class ToolTriedSerializer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    text = serializers.CharField(help_text="What the model would read.")
    status = serializers.IntegerField(allow_null=True)
    variables = serializers.JSONField()
    ms = serializers.IntegerField()


@extend_schema(methods=["GET"], responses=ToolSerializer(many=True), tags=["Tools"], summary="Tools of the agency")
@extend_schema(
    methods=["POST"], request=NewToolSerializer, responses={201: ToolSerializer}, tags=["Tools"], summary="Make a tool"
)
@api_view(["GET", "POST"])
def tools(request: Request) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    if request.method == "GET":
        rows = access.visible(access.user(request), Tool.objects.filter(archived_at=None))
        return Response(ToolSerializer(rows, many=True).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    body = NewToolSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = dict(body.validated_data)
    client = asked.pop("client")
    if client is not None:
        asked["client_id"] = access.client(request, client).pk
    return Response(ToolSerializer(actions.create(actor, ToolDraft(**asked))).data, 201)


@extend_schema(methods=["GET"], responses=ToolSerializer, tags=["Tools"], summary="One tool")
@extend_schema(
    methods=["PATCH"], request=ChangedToolSerializer, responses=ToolSerializer, tags=["Tools"], summary="Change a tool"
)
@extend_schema(methods=["DELETE"], responses={204: None}, tags=["Tools"], summary="Archive a tool")
@api_view(["GET", "PATCH", "DELETE"])
def tool(request: Request, tool_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    found = _tool(request, tool_id)
    if request.method == "GET":
        return Response(ToolSerializer(found).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    if request.method == "DELETE":
        actions.archive(actor, found)
        return Response(status=204)
    body = ChangedToolSerializer(data=request.data, partial=True)
    body.is_valid(raise_exception=True)
    kept = ("name", "label", "about", "config", "fills", "mocks", "waiting", "failure", "seconds")
    held: dict[str, Any] = {name: getattr(found, name) for name in kept}
    draft = ToolDraft(kind=found.kind, client_id=found.client_id, **(held | dict(body.validated_data)))
    return Response(ToolSerializer(actions.update(actor, found, draft)).data)


@extend_schema(
    request=TrySerializer, responses=ToolTriedSerializer, tags=["Tools"], summary="Use a tool for real, once"
)
@api_view(["POST"])
def try_tool(request: Request, tool_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = _tool(request, tool_id)
    body = TrySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    one = next((one for one in queries.offers(found) if one.name == asked["use"]), None)
    if one is None:
        raise Http404("This tool cannot do that.")
    caller = Caller(client_id=found.client_id or NO_CLIENT, caller=asked["caller"])
    return Response(ToolTriedSerializer(try_out(actor, one, asked["arguments"], caller).outcome).data)


def _tool(request: Request, tool_id: Any) -> Tool:
    return access.find(request, Tool.objects.filter(archived_at=None), tool_id)
