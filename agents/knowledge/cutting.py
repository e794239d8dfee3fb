"""Blocks become passages: about as long as an answer, each under the headings above it, each with a bit of the one before.

A passage never reaches over a heading, so that what it is about can be said in a word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agents.knowledge.reading.blocks import Block

AIM = 900
ROWS_AIM = 200
"""Rows of a table that are longer than this together are passages of their own: each makes sense by itself."""

LONGEST = 1_400
OVERLAP = 160
LONGEST_HEADING = 300
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|(?<=[。！？])")
_NO_SPACES = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+"
)


@dataclass(frozen=True)
class Passage:
    heading: str
    text: str
    page: int | None

    def embedded(self, title: str) -> str:
        """What becomes a vector: the words and what they are about."""
        above = " › ".join(part for part in (title, self.heading) if part)
        return f"{above}\n{self.text}" if above else self.text


@dataclass(frozen=True)
class _Piece:
    text: str
    page: int | None
    row: bool = False


@dataclass
class _Section:
    """What stands under one path of headings."""

    heading: str
    pieces: list[_Piece]


def cut(blocks: Iterable[Block]) -> Iterator[Passage]:
    for section in _sections(blocks):
        for pieces in _packed(section.pieces):
            yield Passage(section.heading, "\n".join(piece.text for piece in pieces), pieces[0].page)


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    path: list[tuple[int, str]] = []
    section = _Section("", [])
    bare: _Piece | None = None
    """A heading that nothing stands under (yet): it is worth finding too."""
    for block in blocks:
        if block.kind != "heading":
            section.pieces += _pieces(block)
            bare = None
            continue
        if bare and path[-1][0] >= block.level:
            section.pieces.append(bare)
        yield section
        path = [*((level, text) for level, text in path if level < block.level), (block.level, block.text)]
        bare = _Piece(block.text, block.page)
        section = _Section(_path(path), [])
    if bare:
        section.pieces.append(bare)
    yield section


def _path(path: list[tuple[int, str]]) -> str:
    """From the outermost; where that becomes too long, the innermost are kept."""
    parts = [text for _, text in path]
    while len(parts) > 1 and len(" › ".join(parts)) > LONGEST_HEADING:
        parts.pop(0)
    return " › ".join(parts)[:LONGEST_HEADING]


def _pieces(block: Block) -> list[_Piece]:
    """A paragraph as it is, or, when it is long, its sentences; a sentence without an end is cut at a space."""
    row = block.kind == "row"
    if len(block.text) <= LONGEST:
        return [_Piece(block.text, block.page, row)]
    pieces = []
    for sentence in _SENTENCE.split(block.text):
        while len(sentence) > LONGEST:
            at = sentence.rfind(" ", AIM // 2, AIM)
            at = at if at > 0 else AIM
            pieces.append(sentence[:at].strip())
            sentence = sentence[at:].strip()
        if sentence:
            pieces.append(sentence)
    return [_Piece(piece, block.page, row) for piece in pieces]


def _packed(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """As many pieces together as make a passage. Prose begins with the end of the passage before."""
    held: list[_Piece] = []
    size = 0
    for piece in pieces:
        more = size + len(piece.text)
        aim = ROWS_AIM if piece.row else AIM
        if held and more > aim and (size >= aim // 2 or more > LONGEST or piece.row):
            yield held
            tail = "" if piece.row or held[-1].row else _tail(held[-1].text)
            fits = tail and len(tail) + len(piece.text) <= LONGEST
            held, size = ([_Piece(tail, held[-1].page)], len(tail)) if fits else ([], 0)
        held.append(piece)
        size += len(piece.text) + 1
    if held:
        yield held


def _tail(piece: str) -> str:
    """The last sentences of a passage, with which the next begins."""
    tail = ""
    for sentence in reversed(_SENTENCE.split(piece)):
        if len(tail) + len(sentence) > OVERLAP:
            break
        tail = f"{sentence} {tail}".strip()
    return tail


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def pairs(text: str) -> str:
    """Words for languages that write no spaces: every two characters that stand together, and single ones alone."""
    found: dict[str, None] = {}
    for run in _NO_SPACES.findall(text):
        for at in range(max(1, len(run) - 1)):
            found[run[at : at + 2]] = None
    return " ".join(found)
