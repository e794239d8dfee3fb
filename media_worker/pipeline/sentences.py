"""Text that arrives in pieces, cut into sentences as early as it is safe: each becomes one utterance.

A reply may name recorded clips: `[clip:welcome]`, or `[clip:welcome|Hello, how can I help?]` with the words that it
stands for. A mark is a piece of its own, comes whole however its tokens were cut, and never reaches the TTS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_MARK = r"\[\s*clip\s*:(?P<inside>[^\[\]]*)\]"
_PIECE = re.compile(_MARK + r"|[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+|\n+", re.IGNORECASE)
_OPEN_MARK = re.compile(r"\[\s*(?:c(?:l(?:i(?:p(?:\s*(?::[^\[\]]*)?)?)?)?)?)?$", re.IGNORECASE)
_AFTER_MARK = " \t,;:.!?…–—-"
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "no",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "a.m",
        "p.m",
        "inc",
        "ltd",
        "dept",
        "approx",
        "jr",
        "sr",
        "prof",
    ]
)
_LONGEST = 300
_LONGEST_MARK = 600


@dataclass(frozen=True)
class ClipMark:
    """A clip that the text names, and the words it says if the text tells them."""

    id: str
    words: str = ""


Piece: TypeAlias = str | ClipMark


def _false_end(text: str) -> bool:
    """Whether the dot that ends `text` ends an abbreviation, an initial or the number of a list."""
    word = text.rstrip(".").rsplit(maxsplit=1)[-1:] or [""]
    last = word[0].lower().lstrip("(\"'")
    return text.endswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or last.isdigit())


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _mark(inside: str) -> ClipMark:
    name, _, words = inside.partition("|")
    return ClipMark(re.sub(r"[\s-]+", "_", name.strip().lower()), " ".join(words.split()))


class Splitter:
    """`add` gives the pieces that are complete, `rest` what is left when the text is over."""

    def __init__(self) -> None:
        self._text = ""
        self._marked = False

    @property
    def pending(self) -> str:
        """What came and is no piece yet."""
        return self._text

    def add(self, text: str) -> list[Piece]:
        self._text += text
        found: list[Piece] = []
        start, safe = 0, self._safe()
        for match in _PIECE.finditer(self._text, 0, safe):
            if match["inside"] is not None:
                self._keep(found, self._text[start : match.start()])
                found.append(_mark(match["inside"]))
                self._marked = True
            else:
                sentence = self._text[start : match.end()].strip()
                if _false_end(sentence):
                    continue
                self._keep(found, sentence)
            start = match.end()
        self._text = self._text[start:]
        self._cut_long(found, safe - start)
        return found

    def rest(self) -> list[Piece]:
        """A mark that was never closed is dropped."""
        found: list[Piece] = []
        self._keep(found, self._text[: self._safe()])
        self._text = ""
        return found

    def _safe(self) -> int:
        """So much of the text holds no half mark. What grows beyond any mark is none."""
        half = _OPEN_MARK.search(self._text)
        if half is None or len(self._text) - half.start() > _LONGEST_MARK:
            return len(self._text)
        return half.start()

    def _keep(self, found: list[Piece], text: str) -> None:
        text = text.strip()
        if self._marked:
            text, self._marked = text.lstrip(_AFTER_MARK), not text
        if _speakable(text):
            found.append(text)

    def _cut_long(self, found: list[Piece], safe: int) -> None:
        while safe > _LONGEST:
            cut = self._text.rfind(" ", 0, _LONGEST)
            cut = cut if cut > 0 else _LONGEST
            self._keep(found, self._text[:cut])
            self._text = self._text[cut:]
            safe -= cut


def sentences(text: str) -> list[Piece]:
    splitter = Splitter()
    return [*splitter.add(text + " "), *splitter.rest()]
