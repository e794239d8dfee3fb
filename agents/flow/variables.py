"""Which variables a flow knows, who fills them, and texts that ask for others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from agents.flow.declared import Found, of_flow
from agents.flow.problems import Path, Places, Problem
from media_worker.contract.expressions import ExpressionError, names
from media_worker.contract.flow import CALL_VARIABLES, CollectNode, ConversationNode, Flow, SetNode, ToolNode

HEARD_ALWAYS = frozenset({"last_said"})
_LATER = frozenset({"last_said", "choice", "outcome"})
"""Variables of every call that are not there before the greeting."""
MOST_HINTS = 100
_HOLE = re.compile(r"\{\{\s*([^{}|]{0,100}?)\s*(\|[^{}]{0,300})?\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
_BRACES = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True)
class Variables:
    """`known`: somebody fills them. `heard`: from what a caller says, straight or through a step that sets variables.
    `early`: there before the greeting."""

    known: frozenset[str]
    heard: frozenset[str]
    early: frozenset[str]


def variables_of(
    flow: Flow, sets: Mapping[str, tuple[str, ...]] | None = None, heard_too: Collection[str] = ()
) -> Variables:
    """`sets`: the variables that each tool may fill, by the tool's name, where that is known. `heard_too`: those that a
    tool fills with what callers say."""
    early = {*CALL_VARIABLES, *(variable.name for variable in flow.variables)} - _LATER
    early |= {name for before in flow.before for name in (sets or {}).get(before.tool, ())}
    heard, assigned, known = {*HEARD_ALWAYS, *heard_too}, [], {*early, *CALL_VARIABLES}
    for node in flow.nodes:
        if isinstance(node, CollectNode):
            heard |= {slot.name for slot in node.slots}
        elif isinstance(node, ConversationNode):
            heard |= {extract.name for extract in node.extract}
        elif isinstance(node, SetNode):
            assigned += [(value.name, value.value) for value in node.values]
    for name in {tool for tool, _ in tools_of(flow)}:
        known |= set((sets or {}).get(name, ()))
    known |= {name for name, _ in assigned}
    return Variables(frozenset(known | heard), frozenset(_through(assigned, heard)), frozenset(early))


def _through(assigned: list[tuple[str, str]], heard: set[str]) -> set[str]:
    """What was heard, and what is set from it, however many steps later."""
    feeds: dict[str, list[str]] = {}
    for name, expression in assigned:
        for asked in names(expression):
            feeds.setdefault(asked, []).append(name)
    found, waiting = set(heard), list(heard)
    while waiting:
        for name in feeds.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def tools_of(flow: Flow) -> Iterator[tuple[str, Path]]:
    """Every tool that a flow may use, with the place where it says so."""
    for number, before in enumerate(flow.before):
        yield before.tool, ("flow", "before", number, "tool")
    for number, node in enumerate(flow.nodes):
        if isinstance(node, ToolNode):
            yield node.tool, ("flow", "nodes", number, "tool")
        elif isinstance(node, ConversationNode):
            for place, tool in enumerate(node.tools):
                yield tool, ("flow", "nodes", number, "tools", place)


def holes(text: str) -> Iterator[tuple[str, str | None]]:
    """What stands between braces in a text, and what is said without it (None: nothing was said about that)."""
    for match in _HOLE.finditer(text):
        yield match[1], match[2][1:] if match[2] is not None else None


def check_variables(flow: Flow, sets: Mapping[str, tuple[str, ...]] | None = None) -> list[Problem]:
    """Holes and expressions that ask for what nothing fills, and braces that are no hole. All hints: the call may bring
    a variable along. Without `sets`, a flow that uses tools may have any variable, and none is called missing."""
    complete = sets is not None or next(tools_of(flow), None) is None
    known = variables_of(flow, sets).known if complete else None
    return list(_limited(_check(flow, known), MOST_HINTS))


def missing_variables(flow: Flow, sets: Mapping[str, tuple[str, ...]]) -> list[Problem]:
    """What `check_variables` could not say without knowing the tools; nothing for a flow without any."""
    if next(tools_of(flow), None) is None:
        return []
    known = variables_of(flow, sets).known
    return list(_limited((p for p in _check(flow, known) if p.sentence.startswith("Nothing ")), MOST_HINTS))


def _limited(found: Iterator[Problem], most: int) -> Iterator[Problem]:
    for number, problem in enumerate(found):
        if number == most:
            return
        yield problem


def _check(flow: Flow, known: frozenset[str] | None) -> Iterator[Problem]:
    places = Places(flow)
    for found in of_flow(flow):
        if found.field.widget == "expression":
            yield from _in_expression(found, known, places)
        elif found.field.template:
            texts = found.value if isinstance(found.value, tuple) else (found.value,)
            for number, text in enumerate(texts):
                path = (*found.path, number) if isinstance(found.value, tuple) else found.path
                if isinstance(text, str) and ("{{" in text or "}}" in text):
                    yield from _in_text(text, path, known, places)


def _in_expression(found: Found, known: frozenset[str] | None, places: Places) -> Iterator[Problem]:
    if known is None or not isinstance(found.value, str):
        return
    try:
        asked = names(found.value)
    except ExpressionError:
        return
    for name in asked:
        if name not in known and name.split(".")[0] not in known:
            sentence = f"Nothing sets “{name}”, so it counts as none unless the call brings it along."
            yield Problem(places(found.path), sentence, found.path, blocking=False)


def _in_text(text: str, path: Path, known: frozenset[str] | None, places: Places) -> Iterator[Problem]:
    said: set[str] = set()
    for name, default in holes(text):
        if name in said:
            continue
        said.add(name)
        if not _NAME.fullmatch(name):
            sentence = f"“{{{{{name[:40]}}}}}” is not a variable: use a name such as {{{{day}}}}."
            yield Problem(places(path), sentence, path, blocking=False)
        elif known is not None and name not in known and not default:
            sentence = f"Nothing fills {{{{{name}}}}}; it is left out unless the call brings it along."
            yield Problem(places(path), sentence, path, blocking=False)
    if _BRACES.search(_HOLE.sub("", text)):
        sentence = "Braces stand here that callers would hear: a variable is written {{day}}, or {{day|that day}}."
        yield Problem(places(path), sentence, path, blocking=False)
