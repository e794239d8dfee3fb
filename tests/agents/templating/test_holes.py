"""Values go where the master says its own, and are data wherever they land."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.content import AgentContent, read
from agents.templating import places
from agents.templating.holes import filled, holes, translated, with_holes
from agents.templating.hours import hours_in_words, hours_text, read_hours
from agents.templating.parameters import Parameter, fill_in, national, read_parameters, spoken
from media_worker.contract.expressions import Surroundings, compiled
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.unit
NUMBER = "+14155550123"


def master(**flow: Any) -> dict[str, Any]:
    content = {
        "flow": {
            "greeting": "Bright Dental, {{caller|Bright Dental}}, [clip:bright] speaking.",
            "prompt": f"Brightness is no name. Call {NUMBER} or (415) 555-0123, say 4 1 5, 5 5 5, 0 1 2 3.",
            "start": "sort",
            "nodes": [
                {
                    "id": "sort",
                    "type": "branch",
                    "cases": [
                        {"when": 'town == "Springfield"', "goto": "bye"},
                        {"when": "age > 18 and name != 'Bright Dental'", "goto": "bye"},
                        {"when": "town == “Springfield”", "goto": "bye"},
                    ],
                    "otherwise": "bye",
                },
                {"id": "bye", "type": "end", "text": "Open Monday to Friday. From 18 years. Springfield!"},
            ],
            **flow,
        }
    }
    return AgentContent.model_validate(content).document()


PARAMETERS = read_parameters([
    {"name": "business", "label": "Business", "stands_for": "Bright Dental"},
    {"name": "phone", "label": "Phone", "kind": "phone", "stands_for": NUMBER},
    {"name": "town", "label": "Town", "stands_for": "Springfield"},
    {"name": "age", "label": "Age", "kind": "number", "stands_for": "18"},
    {"name": "hours", "label": "Hours", "kind": "hours", "stands_for": "Monday to Friday"},
    {"name": "voice", "label": "Voice", "kind": "voice"},
])  # fmt: skip
VALUES = {
    "business": "Garage",
    "phone": "+442079460958",
    "town": "Shelbyville",
    "age": "21",
    "hours": "Mon 9-12",
    "voice": "en-gb",
}


def test_every_spelling_becomes_a_hole_and_what_is_no_text_stays() -> None:
    made = with_holes(master(), PARAMETERS)
    flow = made["flow"]
    assert flow["greeting"] == "[[business]], {{caller|[[business]]}}, [clip:bright] speaking."
    assert flow["prompt"] == "Brightness is no name. Call [[phone]] or [[phone|national]], say [[phone|spoken]]."
    assert [case["when"] for case in flow["nodes"][0]["cases"]] == [
        'town == "[[town]]"',
        "age > [[age]] and name != '[[business]]'",
        "town == “[[town]]”",
    ]
    assert flow["hours"] == "[[hours]]"
    assert made["models"]["tts"]["options"] == {"voice": "[[voice]]"}
    assert set(holes(made)) == {parameter.name for parameter in PARAMETERS}


def test_filled_it_is_an_agent_again_with_its_own_values() -> None:
    made = filled(with_holes(master(), PARAMETERS), PARAMETERS, fill_in(PARAMETERS, VALUES).values)
    reading = read(made)
    assert reading.content is not None, reading.problems
    text = json.dumps(made, ensure_ascii=False)
    assert "Bright Dental" not in text
    assert "[[" not in text
    assert made["flow"]["nodes"][1]["text"] == "Open Monday 9 am to noon. From 21 years. Shelbyville!"
    assert f"{national(VALUES['phone'])}, say {spoken(VALUES['phone'])}" in made["flow"]["prompt"]
    assert made["flow"]["hours"]["openings"] == [{"day": "mon", "begin": "09:00", "end": "12:00"}]


@pytest.mark.parametrize(
    "hostile", ['" or true or "', "' or true or '", "” or true or “", "back\\", '\\" or true or \\"']
)
def test_a_value_cannot_become_a_part_of_a_rule(hostile: str) -> None:
    values = fill_in(PARAMETERS, VALUES | {"town": hostile, "business": hostile}).values
    made = filled(with_holes(master(), PARAMETERS), PARAMETERS, values)
    first, second, third = (case["when"] for case in made["flow"]["nodes"][0]["cases"])
    around = Surroundings()
    for rule in (first, third):
        assert compiled(rule).holds({"town": "elsewhere"}, around) is False
        assert compiled(rule).holds({"town": hostile}, around) is True
    assert compiled(second).holds({"age": 30, "name": hostile}, around) is False
    assert compiled(second).holds({"age": 20, "name": "x"}, around) is False


def test_only_a_checked_number_stands_outside_quotes() -> None:
    typed = fill_in(PARAMETERS, VALUES | {"age": "1 or true"})
    assert "number" in typed.problems["age"]
    document = with_holes(master(), PARAMETERS)
    document["flow"]["nodes"][0]["cases"][0]["when"] = "town == [[town]]"
    with pytest.raises(InvalidInput, match="between quotes"):
        filled(document, PARAMETERS, VALUES)


@pytest.mark.parametrize("hostile", ["{{caller}}", "[[town]]", "[clip:x]", "{", "]", "x" * 2_000_000, "a\x07b"])
def test_what_would_open_a_hole_is_refused(hostile: str) -> None:
    assert "business" in fill_in(PARAMETERS, VALUES | {"business": hostile}).problems


def test_what_is_filled_in_is_not_searched_again() -> None:
    two = read_parameters([
        {"name": "a", "label": "A", "stands_for": "Alpha"}, {"name": "b", "label": "B", "stands_for": "Beta"},
    ])  # fmt: skip
    document = with_holes(master(greeting="Alpha Beta"), two)
    assert filled(document, two, {"a": "[[b]]", "b": "Beta"})["flow"]["greeting"] == "[[b]] Beta"


def test_a_hole_in_every_line_times_a_long_value_is_no_bomb() -> None:
    long = (Parameter(name="a", label="A", kind="long_text", stands_for="x"),)
    document = {"flow": {"prompt": "[[a]] " * 150_000}}
    with pytest.raises(InvalidInput, match="larger than a script may be"):
        filled(document, long, {"a": "y" * 5_000})


def test_a_test_of_the_masters_speaks_of_the_instance() -> None:
    scenario = {"steps": [{"does": "says", "text": "Is this Bright Dental in Springfield?"}]}
    assert translated(scenario, PARAMETERS, VALUES) == {
        "steps": [{"does": "says", "text": "Is this Garage in Shelbyville?"}]
    }


def test_words_and_names_are_told_apart_by_the_declarations() -> None:
    assert places.is_free_text(("flow", "greeting"))
    assert places.is_free_text(("flow", "goals", 0))
    assert places.is_free_text(("flow", "nodes", 0, "slots", 1, "ask"))
    assert places.is_free_text(("fallbacks", "transfer_to"))
    for path in (
        ("flow", "nodes", 0, "id"), ("flow", "nodes", 0, "next"), ("flow", "start"), ("flow", "nodes", 0, "tool"),
        ("flow", "nodes", 0, "slots", 1, "name"), ("flow", "nodes", 0, "agent"), ("models", "tts", "vendor"),
    ):  # fmt: skip
        assert not places.is_free_text(path), path
    assert places.is_expression(("flow", "nodes", 0, "cases", 1, "when"))
    assert places.is_expression(("flow", "nodes", 0, "values", 1, "value"))
    assert not places.is_expression(("flow", "nodes", 0, "decisions", 1, "when"))
    assert not places.is_expression(("flow", "nodes", 0, "arguments", 1, "value"))


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [
        ("Mon-Fri 08:00-17:00", "Mon-Fri 08:00-17:00", "Monday to Friday 8 am to 5 pm"),
        (
            "mon - fri 8am-5pm; Sat 9-12, 13-16",
            "Mon-Fri 08:00-17:00\nSat 09:00-12:00, 13:00-16:00",
            "Monday to Friday 8 am to 5 pm and Saturday 9 am to noon and 1 pm to 4 pm",
        ),
        (
            "Fri-Mon 22-2",
            "Mon 22:00-02:00\nFri-Sun 22:00-02:00",
            "Monday 10 pm to 2 am and Friday to Sunday 10 pm to 2 am",
        ),
        ("Tuesday 1 to 5 pm", "Tue 13:00-17:00", "Tuesday 1 pm to 5 pm"),
        ("always", "always", "around the clock, every day"),
        ("always\nclosed 2026-12-25", "closed 2026-12-25", "around the clock, every day"),
        ("Mon-Sun 0:00-24:00", "Mon-Sun 00:00-24:00", "every day midnight to midnight"),
    ],
)
def test_hours_are_read_kept_and_said(typed: str, kept: str, said: str) -> None:
    hours = read_hours(typed)
    assert (hours_text(hours), hours_in_words(hours)) == (kept, said)
    assert read_hours(kept) == hours


@pytest.mark.parametrize(
    "typed", ["", "whenever", "Mon", "8-17", "Mon 25-26", "Mon 8-17 and more", "closed 2026-02-30", "Mon 13pm-4"]
)
def test_hours_that_are_none_are_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidInput):
        read_hours(typed)
