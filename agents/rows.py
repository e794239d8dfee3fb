"""Rows of a draft by their place: `flow.nodes.2.slots.0`, `models.llm_backups.1`, `routing.rules.0`."""

from __future__ import annotations

import copy
from typing import Any


def at(document: Any, place: str) -> Any:
    """What lies there; None where nothing does."""
    here = document
    for part in place.split("."):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here


def appended(document: dict[str, Any], place: str, row: dict[str, Any]) -> dict[str, Any]:
    """The document with one more row at the end of the list at `place`."""
    document = copy.deepcopy(document)
    rows = at(document, place)
    if isinstance(rows, list):
        rows.append(row)
    return document


def removed(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The document without the row at `path`; a path to no row changes nothing."""
    document = copy.deepcopy(document)
    place, _, number = path.rpartition(".")
    rows = at(document, place)
    if isinstance(rows, list) and number.isdigit() and int(number) < len(rows):
        del rows[int(number)]
    return document


def moved(document: dict[str, Any], path: str, by: int) -> dict[str, Any]:
    """The document with the row at `path` one place up (-1) or down (+1)."""
    document = copy.deepcopy(document)
    place, _, number = path.rpartition(".")
    rows = at(document, place)
    if isinstance(rows, list) and number.isdigit() and 0 <= int(number) + by < len(rows) > int(number):
        rows.insert(int(number) + by, rows.pop(int(number)))
    return document
