"""Tags of the agent's editor."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from agents.flow.fields import Field
from agents.library import Shelf, shelves

register = template.Library()


@register.simple_tag
def pick(field: Field) -> SafeString:
    """The list to choose one entry of a field from.

    With many steps a list of steps holds its chosen entry only, and the page fills it when it is opened: five hundred
    steps times as many lists is a slow page.
    """
    declared = field.declared
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((one.value, mark_safe(" selected") if one.chosen else "", one.label) for one in field.entries),
    )
    empty = declared.empty or ("Nothing chosen" if declared.widget != "choice" or declared.optional else "")
    chosen = any(one.chosen for one in field.entries)
    needs_empty = bool(empty) and (not declared.required or not chosen)
    return format_html(
        '<select class="input" id="{}" name="{}"{}>{}{}</select>',
        field.name,
        field.name,
        mark_safe(' data-fill-from="goto-options"') if declared.widget == "node" else "",
        format_html('<option value="">{}</option>', empty) if needs_empty else "",
        options,
    )


@register.simple_tag(takes_context=True)
def library_shelves(context: Context) -> list[tuple[str, Shelf]]:
    """The pages of the library that the viewer may open."""
    return shelves(context["request"].user)


@register.filter
def plain_fields(fields: Iterable[Field]) -> list[Field]:
    return [field for field in fields if not field.declared.advanced]


@register.filter
def advanced_fields(fields: Iterable[Field]) -> list[Field]:
    return [field for field in fields if field.declared.advanced]


@register.filter
def own_fields(fields: Iterable[Field]) -> bool:
    """Whether any of them says more than its default."""
    return any(field.own for field in fields)
