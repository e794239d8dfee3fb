"""What changed between two texts, word by word, with what stayed the same folded away."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "gone", "new", "mixed", "fold"]
LIKENESS = 0.45
"""Below it two lines have so little in common that each is shown whole."""
MOST_WORDS = 600
CONTEXT_LINES = 1
CONTEXT_WORDS = 12
_WORD = re.compile(r"\s+|[^\W_]+|[^\w\s]|_+")


@dataclass(frozen=True)
class Piece:
    """A run of words: `same`, `gone`, `new`, or `fold`, which stands for so many that stayed the same."""

    kind: Literal["same", "gone", "new", "fold"]
    text: str


@dataclass(frozen=True)
class Line:
    """A line of a difference. `mixed` has words of both sides in its pieces; `fold` stands for lines that stayed the
    same, and says how many."""

    kind: Kind
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def plain(kind: Literal["same", "gone", "new", "fold"], text: str) -> Line:
    return Line(kind, (Piece(kind, text),))


def compared(before: str, after: str) -> tuple[Line, ...]:
    """The lines of two texts: what went, what came, what changed within a line, and folds between. The work is bounded:
    lines are matched first, words only within the few lines that stand against each other."""
    old, new = before.splitlines(), after.splitlines()
    return tuple(_folded(list(_lines(old, new))))


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            yield from (plain("same", text) for text in old[i1:i2])
            continue
        gone, came = old[i1:i2], new[j1:j2]
        pairs = min(len(gone), len(came))
        for first, second in zip(gone, came, strict=False):
            yield from _words(first, second)
        yield from (plain("gone", text) for text in gone[pairs:])
        yield from (plain("new", text) for text in came[pairs:])


def _words(before: str, after: str) -> Iterator[Line]:
    """One line against another."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) <= MOST_WORDS and len(new) <= MOST_WORDS:
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    else:
        matcher = difflib.SequenceMatcher(None, old, new)
    if matcher.quick_ratio() >= LIKENESS:
        blocks = matcher.get_opcodes()
        kept = sum(len("".join(old[i1:i2]).strip()) for what, i1, i2, _, _ in blocks if what == "equal")
        if kept >= LIKENESS * max(1, min(len(before), len(after))):
            yield Line("mixed", tuple(_shortened(list(_pieces(blocks, old, new)))))
            return
    yield from (plain("gone", text) for text in (before,) if text)
    yield from (plain("new", text) for text in (after,) if text)


def _pieces(
    blocks: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[Piece]:
    """A space alone between two changes is part of both, so that a new phrase reads as one."""
    gone = came = ""
    for number, (what, i1, i2, j1, j2) in enumerate(blocks):
        same = "".join(old[i1:i2]) if what == "equal" else ""
        if what == "equal" and (same.strip() or number in (0, len(blocks) - 1)):
            yield from _changed(gone, came)
            gone = came = ""
            yield Piece("same", same)
        else:
            gone += "".join(old[i1:i2])
            came += "".join(new[j1:j2])
    yield from _changed(gone, came)


def _changed(gone: str, came: str) -> Iterator[Piece]:
    if gone:
        yield Piece("gone", gone)
    if came:
        yield Piece("new", came)


def _shortened(pieces: list[Piece]) -> Iterator[Piece]:
    """Long runs that stayed the same, within a line, keep the words next to a change."""
    for number, piece in enumerate(pieces):
        if piece.kind != "same":
            yield piece
            continue
        words = _WORD.findall(piece.text)
        head = 0 if number == 0 else 2 * CONTEXT_WORDS
        tail = 0 if number == len(pieces) - 1 else 2 * CONTEXT_WORDS
        if len(words) <= head + tail + 20:
            yield piece
            continue
        if head:
            yield Piece("same", "".join(words[:head]))
        yield Piece("fold", " … ")
        if tail:
            yield Piece("same", "".join(words[-tail:]))


def _folded(lines: list[Line]) -> Iterator[Line]:
    """Lines that stayed the same, folded but for the one next to a change."""
    changed = [number for number, line in enumerate(lines) if line.kind != "same"]
    near = {number + step for number in changed for step in range(-CONTEXT_LINES, CONTEXT_LINES + 1)}
    hidden: list[Line] = []
    for number, line in enumerate(lines):
        if number in near or line.kind != "same":
            yield from _fold(hidden)
            hidden = []
            yield line
        else:
            hidden.append(line)
    yield from _fold(hidden)


def _fold(hidden: list[Line]) -> Iterator[Line]:
    if len(hidden) == 1:
        yield hidden[0]
    elif hidden:
        yield plain("fold", f"{len(hidden)} lines stayed the same")
