"""`/api/v1/knowledge/`: a client's knowledge bases, their documents, and what a question finds in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agents.accounts.queries import active
from agents.knowledge import actions, queries
from agents.knowledge.reading.blocks import MOST_BYTES
from agents.knowledge.search import search
from agents.languages import LANGUAGES
from agents.models import KnowledgeBase, KnowledgeDocument
from agents.models.knowledge import THRESHOLD
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput

TAGS = ["Knowledge"]
STATES = [(name, name) for name in ("ready", "empty", "reading", "building", "problems")]


class BaseSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="base.id")
    client = serializers.UUIDField(source="base.client_id")
    name = serializers.CharField(source="base.name", help_text="How flows refer to it.")
    label = serializers.CharField(source="base.label")  # type: ignore[assignment]
    language = serializers.CharField(source="base.language")
    account = serializers.UUIDField(source="base.account_id", allow_null=True, help_text="null: found by words alone.")
    model = serializers.CharField(source="base.model")
    dimensions = serializers.IntegerField(source="base.dimensions", allow_null=True)
    threshold = serializers.FloatField(source="base.threshold")
    state = serializers.ChoiceField(choices=STATES)
    documents = serializers.IntegerField()
    passages = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Documents that cannot be read.")


class ChangedBaseSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    language = serializers.ChoiceField(choices=LANGUAGES, default="en")
    account = serializers.UUIDField(
        allow_null=True, default=None, help_text="A provider account that makes embeddings."
    )
    model = serializers.CharField(max_length=120, allow_blank=True, default="")
    dimensions = serializers.IntegerField(min_value=8, max_value=3072, allow_null=True, default=None)
    threshold = serializers.FloatField(min_value=0, max_value=1, default=THRESHOLD)


class NewBaseSerializer(ChangedBaseSerializer):
    client = serializers.UUIDField()
    name = serializers.CharField(max_length=40, allow_blank=True, default="")


class DocumentSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    source = serializers.ChoiceField(choices=KnowledgeDocument.Source.choices)  # type: ignore[assignment]
    url = serializers.CharField()
    kind = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    pages = serializers.IntegerField()
    passages = serializers.IntegerField()
    state = serializers.ChoiceField(choices=KnowledgeDocument.State.choices)
    problem = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class FileSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="PDF, DOCX, HTML, TXT, Markdown or CSV, up to 25 MB.")


class PagesSerializer(serializers.Serializer[Any]):
    urls = serializers.ListField(child=serializers.CharField(max_length=2_000), min_length=1, max_length=200)
    follow = serializers.IntegerField(
        min_value=0, max_value=200, default=0, help_text="Pages of the same site from each."
    )


class HitSerializer(serializers.Serializer[Any]):
    document = serializers.CharField()
    heading = serializers.CharField()
    page = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    text = serializers.CharField()
    score = serializers.FloatField()
    words = serializers.FloatField(help_text="What its words count, 0 to 1.")
    meaning = serializers.FloatField(allow_null=True, help_text="What its meaning counts; null without embeddings.")


class FoundSerializer(serializers.Serializer[Any]):
    known = serializers.BooleanField(help_text="Whether anything is good enough to be said.")
    threshold = serializers.FloatField()
    hits = HitSerializer(many=True)
    note = serializers.CharField(help_text="What was not as usual.")
    ms = serializers.IntegerField()


@extend_schema(
    methods=["GET"],
    parameters=[OpenApiParameter("client", UUID)],
    responses=BaseSerializer(many=True),
    tags=TAGS,
    summary="Knowledge bases",
)
@extend_schema(
    methods=["POST"], request=NewBaseSerializer, responses={201: BaseSerializer}, tags=TAGS, summary="Make a base"
)
@api_view(["GET", "POST"])
def bases(request: Request) -> Response:
    person = access.require(request, Permission.VIEW_INTERNALS)
    if request.method == "GET":
        client = access.chosen_client(request)
        found = access.visible(person, KnowledgeBase.objects.all())
        return Response(BaseSerializer(queries.rows(found.filter(client=client) if client else found), many=True).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    body = NewBaseSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = dict(body.validated_data)
    client = access.client(request, asked.pop("client"))
    made = actions.create(actor, client, **{**asked, "account": _account(asked["account"])})
    return Response(BaseSerializer(queries.row(made)).data, 201)


@extend_schema(methods=["GET"], responses=BaseSerializer, tags=TAGS, summary="A base")
@extend_schema(
    methods=["PUT"], request=ChangedBaseSerializer, responses=BaseSerializer, tags=TAGS, summary="Change a base"
)
@extend_schema(methods=["DELETE"], responses={204: None}, tags=TAGS, summary="Delete a base with all its documents")
@api_view(["GET", "PUT", "DELETE"])
def base(request: Request, base_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    found = access.get(request, KnowledgeBase, base_id)
    if request.method == "GET":
        return Response(BaseSerializer(queries.row(found)).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    if request.method == "DELETE":
        actions.delete(actor, found)
        return Response(status=204)
    body = ChangedBaseSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    actions.change(actor, found, **{**body.validated_data, "account": _account(body.validated_data["account"])})
    return Response(BaseSerializer(queries.row(found)).data)


@extend_schema(methods=["GET"], responses=DocumentSerializer(many=True), tags=TAGS, summary="Documents of a base")
@extend_schema(
    methods=["POST"],
    request={"multipart/form-data": FileSerializer},
    responses={202: DocumentSerializer},
    tags=TAGS,
    summary="Bring a file: it is read in the background, in place of one of the same name",
)
@api_view(["GET", "POST"])
@parser_classes([MultiPartParser])
def documents(request: Request, base_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    found = access.get(request, KnowledgeBase, base_id)
    if request.method == "GET":
        return Response(DocumentSerializer(queries.documents(found), many=True).data)
    actor = access.require(request, Permission.BUILD_AGENTS)
    body = FileSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    file = body.validated_data["file"]
    if file.size > MOST_BYTES:
        raise InvalidInput(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.", "file")
    return Response(DocumentSerializer(actions.upload(actor, found, file.name, file.read())).data, 202)


@extend_schema(
    request=PagesSerializer,
    responses={202: DocumentSerializer(many=True)},
    tags=TAGS,
    summary="Add pages of the web: those that are new are fetched in the background",
)
@api_view(["POST"])
def pages(request: Request, base_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    found = access.get(request, KnowledgeBase, base_id)
    body = PagesSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    made = actions.add_pages(actor, found, "\n".join(asked["urls"]), asked["follow"])
    return Response(DocumentSerializer(made, many=True).data, 202)


@extend_schema(
    methods=["POST"],
    operation_id="knowledge_documents_read_again",
    request=None,
    responses={202: DocumentSerializer},
    tags=TAGS,
    summary="Read it again",
)
@extend_schema(methods=["DELETE"], responses={204: None}, tags=TAGS, summary="Remove a document")
@api_view(["POST", "DELETE"])
def document(request: Request, base_id: Any, document_id: Any) -> Response:
    actor = access.require(request, Permission.BUILD_AGENTS)
    held = access.get(request, KnowledgeBase, base_id)
    found = access.find(request, KnowledgeDocument.objects.filter(base=held), document_id)
    if request.method == "DELETE":
        actions.remove(actor, found)
        return Response(status=204)
    actions.again(actor, found)
    return Response(DocumentSerializer(found).data, 202)


@extend_schema(
    parameters=[OpenApiParameter("question", str, required=True)],
    responses=FoundSerializer,
    tags=TAGS,
    summary="What an agent would find",
)
@api_view(["GET"])
def ask(request: Request, base_id: Any) -> Response:
    access.require(request, Permission.VIEW_INTERNALS)
    held = access.get(request, KnowledgeBase, base_id)
    question = request.GET.get("question", "").strip()[:500]
    if not question:
        raise InvalidInput("Ask a question.", "question")
    found = search(held.client_id, [held.name], question)
    told = {
        "known": bool(found.known),
        "threshold": held.threshold,
        "hits": found.hits,
        "note": found.note,
        "ms": found.ms,
    }
    return Response(FoundSerializer(told).data)


def _account(pk: UUID | None) -> Any:
    """Raises InvalidInput for one that is not there."""
    if pk is None:
        return None
    found = next((account for account in active() if account.pk == pk), None)
    if found is None:
        raise InvalidInput("There is no such account.", "account")
    return found
