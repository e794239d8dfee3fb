"""What a flow's shape does not say: steps nobody reaches, circles without listening, questions without words.

Blocking problems would make a call fail or fall silent. Hints are for the builder to weigh.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from agents.flow.problems import Path, Problem, place_of, words
from media_worker.contract.flow import CollectNode, ConversationNode, EndNode, Flow, Intent, Node, SayNode

KNOWN_VARIABLES = frozenset({"caller", "called", "client_name", "agent_name", "timezone"})
_HOLE = re.compile(r"\{\{\s*([^{}|]{0,100}?)\s*(\|[^{}]*)?\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
_TARGETS = ("goto", "next", "give_up", "fallback_goto")


def dangling(document: dict[str, Any]) -> list[Problem]:
    """Arrows of a raw document that lead nowhere, each with its place."""
    flow = document.get("flow")
    if not isinstance(flow, dict) or not isinstance(flow.get("nodes"), list | tuple):
        return []
    ids = {node.get("id") for node in flow["nodes"] if isinstance(node, dict)}
    found = []
    for path, key, target in _arrows(flow, ("flow",)):
        if isinstance(target, str) and target and target not in ids:
            sentence = f"It leads to the step “{words(target)}”, which does not exist."
            found.append(Problem(place_of((*path, key), document), sentence, (*path, key)))
    return found


def _arrows(here: Any, path: Path, depth: int = 0) -> Iterator[tuple[Path, str, Any]]:
    if depth > 8:
        return
    if isinstance(here, dict):
        for key, value in here.items():
            if key in _TARGETS or (key == "start" and path == ("flow",)):
                yield path, key, value
            else:
                yield from _arrows(value, (*path, key), depth + 1)
    elif isinstance(here, list | tuple):
        for number, value in enumerate(here):
            yield from _arrows(value, (*path, number), depth + 1)


def check_flow(flow: Flow, *, llm_free: bool = True) -> list[Problem]:
    """`llm_free`: the built-in engine runs it, so topics live by their examples alone."""
    problems: list[Problem] = []
    if not flow.greeting.strip():
        problems.append(Problem("Greeting", "It is empty: callers would hear nothing.", ("flow", "greeting")))
    reached = _reached(flow)
    for number, node in enumerate(flow.nodes):
        path: Path = ("flow", "nodes", number)
        place = f"Step “{words(node.id)}”"
        problems += _check_node(node, place, path, llm_free=llm_free)
        if node.id not in reached:
            problems.append(Problem(place, "Nothing leads here, so no caller ever gets here.", path, blocking=False))
        if isinstance(node, SayNode) and _circles(flow, node):
            problems.append(Problem(place, "It leads in a circle that never lets the caller speak.", path))
    problems += _check_intents(flow.intents, "Everywhere", ("flow", "intents"), llm_free=llm_free)
    if not any(isinstance(node, EndNode) for node in flow.nodes):
        problems.append(
            Problem("Script", "Nothing ends the call: only the caller can hang up.", ("flow", "nodes"), blocking=False)
        )
    return [*problems, *_check_variables(flow)]


def _check_node(node: Node, place: str, path: Path, *, llm_free: bool) -> list[Problem]:
    problems = []
    if isinstance(node, ConversationNode):
        problems += _check_intents(node.intents, place, (*path, "intents"), llm_free=llm_free)
    elif isinstance(node, CollectNode):
        names = Counter(slot.name for slot in node.slots)
        for number, slot in enumerate(node.slots):
            here, at = f"{place}, question {number + 1}", (*path, "slots", number)
            if not slot.ask.strip():
                problems.append(Problem(here, "The question is empty.", (*at, "ask")))
            if slot.type == "choice" and not slot.choices:
                problems.append(Problem(here, "A choice needs at least one thing to choose.", (*at, "choices")))
            if names[slot.name] > 1:
                problems.append(Problem(here, f"Two questions keep their answer as “{slot.name}”.", (*at, "name")))
    elif isinstance(node, SayNode) and not node.text.strip():
        problems.append(Problem(place, "It says nothing.", (*path, "text"), blocking=False))
    elif isinstance(node, EndNode) and not node.text.strip():
        problems.append(Problem(place, "It hangs up without a goodbye.", (*path, "text"), blocking=False))
    return problems


def _check_intents(intents: tuple[Intent, ...], place: str, path: Path, *, llm_free: bool) -> list[Problem]:
    problems = []
    names = Counter(intent.name for intent in intents)
    for number, intent in enumerate(intents):
        here, at = f"{place}, topic “{words(intent.name)}”", (*path, number)
        if names[intent.name] > 1:
            problems.append(Problem(here, "Two topics have this name.", (*at, "name")))
        if llm_free and not intent.examples:
            sentence = "It has no examples, so the built-in ears will hardly ever hear it."
            problems.append(Problem(here, sentence, (*at, "examples"), blocking=False))
        if not intent.answer.strip() and intent.goto is None:
            sentence = "It has no answer and leads nowhere, so the agent only says “Okay”."
            problems.append(Problem(here, sentence, (*at, "answer"), blocking=False))
    return problems


def _leads_to(node: Node) -> list[str]:
    if isinstance(node, ConversationNode):
        found = [node.fallback_goto, *(intent.goto for intent in node.intents)]
    elif isinstance(node, CollectNode):
        found = [node.next, node.give_up]
    else:
        found = [node.next] if isinstance(node, SayNode) else []
    return [target for target in found if target]


def _reached(flow: Flow) -> set[str]:
    nodes = {node.id: node for node in flow.nodes}
    seen: set[str] = set()
    waiting = [flow.start, *(intent.goto for intent in flow.intents if intent.goto)]
    while waiting:
        node_id = waiting.pop()
        if node_id not in seen:
            seen.add(node_id)
            waiting += _leads_to(nodes[node_id])
    return seen


def _circles(flow: Flow, begin: SayNode) -> bool:
    nodes = {node.id: node for node in flow.nodes}
    seen = {begin.id}
    node: Node = begin
    while isinstance(node, SayNode):
        node = nodes[node.next]
        if node.id in seen:
            return isinstance(node, SayNode)
        seen.add(node.id)
    return False


def _check_variables(flow: Flow) -> list[Problem]:
    """Holes that nothing fills. One without a default leaves a gap in what is said."""
    known = KNOWN_VARIABLES | {slot.name for node in flow.nodes if isinstance(node, CollectNode) for slot in node.slots}
    document = {"flow": flow.model_dump(mode="json")}
    problems = []
    for path, text in _texts(document["flow"], ("flow",)):
        for match in _HOLE.finditer(text):
            name, default = match[1], match[2]
            if not _NAME.fullmatch(name):
                sentence = f"“{{{{{name[:40]}}}}}” is not a variable: use a name such as {{{{day}}}}."
                problems.append(Problem(place_of(path, document), sentence, path, blocking=False))
            elif name not in known and not default:
                sentence = f"Nothing fills {{{{{name}}}}}; it is left out unless the call brings it along."
                problems.append(Problem(place_of(path, document), sentence, path, blocking=False))
    return problems


def _texts(here: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(here, str):
        if "{{" in here:
            yield path, here
    elif isinstance(here, dict):
        for key, value in here.items():
            yield from _texts(value, (*path, key))
    elif isinstance(here, list | tuple):
        for number, value in enumerate(here):
            yield from _texts(value, (*path, number))
