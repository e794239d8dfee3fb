"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """`agency` is None on the platform's own host."""
    tenant = getattr(request, "tenant", None)
    return {"agency": None if connection.schema_name == "public" else tenant}
