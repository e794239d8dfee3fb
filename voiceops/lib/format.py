"""How figures read on a page: `1:42`, `612 ms`, `(415) 555-0133`, `3 min ago`. Pure functions; no HTML."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from phonenumbers.phonenumber import PhoneNumber

NOTHING = "—"
BROWSERS = frozenset({"web", "browser"})


def duration(value: timedelta | float | None) -> str:
    """Seconds (or a timedelta) as `1:42`; an hour or more as `1:02:03`; None as a dash."""
    if value is None:
        return NOTHING
    whole = max(0, int(value.total_seconds() if isinstance(value, timedelta) else value))
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def number(value: float | Decimal | None) -> str:
    """`17,600`, `25.6`; a dash where there is none."""
    return "—" if value is None else f"{value:,}"


def milliseconds(value: float | None) -> str:
    """`612 ms`; from ten seconds on `12.4 s`, where the milliseconds no longer say anything."""
    if value is None:
        return NOTHING
    return f"{value / 1000:.1f} s" if value >= 10_000 else f"{round(value)} ms"


def _parsed(number: str, country: str) -> PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, country or None)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None


def phone(number: str, country: str = "US") -> str:
    """National form within `country` (ISO 3166, two letters), international form elsewhere.

    What is not a phone number (a SIP address, a short code, a browser) comes back as it is, in words where it has any.
    """
    if not number:
        return NOTHING
    if number in BROWSERS:
        return "Browser"
    parsed = _parsed(number, country)
    if parsed is None:
        return number
    home = phonenumbers.country_code_for_region(country) == parsed.country_code
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def e164(number: str, country: str = "US") -> str:
    """The form that is copied and dialled: `+14155550133`; what is not a phone number comes back as it is."""
    parsed = _parsed(number, country)
    return number if parsed is None else phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def when(moment: datetime, now: datetime) -> str:
    """`just now`, `3 min ago`, `5 h ago`, `Nov 18, 14:03`. Both aware, in the viewer's zone."""
    age = (now - moment).total_seconds()
    ahead = age < 0
    size = abs(age)
    if size < 45:
        return "just now"
    if size < 86_400:
        words = f"{max(1, round(size / 60))} min" if size < 3570 else f"{round(size / 3600)} h"
        return f"in {words}" if ahead else f"{words} ago"
    day = f"{moment:%b} {moment.day}"
    return f"{day}, {moment:%H:%M}" if moment.year == now.year else f"{day}, {moment.year}"


def exact(moment: datetime) -> str:
    """The whole truth, for the hover: `Sat 21 Nov 2026, 14:03:12 CET`."""
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M:%S %Z}"
