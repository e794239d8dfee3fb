"""What a tool is given: every value of the type its parameter declares, filled by whom it declares, checked again here
although the worker did so already.

A `fixed` parameter is the host's own text wherever the host can tell it; `trusted` ones are never taken from the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

import phonenumbers

from agents.tools.kinds.base import KNOWN, Caller, ToolFailed
from agents.tools.templating import holes, in_text
from media_worker.contract.tools import Parameter, Scalar

LONGEST = 4_000
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}")


def settled(parameters: Sequence[Parameter], given: Mapping[str, Scalar], caller: Caller) -> dict[str, Scalar]:
    """The arguments as the tool gets them. Raises ToolFailed with a sentence that the model can act on."""
    strangers = sorted(given.keys() - {parameter.name for parameter in parameters})
    if strangers:
        raise ToolFailed(f"There is no argument called “{strangers[0]}”.")
    found: dict[str, Scalar] = {}
    for parameter in parameters:
        value = _filled(parameter, given, caller)
        if value is None or value == "":
            if parameter.required:
                raise ToolFailed(f"The argument “{parameter.name}” is missing.")
            continue
        found[parameter.name] = typed(parameter, value)
    return found


def _filled(parameter: Parameter, given: Mapping[str, Scalar], caller: Caller) -> Scalar:
    known = caller.known()
    if parameter.source == "fixed" and all(name in known for name in holes(parameter.value)):
        return in_text(parameter.value, known)
    if parameter.source == "variable" and parameter.value in KNOWN:
        return known[parameter.value]
    if parameter.source == "model" and parameter.trusted:
        raise ToolFailed(f"“{parameter.name}” has to come from the tool's settings, not from the conversation.")
    return given.get(parameter.name)


def typed(parameter: Parameter, value: Scalar) -> Scalar:
    """Raises ToolFailed when it is not of the parameter's type."""

    def wrong(what: str) -> ToolFailed:
        return ToolFailed(f"The argument “{parameter.name}” has to be {what}.")

    text = (value if isinstance(value, str) else str(value)).strip()
    if len(text) > LONGEST or "\x00" in text:
        raise wrong(f"a text of at most {LONGEST} characters")
    kind = parameter.type
    if kind == "number":
        return _number(value, wrong("a number"))
    if kind == "yes_no":
        return _yes_no(value, wrong("true or false"))
    if kind == "choice":
        match = next((choice for choice in parameter.choices if choice.casefold() == text.casefold()), None)
        if match is None and parameter.choices:
            raise wrong(f"one of: {', '.join(parameter.choices)}")
        return match or text
    if kind == "date":
        return _date(text, wrong("a date like 2026-08-31"))
    if kind == "time":
        return _time(text, wrong("a time of day like 14:30"))
    if kind == "email" and not _EMAIL.fullmatch(text):
        raise wrong("an e-mail address")
    if kind == "phone":
        return _phone(text, wrong("a phone number with its country code, like +14155550123"))
    return text


def _number(value: Scalar, wrong: ToolFailed) -> Scalar:
    if isinstance(value, bool):
        raise wrong
    try:
        number = float(value if isinstance(value, int | float) else str(value).strip())
    except ValueError:
        raise wrong from None
    if number != number or abs(number) > 1e15:
        raise wrong
    return int(number) if number.is_integer() else number


def _yes_no(value: Scalar, wrong: ToolFailed) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().casefold()
    if said in ("true", "yes", "y", "1"):
        return True
    if said in ("false", "no", "n", "0"):
        return False
    raise wrong


def _date(text: str, wrong: ToolFailed) -> str:
    try:
        return (datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)).isoformat()
    except ValueError:
        raise wrong from None


def _time(text: str, wrong: ToolFailed) -> str:
    try:
        return time.fromisoformat(text).strftime("%H:%M")
    except ValueError:
        raise wrong from None


def _phone(text: str, wrong: ToolFailed) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise wrong from None
    if not phonenumbers.is_possible_number(number):
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
