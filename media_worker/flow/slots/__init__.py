"""What a caller's words are worth. `parse` answers with a value in its written form, or None.

date → 2026-11-26   time → 15:30   phone → +4915112345 or digits   email → bob@example.com   number → 3 or 2.5
yes_no → True/False   code → AB-1234   choice → the choice as written   name → Bob Miller   text → as said
"""

from __future__ import annotations

from datetime import datetime

from media_worker.contract.flow import Slot
from media_worker.contract.spec import Scalar
from media_worker.flow.slots.choices import parse_choice, parse_yes_no
from media_worker.flow.slots.codes import parse_code
from media_worker.flow.slots.contacts import parse_email, parse_name, parse_phone
from media_worker.flow.slots.dates import parse_date, parse_time
from media_worker.flow.slots.numbers import parse_number
from media_worker.flow.words import tokens

__all__ = ["after_no", "declines", "parse", "parse_yes_no"]


def parse(slot: Slot, text: str, now: datetime, *, asked: bool = True) -> Scalar:
    """The slot's value in `text`, or None.

    `asked`: the slot's own question was just put, so a bare “three” may be an hour. Otherwise only values that are
    plain by themselves count, and never names or free text.
    """
    text = " ".join(text.split())[:2_000]
    if not text:
        return None
    if slot.choices:
        return parse_choice(text, slot.choices)
    if slot.type == "date":
        return parse_date(text, now, asked=asked)
    if slot.type == "time":
        return parse_time(text, asked=asked)
    if slot.type == "phone":
        return parse_phone(text)
    if slot.type == "email":
        return parse_email(text)
    if slot.type == "code" and (asked or slot.pattern):
        return parse_code(text, slot.pattern)
    if not asked:
        return None
    if slot.type == "yes_no":
        return parse_yes_no(text)
    if slot.type == "number":
        return parse_number(text)
    if slot.type == "name":
        return parse_name(text)
    return text if slot.type == "text" and any(c.isalnum() for c in text) else None


def declines(text: str, *, free: bool = False) -> bool:
    """The caller has no value to give, or does not want to. `free`: anything could be a value, so it has to be said in
    few words, and as that alone."""
    said = tokens(text)
    words = " ".join(said)
    phrases = ("skip", "do not have", "do not know", "not have one", "rather not", "no idea")
    if free:
        alone = words in ("no", "nope", "none", "nothing", "no thanks", "no thank you", "not really")
        return alone or (len(said) <= 6 and any(phrase in words for phrase in phrases))
    return parse_yes_no(text) is False or any(phrase in words for phrase in phrases)


def after_no(text: str) -> str:
    """What follows a “no” that corrects: “no, on Friday” → “on friday”; empty when nothing follows."""
    words = tokens(text)
    while words and words[0] in ("no", "nope", "nah", "not", "sorry", "actually", "wrong", "um", "uh", "well"):
        words = words[1:]
    return " ".join(words) if len(words) < len(tokens(text)) else text
