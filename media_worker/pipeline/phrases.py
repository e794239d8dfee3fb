"""Words as they compare when a recorded phrase is looked for in a text: case, punctuation, spaces and the kind of
quotation mark make no difference; every word does."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

_SPOKEN_SIGNS = "%$€£¥₹+&@°"
_APOSTROPHES = "'’‘ʼ`´"
_CLAUSE_ENDS = frozenset(".!?…,;:—–。！？，；：、")
_LEAST_PART = 2
"""Words of a phrase that may stand for a part of a sentence: a lone “yes” is better said with what follows."""

T = TypeVar("T")


@dataclass(frozen=True)
class Token:
    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a text and where they stand. A sign that is read aloud (“%”) is a word of its own."""
    found: list[Token] = []
    start = -1
    for at, character in enumerate(text + " "):
        part = unicodedata.category(character)[0] in "LMN" or (start >= 0 and character in _APOSTROPHES)
        if part and start < 0:
            start = at
        elif not part and start >= 0:
            found.append(_token(text, start, at))
            start = -1
        if not part and character in _SPOKEN_SIGNS:
            found.append(Token(character, at, at + 1))
    return found


def _token(text: str, start: int, end: int) -> Token:
    word = unicodedata.normalize("NFKC", text[start:end]).casefold()
    return Token("".join(character for character in word if character not in _APOSTROPHES), start, end)


def words(text: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens(text))


class Phrasebook(Generic[T]):
    """Things that say known words. `find` and `cut` take the first thing that is `usable`."""

    def __init__(self, phrases: Iterable[tuple[str, T]]) -> None:
        self._things: dict[tuple[str, ...], list[T]] = {}
        for text, thing in phrases:
            if said := words(text):
                self._things.setdefault(said, []).append(thing)
        self._lengths = sorted({len(said) for said in self._things}, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._things)

    def usable(self, thing: T) -> bool:
        return True

    def _thing(self, said: Sequence[str]) -> T | None:
        return next((thing for thing in self._things.get(tuple(said), ()) if self.usable(thing)), None)

    def find(self, text: str) -> T | None:
        """What says the whole of `text`."""
        return self._thing(words(text)) if self._things else None

    def cut(self, text: str) -> list[str | T]:
        """`text` in order, as things where they say it and as text where none does: the whole, else its beginning or
        its end up to the end of a clause, where a voice pauses anyway."""
        if not self._things:
            return [text]
        found = tokens(text)
        said = [token.word for token in found]
        if not said or (whole := self._thing(said)) is not None:
            return [whole] if said and whole is not None else [text]
        for length in self._lengths:
            if not _LEAST_PART <= length < len(said):
                continue
            if _pauses(text, found, length) and (first := self._thing(said[:length])) is not None:
                return [first, *self.cut(text[found[length].start :])]
            rest = len(said) - length
            if _pauses(text, found, rest) and (last := self._thing(said[rest:])) is not None:
                end = found[rest].start
                return [*self.cut(text[:end].rstrip()), last]
        return [text]


def _pauses(text: str, found: list[Token], at: int) -> bool:
    """Whether a clause ends before token `at`."""
    gap = text[found[at - 1].end : found[at].start]
    return any(c in _CLAUSE_ENDS for c in gap) and (any(c.isspace() for c in gap) or any(ord(c) > 0x2E80 for c in gap))
