"""`{{name}}` and `{{name|default}}` in what a tool sends. What is filled in stays a value: it is quoted in an address,
a JSON value in a body, one line in a header, and braces in it are only braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from media_worker.contract.tools import Scalar

_HOLE = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,39})\s*(?:\|([^{}]{0,300}))?\}\}")
_ANY = re.compile(r"\{\{|\}\}")

Values = Mapping[str, Scalar]


def holes(*texts: str) -> list[str]:
    """The names that are asked for, once each."""
    return list(dict.fromkeys(match[1] for text in texts for match in _HOLE.finditer(text)))


def unreadable(text: str) -> bool:
    """Whether there are braces that are no hole."""
    return bool(_ANY.search(_HOLE.sub("", text)))


def as_text(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def _filled(text: str, values: Values, as_part: Callable[[str], str]) -> str:
    def fill(match: re.Match[str]) -> str:
        value = as_text(values.get(match[1]))
        return as_part(value if value else (match[2] or "").strip())

    return _HOLE.sub(fill, text)


def in_text(text: str, values: Values) -> str:
    return _filled(text, values, lambda value: value)


def in_header(text: str, values: Values) -> str:
    """On one line, in characters that a header may have."""
    line = _filled(text, values, lambda value: " ".join(value.split()))
    return line if line.isascii() and line.isprintable() else quote(line, safe=" !#$&'()*+,/:;=?@[]~{}|\"<>^`\\%")


def in_address(text: str, values: Values) -> str:
    """Quoted, so that a value stays one segment of the path or one value of the query.

    Raises ValueError for a value that would walk to another path.
    """

    def part(value: str) -> str:
        if value in (".", ".."):
            raise ValueError("A value of “.” or “..” may not stand in an address.")
        return quote(value, safe="")

    return _filled(text, values, part)


def in_json(document: Any, values: Values) -> Any:
    """A hole that is a whole text becomes the value with its type (null, when there is none); others become text."""
    if isinstance(document, str):
        whole = _HOLE.fullmatch(document.strip())
        if whole is None:
            return in_text(document, values)
        value = values.get(whole[1])
        return value if value not in (None, "") or whole[2] is None else whole[2].strip()
    if isinstance(document, dict):
        return {key: in_json(value, values) for key, value in document.items()}
    if isinstance(document, list):
        return [in_json(value, values) for value in document]
    return document


def parsed_json(text: str) -> Any:
    """A JSON template: holes stand in quotes, or bare where a value stands. Raises ValueError in words."""
    try:
        return json.loads(_with_quotes(text))
    except RecursionError:
        raise ValueError("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None


def _with_quotes(text: str) -> str:
    """`{"guests": {{guests}}}` is understood as `{"guests": "{{guests}}"}`: the value keeps its type either way."""
    pieces, inside, at = [], False, 0
    for match in re.finditer(r'\\.|"|\{\{[^{}]*\}\}', text):
        pieces.append(text[at : match.start()])
        piece, at = match[0], match.end()
        if piece == '"':
            inside = not inside
        pieces.append(json.dumps(piece) if piece.startswith("{{") and not inside else piece)
    return "".join(pieces) + text[at:]


def host_is_fixed(address: str) -> bool:
    """Whether scheme, host and port come from the configuration alone."""
    head = re.match(r"https?://[^/?#]*", address)
    return head is not None and "{" not in head[0] and "}" not in head[0] and bool(urlsplit(head[0]).hostname)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def at(document: Any, path: str) -> Scalar:
    """The value at `data.items.0.name` (`items[0]` and a leading `$.` are understood); None when there is none. A list
    or an object comes as JSON text."""
    here = document
    for step in _steps(path):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and re.fullmatch(r"-?\d{1,6}", step) and -len(here) <= int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    if isinstance(here, str | int | float | bool) or here is None:
        return here
    return json.dumps(here, ensure_ascii=False)


def _steps(path: str) -> Iterator[str]:
    for step in re.sub(r"\[(-?\d+)\]", r".\1", path.strip().removeprefix("$")).split("."):
        if step:
            yield step


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    have = set(known)
    return [name for name in names if name not in have]
