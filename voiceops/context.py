"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from voiceops.frame import Frame
from voiceops.lib.schema import current_schema


def frame(request: HttpRequest) -> dict[str, Any]:
    """`agency` is None on the platform's own host."""
    agency = None if current_schema() == "public" else getattr(request, "tenant", None)
    return {
        "agency": agency,
        "frame": Frame(request, agency),
    }
