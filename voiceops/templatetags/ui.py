"""Tags of every page; loaded as built-ins, so that no template loads them. templates/components/README.md shows each."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from media_worker.providers import registry
from voiceops.lib import assets
from voiceops.lib import format as form
from voiceops.lib.status import status

register = template.Library()

register.filter("duration", form.duration)
register.filter("ms", form.milliseconds)
register.filter("number", form.number)


def _country(context: Context) -> str:
    return getattr(context.get("agency"), "country", "") or "US"


@register.simple_tag
def asset(name: str) -> str:
    """The address of a file of static/dist; it changes when the file does."""
    return f"{static(name)}?v={assets.version(name)}"


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """`{% icon "phone" %}`; `size` is "", "sm" or "lg"; `label` only where no word stands beside it."""
    if settings.DEBUG and name not in assets.manifest().icons:
        raise template.TemplateSyntaxError(f"The icon “{name}” is not in the sprite: run `make assets`.")
    classes = f"icon icon-{size}" if size else "icon"
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#{}"/></svg>', classes, spoken, asset("icons.svg"), name)


@register.simple_tag
def badge(kind: str, value: Any, word: str = "", plain: bool = False) -> SafeString:
    """`{% badge "call" call.status %}`: icon, word and tone from `voiceops.lib.status`. `plain` without its ground."""
    known = status(kind, value)
    tone = f"{known.tone} plain" if plain else known.tone
    return format_html('<span class="badge {}">{}{}</span>', tone, icon(known.icon), word or known.word)


@register.simple_tag
def tone_badge(word: str, tone: str, picture: str) -> SafeString:
    """A badge for a word that is no status: `{% tone_badge "Built-in" "plain" "box" %}`."""
    return format_html('<span class="badge {}">{}{}</span>', tone, icon(picture), word)


@register.simple_tag
def copy(value: str, shown: str = "", what: str = "Copy") -> SafeString:
    """The value with a button that copies it. `shown` where the page shows something shorter."""
    return format_html(
        '<span class="copy"><span class="tnum">{}</span>'
        '<button type="button" data-copy="{}" aria-label="{}" title="{}">{}</button></span>',
        shown or value,
        value,
        what,
        what,
        icon("copy", "sm"),
    )


@register.simple_tag(takes_context=True)
def phone(context: Context, number: str, plain: bool = False) -> SafeString | str:
    """A phone number in national form with a copy button; `plain=True` without."""
    shown = form.phone(number or "", _country(context))
    if plain or not number or not shown.strip("—") or shown == "Browser":
        return shown
    return copy(form.e164(number, _country(context)), shown, "Copy number")


@register.simple_tag
def when(moment: datetime | None, absolute: bool = False) -> SafeString | str:
    """`3 min ago`, kept true by the page; the exact time on hover. `absolute=True`: `Nov 21, 14:03:12`."""
    if moment is None:
        return form.NOTHING
    local, now = timezone.localtime(moment), timezone.localtime()
    words = f"{local:%b} {local.day}, {local:%H:%M:%S}" if absolute else form.when(local, now)
    relative = "" if absolute or abs((now - local).total_seconds()) >= 86_400 else mark_safe(" data-relative")
    return format_html(
        '<time class="tnum" datetime="{}" title="{}"{}>{}</time>',
        local.isoformat(),
        form.exact(local),
        relative,
        words,
    )


@register.simple_tag
def since(moment: datetime | None) -> SafeString | str:
    """A clock that runs since the moment: for calls that are live."""
    if moment is None:
        return form.NOTHING
    elapsed = form.duration(timezone.now() - moment)
    return format_html('<time class="tnum" datetime="{}" data-since>{}</time>', moment.isoformat(), elapsed)


@register.filter
def status_word(value: Any, kind: str) -> str:
    """`{{ call.status|status_word:"call" }}`"""
    return status(kind, value).word


@register.filter
def vendor(name: str) -> str:
    """A vendor as people call it: `builtin` → `Built in`."""
    try:
        return registry.vendor(name).label
    except KeyError:
        return name


@register.filter
def toast_tone(tags: str) -> str:
    """Django's message tags as one of our tones."""
    words = set((tags or "").split())
    for tone, names in (("bad", {"error", "bad"}), ("warn", {"warning", "warn"}), ("good", {"success", "good"})):
        if words & names:
            return tone
    return "plain"


