"""The example tests of a template, for the agent that was made from it.

Where a test names a day and a time, they are ones at which this agent's business is open, so that what was made passes
its own tests; one that wants a closed hour is left out where there is none.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from agents.generate import Example
from agents.generate.facts import Facts
from agents.generate.filling import filled, template, values_of
from agents.generate.hours import openings
from agents.simulate.shape import Scenario
from media_worker.contract.flow import Hours

NOW = datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 (the business's wall clock; a Friday)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCKS = {
    "15:00": ("three in the afternoon", "3 pm"),
    "19:00": ("seven in the evening", "7 pm"),
    "10:00": ("ten in the morning", "10 am"),
    "12:00": ("noon", "noon"),
    "11:00": ("eleven in the morning", "11 am"),
    "17:00": ("five in the afternoon", "5 pm"),
    "08:00": ("eight in the morning", "8 am"),
    "22:00": ("ten in the evening", "10 pm"),
}
_CLOSED_CLOCKS = {"23:00": "eleven in the evening", "05:00": "five in the morning", "21:00": "nine in the evening"}


def examples(name: str, facts: Facts) -> tuple[Example, ...]:
    """The template's tests that hold for an agent with these facts."""
    hours = openings(facts.hours)
    values = values_of(facts) | _when(hours)
    if hours.openings:
        values["openings"] = "yes"
    made = []
    for test in template(name)["tests"]:
        if set(test.get("needs", ())) <= set(values) and not set(test.get("without", ())) & set(values):
            made.append(Example(test["name"], _scenario(filled(test, values))))
    return tuple(made)


def _when(hours: Hours) -> dict[str, str]:
    """A day and a time at which it is open, as a caller says them and as they are kept and read back."""
    coming = [NOW.date() + timedelta(days=days) for days in (6, 4, 5, 3, 8, 2, 7)]
    found = next(((day, clock) for clock in _CLOCKS for day in coming if hours.open_at(_at(day, clock))), None)
    if found is None:
        return {}
    day, clock = found
    said, back = _CLOCKS[clock]
    values = {"day": _DAYS[day.weekday()], "date": day.isoformat(), "clock": said, "time": clock, "back": back}
    closed = next((said for clock, said in _CLOSED_CLOCKS.items() if not hours.open_at(_at(day, clock))), "")
    return values | ({"closed": closed} if closed else {})


def _at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


def _scenario(test: dict[str, Any]) -> Scenario:
    steps = []
    for turn in test["turns"]:
        expects = [{"kind": "said", "text": text} for text in turn.get("says", ())]
        expects += [{"kind": "not_said", "text": text} for text in turn.get("never", ())]
        does = (
            {"does": "presses", "digits": turn["presses"]}
            if "presses" in turn
            else {"does": "says", "text": turn["caller"]}
        )
        steps.append({**does, "expects": expects})
    expects = [{"kind": "variable", "name": name, "value": value} for name, value in test.get("variables", {}).items()]
    if "outcome" in test:
        expects.append({"kind": "outcome", "outcome": test["outcome"]})
    return Scenario.model_validate(
        {"steps": steps, "expects": expects, "variables": test.get("given", {}), "now": NOW.isoformat()}
    )
