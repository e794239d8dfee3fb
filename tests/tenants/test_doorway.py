"""Every view's first line goes through tenants/access.py, or the view is a public door and named here."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver

pytestmark = pytest.mark.unit

# How people get in, and what proves itself by a signature, a ticket or a token instead of a session.
PUBLIC_DOORS = {
    "tenants.people.views.joining.accept_invitation",
    "tenants.people.views.joining.arrive",
    "calls.views.recording.by_link",
    "voiceops.api.nothing.nothing_here",
    "voiceops.views.brand_css",  # follows from its address alone
}
PUBLIC_MODULES = ("allauth.", "drf_spectacular.", "django.", "calls.views.telephony", "tenants.backoffice.")


def views() -> Iterator[Any]:
    waiting = [*get_resolver("voiceops.urls").url_patterns]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, URLPattern):
            yield entry.callback
        elif str(entry.pattern) != "admin/":
            waiting.extend(entry.url_patterns)


def name_of(view: Any) -> str:
    return str(getattr(view, "cls", view).__name__)  # DRF keeps the function's name on the class it makes of it


def source_of(view: Any) -> ast.FunctionDef | None:
    tree = ast.parse(inspect.getsource(sys.modules[view.__module__]))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name_of(view)]
    return found[0] if found else None


def goes_through_the_door(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    names = {node.id for statement in body[:2] for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return "access" in names


def test_every_view_begins_at_the_door():
    astray = []
    for view in views():
        name = f"{view.__module__}.{name_of(view)}"
        if name in PUBLIC_DOORS or view.__module__.startswith(PUBLIC_MODULES):
            continue
        function = source_of(view)
        if function is None or not goes_through_the_door(function):
            astray.append(name)
    assert sorted(set(astray)) == []