@register.filter
def pattern(text: str) -> str:
    """The text itself as an HTML pattern: what must be typed letter by letter."""
    return re.sub(r"([\\^$.*+?()\[\]{}|/\-&!#%,:;<=>@`~])", r"\\\1", text)


@register.filter
def initial(name: str) -> str:
    return next((letter.upper() for letter in name or "" if letter.isalnum()), "V")


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The page's own query with these parameters changed; an empty value removes one. Paging never survives a change."""
    request = context["request"]
    parameters = request.GET.copy()
    if "cursor" not in changes:
        parameters.pop("cursor", None)
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return "?" + parameters.urlencode()


@register.simple_tag
def sparkline(values: list[float] | None, label: str = "") -> SafeString:
    """Seven or so numbers as a line, 84 by 24. `label` says in words what it shows."""
    numbers = [float(value or 0) for value in values or []]
    top = max(numbers, default=0.0) or 1.0
    step = 80 / max(1, len(numbers) - 1)
    points = " ".join(f"{2 + i * step:.1f},{21 - 18 * value / top:.1f}" for i, value in enumerate(numbers))
    return format_html(
        '<svg class="spark" viewBox="0 0 84 24" role="img" aria-label="{}">'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/></svg>',
        label,
        points,
    )


STAGES = (
    ("Hears the end", "speech_end_ms", "turn_end_ms", "wait"),
    ("Speech to text", "turn_end_ms", "stt_final_ms", "stt"),
    ("Route", "stt_final_ms", "llm_start_ms", "wait"),
    ("Model, first word", "llm_start_ms", "llm_first_ms", "llm"),
    ("Voice, first sound", "tts_start_ms", "tts_first_ms", "tts"),
    ("On the wire", "tts_first_ms", "on_wire_ms", "wire"),
)


@register.simple_tag
def waterfall(stages: dict[str, Any] | None) -> SafeString:
    """A turn's `stages` (the latency event's fields and `on_wire_ms`) as bars on one axis, in milliseconds."""
    moments = stages or {}
    known = [
        (name, moments[start], max(moments[start], moments[end]), style)
        for name, start, end, style in STAGES
        if moments.get(start) is not None and moments.get(end) is not None
    ]
    if not known:
        return mark_safe("")
    zero = min(start for _, start, _, _ in known)
    span = max(1, max(end for _, _, end, _ in known) - zero)
    # Percentages, so that the bars follow the width of the page while the words keep their size.
    left, width, row = 36.0, 44.0, 24
    bars = format_html_join(
        "",
        '<text class="name" x="0" y="{}">{}</text>'
        '<rect class="bar-{}" x="{}%" y="{}" width="{}%" height="10" rx="2"/>'
        '<text class="value" x="100%" y="{}" text-anchor="end">{}</text>',
        (
            (
                i * row + 16,
                name,
                style,
                round(left + width * (start - zero) / span, 2),
                i * row + 7,
                round(max(0.6, width * (end - start) / span), 2),
                i * row + 16,
                form.milliseconds(end - start),
            )
            for i, (name, start, end, style) in enumerate(known)
        ),
    )
    height = len(known) * row
    return format_html(
        '<svg class="waterfall" width="100%" height="{}" role="img" aria-label="Stages of the reply, {} in all">'
        '<line class="axis" x1="{}%" x2="{}%" y1="0" y2="{}"/>{}</svg>',
        height,
        form.milliseconds(span),
        left,
        left,
        height,
        bars,
    )
