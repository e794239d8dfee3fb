"""Yes or no, and one of a list."""

from __future__ import annotations

from collections.abc import Sequence

from media_worker.contract.flow import Intent
from media_worker.flow.matching import Matcher
from media_worker.flow.words import tokens, words_of

_YES = words_of(
    """yes yeah yep yup yea sure correct right absolutely definitely certainly exactly indeed ok okay okey affirmative
fine perfect great true alright uhhuh mhm aye please"""
)
_NO = words_of("""no nope nah not never wrong incorrect negative false neither none""")
_FILLER = words_of(
    """that is it i do am would like the a and thats was you thank thanks well oh um uh er so to be all course of has
have let go ahead please good sounds sir madam maam very much really just think guess suppose quite"""
)


def parse_yes_no(text: str) -> bool | None:
    """True, False, or None when the sentence is neither, both, or about something else."""
    words = tokens(text)[:40]
    if not words:
        return None
    joined = " ".join(words)
    for phrase in ("of course not", "not at all", "not really", "not right", "not correct", "i do not think so"):
        if phrase in joined:
            return False
    for phrase in ("no problem", "no doubt", "why not", "of course", "go ahead", "that is it", "sounds good"):
        if phrase in joined and not joined.startswith("no that"):
            return True
    yes = [word for word in words if word in _YES and word != "please"]
    no = [word for word in words if word in _NO]
    first = next((word for word in words if word in _YES or word in _NO), "")
    if yes and no:
        # “No, that's fine”, “yes, that's not a problem”: the first word decides, unless it is weak.
        return (first in _YES) if first in ("yes", "yeah", "yep", "yup", "no", "nope", "nah") else None
    if no:
        return False if words[0] in _NO or _share(words, _NO) >= 0.5 or "not" in no else None
    if yes:
        strong = any(word in ("yes", "yeah", "yep", "yup", "yea") for word in yes)
        return True if (strong and words[0] in _YES) or _share(words, _YES) >= 0.5 else None
    return None


def _share(words: list[str], kind: frozenset[str]) -> float:
    """How much of what was said is yes (or no) or mere filler."""
    return sum(word in kind or word in _FILLER for word in words) / len(words)


def parse_choice(text: str, choices: Sequence[str]) -> str | None:
    """The choice that was meant, as its list writes it: by its words or by its place (“the second one”)."""
    if not choices:
        return None
    words = tokens(text)[:60]
    exact = [choice for choice in choices if _holds(words, tokens(choice))]
    longest = max(exact, key=lambda choice: len(tokens(choice)), default=None)
    if longest is not None and all(c == longest or _holds(tokens(longest), tokens(c)) for c in exact):
        at = _position(words, tokens(longest))
        before = [word for word in words[:at] if word not in ("the", "a", "an", "for", "any")]
        return None if before and before[-1] in ("not", "no", "never") else longest
    if exact:
        return None
    place = _place(words, len(choices))
    if place is not None:
        return choices[place]
    match = Matcher([Intent(name=f"c{i}", examples=(choice,)) for i, choice in enumerate(choices)]).best(text)
    return choices[int(match.intent.name[1:])] if match else None


def _holds(words: list[str], part: list[str]) -> bool:
    return _position(words, part) is not None


def _position(words: list[str], part: list[str]) -> int | None:
    size = len(part)
    return next((i for i in range(len(words) - size + 1) if words[i : i + size] == part), None) if part else None


_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _place(words: list[str], count: int) -> int | None:
    if len(words) > 8:
        return None
    if "last" in words or "latter" in words:
        return count - 1
    if "former" in words:
        return 0
    return next((i for i, word in enumerate(_PLACES[:count]) if word in words), None)
