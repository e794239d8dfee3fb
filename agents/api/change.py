"""`/api/v1/agents/<id>/change/`: a wish in plain words becomes edits to look at, and then changes of the draft."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.generate.change.actions import change as make_change
from agents.generate.change.operations import parsed
from agents.generate.change.proposing import LONGEST_WISH, propose
from tenants import access
from tenants.access import Permission


class WishSerializer(serializers.Serializer[Any]):
    wish = serializers.CharField(max_length=LONGEST_WISH, help_text="What should be different, in plain words.")


class ProposedChangeSerializer(serializers.Serializer[Any]):
    place = serializers.CharField()
    what = serializers.ChoiceField(choices=["added", "removed", "changed"])


class ProposalSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(help_text="Of the draft that the edits are for.")
    edits = serializers.JSONField(help_text="To send back when they are wanted.")
    changes = ProposedChangeSerializer(many=True)
    said = serializers.CharField(help_text="A language model’s word about it, if one was asked.")
    note = serializers.CharField()


class EditsSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(
        help_text="As it was proposed: refused with 409 when the draft has changed since."
    )
    edits = serializers.JSONField()


class ChangedSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(help_text="Of the draft now.")
    problems = serializers.ListField(child=serializers.CharField())


@extend_schema(
    request=WishSerializer,
    responses=ProposalSerializer,
    tags=["Agents"],
    summary="What a wish would change; nothing is written",
)
@api_view(["POST"])
def propose_change(request: Request, agent_id: Any) -> Response:
    access.require(request, Permission.BUILD_AGENTS)
    agent = access.agent(request, agent_id)
    body = WishSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    proposal = propose(agent, body.validated_data["wish"])
    shown = {
        "revision": proposal.revision,
        "edits": json.loads(proposal.as_json()),
        "changes": proposal.changes,
        "said": proposal.said,
        "note": proposal.note,
    }
    return Response(ProposalSerializer(shown).data)


@extend_schema(
    request=EditsSerializer,
    responses=ChangedSerializer,
    tags=["Agents"],
    summary="Make proposed edits; the draft before them is kept",
)
@api_view(["POST"])
def apply_change(request: Request, agent_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    agent = access.agent(request, agent_id)
    body = EditsSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    edits = parsed(json.dumps(body.validated_data["edits"]))
    saved = make_change(actor, agent, edits, body.validated_data["revision"])
    problems = [str(problem) for problem in saved.reading.blocking]
    return Response(ChangedSerializer({"revision": saved.revision, "problems": problems}).data)
