"""Expressions that are written well and still say something that can never be, as far as that can be told.

All hints, beside the field: `weekday() == "munday"`, a choice that no question offers, a case that an earlier one takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from agents.flow.declared import Path, of_flow
from agents.flow.problems import Places, Problem
from media_worker.contract.expressions.functions import number_of
from media_worker.contract.expressions.parsing import (
    Binary,
    Call,
    ExpressionError,
    Listing,
    Literal,
    Scalar,
    Tree,
    Unary,
    Variable,
    parse,
)
from media_worker.contract.flow import CollectNode, ConversationNode, Extract, Flow, SetNode, Slot, When

MOST_HINTS = 100
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SAMENESS = ("==", "!=", "in", "not in")
_ORDER = ("<", "<=", ">", ">=")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])")
_YES_NO = ("yes", "no", "true", "false")


def check_rules(flow: Flow) -> list[Problem]:
    problems: list[Problem] = []
    places, answers = Places(flow), _answers(flow)
    for found in of_flow(flow):
        if len(problems) >= MOST_HINTS:
            break
        if found.field.model is When:
            problems += _shadowed(found.value, found.path, places)
        elif found.field.widget == "expression" and isinstance(found.value, str):
            for sentence in _impossible(found.value, answers):
                problems.append(Problem(places(found.path), sentence, found.path, blocking=False))
    return problems


def _shadowed(rules: Sequence[When], path: Path, places: Places) -> Iterator[Problem]:
    """Ways that another before them takes every time."""
    seen: dict[Tree, int] = {}
    always: int | None = None
    for number, rule in enumerate(rules):
        tree, here = parse(rule.when), (*path, number, "when")
        sentence = ""
        if always is not None:
            sentence = f"It is never taken: number {always + 1} before it always holds."
        elif tree in seen:
            sentence = f"It is never taken: number {seen[tree] + 1} before it says the same."
        elif isinstance(tree, Literal):
            if _true(tree.value):
                always = number
            else:
                sentence = "It never holds."
        seen.setdefault(tree, number)
        if sentence:
            yield Problem(places(here), sentence, here, blocking=False)


def _true(value: Scalar) -> bool:
    return value.strip().lower() not in ("", "no", "false", "0", "none") if isinstance(value, str) else bool(value)


Answers = dict[str, Slot | Extract]


def _answers(flow: Flow) -> Answers:
    """Variables whose values are known to be of one kind: a single question keeps them, and nothing else."""
    found: dict[str, list[Slot | Extract | None]] = {}
    for variable in flow.variables:
        found.setdefault(variable.name, []).append(None)
    for node in flow.nodes:
        if isinstance(node, CollectNode):
            for slot in node.slots:
                found.setdefault(slot.name, []).append(slot)
        elif isinstance(node, ConversationNode):
            for extract in node.extract:
                found.setdefault(extract.name, []).append(extract)
        elif isinstance(node, SetNode):
            for value in node.values:
                found.setdefault(value.name, []).append(None)
    return {name: one for name, (one, *more) in found.items() if one is not None and not more}


def _impossible(text: str, answers: Answers) -> Iterator[str]:
    """What an expression compares in vain, in sentences, once each."""
    try:
        waiting: list[Tree] = [parse(text)]
    except ExpressionError:
        return
    said: set[str] = set()
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, Unary):
            waiting.append(tree.operand)
        elif isinstance(tree, Call):
            waiting += tree.arguments
        elif isinstance(tree, Binary):
            waiting += [tree.left, tree.right]
            for sentence in _sentences(tree, answers):
                if sentence not in said:
                    said.add(sentence)
                    yield sentence


def _sentences(tree: Binary, answers: Answers) -> Iterator[str]:
    for side, other in ((tree.left, tree.right), (tree.right, tree.left)):
        if side is tree.right and tree.operator in ("in", "not in"):
            continue
        values = [item.value for item in other.items if isinstance(item, Literal)] if isinstance(other, Listing) else []
        if isinstance(other, Literal) and not (tree.operator in ("in", "not in") and isinstance(other.value, str)):
            values = [other.value]
        for value in values:
            sentence = _sentence(side, tree.operator, value, answers)
            if sentence:
                yield sentence


def _sentence(side: Tree, operator: str, value: Scalar, answers: Answers) -> str:
    if value is None or operator not in _SAMENESS + _ORDER:
        return ""
    if isinstance(side, Call):
        return _CALLS[side.function](value, operator) if side.function in _CALLS else ""
    if isinstance(side, Variable) and side.name in answers:
        return _of_answer(side.name, answers[side.name], operator, value)
    return ""


def _of_answer(name: str, answer: Slot | Extract, operator: str, value: Scalar) -> str:
    if answer.type == "choice" and operator in _SAMENESS and answer.choices:
        if str(value).strip().casefold() not in {choice.strip().casefold() for choice in answer.choices}:
            return f"“{name}” is never “{value}”: it is one of {_some(answer.choices)}."
    elif answer.type == "yes_no" and not isinstance(value, bool):
        if str(value).strip().casefold() not in _YES_NO:
            return f"“{name}” is yes or no, and never “{value}”."
    elif answer.type == "number" and not isinstance(value, bool) and number_of(value) is None and str(value):
        return f"“{name}” is a number, and never “{value}”."
    elif answer.type == "date" and isinstance(value, str) and value and not _DAY.fullmatch(value):
        weekday = " Ask for weekday(" + name + ")." if value.casefold() in _WEEKDAYS else ""
        return f"“{name}” is kept as a date such as 2026-11-21, and never “{value}”.{weekday}"
    elif answer.type == "time" and isinstance(value, str) and value and not _CLOCK.fullmatch(value):
        return f"“{name}” is kept as a time such as 09:05, and never “{value}”."
    return ""


def _some(choices: Sequence[str]) -> str:
    shown = ", ".join(f"“{choice}”" for choice in choices[:6])
    return f"{shown} …" if len(choices) > 6 else shown


def _weekday(value: Scalar, operator: str) -> str:
    if operator in _SAMENESS and str(value).strip().casefold() not in _WEEKDAYS:
        return f"weekday() is never “{value}”: it is monday, tuesday … sunday."
    return "weekday() is a word: compare it with == or in." if operator in _ORDER else ""


def _hour(value: Scalar, operator: str) -> str:
    hour = number_of(value)
    if hour is None or (not 0 <= hour <= 23 and not (hour == 24 and operator in _ORDER)):
        return f"hour() is never “{value}”: it is 0 to 23."
    return ""


def _now(value: Scalar, operator: str) -> str:
    if not _CLOCK.fullmatch(str(value)):
        return f"now() is written as 09:05, with two digits for the hour; “{value}” is not."
    return ""


def _today(value: Scalar, operator: str) -> str:
    return "" if _DAY.fullmatch(str(value)) else f"today() is written as 2026-11-21; “{value}” is not."


_CALLS: dict[str, Callable[[Scalar, str], str]] = {"weekday": _weekday, "hour": _hour, "now": _now, "today": _today}
