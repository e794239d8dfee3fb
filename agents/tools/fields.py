"""Fields of a form, made from a pydantic model's declarations, and the values that were typed, read back.

A field is called by its place: `config.url`, `config.parameters.0.name`. Rows stand one after the other; a row in which
nothing was typed is none.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django import forms
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agents.tools.kinds.base import Pair

WORDS = {
    "none": "Nothing", "model": "The conversation", "variable": "A variable", "fixed": "This text", "text": "Text",
    "name": "Name of a person", "phone": "Phone number", "date": "Date", "time": "Time of day", "email": "E-mail",
    "number": "Number", "choice": "Choice", "yes_no": "Yes or no", "code": "Code", "bearer": "A token (Bearer)",
    "basic": "User and password", "header": "A header", "query": "A parameter of the address", "json": "JSON",
    "form": "A form", "caller": "The person on the phone",
}  # fmt: skip
"""What the choices of a declaration are called; one that is not here is shown as it is."""

MOST_ROWS = 100


@dataclass(frozen=True)
class Declared:
    """A field of a settings model, as forms need it."""

    name: str
    info: FieldInfo
    widget: str
    title: str
    help: str
    advanced: bool
    rows: str
    """The word for one more row; empty for what has none."""

    @property
    def default(self) -> Any:
        value = self.info.get_default(call_default_factory=True)
        return None if value is PydanticUndefined else value

    @property
    def row(self) -> type[BaseModel]:
        """The model of one row."""
        found = next((one for one in _inner(self.info.annotation) if _is_model(one)), None)
        assert found is not None
        return found


def declared(model: type[BaseModel]) -> Iterator[Declared]:
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        said = extra.get("ui")
        ui: dict[str, Any] = said if isinstance(said, dict) else {}
        title = info.title or name.replace("_", " ").capitalize()
        yield Declared(
            name, info, str(ui.get("widget", "line")), title, info.description or "", bool(ui.get("advanced")),
            str(ui.get("rows") or ("Add a row" if ui.get("widget") == "rows" else "")),
        )  # fmt: skip


class _Text(forms.CharField):
    """Shown as needed, and not checked here: pydantic says what is wrong, in one go with everything else."""

    def validate(self, value: Any) -> None:
        pass


def made(field: Declared, in_row: bool = False) -> forms.Field:
    """In a row nothing is marked as optional: a blank row is none."""
    needed = in_row or field.info.is_required()
    common: dict[str, Any] = {"label": field.title, "help_text": field.help, "required": needed}
    if field.widget == "switch":
        return forms.BooleanField(initial=bool(field.default), **{**common, "required": False})
    choices = _choices(field.info.annotation)
    if choices:
        worded = [(one, WORDS.get(one, one)) for one in choices]
        return forms.ChoiceField(choices=worded, **{**common, "required": True})
    if field.widget in ("prose", "prompt", "lines", "pairs"):
        attributes = {
            "rows": 6 if field.widget == "prompt" else 1 if in_row else 3,
            "spellcheck": str(field.widget == "prose").lower(),
        }
        if field.widget == "prompt":
            attributes["class"] = "font-mono"
        return _Text(strip=False, widget=forms.Textarea(attrs=attributes), **common)
    attributes = {"autocomplete": "off"}
    if field.widget == "number":
        attributes["inputmode"] = "decimal"
    if field.widget == "phone":
        attributes |= {"type": "tel", "placeholder": "+14155550123"}
    return _Text(widget=forms.TextInput(attrs=attributes), **common)


def shown(field: Declared, value: Any) -> Any:
    """A stored value as its input shows it."""
    if field.widget == "pairs":
        return "\n".join(f"{pair['name']}: {pair['value']}" for pair in value or ())
    if field.widget == "lines":
        return "\n".join(map(str, value or ()))
    return "" if value is None else value


def typed(field: Declared, value: Any) -> Any:
    """What was typed, as the model takes it."""
    if field.widget == "switch":
        return bool(value)
    text = str(value or "").replace("\r\n", "\n")
    if field.widget == "pairs":
        return [_pair(line) for line in text.split("\n") if line.strip()]
    if field.widget == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if field.widget == "number":
        return _number(text)
    return text.strip() if field.widget != "prompt" else text


def _pair(line: str) -> dict[str, str]:
    name, _, value = line.partition(":")
    return {"name": name.strip(), "value": value.strip()}


def _number(text: str) -> Any:
    try:
        number = float(text.strip())
    except ValueError:
        return text.strip()
    return int(number) if number.is_integer() else number


def row_numbers(data: Mapping[str, Any], place: str) -> list[int]:
    """Which rows of `place` were posted."""
    pattern = re.compile(re.escape(place) + r"\.(\d{1,3})\.")
    found = {int(match[1]) for key in data if (match := pattern.match(key))}
    return sorted(found)[:MOST_ROWS]


def is_blank(values: Mapping[str, Any], fields: Sequence[Declared]) -> bool:
    """Whether nothing was typed: choices and switches have always some value."""
    return not any(
        values.get(one.name) for one in fields if one.widget != "switch" and not _choices(one.info.annotation)
    )


def _choices(annotation: Any) -> list[str]:
    found = next((one for one in _inner(annotation) if get_origin(one) is Literal), None)
    return [str(one) for one in get_args(found)] if found is not None else []


def _inner(annotation: Any) -> Iterator[Any]:
    """The annotation and all that it is made of."""
    yield annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple, list, Annotated):
        for part in get_args(annotation):
            yield from _inner(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Pair
