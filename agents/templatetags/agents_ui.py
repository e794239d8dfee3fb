"""Tags of the agent's editor."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from agents.flow.outline import Outline
from agents.library import Shelf, shelves

register = template.Library()


@register.simple_tag(takes_context=True)
def library_shelves(context: Context) -> list[tuple[str, Shelf]]:
    """The pages of the library that the viewer may open."""
    return shelves(context["request"].user)


@register.simple_tag(takes_context=True)
def goto(context: Context, name: str, value: str, stay: str = "", ident: str = "") -> SafeString:
    """The list of steps to go to. `stay` is the choice of going nowhere.

    With many steps it holds its chosen entry only, and the page fills it when it is opened: five hundred steps times as
    many lists is a slow page.
    """
    outline: Outline = context["outline"]
    offered = [(target, label) for target, label in outline.targets if target == value or not outline.many]
    if value and value not in outline.known:
        offered.append((value, f"{value} (does not exist)"))
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((target, mark_safe(" selected") if target == value else "", label) for target, label in offered),
    )
    return format_html(
        '<select class="input" name="{}"{} aria-label="Goes to"{}>{}{}</select>',
        name,
        format_html(' id="{}"', ident) if ident else "",
        mark_safe(' data-fill-from="goto-options"') if outline.many else "",
        format_html('<option value="">{}</option>', stay) if stay else "",
        options,
    )
