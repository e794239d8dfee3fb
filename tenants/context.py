"""What templates know about the person: `{% if can.build_agents %}`."""

from __future__ import annotations

from django.http import HttpRequest

from tenants.access import permissions_of


def permissions(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """`can` has the value of each `access.Permission` that the person holds."""
    held = permissions_of(getattr(request, "user", None))
    return {"can": {permission.value: True for permission in held}}
