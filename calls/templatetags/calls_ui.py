"""Filters for pages about calls."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from calls.models import Call
from calls.queries import outcomes, sentence
from calls.reasons import meaning
from media_worker.providers.registry import vendor
from voiceops.templatetags.ui import badge

register = template.Library()

register.filter("talked", sentence.talked_seconds)
register.filter("outcome_words", outcomes.words)


@register.filter
def outcome_badge(outcome: str) -> SafeString:
    return badge("outcome", "goal" if outcomes.is_goal(outcome) else "other", word=outcomes.words(outcome))


@register.filter
def about_call(call: Call) -> str:
    """What the player says is playing: `Front desk, 14:03`."""
    name = call.agent.name if call.agent else "Call"
    return f"{name}, {timezone.localtime(call.created_at):%H:%M}"


@register.filter
def seconds_of(ms: int) -> float:
    return ms / 1000


@register.filter
def shown_value(value: Any) -> str:
    """A variable's value as people read it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def variable_word(name: str) -> str:
    """`preferred_day` → `Preferred day`"""
    return name.replace("_", " ").capitalize()


@register.filter
def short_id(key: Any) -> str:
    """Enough of an id to recognise it."""
    return f"{str(key)[:8]}…"


@register.filter
def reason_label(reason: str) -> str:
    return meaning(reason).label


@register.filter
def vendor_label(name: str) -> str:
    """What the vendor calls itself; a vendor that is gone keeps its stored name."""
    try:
        return vendor(name).label
    except KeyError:
        return name


@register.filter
def by_whom(call: Call, internals: bool) -> str:
    """Who ended it, for a list; client people read of people only."""
    if call.status != Call.Status.ENDED or not call.ended_by:
        return ""
    if not internals and call.ended_by not in sentence.PEOPLE:
        return ""
    return str(call.get_ended_by_display()).capitalize()


@register.filter
def fault_words(call: Call) -> str:
    """What failed: the reason of the call's end where it names a fault, otherwise whose it was."""
    known = meaning(call.ended_reason)
    return known.label if known.fault != Call.Fault.NONE else ""
