"""What a description says in so many words: business, hours, address, phone, whom to put callers through to, services,
and answers to usual questions.

Patterns only: nothing is guessed. Every value is cleaned for speech (no markup, no braces, bounded length), because it
ends up in what the agent says.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path

import phonenumbers

LONGEST_TEXT = 20_000
_LIBRARY = Path(__file__).parent / "library"

_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z\"'“(])|\n+|;\s+")
_HOURS = re.compile(
    r"\b(?:(?:we(?:'re| are)|they(?:'re| are)|it(?:'s| is)|is|are)?\s*open(?:ing)?(?:\s+hours)?|hours)"
    r"\s*(?:are|is|from|:)?\s*(?P<hours>[^;\n]{0,20}?\d[^;\n]{2,120})",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(\d{1,2})(?::(\d\d))?\s*(a\.?m\.?|p\.?m\.?)?\s*(?:-|–|—|to|until|till)\s*(\d{1,2})(?::(\d\d))?"
    r"(?:\s*(a\.?m\.?(?!\w)|p\.?m\.?(?!\w)))?",
    re.IGNORECASE,
)
_DAYS = {
    "mon": "Monday", "tue": "Tuesday", "tues": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "thur": "Thursday",
    "thurs": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_DAY_NAMES = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_DAY = re.compile(rf"\b({'|'.join(sorted(_DAYS, key=len, reverse=True))})\b\.?", re.IGNORECASE)
_DAY_SPAN = re.compile(rf"\b({_DAY_NAMES})s?\s*(?:-|–|—|until|till|through)\s*({_DAY_NAMES})", re.IGNORECASE)
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Way|Court|Ct|Square|Place|Plaza|Parkway|Pkwy"
    r"|Highway|Hwy|Suite|Quay|Row|Terrace)"
)
_ADDRESS_PLAIN = re.compile(
    rf"\b\d{{1,5}}[A-Za-z]?\s+(?:[A-Z0-9][\w'’.-]*\s+){{0,5}}{_STREET}\b\.?"
    r"(?:,\s*(?:[A-Z][\w'’-]*|\d+)(?:\s(?:[A-Z][\w'’-]*|\d{2,6}))*){0,3}"
)
_ADDRESS_SAID = re.compile(
    r"\b(?:located|situated|find us|address is|address:)\s*(?:at|on|in)?\s*(?P<address>[^;\n.!?]{5,100})", re.IGNORECASE
)
_SERVICES = re.compile(
    r"\b(?:services?\s*(?:include|are|:)|(?:we|they|which|that|who)\s+(?:offer|offers|provide|provides|sell|sells|serve"
    r"|serves|fix|fixes|repair|repairs)|offering|specialis(?:es|ing) in|specializ(?:es|ing) in|offers|provides)"
    r"\s+(?P<services>[^;\n.!?]{3,240})",
    re.IGNORECASE,
)
_PUTS_THROUGH = re.compile(
    r"\b(?:transfer|transferred|transfers|forward|put(?:s|ting)?\b.{0,40}\bthrough|connect|connects|escalate|on.call"
    r"|hand(?:s|ed)?\s+over)\b",
    re.IGNORECASE,
)
_WORD = r"[A-Z0-9][\w&'’-]*(?:\.\w+)*"
_NAME = rf"(?P<name>{_WORD}(?:\s+(?:&\s+|and\s+|of\s+|the\s+)?{_WORD}){{0,5}})"
_BUSINESS = re.compile(
    rf"\b(?:called|named|business name(?: is|:)|company name(?: is|:)|we are|we're)\s+[\"“']?{_NAME}"
)
_ORDERS = re.compile(
    r"^(?:(?:it|she|he|the agent|the assistant|this agent|agent|please|you|always|never|then|also|and|if|when)\b"
    r"|(?:answer|book|take|ask|tell|greet|say|help|make|call|remind|confirm|collect|find|offer|schedule|qualify|send"
    r"|transfer|handle|be|do|don't|get|let|explain|route|reschedule|cancel|survey|speak|use|inform|give|note)s?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Facts:
    """Empty strings for what the description does not say. `answers`: topic → what to say. `hours`, `phone` and the like
    are written for the ear; `transfer` is a number to dial."""

    business: str
    hours: str = ""
    address: str = ""
    phone: str = ""
    services: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    transfer: str = ""

    def known(self) -> dict[str, str]:
        named = {"hours": self.hours, "address": self.address, "phone": self.phone, "services": self.services}
        return {name: value for name, value in named.items() if value}


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text without markup, control characters and braces, which would be holes in what the agent says."""
    text = unescape(_TAG.sub(" ", unescape(text[: longest * 2])))
    text = text.replace("{", "(").replace("}", ")").replace("[", "(").replace("]", ")").replace("<", " ")
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace(">", " "))
    return re.sub(r"[ \t]+", " ", text).strip()[:longest]


def line(text: str, longest: int) -> str:
    """One line, cut at a word."""
    text = " ".join(clean(text, LONGEST_TEXT).split())
    if len(text) <= longest:
        return text
    return text[:longest].rsplit(" ", 1)[0].rstrip(",;: ")


