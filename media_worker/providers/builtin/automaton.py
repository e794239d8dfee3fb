"""A grammar as a deterministic automaton: no empty arcs, no two arcs alike, as few states as it takes.

pocketsphinx compiles JSGF itself, but closes over empty arcs in cubic time: a date with a dozen optional words takes
minutes. Here the same takes milliseconds, and decoding is quicker for having no empty arcs.

The notation is JSGF's: `a b` after each other, `a | b` either, `[a]` maybe, `a+` once or more, `(…)`, `<rule>`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_TOKEN = re.compile(r"\s*([()\[\]|+]|<[a-z_]+>|[^\s()\[\]|+<>]+)")
MOST_STATES = 20_000
DEEPEST = 40


class GrammarError(ValueError):
    """The notation cannot be read, or it makes something too large."""


@dataclass(frozen=True)
class Automaton:
    """`arcs`: (from, to, word), sorted. It starts in state 0; a sentence is whole when it ends in one of `ends`."""

    arcs: tuple[tuple[int, int, str], ...]
    ends: frozenset[int]
    states: int

    @cached_property
    def name(self) -> str:
        """Alike for automata that are alike."""
        return hashlib.sha256(repr((self.arcs, sorted(self.ends))).encode()).hexdigest()[:24]

    def accepts(self, words: list[str]) -> bool:
        """Whether these words are a whole sentence of the grammar."""
        table = {(source, word): target for source, target, word in self.arcs}
        at: int | None = 0
        for word in words:
            at = table.get((at, word)) if at is not None else None
        return at is not None and at in self.ends

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for _, _, word in self.arcs))


@dataclass
class _Loose:
    """The automaton in the making, with empty arcs."""

    arcs: list[dict[str, set[int]]] = field(default_factory=list)
    empty: list[set[int]] = field(default_factory=list)

    def state(self) -> int:
        if len(self.arcs) >= MOST_STATES * 5:
            raise GrammarError("The grammar is too large.")
        self.arcs.append({})
        self.empty.append(set())
        return len(self.arcs) - 1


class _Reader:
    def __init__(self, rules: Mapping[str, str], loose: _Loose) -> None:
        self._rules = rules
        self._loose = loose
        self._read: dict[str, list[str]] = {}

    def rule(self, text: str, start: int, depth: int = 0) -> int:
        """Adds the expression from `start`; the state it ends in."""
        if depth > DEEPEST:
            raise GrammarError("The rules of the grammar are nested too deeply.")
        if text not in self._read:
            self._read[text] = _tokens(text)
        tokens = self._read[text]
        end, at = self._either(tokens, 0, start, depth)
        if at != len(tokens):
            raise GrammarError(f"“{tokens[at]}” stands where it cannot.")
        return end

    def _either(self, tokens: list[str], at: int, start: int, depth: int) -> tuple[int, int]:
        end = self._loose.state()
        while True:
            last, at = self._sequence(tokens, at, start, depth)
            self._loose.empty[last].add(end)
            if at >= len(tokens) or tokens[at] != "|":
                return end, at
            at += 1

    def _sequence(self, tokens: list[str], at: int, start: int, depth: int) -> tuple[int, int]:
        while at < len(tokens) and tokens[at] not in "|)]":
            begin = self._loose.state()
            self._loose.empty[start].add(begin)
            end, at = self._item(tokens, at, begin, depth)
            if at < len(tokens) and tokens[at] == "+":
                self._loose.empty[end].add(begin)
                at += 1
            start = self._loose.state()
            self._loose.empty[end].add(start)
        return start, at

    def _item(self, tokens: list[str], at: int, start: int, depth: int) -> tuple[int, int]:
        mark = tokens[at]
        if mark in "([":
            end, at = self._either(tokens, at + 1, start, depth)
            if at >= len(tokens) or tokens[at] != (")" if mark == "(" else "]"):
                raise GrammarError(f"“{mark}” is never closed.")
            if mark == "[":
                self._loose.empty[start].add(end)
            return end, at + 1
        if mark == "+":
            raise GrammarError("“+” has nothing before it.")
        if mark.startswith("<"):
            return self.rule(self._rules[mark[1:-1]], start, depth + 1), at + 1
        end = self._loose.state()
        self._loose.arcs[start].setdefault(mark, set()).add(end)
        return end, at + 1


def compile_rule(text: str, rules: Mapping[str, str]) -> Automaton:
    """Raises GrammarError for what cannot be read, KeyError for a rule that is not there."""
    loose = _Loose()
    start = loose.state()
    end = _Reader(rules, loose).rule(text, start)
    return _smallest(*_determined(loose, start, end))


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise GrammarError(f"“{text[at : at + 20]}” cannot be read.")
        found.append(match[1])
        at = match.end()
    return found


def _closures(loose: _Loose) -> list[frozenset[int]]:
    """For each state, the states with arcs (or without any way on) that empty arcs lead to."""
    found: list[frozenset[int]] = []
    for state in range(len(loose.arcs)):
        seen, waiting = {state}, [state]
        while waiting:
            for target in loose.empty[waiting.pop()]:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        found.append(frozenset(s for s in seen if loose.arcs[s] or not loose.empty[s]))
    return found


def _determined(loose: _Loose, start: int, end: int) -> tuple[list[dict[str, int]], set[int]]:
    closures = _closures(loose)
    numbers = {closures[start]: 0}
    table: list[dict[str, int]] = []
    waiting = [closures[start]]
    ends: set[int] = set()
    while waiting:
        states = waiting.pop(0)
        if end in states:
            ends.add(numbers[states])
        targets: dict[str, set[int]] = {}
        for state in states:
            for word, to in loose.arcs[state].items():
                for target in to:
                    targets.setdefault(word, set()).update(closures[target])
        row = {}
        for word, group in targets.items():
            key = frozenset(group)
            if key not in numbers:
                if len(numbers) >= MOST_STATES:
                    raise GrammarError("The grammar is too large.")
                numbers[key] = len(numbers)
                waiting.append(key)
            row[word] = numbers[key]
        table.append(row)
    return table, ends


def _smallest(table: list[dict[str, int]], ends: set[int]) -> Automaton:
    """States that go on alike become one: refined until nothing changes."""
    kinds = [int(state in ends) for state in range(len(table))]
    while True:
        signatures: dict[tuple[int, tuple[tuple[str, int], ...]], int] = {}
        refined = []
        for state, row in enumerate(table):
            signature = (kinds[state], tuple(sorted((word, kinds[to]) for word, to in row.items())))
            refined.append(signatures.setdefault(signature, len(signatures)))
        if len(set(refined)) == len(set(kinds)):
            break
        kinds = refined
    names: dict[int, int] = {}
    for state in range(len(table)):
        names.setdefault(refined[state], len(names))
    arcs = {(names[refined[s]], names[refined[to]], word) for s, row in enumerate(table) for word, to in row.items()}
    return Automaton(tuple(sorted(arcs)), frozenset(names[refined[s]] for s in ends), len(names))
