"""Filters for pages about calls."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from calls.models import Call
from calls.queries import outcomes, sentence
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
