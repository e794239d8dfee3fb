"""From text to a tree. Errors are sentences with the place: “Something is missing after “and” (character 14).”"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from media_worker.contract.expressions.functions import FUNCTIONS

LONGEST = 1_000
DEEPEST = 24
MOST_ITEMS = 100

Scalar = str | int | float | bool | None


class ExpressionError(ValueError):
    """What is wrong with an expression, for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Scalar


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Tree


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Tree, ...]


Tree = Literal | Variable | Listing | Unary | Binary | Call

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d{1,15}(?:\.\d{1,10})?)(?![\w.])
    |(?P<name>[A-Za-z_][A-Za-z0-9_]{0,39}(?:\.[A-Za-z_][A-Za-z0-9_]{0,39}){0,3})
    |(?P<text>"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|“[^”]*”)
    |(?P<symbol>==|!=|<=|>=|&&|\|\||[<>()\[\],+\-*/%!=]))""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "none": None, "null": None, "yes": True, "no": False}
_WORDS = frozenset({"and", "or", "not", "in", "contains", "matches"})
_SAME = {"&&": "and", "||": "or", "=": "==", "!": "not"}
_STRENGTH = {
    "or": 1, "and": 2,
    "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4, "not in": 4, "contains": 4, "matches": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_COMPARING = 4
_NOT = 3
_SIGN = 7


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """The expression's tree. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"The expression is too long: {len(text):,} characters, at most {LONGEST:,}.")
    if not text.strip():
        raise ExpressionError("The expression is empty.")
    return _Parser(_tokens(text)).whole()


def names(text: str) -> list[str]:
    """The variables an expression asks for, in order, once each. Raises ExpressionError."""
    found: dict[str, None] = {}
    waiting: list[Tree] = [parse(text)]
    while waiting:
        tree = waiting.pop(0)
        if isinstance(tree, Variable):
            found[tree.name] = None
        elif isinstance(tree, Unary):
            waiting.append(tree.operand)
        elif isinstance(tree, Binary):
            waiting += [tree.left, tree.right]
        elif isinstance(tree, Listing):
            waiting += tree.items
        elif isinstance(tree, Call):
            waiting += tree.arguments
    return list(found)


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            left = text[at:].lstrip()
            at = len(text) - len(left)
            if left[0] in "\"'“":
                raise ExpressionError(f"The text that begins at character {at + 1} has no closing quotation mark.")
            raise ExpressionError(f"“{left[:12]}” cannot be read (character {at + 1}).")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


class _Parser:
    """Precedence climbing. Depth is counted, so that no expression can exhaust the stack."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._binary(0)
        token = self._peek()
        if token is not None:
            if token.text == ")":
                raise ExpressionError(f"There is a “)” without a “(” (character {token.at + 1}).")
            raise ExpressionError(f"“{token.text[:20]}” does not belong here (character {token.at + 1}).")
        return tree

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, after: str) -> _Token:
        token = self._peek()
        if token is None:
            raise ExpressionError(f"Something is missing after “{after}”." if after else "The expression is empty.")
        self._at += 1
        return token

    def _operator(self) -> str | None:
        token = self._peek()
        if token is None or token.kind in ("number", "text"):
            return None
        word = token.text.lower() if token.kind == "name" else _SAME.get(token.text, token.text)
        if word == "not":
            follows = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
            return "not in" if follows is not None and follows.text.lower() == "in" else None
        return word if word in _STRENGTH else None

    def _binary(self, least: int) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"The expression is nested too deeply: at most {DEEPEST} levels.")
        left = self._unary()
        while (operator := self._operator()) is not None and (strength := _STRENGTH[operator]) >= least:
            token = self._take("")
            if operator == "not in":
                self._take("not")
            if strength == _COMPARING and isinstance(left, Binary) and _STRENGTH[left.operator] == _COMPARING:
                raise ExpressionError(f"Join two comparisons with “and” or “or” (character {token.at + 1}).")
            if self._peek() is None:
                raise ExpressionError(f"Something is missing after “{operator}” (character {token.at + 1}).")
            left = Binary(operator, left, self._binary(strength + 1))
        self._depth -= 1
        return left

    def _unary(self) -> Tree:
        token = self._peek()
        if token is not None and (token.text == "!" or (token.kind == "name" and token.text.lower() == "not")):
            self._take("")
            self._need_more("not")
            return Unary("not", self._binary(_NOT + 1))
        if token is not None and token.text == "-":
            self._take("")
            self._need_more("-")
            return Unary("-", self._binary(_SIGN))
        return self._atom()

    def _need_more(self, after: str) -> None:
        if self._peek() is None:
            raise ExpressionError(f"Something is missing after “{after}”.")

    def _atom(self) -> Tree:
        token = self._take("")
        if token.kind == "number":
            return Literal(float(token.text) if "." in token.text else int(token.text))
        if token.kind == "text":
            return Literal(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL))
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            inner = self._binary(0)
            self._close(")", token)
            return inner
        if token.text == "[":
            return Listing(self._items("]", token))
        raise ExpressionError(f"A value is missing before “{token.text}” (character {token.at + 1}).")

    def _named(self, token: _Token) -> Tree:
        word, follows = token.text.lower(), self._peek()
        if follows is not None and follows.text == "(":
            if word not in FUNCTIONS:
                raise ExpressionError(
                    f"There is no function “{token.text}”. There are: {', '.join(sorted(FUNCTIONS))}."
                )
            self._take(token.text)
            arguments = self._items(")", follows)
            least, most = FUNCTIONS[word].takes
            if not least <= len(arguments) <= most:
                wants = f"{least}" if least == most else f"{least} to {most}"
                raise ExpressionError(f"{word}() takes {wants} values, and was given {len(arguments)}.")
            return Call(word, arguments)
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[word])
        if word in _WORDS:
            raise ExpressionError(f"A value is missing before “{token.text}” (character {token.at + 1}).")
        return Variable(token.text)

    def _items(self, closing: str, opened: _Token) -> tuple[Tree, ...]:
        items: list[Tree] = []
        following = self._peek()
        if following is not None and following.text == closing:
            self._take("")
            return ()
        while True:
            items.append(self._binary(0))
            if len(items) > MOST_ITEMS:
                raise ExpressionError(f"A list may hold at most {MOST_ITEMS} values.")
            token = self._peek()
            if token is not None and token.text == ",":
                self._take(",")
                self._need_more(",")
                continue
            self._close(closing, opened)
            return tuple(items)

    def _close(self, closing: str, opened: _Token) -> None:
        token = self._peek()
        if token is None or token.text != closing:
            raise ExpressionError(f"The “{opened.text}” at character {opened.at + 1} has no “{closing}”.")
        self._at += 1
