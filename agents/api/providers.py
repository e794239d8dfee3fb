"""`/api/v1/providers/`: accounts with vendors of models, and their pools of keys. No answer holds a key."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from agents.accounts import actions, keys, listing, queries
from agents.accounts.keys import KeyDraft
from agents.models import ProviderAccount, ProviderKey
from tenants import access
from tenants.access import Permission

STATES = ["ok", "untested", "partly", "failed"]
KEY_STATES = ["ok", "untested", "cooling", "full", "refused", "failed"]


class KeySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="key.pk")
    alias = serializers.CharField(source="key.alias")
    last4 = serializers.CharField(source="key.last4", help_text="The end of the key; empty when it is short.")
    weight = serializers.IntegerField(source="key.weight")
    limit = serializers.IntegerField(source="key.limit", allow_null=True, help_text="Most live calls; null: no limit.")
    live_calls = serializers.IntegerField(source="live")
    calls = serializers.IntegerField(source="key.call_count")
    state = serializers.ChoiceField(choices=KEY_STATES)
    cooling_until = serializers.DateTimeField(source="key.cooling_until", allow_null=True)
    refused_at = serializers.DateTimeField(source="key.refused_at", allow_null=True)
    rate_limited = serializers.IntegerField(source="key.rate_limited_count")
    refused = serializers.IntegerField(source="key.refused_count")
    last_error = serializers.CharField(source="key.last_error")
    tested_at = serializers.DateTimeField(source="key.tested_at", allow_null=True)


class ProviderSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="account.pk")
    vendor = serializers.CharField(source="account.vendor")
    name = serializers.CharField(source="account.label")
    base_url = serializers.CharField(source="account.base_url")
    state = serializers.ChoiceField(choices=STATES)
    error = serializers.CharField()
    tested_at = serializers.DateTimeField(allow_null=True)
    keys = KeySerializer(many=True)


class NewKeySerializer(serializers.Serializer[Any]):
    alias = serializers.CharField(max_length=80)
    secret = serializers.CharField(max_length=keys.LONGEST_KEY, write_only=True, help_text="It is never sent back.")
    weight = serializers.IntegerField(min_value=1, max_value=100, default=1)
    limit = serializers.IntegerField(min_value=1, max_value=keys.LARGEST_LIMIT, allow_null=True, default=None)


class ChangedKeySerializer(NewKeySerializer):
    alias = serializers.CharField(max_length=80, required=False)
    secret = serializers.CharField(max_length=keys.LONGEST_KEY, write_only=True, required=False)
    weight = serializers.IntegerField(min_value=1, max_value=100, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=keys.LARGEST_LIMIT, allow_null=True, required=False)


class TriedSerializer(serializers.Serializer[Any]):
    said = serializers.CharField()


@extend_schema(responses=ProviderSerializer(many=True), tags=["Providers"], summary="Accounts with their keys")
@api_view(["GET"])
def providers(request: Request) -> Response:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return Response(ProviderSerializer(listing.rows(), many=True).data)


@extend_schema(responses=ProviderSerializer, tags=["Providers"], summary="One account with its keys")
@api_view(["GET"])
def provider(request: Request, account_id: Any) -> Response:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return Response(ProviderSerializer(listing.row(_account(request, account_id))).data)


@extend_schema(
    request=NewKeySerializer, responses={201: KeySerializer}, tags=["Providers"], summary="Add a key to the pool"
)
@api_view(["POST"])
def provider_keys(request: Request, account_id: Any) -> Response:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = _account(request, account_id)
    body = NewKeySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return Response(_shown(keys.add(actor, account, KeyDraft(**body.validated_data))), 201)


@extend_schema(
    methods=["PATCH"],
    request=ChangedKeySerializer,
    responses=KeySerializer,
    tags=["Providers"],
    summary="Replace the key, or change its name, weight or limit",
)
@extend_schema(methods=["DELETE"], responses={204: None}, tags=["Providers"], summary="Remove the key")
@api_view(["PATCH", "DELETE"])
def provider_key(request: Request, account_id: Any, key_id: Any) -> Response:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    key = _key(request, account_id, key_id)
    if request.method == "DELETE":
        keys.remove(actor, key)
        return Response(status=204)
    body = ChangedKeySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    held: dict[str, Any] = {"alias": key.alias, "weight": key.weight, "limit": key.limit}
    return Response(_shown(keys.change(actor, key, KeyDraft(**(held | body.validated_data)))))


@extend_schema(request=None, responses=TriedSerializer, tags=["Providers"], summary="One real request with the key")
@api_view(["POST"])
def try_provider_key(request: Request, account_id: Any, key_id: Any) -> Response:
    """Answers 502 with a sentence when it does not work. A key that works is in use again."""
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    key = _key(request, account_id, key_id)
    if not queries.can_be_tried(key.account):
        return Response({"said": "This vendor cannot be tested without a call."})
    return Response({"said": actions.try_out(actor, key.account, key)})


def _account(request: Request, account_id: Any) -> ProviderAccount:
    return access.find(request, ProviderAccount.objects.filter(archived_at=None), account_id)


def _key(request: Request, account_id: Any, key_id: Any) -> ProviderKey:
    rows = ProviderKey.objects.select_related("account").filter(account=_account(request, account_id))
    return access.find(request, rows, key_id)


def _shown(key: ProviderKey) -> Any:
    return KeySerializer(listing.key_row(key)).data
