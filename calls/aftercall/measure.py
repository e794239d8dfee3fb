"""Figures of a call that lists and reports read from its row."""

from __future__ import annotations

import math

from calls.models import Call, Turn


def percentile(values: list[int], share: float) -> int | None:
    """Nearest rank of sorted or unsorted values; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def measure(call: Call) -> None:
    waits = Turn.objects.filter(call=call, gap_ms__isnull=False).values_list("gap_ms", flat=True)
    gaps = [gap for gap in waits if gap is not None]
    Call.objects.filter(pk=call.pk).update(gap_p50_ms=percentile(gaps, 0.5), gap_p95_ms=percentile(gaps, 0.95))
