"""Texts with holes."""

from __future__ import annotations

import pytest

from media_worker.flow.templating import holes, render

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("Hello {{name}}.", "Hello Bob."),
        ("Hello {{ name }}.", "Hello Bob."),
        ("Hello {{missing}}, welcome.", "Hello, welcome."),
        ("Hello {{missing|friend}}.", "Hello friend."),
        ("Hello {{empty|friend}}.", "Hello friend."),
        ("{{count}} of {{ratio}}", "3 of 0.5"),
        ("{{flag}}", "yes"),
        ("{{nothing|none}}", "none"),
        ("No holes { here } {{}} {{ }}", "No holes { here } {{}} {{ }}"),
        ("{{name.__class__}}", ""),
        ("{{name!r}} {{1+1}}", "{{name!r}} {{1+1}}"),
        ("{{braces}}", "{{name}}"),
        ("a\n{{name}}", "a\nBob"),
    ],
)
def test_a_text_is_filled(text: str, rendered: str) -> None:
    values = {"name": "Bob", "count": 3, "ratio": 0.5, "flag": True, "nothing": None, "empty": "", "braces": "{{name}}"}
    assert render(text, values) == rendered


def test_a_long_or_broken_text_costs_nothing() -> None:
    assert render("{{" * 50_000, {}) == "{{" * 50_000
    assert len(render("{{name}}", {"name": "x" * 10_000})) == 500


def test_the_holes_are_listed_once() -> None:
    assert holes("{{a}} {{b|x}} {{a}}") == ["a", "b"]
