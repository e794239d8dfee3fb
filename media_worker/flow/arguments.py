"""What a tool is given: from the flow's settings, from variables, from a language model; typed, checked, and what is
trusted kept clear of anything a caller said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from media_worker.contract.expressions.functions import number_of
from media_worker.contract.flow import Slot
from media_worker.contract.spec import Scalar
from media_worker.contract.tools import Parameter, ToolSpec
from media_worker.flow import slots
from media_worker.flow.slots import parse_yes_no
from media_worker.flow.templating import spoken

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

LONGEST_ARGUMENT = 2_000


@dataclass(frozen=True)
class Filled:
    """`wrong` says what keeps the tool from being used, as a sentence for a model and for the trace."""

    arguments: dict[str, Scalar] = field(default_factory=dict)
    wrong: str = ""


def fill(
    on: Engine, tool: ToolSpec, given: Mapping[str, str] | None = None, asked: Mapping[str, Any] | None = None
) -> Filled:
    """`given`: texts of a step, with variables in them. `asked`: what a language model asks for."""
    arguments: dict[str, Scalar] = {}
    for parameter in tool.parameters:
        name = parameter.name
        value, heard = _found(on, parameter, given or {}, asked)
        if parameter.trusted and heard:
            return Filled(arguments, f"{name} is not taken from what a caller said.")
        if value in (None, ""):
            if parameter.required:
                return Filled(arguments, f"{name} is missing: {parameter.about or parameter.type.replace('_', ' ')}.")
            continue
        typed = as_typed(on, parameter, value)
        if typed is None:
            return Filled(arguments, f"{name} has to be {_kind(parameter)}.")
        arguments[name] = typed
    return Filled(arguments)


def _found(
    on: Engine, parameter: Parameter, given: Mapping[str, str], asked: Mapping[str, Any] | None
) -> tuple[Any, bool]:
    """The raw value, and whether it may hold something a caller said."""
    if parameter.source == "fixed":
        return on.template(parameter.value), bool(on.heard_in(parameter.value))
    if parameter.name in given:
        template = given[parameter.name]
        return on.template(template), bool(on.heard_in(template))
    if parameter.source == "variable":
        return on.value(parameter.value or parameter.name), on.was_heard(parameter.value or parameter.name)
    if asked is not None:
        return asked.get(parameter.name), True
    return on.value(parameter.name), on.was_heard(parameter.name)


def as_typed(on: Engine, parameter: Parameter, value: Any) -> Scalar:
    """The value in the parameter's written form; None when it is none."""
    if not isinstance(value, str | int | float | bool):
        return None
    if parameter.type == "number":
        return None if isinstance(value, bool) else _number(on, parameter, value)
    if parameter.type == "yes_no":
        return value if isinstance(value, bool) else parse_yes_no(spoken(value))
    text = str(value)[:LONGEST_ARGUMENT] if isinstance(value, str) else spoken(value)
    if parameter.choices:
        exact = next((choice for choice in parameter.choices if choice.casefold() == text.strip().casefold()), None)
        return exact or slots.parse(_slot(parameter), text, on.now())
    if parameter.type in ("date", "time", "phone", "email"):
        return slots.parse(_slot(parameter), text, on.now())
    return text


def _number(on: Engine, parameter: Parameter, value: str | int | float) -> Scalar:
    number = number_of(value)
    return number if number is not None else slots.parse(_slot(parameter), str(value), on.now())


def _slot(parameter: Parameter) -> Slot:
    return Slot(name=parameter.name, type=parameter.type, ask="", choices=parameter.choices)


_KINDS = {
    "number": "a number",
    "yes_no": "true or false",
    "date": "a day, as 2026-11-26",
    "time": "a time, as 15:30",
    "phone": "a phone number, as +14155550123",
    "email": "an e-mail address",
}


def _kind(parameter: Parameter) -> str:
    if parameter.choices:
        return f"one of: {', '.join(parameter.choices)}"
    return _KINDS.get(parameter.type, "a text")


def schema(parameter: Parameter) -> dict[str, Any]:
    """The parameter as a language model is told of it."""
    kind = {"number": "number", "yes_no": "boolean"}.get(parameter.type, "string")
    told: dict[str, Any] = {"type": kind}
    if parameter.choices:
        told["enum"] = list(parameter.choices)
    about = " ".join(part for part in (parameter.about, _hint(parameter)) if part)
    return told | ({"description": about} if about else {})


def _hint(parameter: Parameter) -> str:
    return f"({_KINDS[parameter.type]})" if parameter.type in ("date", "time", "phone", "email") else ""
