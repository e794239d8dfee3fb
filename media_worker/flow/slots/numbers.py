"""Spoken numbers: “a hundred and five”, “two point five”, “oh seven double nine”, “22nd”."""

from __future__ import annotations

from media_worker.flow.words import tokens

UNITS = {
    "zero": 0, "oh": 0, "o": 0, "nought": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_SPECIAL = {"couple": 2, "dozen": 12, "none": 0, "nobody": 0, "both": 2, "single": 1}
_NOT_COUNTS = frozenset({"oh", "o"})
LARGEST = 10**12


def small(word: str) -> int | None:
    """A single word's number below 100, in letters or figures."""
    if word.isdigit() and len(word) <= 2:
        return int(word)
    for table in (UNITS, TEENS, TENS):
        if word in table:
            return table[word]
    return None


def below_hundred(words: list[str], at: int) -> tuple[int, int] | None:
    """(value, words used) of “twenty two”, “seven”, “14”."""
    if at >= len(words):
        return None
    value = small(words[at])
    if value is None or words[at] in _NOT_COUNTS:
        return None
    if words[at] in TENS and at + 1 < len(words) and UNITS.get(words[at + 1], 0) >= 1:
        return value + UNITS[words[at + 1]], 2
    return value, 1


def ordinal(words: list[str], at: int) -> tuple[int, int] | None:
    """(value, words used) of “twenty second”, “third”, “22nd”."""
    word = words[at] if at < len(words) else ""
    if word in ORDINALS:
        return ORDINALS[word], 1
    if word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th") and len(word) <= 4:
        return int(word[:-2]), 1
    if word in TENS and at + 1 < len(words) and ORDINALS.get(words[at + 1], 99) < 10:
        return TENS[word] + ORDINALS[words[at + 1]], 2
    return None


def parse_number(text: str) -> int | float | None:
    """The one number in the sentence; None when there is none, or two that differ."""
    words = _with_points(text)
    found: list[int | float] = []
    at = 0
    while at < len(words):
        read = _number(words, at)
        if read is None:
            if words[at] in _SPECIAL and not (words[at] in ("couple", "dozen") and found):
                value: int | float = _SPECIAL[words[at]]
                found.append(value / 2 if words[at] == "dozen" and "half" in words[:at] else value)
            elif words[at] == "dozen" and found:
                found[-1] *= 12
            at += 1
            continue
        negative = at > 0 and words[at - 1] in ("minus", "negative")
        found.append(-read[0] if negative else read[0])
        at += read[1]
    return found[0] if found and len(set(found)) == 1 and abs(found[0]) < LARGEST else None


def _with_points(text: str) -> list[str]:
    """Words, where “1,250” and “2.5” stay one."""
    found: list[str] = []
    for word in text.replace(",", "").split():
        bare = word.strip(".!?;:€$£%")
        if bare.replace(".", "", 1).isdigit():
            found.append(bare)
        else:
            found += tokens(word)
    return found[:80]


def _number(words: list[str], at: int) -> tuple[int | float, int] | None:
    word = words[at]
    if "." in word:
        return float(word), 1
    if word.isdigit():
        return (int(word), 1) if len(word) <= 12 else None
    year = _year(words, at)
    if year is not None:
        return year
    start, total, current, seen = at, 0, 0, False
    if word in ("a", "an") and at + 1 < len(words) and words[at + 1] in _SCALES:
        current, at, seen = 1, at + 1, True
    last = ""
    while at < len(words):
        word = words[at]
        if word in _SCALES and seen:
            current = max(current, 1) * _SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
            at, last = at + 1, "scale"
            continue
        if word == "and" and last == "scale" and below_hundred(words, at + 1):
            at += 1
            continue
        part = below_hundred(words, at)
        if part is None or last == "part":
            break
        current, at, seen, last = current + part[0], at + part[1], True, "part"
    if not seen:
        return None
    value: int | float = total + current
    if at + 1 < len(words) and words[at] == "point" and words[at + 1] in UNITS:
        digits = ""
        at += 1
        while at < len(words) and words[at] in UNITS and len(digits) < 6:
            digits += str(UNITS[words[at]])
            at += 1
        value = float(f"{value}.{digits}")
    elif words[at : at + 3] == ["and", "a", "half"]:
        value, at = value + 0.5, at + 3
    return value, at - start


def _year(words: list[str], at: int) -> tuple[int, int] | None:
    """(value, words used) of “nineteen eighty four”, “twenty ten”, “nineteen oh five”: a century and what follows."""
    century = {"eighteen": 18, "nineteen": 19, "twenty": 20}.get(words[at])
    rest = words[at + 1 : at + 3]
    if century is None or not rest:
        return None
    if rest[0] in _NOT_COUNTS and len(rest) == 2 and UNITS.get(rest[1], 0) >= 1:
        return century * 100 + UNITS[rest[1]], 3
    part = below_hundred(words, at + 1)
    return (century * 100 + part[0], 1 + part[1]) if part is not None and part[0] >= 10 else None


def digits(words: list[str]) -> str:
    """The digits of words that spell a number out: “oh seven double nine twenty two” → 0799922… up to the first that does not."""
    found = ""
    times = 1
    at = 0
    while at < len(words):
        word = words[at]
        if word in _TIMES:
            times = _TIMES[word]
            at += 1
            continue
        if word.isdigit():
            found += word * times
        elif word in UNITS:
            found += str(UNITS[word]) * times
        elif word in TENS and at + 1 < len(words) and UNITS.get(words[at + 1], 0) >= 1:
            found += str(TENS[word] + UNITS[words[at + 1]])
            at += 1
        elif word in TENS or word in TEENS:
            found += str(small(word)) * times
        elif word == "hundred" and found:
            found += "00"
        else:
            break
        times = 1
        at += 1
    return found
