"""Phone numbers, e-mail addresses and names as they are spoken."""

from __future__ import annotations

import re

from media_worker.flow.slots.numbers import TEENS, TENS, UNITS, digits
from media_worker.flow.words import flatten, tokens, words_of

_WRITTEN_PHONE = re.compile(r"\+?\d[\d\s().\-/]{5,24}\d")
_WRITTEN_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}")
_DIGIT_WORDS = frozenset({*UNITS, *TENS, *TEENS, "double", "triple", "treble", "hundred"}) - {"o"}
FEWEST, MOST = 5, 15
_BETWEEN = frozenset({"and", "dash", "then", "uh", "um", "er", "space", "area", "code", "is", "extension"})


def parse_phone(text: str) -> str | None:
    """Digits, with a + where one was said; None for fewer than 5 or more than 15 of them."""
    written = _WRITTEN_PHONE.search(text)
    if written:
        plain = re.sub(r"\D", "", written[0])
        return _phone(plain, written[0].startswith("+"))
    words = tokens(text)[:80]
    best, plus, at = "", False, 0
    while at < len(words):
        if words[at] not in _DIGIT_WORDS and not words[at].isdigit():
            at += 1
            continue
        begin, run = at, []
        while at < len(words) and (
            words[at] in _DIGIT_WORDS or words[at].isdigit() or words[at] in _BETWEEN or words[at] == "o"
        ):
            if words[at] not in _BETWEEN:
                run.append("oh" if words[at] == "o" else words[at])
            at += 1
        found = digits(run)
        if len(found) > len(best):
            best, plus = found, begin > 0 and words[begin - 1] == "plus"
    return _phone(best, plus)


def _phone(plain: str, plus: bool) -> str | None:
    return ("+" if plus else "") + plain if FEWEST <= len(plain) <= MOST else None


_SIGNS = {
    "dot": ".", "point": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+",
}  # fmt: skip
_LEAD_IN = words_of(
    """my email e mail address is it its sure that's thats the you can reach me under write to okay yes well um uh so
    would be id it's mail i am"""
)


def parse_email(text: str) -> str | None:
    """An address, lower case: written, or spoken as in “bob dot miller at example dot com”."""
    written = _WRITTEN_EMAIL.search(text)
    if written:
        return written[0].lower()
    words = [word for word in re.split(r"[^a-z0-9@.'_+\-]+", flatten(text)) if word][:60]
    if "at" not in words:
        return None
    at = len(words) - 1 - words[::-1].index("at")
    host = _joined(words[at + 1 :])
    name_words = words[:at]
    while name_words and name_words[0].strip(".") in _LEAD_IN and len(name_words) > 1:
        name_words = name_words[1:]
    name = _joined(name_words)
    address = f"{name}@{host}"
    return address if _WRITTEN_EMAIL.fullmatch(address) and ".." not in address else None


def _joined(words: list[str]) -> str:
    joined, times = "", 1
    for word in words:
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        if word in ("as", "like", "please", "thanks"):
            break
        part = _SIGNS.get(word) or (str(UNITS[word]) if word in UNITS and word != "o" else word.replace("'", ""))
        joined += part * times
        times = 1
    return joined.strip(".") if joined.strip(".") != joined and not joined.startswith(".") else joined


_BEFORE_NAME = re.compile(
    r"^.*?\b(?:my (?:full |first |last )?name(?:'s| is)|(?:the )?name(?:'s| is)|this is|i am called|they call me|call me"
    r"|i'?m called|it's under|it is under|under the name(?: of)?|speaking with|you can call me)\s+",
)
_SHORT_LEAD = re.compile(
    r"^(?:(?:yes|yeah|sure|ok|okay|well|um|uh|er|hi|hello|so|of course),?\s+)*(?:it's|it is|i'm|i am)?\s*"
)
_AFTER_NAME = re.compile(r"(?:[,.!?]|\s+(?:and (?:i|my|it)|here|speaking|please|thanks|thank you|from)\b).*$")
_NOT_NAMES = words_of(
    """what why how when where who yes no not maybe book appointment cancel open hours price help later nothing none
    okay sure want need would could can unclear goodbye bye sorry pardon repeat question don't do does is are it you"""
)
_SMALL = frozenset({"von", "van", "der", "den", "de", "da", "di", "la", "le", "bin", "al", "of", "und", "y"})
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mister", "missus", "doctor", "dr"})


def parse_name(text: str) -> str | None:
    """“my name is bob o'neil” → Bob O'Neil; spelled letters are joined. None when the words are no name."""
    plain = " ".join(text.split())
    lowered = plain.lower().replace("’", "'")
    lead = _BEFORE_NAME.match(lowered)
    begin = lead.end() if lead else 0
    if not lead:
        short = _SHORT_LEAD.match(lowered)
        begin = short.end() if short else 0
    rest = plain[begin:] if len(plain) == len(lowered) else lowered[begin:]
    rest = rest.strip(" ,.!?")
    end = _AFTER_NAME.search(rest.lower()) if len(rest.lower()) == len(rest) else None
    rest = rest[: end.start()] if end and end.start() > 0 else rest
    words = re.findall(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*", rest)
    while words and words[0].lower() in _TITLES:
        words = words[1:]
    if not words or len(words) > 12:
        return None
    if all(len(word) == 1 for word in words):
        return "".join(words).capitalize() if len(words) > 1 else None
    words = _without_spelling(words)
    if len(words) > 5 or (not lead and any(word.lower() in _NOT_NAMES for word in words)):
        return None
    if words[0].lower() in _NOT_NAMES:
        return None
    return " ".join(_cased(word, first=i == 0) for i, word in enumerate(words))[:80]


def _without_spelling(words: list[str]) -> list[str]:
    """“Bob, b o b” → Bob; “Bob m i l l e r” → Bob Miller."""
    named = [word for word in words if len(word) > 1]
    spelled = "".join(word for word in words if len(word) == 1).lower()
    if len(spelled) < 3 or not named:
        return words
    return named if any(spelled == word.lower() for word in named) else [*named, spelled]


def _cased(word: str, *, first: bool) -> str:
    if word != word.lower() and word != word.upper():
        return word
    if word.lower() in _SMALL and not first:
        return word.lower()
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word.lower())
