"""`[[name]]` in a document: put in where the master agent says what differs, filled for each instance.

A template's document is an `AgentContent` document in which any text may hold holes. `[[phone]]` is a number as it is
dialled, `[[phone|national]]` as it is written, `[[phone|spoken]]` as it is said. Opening hours are a hole of their own
(`flow.hours`), and words wherever they stand in a text. In an expression a value stands between quotes, escaped, or
is a checked number: it can never become a part of the expression itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from agents.content import LARGEST_DRAFT, UNHEARD
from agents.templating.hours import hours_in_words, read_hours
from agents.templating.parameters import Kind, Parameter, Parameters, Values, national, spoken
from agents.templating.places import Path, is_expression, is_free_text
from voiceops.lib.errors import InvalidInput

HOLE = re.compile(r"\[\[([a-z][a-z0-9_]{0,39})(?:\|(national|spoken))?\]\]")
_QUOTED = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*'|“[^”]*”", re.DOTALL)
_KEPT = re.compile(r"(\{\{[^{}|]{0,100}|\[clip:[^\]]{0,60}\]|\[\[[a-z0-9_|]{1,60}\]\])")
"""What is no text: a variable's name, a clip, a hole that is there already."""


class _Room:
    """How much a document may still grow: a hole in every line times a long value is a bomb."""

    def __init__(self) -> None:
        self.left = 2 * LARGEST_DRAFT

    def take(self, text: str) -> str:
        self.left -= len(text)
        if self.left < 0:
            raise InvalidInput("With these values the script becomes larger than a script may be.")
        return text


def holes(document: Any) -> list[str]:
    """The names of all holes, in order, once each."""
    found: dict[str, None] = {}
    for _, text in texts_of(document):
        for match in HOLE.finditer(text):
            found[match[1]] = None
    return list(found)


def filled(document: dict[str, Any], parameters: Parameters, values: Values) -> dict[str, Any]:
    """The document with every hole filled. `values` are checked ones (`parameters.fill_in`).

    Raises InvalidInput when it would grow too large, or a hole stands where a value cannot.
    """
    kinds = {parameter.name: parameter.kind for parameter in parameters}
    room = _Room()

    def put(match: re.Match[str]) -> str:
        if match[1] not in kinds:
            return match[0]
        return room.take(said(kinds[match[1]], values.get(match[1], ""), match[2] or ""))

    def fill(path: Path, text: str) -> Any:
        if "[[" not in text:
            return text
        whole = HOLE.fullmatch(text)
        if path == ("flow", "hours") and whole and kinds.get(whole[1]) == "hours":
            return read_hours(values[whole[1]]).model_dump(mode="json")
        if is_expression(path):
            return _in_expression(text, kinds, put)
        return HOLE.sub(put, room.take(text))

    filled_in: dict[str, Any] = _mapped(document, (), fill)
    return filled_in


def _in_expression(text: str, kinds: dict[str, Kind], put: Callable[[re.Match[str]], str]) -> str:
    parts, at = [], 0

    def bare(piece: str) -> str:
        for match in HOLE.finditer(piece):
            if kinds.get(match[1]) not in (None, "number"):
                raise InvalidInput(f"In the rule “{text[:80]}” the hole [[{match[1]}]] has to stand between quotes.")
        return HOLE.sub(put, piece)

    for literal in _QUOTED.finditer(text):
        parts.append(bare(text[at : literal.start()]))
        parts.append(_in_quotes(literal[0], put))
        at = literal.end()
    return "".join([*parts, bare(text[at:])])


def _in_quotes(literal: str, put: Callable[[re.Match[str]], str]) -> str:
    if not HOLE.search(literal):
        return literal
    begin, inner = literal[0], literal[1:-1]
    if begin == "“":
        begin, inner = '"', inner.replace('"', '\\"')
    return begin + HOLE.sub(lambda match: re.sub(rf"([\\{begin}])", r"\\\1", put(match)), inner) + begin


