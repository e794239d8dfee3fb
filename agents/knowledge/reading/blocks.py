"""What a file holds, as its readers tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pdf", "docx", "html", "txt", "csv"]
KINDS: tuple[Kind, ...] = ("pdf", "docx", "html", "txt", "csv")

MOST_BYTES = 25 * 1024 * 1024
MOST_PAGES = 2_000
MOST_CHARACTERS = 5_000_000
MOST_BLOCKS = 200_000
MOST_LINKS = 2_000
LONGEST_TITLE = 300

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff\u00ad]"
)
_SPACES = re.compile(r"[ \t\r\n\u00a0\u2000-\u200a\u202f\u3000]+")


class Unreadable(Exception):
    """Why a file cannot be used, in a sentence for the person who brought it."""


@dataclass(frozen=True)
class Block:
    """A heading (with its level, 1 to 6), a paragraph, or a row of a table that makes sense by itself."""

    kind: Literal["heading", "text", "row"]
    text: str
    level: int = 0
    page: int | None = None


@dataclass
class Reading:
    title: str = ""
    pages: int = 0
    blocks: list[Block] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    characters: int = 0

    def add(self, block: Block) -> None:
        """Raises Unreadable when it becomes too much."""
        text = tidy(block.text)
        if not text:
            return
        self.characters += len(text)
        if self.characters > MOST_CHARACTERS or len(self.blocks) >= MOST_BLOCKS:
            raise Unreadable(
                f"It holds more than {MOST_CHARACTERS // 1_000_000} million characters of text. Split it into smaller files."
            )
        self.blocks.append(Block(block.kind, text, block.level, block.page))

    def heading(self, text: str, level: int = 1, page: int | None = None) -> None:
        self.add(Block("heading", text[:LONGEST_TITLE], min(6, max(1, level)), page))

    def text(self, text: str, page: int | None = None) -> None:
        self.add(Block("text", text, page=page))

    def row(self, text: str, page: int | None = None) -> None:
        self.add(Block("row", text, page=page))


def tidy(text: str) -> str:
    """One line without control characters, as PostgreSQL takes it."""
    return _SPACES.sub(" ", _CONTROLS.sub("", text)).strip()


def row_of(headers: list[str], cells: list[str]) -> str:
    """A row of a table that can be understood without the rows above it."""
    named = []
    for number, cell in enumerate(cells):
        cell = tidy(cell)
        header = tidy(headers[number]) if number < len(headers) else ""
        if cell:
            named.append(f"{header}: {cell}" if header and header != cell else cell)
    return "; ".join(named)
