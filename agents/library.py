"""The library: what agents share. One list of its pages, for the tabs on top of each and for the rail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from tenants import access
from tenants.access import Permission


@dataclass(frozen=True)
class Shelf:
    """`view` is the name of its first page."""

    word: str
    view: str
    permission: Permission = Permission.BUILD_AGENTS


SHELVES = (
    Shelf("Knowledge", "knowledge", Permission.VIEW_INTERNALS),
    Shelf("Tools", "tools"),
    Shelf("Templates", "templates"),
)


def shelves(person: Any) -> list[tuple[str, Shelf]]:
    """Those the person may open, each with its address."""
    return [(reverse(shelf.view), shelf) for shelf in SHELVES if access.may(person, shelf.permission)]