def said(kind: Kind, value: str, form: str = "") -> str:
    """A value as it stands in a text."""
    if kind == "hours" and value:
        return hours_in_words(read_hours(value))
    if kind == "phone" and value and form:
        return national(value) if form == "national" else spoken(value)
    return value


def with_holes(document: dict[str, Any], parameters: Parameters) -> dict[str, Any]:
    """The master's document as a template: every text that a parameter stands for becomes its hole."""
    words: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for parameter in parameters:
        for text, hole in _spellings(parameter):
            words.setdefault(text, hole)
            if parameter.kind == "number":
                numbers.setdefault(text, hole)
    find = _finder(words)
    find_numbers = _finder(numbers, beside=r"[\w.]")

    def hollow(path: Path, text: str) -> Any:
        if is_expression(path):
            return _hollow_expression(text, find, find_numbers)
        return find(text) if is_free_text(path) else text

    made: dict[str, Any] = _mapped(document, (), hollow)
    for parameter in parameters:
        if parameter.kind == "hours":
            made["flow"]["hours"] = f"[[{parameter.name}]]"
        elif parameter.kind == "voice":
            made["models"]["tts"].setdefault("options", {})["voice"] = f"[[{parameter.name}]]"
    return made


def translated(document: dict[str, Any], parameters: Parameters, values: Values) -> dict[str, Any]:
    """Any document of the master's world (a test, for example) with the values of an instance for the master's own."""
    words = {text: hole for parameter in parameters for text, hole in _spellings(parameter)}
    find, kinds = _finder(words), {parameter.name: parameter.kind for parameter in parameters}

    def put(match: re.Match[str]) -> str:
        return said(kinds[match[1]], values.get(match[1], ""), match[2] or "") if match[1] in kinds else match[0]

    changed: dict[str, Any] = _mapped(document, (), lambda _, text: HOLE.sub(put, find(text)))
    return changed


def _spellings(parameter: Parameter) -> Iterator[tuple[str, str]]:
    text = parameter.stands_for.strip()
    if not text or parameter.kind == "voice":
        return
    yield text, f"[[{parameter.name}]]"
    if parameter.kind == "phone" and text.startswith("+"):
        yield national(text), f"[[{parameter.name}|national]]"
        yield spoken(text), f"[[{parameter.name}|spoken]]"


def _finder(words: dict[str, str], beside: str = r"\w") -> Callable[[str], str]:
    """Replaces whole words, the longest first, in one pass, and leaves variables and clips alone. What matches `beside`
    next to a word makes it a part of a longer one."""
    if not words:
        return lambda text: text
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile(rf"(?<!{beside})(?:{'|'.join(map(re.escape, longest_first))})(?!{beside})")

    def find(text: str) -> str:
        pieces = _KEPT.split(text)
        return "".join(
            piece if number % 2 else pattern.sub(lambda match: words[match[0]], piece)
            for number, piece in enumerate(pieces)
        )

    return find


def _hollow_expression(text: str, find: Callable[[str], str], find_numbers: Callable[[str], str]) -> str:
    parts, at = [], 0
    for literal in _QUOTED.finditer(text):
        parts += [find_numbers(text[at : literal.start()]), find(literal[0])]
        at = literal.end()
    return "".join([*parts, find_numbers(text[at:])])


def _mapped(here: Any, path: Path, change: Callable[[Path, str], Any]) -> Any:
    if isinstance(here, str):
        return change(path, here)
    if isinstance(here, dict):
        return {
            key: value if not path and key in UNHEARD else _mapped(value, (*path, key), change)
            for key, value in here.items()
        }
    if isinstance(here, list | tuple):
        return [_mapped(value, (*path, number), change) for number, value in enumerate(here)]
    return here


def texts_of(here: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text of a document with its place."""
    if isinstance(here, str):
        yield path, here
    elif isinstance(here, dict):
        for key, value in here.items():
            if path or key not in UNHEARD:
                yield from texts_of(value, (*path, key))
    elif isinstance(here, list | tuple):
        for number, value in enumerate(here):
            yield from texts_of(value, (*path, number))
