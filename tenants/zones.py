"""Time zones and countries a person can choose."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import geocoder

_REGIONS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")

_SHARING_A_PREFIX = {
    "AC": "Ascension Island",
    "BL": "Saint Barthélemy",
    "EH": "Western Sahara",
    "MF": "Saint Martin",
    "TA": "Tristan da Cunha",
    "XK": "Kosovo",
}


@cache
def zone_choices() -> list[tuple[str, str]]:
    """`(name, words)` of every zone that is named after a place, and UTC first."""
    names = sorted(name for name in available_timezones() if name.startswith(_REGIONS))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


@cache
def country_choices() -> list[tuple[str, str]]:
    """`(code, name)` of every country with phone numbers, by name."""
    return sorted(((code, _country(code)) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda choice: choice[1])


def _country(code: str) -> str:
    example = phonenumbers.example_number(code)
    named = geocoder.country_name_for_number(example, "en") if example else ""
    return named or _SHARING_A_PREFIX.get(code, code)
