"""What differs from client to client: a parameter is declared once in a template and given a value in each instance.

Every value is a text, as it was typed: hours as “Mon-Fri 08:00-17:00”, a phone number with its country code. A value
is data wherever it lands: what would open a hole of the template, of a call's variables or of a clip is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agents.checks import can_be_called
from agents.templating.hours import read_hours
from media_worker.contract.flow import Name
from voiceops.lib.errors import InvalidInput

Kind = Literal["text", "long_text", "phone", "number", "choice", "hours", "voice"]
KINDS: dict[Kind, str] = {
    "text": "Text",
    "long_text": "Long text",
    "phone": "Phone number",
    "number": "Number",
    "choice": "One of a list",
    "hours": "Opening hours",
    "voice": "Voice",
}
assert set(KINDS) == set(get_args(Kind))
LONGEST: dict[Kind, int] = {
    "text": 200, "long_text": 5_000, "phone": 40, "number": 30, "choice": 200, "hours": 4_000, "voice": 200,
}  # fmt: skip
MOST = 40
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_OPENS = re.compile(r"[{}\[\]]")

Values = dict[str, str]


class Parameter(BaseModel):
    """`stands_for` is what the master agent says where an instance says its own value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    label: str = Field(min_length=1, max_length=80)
    kind: Kind = "text"
    default: str = Field(default="", max_length=5_000)
    required: bool = True
    help: str = Field(default="", max_length=300)
    choices: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(default=(), max_length=50)
    stands_for: str = Field(default="", max_length=5_000)

    @property
    def kind_word(self) -> str:
        return KINDS[self.kind]


Parameters = tuple[Parameter, ...]
_MANY: TypeAdapter[Parameters] = TypeAdapter(Annotated[Parameters, Field(max_length=MOST)])


@dataclass(frozen=True)
class Filled:
    """Values for every parameter, cleaned, and a sentence for each that is wrong."""

    values: Values
    problems: dict[str, str]


def read_parameters(rows: Any) -> Parameters:
    """As they are stored. Raises InvalidInput for what is no list of parameters, or names one twice."""
    try:
        found = _MANY.validate_python(tuple(rows) if isinstance(rows, list) else rows)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        number = first["loc"][0] if first["loc"] else None
        where = f"Parameter {int(number) + 1}" if isinstance(number, int) else "The parameters"
        what = str(first["loc"][1]) if len(first["loc"]) > 1 else "list"
        raise InvalidInput(f"{where}: its {what} cannot be read.") from None
    seen: set[str] = set()
    for parameter in found:
        if parameter.name in seen:
            raise InvalidInput(f"Two parameters are called “{parameter.name}”.")
        seen.add(parameter.name)
        _check_declaration(parameter)
    return found


def _check_declaration(parameter: Parameter) -> None:
    texts = (parameter.label, parameter.help, parameter.stands_for, *parameter.choices)
    if any(_UNKEEPABLE.search(text) for text in texts):
        raise InvalidInput("A parameter holds a character that cannot be kept. Type it anew.")
    if parameter.kind == "choice" and not parameter.choices:
        raise InvalidInput(f"{parameter.label}: a list to choose from needs at least one choice.")
    for choice in parameter.choices:
        if _OPENS.search(choice):
            raise InvalidInput(f"{parameter.label}: leave {'{ } [ ]'} out of “{choice[:40]}”.")
    if parameter.default:
        try:
            cleaned(parameter, parameter.default)
        except InvalidInput as error:
            raise InvalidInput(f"{parameter.label}, what it is unless changed: {error.sentence}") from None


def document_of(parameters: Iterable[Parameter]) -> list[dict[str, Any]]:
    return [parameter.model_dump(mode="json") for parameter in parameters]


def fill_in(parameters: Parameters, given: Mapping[str, object]) -> Filled:
    """What each parameter is worth: what was given, else its default. Never raises."""
    values: Values = {}
    problems: dict[str, str] = {}
    for parameter in parameters:
        typed = given.get(parameter.name, "")
        text = typed if isinstance(typed, str) else str(typed)[:1_000]
        if not text.strip():
            text = parameter.default
        if not text.strip():
            values[parameter.name] = ""
            if parameter.required or parameter.kind in ("hours", "phone", "voice"):
                problems[parameter.name] = f"{parameter.label} is missing."
            continue
        try:
            values[parameter.name] = cleaned(parameter, text)
        except InvalidInput as error:
            values[parameter.name] = text[: LONGEST[parameter.kind]]
            problems[parameter.name] = error.sentence
    return Filled(values, problems)


def cleaned(parameter: Parameter, text: str) -> str:
    """The value as it is kept. Raises InvalidInput."""
    longest = LONGEST[parameter.kind]
    if len(text) > longest:
        raise InvalidInput(f"At most {longest:,} characters; this is {len(text):,}.", parameter.name)
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    several = parameter.kind in ("long_text", "hours")
    if not all(c.isprintable() or (several and c == "\n") for c in text):
        raise InvalidInput("It holds signs that cannot be shown.", parameter.name)
    if _OPENS.search(text):
        raise InvalidInput("Leave out the brackets { } and [ ]: they mean something in a script.", parameter.name)
    if parameter.kind == "phone":
        text = re.sub(r"[\s().\-–/]", "", text)
        if not can_be_called(text):
            raise InvalidInput("A phone number that exists, with its country code: +14155550123.", parameter.name)
    elif parameter.kind == "number" and not _NUMBER.fullmatch(text):
        raise InvalidInput("A number, such as 30 or 2.5.", parameter.name)
    elif parameter.kind == "choice" and text not in parameter.choices:
        raise InvalidInput(f"One of: {', '.join(parameter.choices)[:200]}.", parameter.name)
    elif parameter.kind == "hours":
        read_hours(text)
    return text


def national(number: str) -> str:
    """“(415) 555-0123”."""
    parsed = phonenumbers.parse(number, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def spoken(number: str) -> str:
    """Digit by digit, in the groups people say: “4 1 5, 5 5 5, 0 1 2 3”."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", national(number)))
