"""Who am I, my clients, usage."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.access import Permission
from tenants.agencies.models import Agency
from tenants.clients import actions
from tenants.clients.actions import ClientDraft
from tenants.clients.forms import ClientForm
from tenants.clients.models import Client
from tenants.usage import queries
from tenants.usage.models import DailyUsage
from voiceops.lib.errors import InvalidInput

MOST_LINES = 10_000


class MeSerializer(serializers.Serializer[Any]):
    agency = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())


class ClientSerializer(serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        fields = (
            "id",
            "name",
            "slug",
            "timezone",
            "brand_color",
            "monthly_minutes_cap",
            "concurrent_calls_cap",
            "created_at",
            "archived_at",
        )
        read_only_fields = ("id", "slug", "created_at", "archived_at")


class UsageSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    client = serializers.CharField(help_text="Its name; empty for what belongs to no client.")
    kind = serializers.CharField()
    vendor = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=18, decimal_places=1)
    unit = serializers.CharField()


@extend_schema(responses=MeSerializer, tags=["Account"], summary="Whom this key belongs to, and what it may do")
@api_view(["GET"])
def me(request: Request) -> Response:
    person = access.require(request, Permission.USE_API)
    return Response(
        {
            "agency": _agency(request).name,
            "email": person.email,
            "name": person.name,
            "role": person.role,
            "permissions": sorted(access.permissions_of(person)),
        }
    )


@extend_schema(methods=["GET"], responses=ClientSerializer(many=True), tags=["Clients"], summary="Clients by name")
@extend_schema(
    methods=["POST"], request=ClientSerializer, responses={201: ClientSerializer}, tags=["Clients"], summary="Add one"
)
@api_view(["GET", "POST"])
def clients(request: Request) -> Response:
    access.require(request, Permission.VIEW_CLIENTS)
    if request.method == "GET":
        return Response(ClientSerializer(access.clients(request), many=True).data)
    actor = access.require(request, Permission.MANAGE_CLIENTS)
    made = actions.create(actor, _draft(request.data, {"timezone": _agency(request).timezone}))
    return Response(ClientSerializer(made).data, 201)


@extend_schema(methods=["GET"], responses=ClientSerializer, tags=["Clients"], summary="One client")
@extend_schema(
    methods=["PATCH"],
    request=ClientSerializer(partial=True),
    responses=ClientSerializer,
    tags=["Clients"],
    summary="Change some of it",
)
@api_view(["GET", "PATCH"])
def client(request: Request, client_id: Any) -> Response:
    shown = access.client(request, client_id, Permission.VIEW_CLIENTS)
    if request.method == "PATCH":
        actor = access.require(request, Permission.MANAGE_CLIENTS)
        shown = actions.update(actor, shown, _draft(request.data, ClientForm.values_of(shown)))
    return Response(ClientSerializer(shown).data)


@extend_schema(
    responses=UsageSerializer(many=True),
    tags=["Usage"],
    summary="Quantities by day, client and kind",
    parameters=[
        OpenApiParameter("days", int, description="How many days back, 1 to 366; 30 otherwise."),
        OpenApiParameter("client", str, description="A client’s id."),
    ],
)
@api_view(["GET"])
def usage(request: Request) -> Response:
    person = access.require(request, Permission.VIEW_USAGE)
    chosen = access.chosen_client(request)
    rows = access.visible(person, DailyUsage.objects.all())
    if chosen is not None:
        rows = rows.filter(client=chosen)
    days = request.query_params.get("days", "30")
    if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= 366:
        raise InvalidInput("days takes a whole number from 1 to 366.", "days")
    lines = queries.lines(rows, *queries.last_days(int(days)), most=MOST_LINES)
    if lines is None:
        raise InvalidInput(f"That is more than {MOST_LINES} lines: ask for fewer days, or for one client.", "days")
    return Response(UsageSerializer(lines, many=True).data)


def _agency(request: Request) -> Agency:
    return request._request.tenant  # type: ignore[attr-defined]


def _draft(data: Any, before: dict[str, Any]) -> ClientDraft:
    """The same rules as the page's form, so that there is one place for them."""
    given = data if isinstance(data, dict) else {}
    unknown = sorted(set(given) - set(ClientForm.base_fields))
    if unknown:
        raise InvalidInput(f"There is no field “{unknown[0]}”.", unknown[0])
    form = ClientForm({**before, **given})
    if not form.is_valid():
        raise serializers.ValidationError({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.draft()
