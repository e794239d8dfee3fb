"""`POST /api/v1/calls/`: a program asks for a call to be placed."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from calls import outbound
from calls.models import Call
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput

MOST_VARIABLES = 50
LONGEST_VALUE = 2000
LONGEST_KEY = 200


class PlaceCallSerializer(serializers.Serializer[Any]):
    agent = serializers.UUIDField(help_text="Whose published version speaks.")
    to = serializers.CharField(max_length=40, help_text="The number to call, with its country code: +14155550123.")
    variables = serializers.DictField(
        required=False, default=dict, help_text="What the agent knows of this call: names and texts, numbers or truths."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["from"] = serializers.CharField(
            max_length=40, required=False, help_text="One of the client's numbers; not needed when there is one only."
        )
        return fields

    def validate_variables(self, values: dict[str, Any]) -> dict[str, Any]:
        if len(values) > MOST_VARIABLES:
            raise serializers.ValidationError(f"At most {MOST_VARIABLES} variables.")
        for name, value in values.items():
            if not name.isidentifier() or len(name) > 40:
                raise serializers.ValidationError(f"“{name[:40]}” is no name: use letters, digits and underscores.")
            if value is not None and not isinstance(value, str | int | float | bool):
                raise serializers.ValidationError(f"{name} has to be a text, a number, true, false or null.")
            if isinstance(value, str) and len(value) > LONGEST_VALUE:
                raise serializers.ValidationError(f"{name} is longer than {LONGEST_VALUE} characters.")
        return values


def place(request: Request) -> Call:
    """The call, queued. The same `Idempotency-Key` from the same person again gives the same call."""
    person = access.require(request, Permission.PLACE_CALLS)
    body = PlaceCallSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY:
        raise InvalidInput(f"An idempotency key has at most {LONGEST_KEY} characters.", "Idempotency-Key")
    return outbound.place(
        outbound.Order(
            agent=access.agent(request, asked["agent"]),
            to=asked["to"],
            from_number=asked.get("from", ""),
            variables=asked["variables"],
            idempotency_key=hashlib.sha256(f"{person.pk}:{key}".encode()).hexdigest() if key else "",
        )
    )