def read_facts(description: str, business: str, region: str = "US") -> Facts:
    text = clean(description)
    transfer = _transfer(text, region)
    return Facts(
        business=_business(text) or line(business, 80) or "our office",
        hours=_hours(text),
        address=_address(text),
        phone=_phone(text, region, besides=transfer),
        services=_services(text),
        transfer=transfer,
        answers=_answers(text),
    )


def _business(text: str) -> str:
    match = _BUSINESS.search(text)
    return line(match["name"].rstrip(".,'’"), 80) if match else ""


def _hours(text: str) -> str:
    match = _HOURS.search(text)
    if not match:
        return ""
    found = re.split(
        r"(?<![ap])(?<![ap]\.m)[.!?](?:\s|$)|\s(?:and|but|we|where)\s(?=we|our|they|it|located|at\s\d)", match["hours"]
    )[0]
    found = _DAY.sub(lambda day: _DAYS[day[1].lower()], found)
    found = _DAY_SPAN.sub(r"\1 to \2", found)
    found = _CLOCK.sub(_say_clock, found)
    found = re.sub(r"\b24\s*/\s*7\b", "around the clock, every day", found)
    found = re.sub(r"\b([ap])\.m\.?(?!\w)", r"\1m", found, flags=re.IGNORECASE)  # a full stop would end the sentence
    return line(re.split(r",\s*(?:located|our|at \d)", found)[0].strip(" ,:.-–"), 160)


def _say_clock(match: re.Match[str]) -> str:
    """“9-17”, “9:00 am – 5 pm” → 9 am to 5 pm, which voices read well"""
    start, end = int(match[1]), int(match[4])
    first = _half(match[3], start) or ("am" if 5 <= start < 12 else "pm")
    last = _half(match[6], end) or ("pm" if end <= start or end >= 12 or end <= 7 else "am")
    return f"{_hour(start, match[2])} {first} to {_hour(end, match[5])} {last}"


def _half(said: str | None, hour: int) -> str:
    if said:
        return "am" if said.lower().startswith("a") else "pm"
    return "pm" if hour > 12 else ""


def _hour(hour: int, minutes: str | None) -> str:
    twelve = hour - 12 if 12 < hour <= 24 else hour
    return f"{twelve}:{minutes}" if minutes and minutes != "00" else str(twelve)


def _address(text: str) -> str:
    plain = _ADDRESS_PLAIN.search(text)
    if plain:
        return line(plain[0].rstrip(".,"), 120)
    said = _ADDRESS_SAID.search(text)
    if not said:
        return ""
    found = re.split(r"\s(?:and|but)\s(?:we|our|open|is|are)\b", said["address"])[0]
    return line(found.strip(" ,:"), 120) if any(c.isupper() or c.isdigit() for c in found) else ""


def _phone(text: str, region: str, besides: str) -> str:
    for match in phonenumbers.PhoneNumberMatcher(text[:LONGEST_TEXT], region or "US", max_tries=200):
        if phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) == besides:
            continue
        digits = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.NATIONAL)
        groups = re.findall(r"\d+", digits)
        return ", ".join(" ".join(group) for group in groups)
    return ""


def _transfer(text: str, region: str) -> str:
    """The number that a sentence about putting callers through names. The business's own number is none: it may well
    lead back to the agent."""
    for sentence in _SENTENCE.split(text)[:200]:
        if _PUTS_THROUGH.search(sentence) and (number := number_in(sentence, region)):
            return number
    return ""


def number_in(text: str, region: str = "US") -> str:
    """The first valid phone number of a text, to dial: +14155550123. Empty when there is none."""
    for match in phonenumbers.PhoneNumberMatcher(text[:500], region or "US", max_tries=20):
        return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
    return ""


def _services(text: str) -> str:
    match = _SERVICES.search(text)
    if not match:
        return ""
    parts = [part.strip(" ,:.") for part in re.split(r",|\band\b|&|/", match["services"])]
    parts = [line(part, 50) for part in parts if 2 < len(part.strip()) <= 60][:10]
    if len(parts) < 2:
        return parts[0] if parts else ""
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


@cache
def topics() -> dict[str, dict[str, list[str]]]:
    """The usual questions: words that give an answer away, and examples of asking."""
    with (_LIBRARY / "topics.toml").open("rb") as file:
        return tomllib.load(file)


def _answers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for sentence in _SENTENCE.split(text)[:200]:
        sentence = line(sentence, 300)
        if len(sentence) < 12 or _ORDERS.match(sentence) or sentence.endswith("?"):
            continue
        words = f" {sentence.lower()} "
        for topic, content in topics().items():
            if topic not in found and any(_holds(words, word) for word in content["words"]):
                found[topic] = _as_answer(sentence)
                break
    return found


def _holds(words: str, word: str) -> bool:
    if len(word) == 1:  # a currency's sign, which means a price only before a number
        return re.search(rf"{re.escape(word)}\s?\d", words) is not None
    return re.search(rf"\b{re.escape(word)}\b", words) is not None


def _as_answer(sentence: str) -> str:
    """What was said of the business, as the business says it."""
    for theirs, ours in (("They are", "We are"), ("They ", "We "), ("Their ", "Our "), ("The business ", "We ")):
        if sentence.startswith(theirs):
            sentence = ours + sentence.removeprefix(theirs)
    return sentence if sentence.endswith((".", "!")) else f"{sentence}."
