"""Trees become closures once, and are called as often as a call needs them: some microseconds each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from media_worker.contract.expressions.functions import (
    FUNCTIONS,
    LONGEST_TEXT,
    Surroundings,
    Value,
    matches,
    number_of,
    text_of,
)
from media_worker.contract.expressions.parsing import (
    Call,
    Listing,
    Literal,
    Scalar,
    Tree,
    Unary,
    Variable,
    parse,
)

LARGEST = 1e15
NOWHERE = Surroundings()

Run = Callable[[Mapping[str, Scalar], Surroundings], Value]


@dataclass(frozen=True)
class Expression:
    """An expression that can be evaluated. `text` is what was written."""

    text: str
    run: Run

    def value(self, variables: Mapping[str, Scalar], at: Surroundings = NOWHERE) -> Scalar:
        """Its value; a list becomes text."""
        found = self.run(variables, at)
        return found if found is None or isinstance(found, str | int | float | bool) else text_of(found)

    def holds(self, variables: Mapping[str, Scalar], at: Surroundings = NOWHERE) -> bool:
        return _true(self.run(variables, at))


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """Raises ExpressionError."""
    return Expression(text, _build(parse(text)))


def value_of(text: str, variables: Mapping[str, Scalar], at: Surroundings = NOWHERE) -> Scalar:
    return compiled(text).value(variables, at)


def _build(tree: Tree) -> Run:
    if isinstance(tree, Literal):
        constant = tree.value
        return lambda _, __: constant
    if isinstance(tree, Variable):
        name = tree.name
        return lambda variables, _: variables.get(name)
    if isinstance(tree, Listing):
        items = [_build(item) for item in tree.items]
        return lambda variables, at: [_scalar(item(variables, at)) for item in items]
    if isinstance(tree, Unary):
        return _unary(tree.operator, _build(tree.operand))
    if isinstance(tree, Call):
        arguments = [_build(argument) for argument in tree.arguments]
        function = FUNCTIONS[tree.function].run
        return lambda variables, at: function(at, [argument(variables, at) for argument in arguments])
    return _binary(tree.operator, _build(tree.left), _build(tree.right))


def _unary(sign: str, inner: Run) -> Run:
    if sign == "not":
        return lambda variables, at: not _true(inner(variables, at))

    def minus(variables: Mapping[str, Scalar], at: Surroundings) -> Value:
        number = number_of(inner(variables, at))
        return None if number is None else -number

    return minus


def _binary(sign: str, left: Run, right: Run) -> Run:
    if sign == "and":
        return lambda variables, at: _true(left(variables, at)) and _true(right(variables, at))
    if sign == "or":
        return lambda variables, at: _true(left(variables, at)) or _true(right(variables, at))
    work = _WORK[sign]
    return lambda variables, at: work(left(variables, at), right(variables, at))


def _true(value: Value) -> bool:
    """“no”, “false”, 0, nothing and an empty text are false."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "no", "false", "0", "none")
    return bool(value)


def _scalar(value: Value) -> Scalar:
    return value if value is None or isinstance(value, str | int | float | bool) else text_of(value)


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _true(left) is _true(right) and left is not None and right is not None
    if left is None or right is None:
        return left in (None, "") and right in (None, "")
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().casefold() == right.strip().casefold()
    first, second = number_of(left), number_of(right)
    if first is not None and second is not None:
        return first == second
    return text_of(left).casefold() == text_of(right).casefold()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    """Numbers as numbers, texts (days, times of day) as texts; one against the other is neither."""

    def work(left: Value, right: Value) -> Value:
        first, second = number_of(left), number_of(right)
        if first is not None and second is not None:
            return compare(first, second)
        if isinstance(left, str) and isinstance(right, str):
            return compare(left.casefold(), right.casefold())
        return None

    return work


def _reckoned(reckon: Callable[[int | float, int | float], int | float]) -> Callable[[Value, Value], Value]:
    def work(left: Value, right: Value) -> Value:
        first, second = number_of(left), number_of(right)
        if first is None or second is None or abs(first) > LARGEST or abs(second) > LARGEST:
            return None
        try:
            result = reckon(first, second)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if abs(result) <= LARGEST else None

    return work


def _plus(left: Value, right: Value) -> Value:
    """The sum of two numbers; texts are joined."""
    added = _ADD(left, right)
    if added is not None and not (isinstance(left, str) and isinstance(right, str)):
        return added
    return (text_of(left) + text_of(right))[:LONGEST_TEXT]


def _within(left: Value, right: Value) -> bool:
    """An entry of a list, or a part of a text."""
    if isinstance(right, Sequence) and not isinstance(right, str):
        return any(_same(left, item) for item in right)
    part = text_of(left).casefold()
    return bool(part) and part in text_of(right).casefold()


_ADD = _reckoned(operator.add)
_WORK: dict[str, Callable[[Value, Value], Value]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _within,
    "not in": lambda left, right: not _within(left, right),
    "contains": lambda left, right: _within(right, left),
    "matches": lambda left, right: matches(text_of(left), text_of(right)),
    "+": _plus,
    "-": _reckoned(operator.sub),
    "*": _reckoned(operator.mul),
    "/": _reckoned(operator.truediv),
    "%": _reckoned(operator.mod),
}
