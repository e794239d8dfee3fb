"""`/api/v1/agents/`: list, read, make from a description, change the draft, publish."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents import actions, around, queries
from agents.accounts.queries import account_problems
from agents.generate import LONGEST_PURPOSE
from agents.generate.cards import cards
from agents.models import Agent
from tenants import access
from tenants.access import Permission

STATES = ["published", "changed", "draft", "archived"]


class AgentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="agent.pk")
    client = serializers.UUIDField(source="agent.client_id")
    client_name = serializers.CharField(source="agent.client.name")
    name = serializers.CharField(source="agent.name")
    call_type = serializers.ChoiceField(source="agent.call_type", choices=Agent.CallType.choices)
    state = serializers.ChoiceField(choices=STATES)
    version = serializers.IntegerField(allow_null=True, help_text="What callers hear; null: nothing is published.")
    numbers = serializers.ListField(child=serializers.CharField())
    calls = serializers.ListField(
        child=serializers.IntegerField(), help_text="Calls a day, the last seven days, the oldest first."
    )
    created_at = serializers.DateTimeField(source="agent.created_at")


class AgentDetailSerializer(AgentSerializer):
    purpose = serializers.CharField(source="agent.purpose", help_text="The description it was made from.")
    revision = serializers.IntegerField(source="agent.draft_revision", help_text="Of the draft.")
    draft = serializers.JSONField(source="agent.draft", help_text="Only for the agency's own people.")
    problems = serializers.ListField(child=serializers.CharField(), help_text="What keeps the draft from publishing.")
    hints = serializers.ListField(child=serializers.CharField(), help_text="What to weigh.")


class NewAgentSerializer(serializers.Serializer[Any]):
    client = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    call_type = serializers.ChoiceField(choices=Agent.CallType.choices, default="inbound")
    purpose = serializers.CharField(
        max_length=LONGEST_PURPOSE, allow_blank=True, default="", help_text="What it should do, in plain words."
    )
    template = serializers.ChoiceField(
        choices=[(card.name, card.label) for card in cards()],
        allow_blank=True,
        default="",
        help_text="A built-in template to begin with; empty: the description decides.",
    )


class MadeSerializer(AgentDetailSerializer):
    made_from = serializers.CharField(help_text="The template, or “model”.")
    notes = serializers.ListField(child=serializers.CharField())


class DraftSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(help_text="Of the draft you read: refused with 409 when it has changed since.")
    draft = serializers.JSONField(
        help_text="The whole draft: flow, models with their backups, turns, fallbacks, routing, limits and language."
    )


class PublishSerializer(serializers.Serializer[Any]):
    notes = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="What changed.")
    revision = serializers.IntegerField(
        required=False, help_text="Of the draft you read: refused when it has changed since."
    )
    anyway = serializers.BooleanField(
        default=False, help_text="Although tests fail, or have not run against this draft in the last hour."
    )


class VersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    notes = serializers.CharField()
    published_at = serializers.DateTimeField()


@extend_schema(
    methods=["GET"],
    responses=AgentSerializer(many=True),
    tags=["Agents"],
    summary="Agents by client and name",
    parameters=[
        OpenApiParameter("client", str, description="A client’s id."),
        OpenApiParameter("q", str, description="A part of the agent’s or the client’s name."),
        OpenApiParameter("archived", bool, description="Those that are archived instead."),
    ],
)
@extend_schema(
    methods=["POST"],
    request=NewAgentSerializer,
    responses={201: MadeSerializer},
    tags=["Agents"],
    summary="Make one from a description; it is published at once",
)
@api_view(["GET", "POST"])
def agents(request: Request) -> Response:
    person = access.require(request, Permission.VIEW_AGENTS)
    if request.method == "POST":
        return _make(request)
    rows = queries.agents(
        access.visible(person, Agent.objects.all()),
        client=access.chosen_client(request),
        search=request.query_params.get("q", "")[:100],
        archived=request.query_params.get("archived", "") in {"1", "true"},
    )
    return Response(AgentSerializer(rows, many=True).data)


def _make(request: Request) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    body = NewAgentSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    client = access.client(request, asked.pop("client"))
    created = actions.create(actor, client, **asked)
    shown = as_shown(created.agent, internals=True)
    return Response(shown | {"made_from": created.made.template, "notes": list(created.made.notes)}, 201)


@extend_schema(responses=AgentDetailSerializer, tags=["Agents"], summary="One agent")
@api_view(["GET"])
def agent(request: Request, agent_id: Any) -> Response:
    shown = access.agent(request, agent_id, Permission.VIEW_AGENTS)
    return Response(as_shown(shown, internals=access.may(request.user, Permission.VIEW_INTERNALS)))


@extend_schema(
    request=DraftSerializer,
    responses=AgentDetailSerializer,
    tags=["Agents"],
    summary="Replace the draft; it is kept whatever state it is in, and the answer says what is wrong with it",
)
@api_view(["PUT"])
def draft(request: Request, agent_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.agent(request, agent_id)
    body = DraftSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    actions.save_draft(actor, shown, body.validated_data["draft"], body.validated_data["revision"])
    shown.refresh_from_db()
    return Response(as_shown(shown, internals=True))


@extend_schema(
    request=PublishSerializer,
    responses={201: VersionSerializer},
    tags=["Agents"],
    summary="Publish the draft: calls from now on hear it",
)
@api_view(["POST"])
def publish(request: Request, agent_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    shown = access.agent(request, agent_id)
    body = PublishSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    version = actions.publish(actor, shown, **body.validated_data)
    return Response(VersionSerializer(version).data, 201)


def as_shown(agent: Agent, *, internals: bool) -> dict[str, Any]:
    """An agent as the API shows it."""
    row = queries.row(agent)
    if not internals:
        return dict(AgentSerializer(row).data)
    reading = around.reading(agent)
    missing = account_problems(reading.content) if reading.content else ()
    problems = [str(problem) for problem in (*reading.blocking, *missing)]
    hints = [str(problem) for problem in reading.hints]
    detail = AgentDetailSerializer(queries.Detail(row.agent, row.state, row.numbers, row.calls, problems, hints))
    return dict(detail.data)
