"""A test as rows of a form, and back. Fields are named by their place: `steps.0.text`, `steps.0.expects.1.what`.

Every expectation is two fields: `what` (a step, words, a variable, a tool…) and, for some kinds, `value`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from agents.simulate.judge import words
from agents.simulate.shape import Expectation, Scenario
from media_worker.contract.tools import Scalar

MOST_ROWS = 60

KINDS: dict[str, str] = {
    "reached": "reaches the step",
    "said": "says",
    "not_said": "does not say",
    "variable": "has kept",
    "holds": "this holds",
    "used": "uses the tool",
    "outcome": "ends the call as",
    "ended": "has hung up",
}
WITH_VALUE = {"variable": "is", "used": "with"}
DOES = {"says": "The caller says", "presses": "The caller presses", "silent": "The caller says nothing"}
_FIELDS = {
    "reached": "node",
    "said": "text",
    "not_said": "text",
    "variable": "name",
    "holds": "expression",
    "used": "tool",
    "outcome": "outcome",
    "ended": "ended",
}


@dataclass
class Row:
    """An expectation. `wrong` says what is wrong with it."""

    kind: str = "said"
    what: str = ""
    value: str = ""
    wrong: str = ""

    @property
    def with_value(self) -> str:
        return WITH_VALUE.get(self.kind, "")


@dataclass
class StepRow:
    does: str = "says"
    text: str = ""
    expects: list[Row] = field(default_factory=list)
    wrong: str = ""


@dataclass
class MockRow:
    tool: str = ""
    ok: bool = True
    text: str = ""
    variables: str = ""
    wrong: str = ""


@dataclass
class TestForm:
    """`variables` are lines “name = value”. `wrong` is about the whole."""

    __test__ = False

    name: str = ""
    steps: list[StepRow] = field(default_factory=list)
    opening: list[Row] = field(default_factory=list)
    expects: list[Row] = field(default_factory=list)
    variables: str = ""
    now: str = ""
    mocks: list[MockRow] = field(default_factory=list)
    wrong: str = ""


# ── from a test ──────────────────────────────────────────────────────────────────────────────────


def shown(name: str, scenario: Scenario) -> TestForm:
    return TestForm(
        name=name,
        steps=[
            StepRow(
                step.does, getattr(step, "text", "") or getattr(step, "digits", ""), [_row(one) for one in step.expects]
            )
            for step in scenario.steps
        ],
        opening=[_row(one) for one in scenario.opening],
        expects=[_row(one) for one in scenario.expects],
        variables=_lines(scenario.variables),
        now=scenario.now.strftime("%Y-%m-%dT%H:%M") if scenario.now else "",
        mocks=[MockRow(tool, mock.ok, mock.text, _lines(mock.variables)) for tool, mock in scenario.mocks.items()],
    )


def _row(one: Expectation) -> Row:
    dumped = one.model_dump(mode="json")
    what = dumped[_FIELDS[one.kind]]
    if one.kind == "ended":
        what = "yes" if what else "no"
    if one.kind == "variable":
        return Row(one.kind, what, _text(dumped["value"]))
    if one.kind == "used":
        return Row(one.kind, what, ", ".join(f"{name} = {_text(value)}" for name, value in one.arguments.items()))
    return Row(one.kind, str(what))


def _lines(values: Mapping[str, Scalar]) -> str:
    return "\n".join(f"{name} = {_text(value)}" for name, value in values.items())


def _text(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


# ── from what was typed ──────────────────────────────────────────────────────────────────────────


def typed(posted: Mapping[str, str]) -> TestForm:
    """As it was typed, complete or not."""
    form = TestForm(posted.get("name", ""), variables=posted.get("variables", ""), now=posted.get("now", ""))
    form.steps = [
        StepRow(posted.get(f"{at}.does", "says"), posted.get(f"{at}.text", ""), _rows(posted, f"{at}.expects"))
        for at in _places(posted, "steps")
    ]
    form.opening, form.expects = _rows(posted, "opening"), _rows(posted, "expects")
    form.mocks = [
        MockRow(
            posted.get(f"{at}.tool", ""),
            posted.get(f"{at}.ok", "yes") == "yes",
            posted.get(f"{at}.text", ""),
            posted.get(f"{at}.variables", ""),
        )
        for at in _places(posted, "mocks")
    ]
    return form


def _places(posted: Mapping[str, str], prefix: str) -> list[str]:
    """`steps.0`, `steps.1`, … as far as something was posted below them."""
    pattern = re.compile(rf"^{re.escape(prefix)}\.(\d{{1,3}})\.")
    numbers = sorted({int(found[1]) for name in posted if (found := pattern.match(name))})
    return [f"{prefix}.{number}" for number in numbers[:MOST_ROWS]]


def _rows(posted: Mapping[str, str], prefix: str) -> list[Row]:
    return [
        Row(posted.get(f"{at}.kind", "said"), posted.get(f"{at}.what", ""), posted.get(f"{at}.value", ""))
        for at in _places(posted, prefix)
    ]


def reshaped(form: TestForm, posted: Mapping[str, str]) -> bool:
    """Adds or removes the row that a button named. Whether one did."""
    if place := posted.get("add"):
        _add(form, place)
    elif place := posted.get("remove"):
        _remove(form, place)
    else:
        return bool(posted.get("kind_changed"))
    return True


def _add(form: TestForm, place: str) -> None:
    if place == "steps":
        form.steps.append(StepRow())
    elif place == "mocks":
        form.mocks.append(MockRow())
    elif (rows := _expects_at(form, place)) is not None:
        rows.append(Row())


def _remove(form: TestForm, place: str) -> None:
    prefix, _, number = place.rpartition(".")
    rows: list[Any] | None = form.steps if prefix == "steps" else form.mocks if prefix == "mocks" else None
    rows = rows if rows is not None else _expects_at(form, prefix)
    if rows is not None and number.isdigit() and int(number) < len(rows):
        del rows[int(number)]


def _expects_at(form: TestForm, place: str) -> list[Row] | None:
    if place == "opening":
        return form.opening
    if place == "expects":
        return form.expects
    found = re.fullmatch(r"steps\.(\d{1,3})\.expects", place)
    number = int(found[1]) if found else -1
    return form.steps[number].expects if 0 <= number < len(form.steps) else None


# ── to a test ────────────────────────────────────────────────────────────────────────────────────


def scenario(form: TestForm) -> Scenario | None:
    """The test, or None: then the rows and the form say what is `wrong`. Rows in which nothing stands are left out."""
    steps = [step for step in form.steps if step.text.strip() or step.does == "silent" or step.expects]
    document: dict[str, Any] = {
        "steps": [_step(step) for step in steps],
        "opening": [_expectation(row) for row in form.opening],
        "expects": [_expectation(row) for row in form.expects],
        "mocks": {},
    }
    form.steps = steps
    for mock in form.mocks:
        name = mock.tool.strip()
        if not name:
            mock.wrong = "Choose the tool."
            continue
        document["mocks"][name] = {
            "ok": mock.ok,
            "text": mock.text,
            "variables": _values(mock.variables),
            "mocked": True,
        }
    document["variables"] = _values(form.variables)
    if form.now:
        try:
            document["now"] = datetime.fromisoformat(form.now).isoformat()
        except ValueError:
            form.wrong = "The clock needs a day and a time."
            return None
    if any(mock.wrong for mock in form.mocks):
        return None
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        _blame(form, error)
        return None


def _step(step: StepRow) -> dict[str, Any]:
    told: dict[str, Any] = {"does": step.does, "expects": [_expectation(row) for row in step.expects]}
    if step.does == "says":
        told["text"] = " ".join(step.text.split())
    elif step.does == "presses":
        told["digits"] = "".join(step.text.split()).upper()
    return told


def _expectation(row: Row) -> dict[str, Any]:
    what = row.what.strip()
    told: dict[str, Any] = {"kind": row.kind, _FIELDS.get(row.kind, "text"): what}
    if row.kind == "ended":
        told["ended"] = what != "no"
    elif row.kind == "variable":
        told["value"] = row.value.strip()
    elif row.kind == "used":
        told["arguments"] = _values(row.value.replace(",", "\n"))
    return told


def _values(lines: str) -> dict[str, str]:
    """Lines “name = value”."""
    found = {}
    for line in lines.splitlines():
        name, sign, value = line.partition("=")
        if name.strip():
            found[name.strip()] = value.strip() if sign else ""
    return found


_WORDS = {
    "string_too_short": "It is empty.",
    "string_pattern_mismatch": "Use small letters, digits and _.",
    "too_long": "There are too many.",
}


def _blame(form: TestForm, error: ValidationError) -> None:
    for one in error.errors(include_url=False):
        at, kind = one["loc"], one["type"]
        said = _WORDS.get(kind) or str(one["msg"]).removeprefix("Value error, ")
        match at:
            case ("steps", int(number), _, "expects", int(row), *_) if number < len(form.steps):
                form.steps[number].expects[row].wrong = said
            case ("steps", int(number), *_) if number < len(form.steps):
                form.steps[number].wrong = "Keys are 0 to 9, * and #." if "digits" in at else said
            case ("opening", int(row), *_):
                form.opening[row].wrong = said
            case ("expects", int(row), *_):
                form.expects[row].wrong = said
            case ("mocks", str(name), *_):
                form.mocks = [replace(mock, wrong=said) if mock.tool == name else mock for mock in form.mocks]
            case (str(place), *_):
                form.wrong = f"{words(place).capitalize()}: {said}"
            case _:
                form.wrong = said
