"""Codes as they are spoken: “a b dash one two three four”, “alpha bravo twelve thirty four”, “x as in xray”.

What was said becomes runs of letters and digits; a pattern (`#` a digit, `@` a letter, `?` either, anything else itself)
is looked for in them and gives the code its written form. Without a pattern the longest run with a digit is the code.
"""

from __future__ import annotations

import re

from media_worker.flow.slots.numbers import TEENS, TENS, UNITS, digits
from media_worker.flow.words import STOP, tokens

FEWEST = 3
_MOST_WORDS = 60
_SPELLED = [
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
    "november",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
    "tango",
    "uniform",
    "victor",
    "whiskey",
    "xray",
    "yankee",
    "zulu",
]
_LETTERS = {word: word[0].upper() for word in _SPELLED} | {
    "alfa": "A", "juliett": "J", "whisky": "W", "ray": "", "zed": "Z", "zee": "Z", "oh": "O",
}  # fmt: skip
_BETWEEN = frozenset({"dash", "hyphen", "minus", "slash", "space", "then", "and", "dot", "uh", "um", "capital"})
_TIMES = {"double": 2, "triple": 3}
_NUMBERS = frozenset({*UNITS, *TEENS, *TENS}) - {"o", "oh"}
_SIGNS = {"#": "[0-9O]", "@": "[A-Z0]", "?": "[A-Z0-9]"}
_BREAK = " "


def parse_code(text: str, pattern: str) -> str | None:
    runs = _runs(tokens(text)[:_MOST_WORDS])
    if not pattern.strip():
        found = [run for run in runs if len(run) >= FEWEST and any(c.isdigit() for c in run)]
        return max(found, key=len, default=None)
    plain = [sign for sign in pattern if sign not in " -"]
    wanted = re.compile("".join(_SIGNS.get(sign, re.escape(sign)) for sign in plain))
    whole = (wanted.fullmatch(run) for run in runs)
    part = (wanted.search(run) for run in runs)
    match = next((m for m in (*whole, *part) if m), None)
    return _written(match[0], pattern) if match else None


def _written(heard: str, pattern: str) -> str:
    """“O” and “0” sound alike: the pattern knows which it is."""
    rest = iter(heard)
    written = ""
    for sign in pattern:
        if sign in " -":
            written += sign
            continue
        character = next(rest)
        written += {"#": "0", "@": "O"}.get(sign, character) if character in "O0" else character
    return written


def _runs(words: list[str]) -> list[str]:
    """Letters and digits that were said one after the other."""
    said, at = "", 0
    while at < len(words):
        piece, used = _piece(words, at)
        said += piece
        at += used
    return [run for run in said.split(_BREAK) if run]


def _piece(words: list[str], at: int) -> tuple[str, int]:
    """What the word at `at` adds, and how many words that took."""
    word = words[at]
    if word in _TIMES and at + 1 < len(words):
        piece, used = _piece(words, at + 1)
        return (piece[:1] * _TIMES[word] + piece[1:], used + 1) if piece.strip() else (_BREAK, 1)
    if word in _NUMBERS:
        end = at
        while end < len(words) and words[end] in _NUMBERS:
            end += 1
        return digits(words[at:end]), end - at
    if len(word) == 1:
        spelled = words[at + 1 : at + 3] == ["as", "in"] or words[at + 1 : at + 2] == ["like"]
        skipped = (4 if words[at + 1] == "as" else 3) if spelled else 1
        return word.upper(), skipped
    if word in _LETTERS:
        return _LETTERS[word], 1
    if word in _BETWEEN:
        return "", 1
    code = any(c.isdigit() for c in word) or (len(word) <= 3 and word not in STOP)
    return (word.upper(), 1) if code and word.isalnum() else (_BREAK, 1)
