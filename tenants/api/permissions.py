"""A key's person must be one who may use the API at all; what they may do there, each view asks `tenants.access`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from tenants.access import Permission, may

if TYPE_CHECKING:  # rest_framework.views asks the settings for this module while it is being imported itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


class MayUseApi(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return may(request.user, Permission.USE_API)
