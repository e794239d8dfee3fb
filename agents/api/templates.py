"""`/api/v1/templates/`: templates across clients, instances of them, roll-outs and back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.resources import AgentDetailSerializer, as_shown
from agents.models import RollOut, RollOutItem, Template
from agents.templating import actions, queries, returning, rolling
from agents.templating.previews import standings
from tenants import access
from tenants.access import Permission

STANDINGS = ["current", "behind", "clash", "needs", "broken", "archived", "ahead"]


class TemplateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    master = serializers.UUIDField(source="master_id", help_text="The agent that its versions are made from.")
    version = serializers.IntegerField(source="latest.number", allow_null=True)
    parameters = serializers.JSONField(source="latest.parameters")
    archived = serializers.SerializerMethodField()

    def get_archived(self, row: Template) -> bool:
        return row.archived_at is not None


class InstanceSerializer(serializers.Serializer[Any]):
    agent = serializers.UUIDField(source="agent.pk")
    client = serializers.UUIDField(source="agent.client_id")
    name = serializers.CharField(source="agent.name")
    version = serializers.IntegerField(source="number", help_text="Of the template, that callers hear; 0: none.")
    behind = serializers.IntegerField()
    state = serializers.ChoiceField(choices=STANDINGS)
    sentence = serializers.CharField()
    own_words = serializers.IntegerField(source="own", help_text="Places it says otherwise than the template.")


class TemplateDetailSerializer(TemplateSerializer):
    instances = InstanceSerializer(many=True)


class NewTemplateSerializer(serializers.Serializer[Any]):
    agent = serializers.UUIDField(help_text="Its draft is version 1, and it is the master from now on.")
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    parameters = serializers.ListField(child=serializers.JSONField(), max_length=40)


class NextVersionSerializer(serializers.Serializer[Any]):
    parameters = serializers.ListField(
        child=serializers.JSONField(), max_length=40, required=False, help_text="Without them: as they are."
    )
    notes = serializers.CharField(max_length=300, allow_blank=True, default="")


class NewInstanceSerializer(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    values = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=5_000))


class NewRollOutSerializer(serializers.Serializer[Any]):
    agents = serializers.ListField(child=serializers.UUIDField(), max_length=rolling.MOST_INSTANCES)
    rule = serializers.ChoiceField(choices=RollOut.Rule.choices, default="leave")
    force = serializers.BooleanField(default=False, help_text="Also where the agent's own tests fail.")


class RollOutItemSerializer(serializers.Serializer[Any]):
    agent = serializers.UUIDField(source="agent_id")
    state = serializers.ChoiceField(choices=RollOutItem.State.choices)
    sentence = serializers.CharField()


class RollOutSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    template = serializers.UUIDField(source="version.template_id")
    version = serializers.IntegerField(source="version.number")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    items = RollOutItemSerializer(source="items.all", many=True)


class BackSerializer(serializers.Serializer[Any]):
    agents = serializers.ListField(child=serializers.UUIDField(), max_length=rolling.MOST_INSTANCES)
    force = serializers.BooleanField(default=False, help_text="Also where somebody changed it since.")


class ReturnedSerializer(serializers.Serializer[Any]):
    back = serializers.IntegerField()
    refused = serializers.ListField(child=serializers.CharField())


@extend_schema(methods=["GET"], responses=TemplateSerializer(many=True), tags=["Templates"], summary="All templates")
@extend_schema(
    methods=["POST"],
    request=NewTemplateSerializer,
    responses={201: TemplateSerializer},
    tags=["Templates"],
    summary="Make a template of an agent",
)
@api_view(["GET", "POST"])
def templates(request: Request) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    if request.method == "GET":
        rows = access.visible(actor, queries.whole_templates()).order_by("name")[:500]
        return Response(TemplateSerializer(rows, many=True).data)
    body = NewTemplateSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = dict(body.validated_data)
    made = actions.make(actor, access.agent(request, asked.pop("agent")), **asked)
    return Response(TemplateSerializer(made).data, 201)


@extend_schema(responses=TemplateDetailSerializer, tags=["Templates"], summary="A template with its instances")
@api_view(["GET"])
def template(request: Request, template_id: Any) -> Response:
    access.require(request, Permission.BUILD_AGENTS)
    found = access.find(request, queries.whole_templates(), template_id)
    instances = InstanceSerializer(standings(found), many=True).data
    return Response({**TemplateSerializer(found).data, "instances": instances})


@extend_schema(
    request=NextVersionSerializer,
    responses={201: TemplateSerializer},
    tags=["Templates"],
    summary="The master's draft as the next version; instances stay as they are",
)
@api_view(["POST"])
def versions(request: Request, template_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = access.find(request, queries.whole_templates(), template_id)
    body = NextVersionSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    actions.publish(actor, found, parameters=asked.get("parameters"), notes=asked["notes"])
    return Response(TemplateSerializer(access.find(request, queries.whole_templates(), template_id)).data, 201)


@extend_schema(
    request=NewInstanceSerializer,
    responses={201: AgentDetailSerializer},
    tags=["Templates"],
    summary="An agent for a client; published when nothing is missing for it",
)
@api_view(["POST"])
def instances(request: Request, template_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = access.find(request, queries.whole_templates(), template_id)
    body = NewInstanceSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    client = access.client(request, asked["client"])
    made = actions.instantiate(actor, found, client, name=asked["name"], values=asked["values"])
    return Response(as_shown(made.agent, internals=True), 201)


@extend_schema(
    request=NewRollOutSerializer,
    responses={201: RollOutSerializer},
    tags=["Templates"],
    summary="Roll the latest version out to instances",
)
@api_view(["POST"])
def roll_outs(request: Request, template_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = access.find(request, queries.whole_templates(), template_id)
    body = NewRollOutSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    rows = access.visible(actor, found.instances.filter(pk__in=asked["agents"]))
    begun = rolling.start(actor, actions.latest_of(found), rows, rule=asked["rule"], force=asked["force"])
    return Response(_roll_out(begun), 201)


@extend_schema(responses=RollOutSerializer, tags=["Templates"], summary="What came of a roll-out so far")
@api_view(["GET"])
def roll_out(request: Request, roll_out_id: Any) -> Response:
    access.require(request, Permission.BUILD_AGENTS)
    return Response(_roll_out(access.find(request, queries.whole_roll_outs(), roll_out_id)))


@extend_schema(
    request=BackSerializer,
    responses=ReturnedSerializer,
    tags=["Templates"],
    summary="Instances as they were before a roll-out",
)
@api_view(["POST"])
def back(request: Request, roll_out_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = access.find(request, queries.whole_roll_outs(), roll_out_id)
    body = BackSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    return Response(
        ReturnedSerializer(returning.roll_back_several(actor, found, asked["agents"], force=asked["force"])).data
    )


def _roll_out(found: RollOut) -> Any:
    row = queries.whole_roll_outs().prefetch_related("items").get(pk=found.pk)
    return RollOutSerializer(row).data
