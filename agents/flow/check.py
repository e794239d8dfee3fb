"""What a flow's shape does not say: steps nobody reaches, circles without listening, questions without words.

Blocking problems would make a call fail or fall silent. Hints are for the builder to weigh. All of it is told from what
the kinds declare (`exits`, `About.listens`, the fields), and takes one walk over the flow each: `read` runs on every
pause of somebody who types. What only the database knows is for `agents.flow.references`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agents.flow.declared import Path, of_flow
from agents.flow.hours import check_hours
from agents.flow.problems import Problem, place_of, words
from agents.flow.rules import check_rules
from agents.flow.transfers import check_transfers
from agents.flow.variables import check_variables
from media_worker.contract.flow import (
    CollectNode,
    ConversationNode,
    EndNode,
    Flow,
    Intent,
    MenuNode,
    Node,
    Option,
    SayNode,
    VoicemailNode,
)

MOST_LOOSE_ENDS = 50


def dangling(document: dict[str, Any]) -> list[Problem]:
    """Arrows of a raw document that lead nowhere, each with its place; the first fifty."""
    flow = document.get("flow")
    if not isinstance(flow, dict) or not isinstance(flow.get("nodes"), list | tuple):
        return []
    ids = {str(node.get("id")) for node in flow["nodes"] if isinstance(node, dict)}
    found: list[Problem] = []
    for path, declared, target in ((f.path, f.field, f.value) for f in of_flow(flow)):
        if declared.widget != "node" or not isinstance(target, str) or not target or target in ids:
            continue
        sentence = f"It leads to the step “{words(target[:60])}”, which does not exist."
        found.append(Problem(place_of(path, document), sentence, path))
        if len(found) == MOST_LOOSE_ENDS:
            break
    return found


def check_flow(flow: Flow, *, llm_free: bool = True) -> list[Problem]:
    """`llm_free`: the built-in engine runs it, so topics live by their examples alone."""
    problems: list[Problem] = []
    if not flow.greeting.strip():
        problems.append(Problem("Greeting", "It is empty: callers would hear nothing.", ("flow", "greeting")))
    reached, circles = _reached(flow), _circles(flow)
    for number, node in enumerate(flow.nodes):
        path: Path = ("flow", "nodes", number)
        place = f"Step “{words(node.id)}”"
        problems += _check_node(node, place, path, llm_free=llm_free)
        if node.id not in reached:
            problems.append(Problem(place, "Nothing leads here, so no caller ever gets here.", path, blocking=False))
        if node.id in circles:
            sentence = f"It leads in a circle that never lets the caller speak{circles[node.id]}."
            problems.append(Problem(place, sentence, path))
    problems += _check_intents(flow.intents, "Everywhere", ("flow", "intents"), llm_free=llm_free)
    problems += _check_variables_asked_for(flow)
    if not any(node.about.group == "Finish" for node in flow.nodes):
        problems.append(
            Problem("Script", "Nothing ends the call: only the caller can hang up.", ("flow", "nodes"), blocking=False)
        )
    problems += [*check_transfers(flow), *check_hours(flow.hours)]
    return [*problems, *check_rules(flow), *check_variables(flow)]


def _check_node(node: Node, place: str, path: Path, *, llm_free: bool) -> list[Problem]:
    problems = []
    if isinstance(node, ConversationNode):
        problems += _check_intents(node.intents, place, (*path, "intents"), llm_free=llm_free)
        if node.decisions and llm_free:
            sentence = "The built-in mind is no language model, so it takes none of the ways out the model decides."
            problems.append(Problem(place, sentence, (*path, "decisions"), blocking=False))
    elif isinstance(node, CollectNode):
        names = Counter(slot.name for slot in node.slots)
        for number, slot in enumerate(node.slots):
            here, at = f"{place}, question {number + 1}", (*path, "slots", number)
            if not slot.ask.strip():
                problems.append(Problem(here, "The question is empty.", (*at, "ask")))
            if slot.type == "choice" and not slot.choices:
                problems.append(Problem(here, "A choice needs at least one thing to choose.", (*at, "choices")))
            if slot.type == "code" and not slot.pattern:
                sentence = "Without a pattern any code is taken as it is heard."
                problems.append(Problem(here, sentence, (*at, "pattern"), blocking=False))
            if names[slot.name] > 1:
                problems.append(Problem(here, f"Two questions keep their answer as “{slot.name}”.", (*at, "name")))
    elif isinstance(node, MenuNode):
        problems += _check_menu(node, place, path)
    elif isinstance(node, SayNode) and not node.text.strip():
        problems.append(Problem(place, "It says nothing.", (*path, "text"), blocking=False))
    elif isinstance(node, VoicemailNode) and not node.text.strip():
        problems.append(Problem(place, "The message is empty: it would leave silence.", (*path, "text")))
    elif isinstance(node, EndNode) and not node.text.strip():
        problems.append(Problem(place, "It hangs up without a goodbye.", (*path, "text"), blocking=False))
    return problems


def _check_menu(node: MenuNode, place: str, path: Path) -> Iterator[Problem]:
    if not node.text.strip():
        yield Problem(place, "It does not say what there is to choose.", (*path, "text"))
    yield from _twice(node.options, place, (*path, "options"), "digit", "Two choices have the key {}.")
    yield from _twice(node.options, place, (*path, "options"), "name", "Two choices have this name.")


def _twice(options: Sequence[Option], place: str, path: Path, name: str, sentence: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, option in enumerate(options):
        value = str(getattr(option, name))
        if value and value in seen:
            here = f"{place}, choice “{words(option.name)}”"
            yield Problem(here, sentence.format(value), (*path, number, name))
        seen.add(value)


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


def _check_variables_asked_for(flow: Flow) -> Iterator[Problem]:
    names = Counter(variable.name for variable in flow.variables)
    for number, variable in enumerate(flow.variables):
        if names[variable.name] > 1:
            sentence = f"Two variables are called “{variable.name}”."
            yield Problem(f"Variable {number + 1}", sentence, ("flow", "variables", number, "name"))


# ── the graph ────────────────────────────────────────────────────────────────────────────────────


def _reached(flow: Flow) -> set[str]:
    seen: set[str] = set()
    waiting = [flow.start, *(intent.goto for intent in flow.intents if intent.goto)]
    while waiting:
        node_id = waiting.pop()
        if node_id not in seen:
            seen.add(node_id)
            waiting += [way.target for way in flow.node(node_id).exits()]
    return seen


def _circles(flow: Flow) -> dict[str, str]:
    """Every step that lies on a circle of steps none of which waits for the caller, with the circle in words."""
    ways = {
        node.id: [way.target for way in node.exits() if not flow.node(way.target).about.listens]
        for node in flow.nodes
        if not node.about.listens
    }
    found: dict[str, str] = {}
    for knot in _knots(ways):
        if len(knot) == 1 and knot[0] not in ways[knot[0]]:
            continue
        inside = set(knot)
        for begin in knot:
            found[begin] = _told(begin, ways, inside) if len(knot) <= 12 else ""
    return found


def _told(begin: str, ways: dict[str, list[str]], inside: set[str]) -> str:
    """The shortest way from a step back to itself: “: a → b → a”."""
    came: dict[str, str] = {}
    waiting = [begin]
    for here in waiting:
        if begin in ways[here]:
            back = [begin, here]
            while back[-1] != begin:
                back.append(came[back[-1]])
            return ": " + " → ".join(words(step) for step in reversed(back))
        for target in ways[here]:
            if target in inside and target not in came:
                came[target] = here
                waiting.append(target)
    return ""


def _knots(ways: dict[str, list[str]]) -> Iterable[list[str]]:
    """The strongly connected parts of a graph (Tarjan's, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    held: list[str] = []
    on: set[str] = set()
    for root in ways:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        held.append(root)
        on.add(root)
        walk = [(root, iter(ways[root]))]
        while walk:
            here, targets = walk[-1]
            for target in targets:
                if target not in order:
                    order[target] = low[target] = len(order)
                    held.append(target)
                    on.add(target)
                    walk.append((target, iter(ways[target])))
                    break
                if target in on:
                    low[here] = min(low[here], order[target])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[here])
                if low[here] == order[here]:
                    knot: list[str] = []
                    while not knot or knot[-1] != here:
                        knot.append(held.pop())
                        on.discard(knot[-1])
                    yield knot
