"""How words sound, in ARPAbet: from the dictionary inside pocketsphinx's wheel, else by rules of English spelling."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_RULES: tuple[tuple[str, str], ...] = (
    ("tion", "SH AH N"), ("sion", "ZH AH N"), ("ough", "AO"), ("augh", "AO"), ("eigh", "EY"), ("igh", "AY"),
    ("tch", "CH"), ("sch", "SH"), ("dge", "JH"), ("que", "K"), ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"),
    ("wh", "W"), ("ck", "K"), ("ng", "NG"), ("qu", "K W"), ("gh", "G"), ("kn", "N"), ("wr", "R"), ("ee", "IY"),
    ("ea", "IY"), ("oo", "UW"), ("ou", "AW"), ("ow", "OW"), ("oa", "OW"), ("oi", "OY"), ("oy", "OY"), ("ai", "EY"),
    ("ay", "EY"), ("au", "AO"), ("aw", "AO"), ("ie", "IY"), ("ei", "AY"), ("ey", "IY"), ("ew", "Y UW"), ("ue", "UW"),
    ("ar", "AA R"), ("er", "ER"), ("ir", "ER"), ("or", "AO R"), ("ur", "ER"), ("bb", "B"), ("cc", "K"), ("dd", "D"),
    ("ff", "F"), ("gg", "G"), ("ll", "L"), ("mm", "M"), ("nn", "N"), ("pp", "P"), ("rr", "R"), ("ss", "S"),
    ("tt", "T"), ("zz", "Z"), ("ce", "S EH"), ("ci", "S IH"), ("cy", "S IY"), ("a", "AE"), ("b", "B"), ("c", "K"),
    ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"),
    ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"),
    ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "Y"), ("z", "Z"),
)  # fmt: skip
_LONG = {"a": "EY", "i": "AY", "o": "OW", "u": "UW", "e": "IY"}


class Dictionary:
    """The wheel's pronunciations, by their place in its file: the file is read once, a line when its word is asked."""

    def __init__(self, path: Path) -> None:
        self._text = path.read_bytes()
        self._places = {
            match[1]: match.end() for match in re.finditer(rb"^([^\s#]\S*)[ \t]+", self._text, re.MULTILINE)
        }

    @lru_cache(maxsize=20_000)  # noqa: B019  # one dictionary a process
    def sounds(self, word: str) -> tuple[str, ...]:
        """The word's pronunciations, the usual one first; at least one for any word with a letter in it."""
        found = []
        for variant in ("", "(2)", "(3)"):
            at = self._places.get(f"{word}{variant}".encode())
            if at is None:
                break
            end = self._text.find(b"\n", at)
            found.append(self._text[at : end if end >= 0 else None].decode().strip())
        if found:
            return tuple(found)
        spelled = spell_out(word)
        return (spelled,) if spelled else ()


def spell_out(word: str) -> str:
    """Phones by spelling: rough, but near enough for a name in a sentence of known words."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    phones: list[str] = []
    if len(letters) > 3 and letters[-1] == "e" and letters[-2] not in "aeiou" and letters[-3] in _LONG:
        head, vowel, last = letters[:-3], letters[-3], letters[-2]
        return " ".join(filter(None, (spell_out(head), _LONG[vowel], spell_out(last))))
    if len(letters) > 2 and letters[-1] == "y":
        return " ".join(filter(None, (spell_out(letters[:-1]), "IY")))
    at = 0
    while at < len(letters):
        for spelling, sounds in _RULES:
            if letters.startswith(spelling, at):
                phones += sounds.split()
                at += len(spelling)
                break
    return " ".join(phone for i, phone in enumerate(phones) if not i or phone != phones[i - 1])
