"""`{{variable}}` and `{{variable|default}}` in spoken texts. No expressions, no nesting, never an error.

A value is inserted as it is and never looked at again, so that braces in a caller's words stay braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from media_worker.contract.expressions.functions import text_of
from media_worker.contract.spec import Scalar

_HOLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]{0,79})\s*(?:\|([^{}]{0,300}))?\}\}")
_SPACES = re.compile(r"[ \t]{2,}")
_BEFORE_MARK = re.compile(r"\s+([,.!?;:])")
LONGEST_VALUE = 500


def render(text: str, values: Mapping[str, Scalar]) -> str:
    """`text` with its holes filled; a missing value leaves its default, or nothing, and no odd spacing."""
    if "{{" not in text:
        return text
    gap = False

    def fill(match: re.Match[str]) -> str:
        nonlocal gap
        value = spoken(values.get(match[1]))
        if value == "":
            value = (match[2] or "").strip()
        gap = gap or value == ""
        return value

    filled = _HOLE.sub(fill, text)
    return _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", filled)).strip() if gap else filled


def spoken(value: Scalar) -> str:
    """A value in a sentence: no `None`, no `3.0`, no line breaks."""
    return " ".join(text_of(value).split())[:LONGEST_VALUE]


def holes(text: str) -> list[str]:
    """The names that `text` asks for, in order, once each."""
    return list(dict.fromkeys(match[1] for match in _HOLE.finditer(text)))
