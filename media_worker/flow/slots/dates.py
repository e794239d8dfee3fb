"""Spoken days and times of day, always in the future as seen from `now`."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from media_worker.flow.slots.numbers import TENS, UNITS, below_hundred, ordinal, small
from media_worker.flow.words import NEGATIONS, tokens

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("monday", "mon", "mondays"),
            ("tuesday", "tue", "tues", "tuesdays"),
            ("wednesday", "wed", "wednesdays"),
            ("thursday", "thu", "thur", "thurs", "thursdays"),
            ("friday", "fri", "fridays"),
            ("saturday", "saturdays"),
            ("sunday", "sundays"),
        )
    )
    for name in names
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *(("january", "jan"), ("february", "feb"), ("march",), ("april", "apr"), ("may",), ("june", "jun")),
            *(("july", "jul"), ("august", "aug"), ("september", "sep", "sept"), ("october", "oct")),
            *(("november", "nov"), ("december", "dec")),
        ),
        1,
    )
    for name in names
}
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})\b\s*(a\.?\s?m\b\.?|p\.?\s?m\b\.?)?", re.IGNORECASE)
_SLASHED = re.compile(r"\b(\d{1,2})[/.](\d{1,2})(?:[/.](\d{2,4}))?\b")


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


def parse_date(text: str, now: datetime, *, asked: bool = True) -> str | None:
    """ISO date, or None when no day is named, two differ, or the one named is denied (“not Thursday”)."""
    today = now.date()
    iso = _ISO.search(text)
    if iso:
        return _iso(int(iso[1]), int(iso[2]), int(iso[3]))
    slashed = _SLASHED.search(text)
    if slashed and asked and not _CLOCK.search(text):
        return _slashed(slashed, today)
    words = tokens(text)[:80]
    found: list[date] = []
    at = 0
    while at < len(words):
        read = _day(words, at, today, asked=asked)
        if read is None:
            at += 1
            continue
        day, used = read
        if not _denied(words, at):
            found.append(day)
        at += used
    days = set(found)
    return days.pop().isoformat() if len(days) == 1 else None


def _denied(words: list[str], at: int) -> bool:
    before = [word for word in words[max(0, at - 4) : at] if word not in ("on", "the", "this", "next", "for", "at")]
    return bool(before) and before[-1] in NEGATIONS


def _day(words: list[str], at: int, today: date, *, asked: bool) -> tuple[date, int] | None:
    word = words[at]
    rest = words[at:]
    if rest[:4] == ["the", "day", "after", "tomorrow"]:
        return today + timedelta(days=2), 4
    if rest[:3] == ["day", "after", "tomorrow"]:
        return today + timedelta(days=2), 3
    if word in ("today", "tonight"):
        return today, 1
    if word == "tomorrow":
        return today + timedelta(days=1), 1
    if word in ("in", "a", "an") or below_hundred(words, at):
        span = _span(words, at, today)
        if span:
            return span
    if rest[:3] in (["a", "week", "from"], ["one", "week", "from"]) or rest[:2] == ["week", "from"]:
        skip = 2 if word == "week" else 3
        later = _day(words, at + skip, today, asked=True) if at + skip < len(words) else None
        return (later[0] + timedelta(days=7), skip + later[1]) if later else None
    if rest[:2] == ["next", "week"] and asked and not any(w in WEEKDAYS for w in words):
        return today + timedelta(days=7 - today.weekday()), 2
    if word in ("next", "this", "coming", "on") or word in WEEKDAYS:
        weekday = _weekday(words, at, today)
        if weekday:
            return weekday
    return _of_month(words, at, today, asked=asked)


def _span(words: list[str], at: int, today: date) -> tuple[date, int] | None:
    """“in three days”, “in a week”, “two weeks from now”."""
    begin = at
    if words[at] == "in":
        at += 1
    count = (1, 1) if at < len(words) and words[at] in ("a", "an", "one") else below_hundred(words, at)
    if count is None or at + count[1] >= len(words):
        return None
    unit = words[at + count[1]]
    days = {"day": 1, "days": 1, "week": 7, "weeks": 7}.get(unit)
    end = at + count[1] + 1
    tail = words[end : end + 2]
    if days is None or (words[begin] != "in" and tail not in (["from", "now"], ["from", "today"])):
        return None
    if tail[:1] == ["from"] and tail not in (["from", "now"], ["from", "today"]):
        return None
    used = end - begin + (2 if tail in (["from", "now"], ["from", "today"]) else 0)
    return today + timedelta(days=count[0] * days), used


def _weekday(words: list[str], at: int, today: date) -> tuple[date, int] | None:
    begin = at
    said = ""
    while at < len(words) and words[at] in ("next", "this", "coming", "on", "the"):
        said = words[at] if words[at] in ("next", "this") else said
        at += 1
    if at >= len(words) or words[at] not in WEEKDAYS:
        return None
    dated = _of_month(words, at + 1, today, asked=True) if at + 1 < len(words) else None
    if dated is not None and at - begin <= 1:
        return dated[0], at + 1 - begin + dated[1]
    ahead = (WEEKDAYS[words[at]] - today.weekday()) % 7 or 7
    end = at + 1
    if words[end : end + 1] == ["week"] or words[end : end + 2] == ["in", "a"]:
        ahead += 7
        end += 1
    elif words[end : end + 2] == ["next", "week"] or words[begin - 2 : begin] == ["next", "week"]:
        ahead = 7 - today.weekday() + WEEKDAYS[words[at]]
        end += 2 if words[end : end + 2] == ["next", "week"] else 0
    return today + timedelta(days=ahead), end - begin


def _of_month(words: list[str], at: int, today: date, *, asked: bool) -> tuple[date, int] | None:
    """“the twenty second of May”, “May 3rd”, “December first”, “the 5th”."""
    begin = at
    if at and words[at - 1] in TENS:
        return None
    if words[at] in MONTHS:
        month = MONTHS[words[at]]
        at += 1
        if at < len(words) and words[at] == "the":
            at += 1
        day = ordinal(words, at) or below_hundred(words, at)
        if day is None or not 1 <= day[0] <= 31:
            return None
        at += day[1]
        year, more = _year(words, at)
        made = _upcoming(month, day[0], today, year)
        return (made, at + more - begin) if made else None
    if words[at] == "the":
        at += 1
    day = ordinal(words, at)
    written = day is not None
    if day is None:
        day = below_hundred(words, at)
    if day is None or not 1 <= day[0] <= 31:
        return None
    at += day[1]
    named = at
    if at < len(words) and words[at] == "of":
        at += 1
    if at < len(words) and words[at] in MONTHS:
        year, more = _year(words, at + 1)
        made = _upcoming(MONTHS[words[at]], day[0], today, year)
        return (made, at + 1 + more - begin) if made else None
    if not written or not asked or (words[begin] != "the" and named - begin != len(words)):
        return None
    if at < len(words) and words[at] in ("one", "time", "option", "choice"):
        return None
    made = _this_or_next_month(day[0], today)
    return (made, named - begin) if made else None


def _year(words: list[str], at: int) -> tuple[int | None, int]:
    if at < len(words) and words[at].isdigit() and len(words[at]) == 4:
        return int(words[at]), 1
    if words[at : at + 1] == ["twenty"]:
        second = below_hundred(words, at + 1)
        if second and 20 <= second[0] <= 99:
            return 2000 + second[0], 1 + second[1]
    return None, 0


def _upcoming(month: int, day: int, today: date, year: int | None) -> date | None:
    for candidate in (year,) if year else (today.year, today.year + 1, today.year + 2, today.year + 3, today.year + 4):
        try:
            made = date(candidate, month, day)
        except ValueError:
            continue
        if year or made >= today:
            return made
    return None


def _this_or_next_month(day: int, today: date) -> date | None:
    year, month = today.year, today.month
    for _ in range(4):
        try:
            made = date(year, month, day)
        except ValueError:
            made = None
        if made is not None and made >= today:
            return made
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _slashed(match: re.Match[str], today: date) -> str | None:
    """Month first as in America, unless that cannot be."""
    first, second = int(match[1]), int(match[2])
    year = int(match[3]) if match[3] else None
    if year is not None and year < 100:
        year += 2000
    month, day = (first, second) if first <= 12 else (second, first)
    made = _upcoming(month, day, today, year) if 1 <= month <= 12 else None
    return made.isoformat() if made else None


# ── times of day ─────────────────────────────────────────────────────────────────────────────────

_MORNING = frozenset({"morning", "am"})
_LATER = frozenset({"afternoon", "evening", "pm", "night", "tonight"})


def parse_time(text: str, *, asked: bool = True) -> str | None:
    """HH:MM. A bare hour from one to six is taken for the afternoon: nobody books a dentist at three at night."""
    clock = _CLOCK.search(text)
    words = _joined_halves(tokens(text)[:80])
    if clock:
        half = (clock[3] or "").lower()[:1] or _half(words)
        return _made(int(clock[1]), int(clock[2]), half)
    found: set[str] = set()
    at = 0
    while at < len(words):
        read = _clock_words(words, at, asked=asked)
        if read is None:
            at += 1
            continue
        hour, minute, used, plain = read
        half = _half(words)
        if not _denied(words, at) and (plain or asked or half):
            made = _made(hour, minute, half)
            if made:
                found.add(made)
        at += used
    return found.pop() if len(found) == 1 else None


def _joined_halves(words: list[str]) -> list[str]:
    """“p m” and “3pm” as words of their own: pm."""
    found: list[str] = []
    for word in words:
        if word == "m" and found and found[-1] in ("a", "p"):
            found[-1] += "m"
        elif (match := re.fullmatch(r"(\d{1,2})(am|pm)", word)) is not None:
            found += [match[1], match[2]]
        else:
            found.append(word)
    return found


def _half(words: list[str]) -> str:
    if any(word in _MORNING for word in words):
        return "a"
    return "p" if any(word in _LATER for word in words) else ""


def _clock_words(words: list[str], at: int, *, asked: bool) -> tuple[int, int, int, bool] | None:
    """(hour, minute, words used, plain by itself)."""
    word, rest = words[at], words[at:]
    if word in ("noon", "midday"):
        return 12, 0, 1, True
    if word == "midnight":
        return 24, 0, 1, True
    minutes = {"quarter": 15, "half": 30}.get(word)
    used = 1
    if minutes is None:
        count = below_hundred(words, at)
        if (
            count
            and count[0] in (5, 10, 20, 25)
            and len(rest) > count[1]
            and rest[count[1]] in ("past", "to", "minutes")
        ):
            minutes, used = count
            used += rest[used] == "minutes"
    if minutes is not None:
        link = rest[used : used + 1]
        hour = below_hundred(words, at + used + 1) if link in (["past"], ["to"], ["after"], ["before"]) else None
        if hour and 1 <= hour[0] <= 12:
            if link in (["to"], ["before"]):
                return (hour[0] - 1) or 12, 60 - minutes, used + 1 + hour[1], True
            return hour[0], minutes, used + 1 + hour[1], True
        bare = below_hundred(words, at + 1) if word == "half" else None
        return (bare[0], 30, 1 + bare[1], asked) if bare and 1 <= bare[0] <= 12 and asked else None
    hour_value = small(word)
    if hour_value is None or word in ("oh", "o", "zero") or not 0 <= hour_value <= 23 or word in TENS:
        return None
    before = words[at - 1] if at else ""
    following = rest[1:2]
    if following and following[0] in ("days", "day", "weeks", "week", "people", "persons", "of", "months", "hundred"):
        return None
    minute, used, plain = 0, 1, before in ("at", "around", "about", "by", "after")
    if following == ["oclock"] or (following and following[0] in ("am", "pm")):
        used, plain = 2, True
    elif following and following[0] in ("oh", "o") and len(rest) > 2 and UNITS.get(rest[2], 0) >= 1:
        minute, used, plain = UNITS[rest[2]], 3, True
    elif following:
        part = below_hundred(words, at + 1)
        if part and 10 <= part[0] <= 59 and words[at + 1] not in UNITS:
            minute, used, plain = part[0], 1 + part[1], plain or asked
        elif part:
            return None
    return hour_value, minute, used, plain


def _made(hour: int, minute: int, half: str) -> str | None:
    if hour == 24:
        hour = 0
    elif half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif not half and 1 <= hour <= 6:
        hour += 12
    try:
        return time(hour, minute).strftime("%H:%M")
    except ValueError:
        return None
