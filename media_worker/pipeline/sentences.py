"""Text that arrives in pieces, cut into sentences as early as it is safe: each becomes one utterance of the TTS."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+|\n+")
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


def _false_end(text: str) -> bool:
    """Whether the dot that ends `text` ends an abbreviation, an initial or the number of a list."""
    word = text.rstrip(".").rsplit(maxsplit=1)[-1:] or [""]
    last = word[0].lower().lstrip("(\"'")
    return text.endswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or last.isdigit())


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)


class Splitter:
    """`add` gives the sentences that are complete, `rest` what is left when the text is over."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, text: str) -> list[str]:
        self._text += text
        found: list[str] = []
        start = 0
        for match in _END.finditer(self._text):
            sentence = self._text[start : match.end()].strip()
            if _false_end(sentence):
                continue
            if _speakable(sentence):
                found.append(sentence)
            start = match.end()
        self._text = self._text[start:]
        while len(self._text) > _LONGEST:
            cut = self._text.rfind(" ", 0, _LONGEST)
            cut = cut if cut > 0 else _LONGEST
            found.append(self._text[:cut].strip())
            self._text = self._text[cut:]
        return found

    def rest(self) -> list[str]:
        text, self._text = self._text.strip(), ""
        return [text] if _speakable(text) else []


def sentences(text: str) -> list[str]:
    splitter = Splitter()
    return [*splitter.add(text + " "), *splitter.rest()]
