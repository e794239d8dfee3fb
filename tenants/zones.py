"""Time zones a person can choose."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

_REGIONS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def zone_choices() -> list[tuple[str, str]]:
    """`(name, words)` of every zone that is named after a place, and UTC first."""
    names = sorted(name for name in available_timezones() if name.startswith(_REGIONS))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
