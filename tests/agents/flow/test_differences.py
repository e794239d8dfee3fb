"""What changed is told by step and field, in words; long texts word by word; what only moved or was renamed as that."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest

from agents.content import whole
from agents.flow.differences import Change, differences
from agents.flow.wording import compared
from media_worker.contract.flow import KINDS
from tests.agents.flow.scripts import asks, branch, script

pytestmark = pytest.mark.unit


def between(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return differences(whole(before), whole(after))


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Place, what happened, and the lines with a mark."""
    marks = {"gone": "-", "new": "+", "mixed": "±", "same": " ", "fold": "…"}
    return [
        (change.place, change.what, " ".join(f"{marks[line.kind]}{line.text}" for line in change.lines))
        for change in between(before, after)
    ]


def edited(document: dict[str, Any], edit: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    edit(copied["flow"])
    return copied


HOUSE = script(
    {"id": "talk", "type": "conversation", "say": "Hello.", "prompt": "Be kind.", "fallback_goto": "ask"},
    asks({"name": "guests", "type": "number"}, {"name": "day", "type": "date"}, then="sort"),
    branch("guests > 8", "open()", goto="line", otherwise="bye"),
    {"id": "line", "type": "say", "text": "We are full.", "next": "bye"},
    intents=[{"name": "person", "examples": ["a person"], "goto": "line"}],
)


def test_nothing_changed_is_no_difference() -> None:
    assert between(HOUSE, copy.deepcopy(HOUSE)) == []
    assert between(HOUSE, {**HOUSE, "layout": {"talk": [1, 2]}}) == []


def test_a_field_is_named_by_its_step_and_title() -> None:
    after = edited(HOUSE, lambda flow: flow["nodes"][3].update(text="We are full today.", next="talk"))
    assert told(HOUSE, after) == [
        ("Step “line”, says", "changed", "±We are full today."),
        ("Step “line”, then go to", "changed", "-Bye +Talk"),
    ]
    (change, _) = between(HOUSE, after)
    assert (change.part.icon, change.part.kind, change.part.what) == ("quote", "Line", "changed")
    assert change.part.anchor == "flow.nodes.3"


def test_ways_out_are_said_as_when_and_where() -> None:
    def edit(flow: dict[str, Any]) -> None:
        flow["nodes"][2]["cases"][0]["when"] = "guests > 6"
        flow["nodes"][2]["cases"].append({"when": 'weekday(day) == "sunday"', "goto": "talk"})

    assert told(HOUSE, edited(HOUSE, edit)) == [
        ("Step “sort”, case 1", "changed", "±if guests > 86 → Line"),
        ("Step “sort”, case 3", "added", '+if weekday(day) == "sunday" → Talk'),
    ]


def test_rows_that_came_went_and_changed_places() -> None:
    def edit(flow: dict[str, Any]) -> None:
        day, guests = flow["nodes"][1]["slots"][1], flow["nodes"][1]["slots"][0]
        flow["nodes"][1]["slots"] = [day, guests, {"name": "name", "type": "name", "ask": "Your name?"}]
        flow["intents"] = []

    assert told(HOUSE, edited(HOUSE, edit)) == [
        ("Everywhere, topic “person”", "removed", "-What callers say: a person -Then go to: Line"),
        ("Step “ask”, question “name”", "added", "+Kind of answer: A name +Question: Your name?"),
        ("Step “ask”, order of questions", "changed", "-guests, day +day, guests"),
    ]


def test_a_step_that_was_renamed_is_the_same_step_and_so_is_what_leads_to_it() -> None:
    def edit(flow: dict[str, Any]) -> None:
        flow["nodes"][3]["id"] = "full_house"
        flow["nodes"][2]["cases"][0]["goto"] = flow["nodes"][2]["cases"][1]["goto"] = "full_house"
        flow["intents"][0]["goto"] = "full_house"

    after = edited(HOUSE, edit)
    before = {**HOUSE, "routing": {"rules": [{"tier": "large", "nodes": ["line"]}]}}
    after["routing"] = {"rules": [{"tier": "large", "nodes": ["full_house"]}]}
    assert told(before, after) == [("Step “full house”, name of the step", "renamed", "-Line +Full house")]


def test_a_step_that_went_and_another_that_came_are_two() -> None:
    def edit(flow: dict[str, Any]) -> None:
        flow["nodes"][3] = {"id": "voice", "type": "voicemail", "text": "Call back."}
        for case in flow["nodes"][2]["cases"]:
            case["goto"] = "voice"

    found = between(HOUSE, edited(HOUSE, edit))
    assert [(change.part.title, change.part.what) for change in found if not change.field] == [
        ("Step “voice”", "added"),
        ("Step “line”", "removed"),
    ]


def test_another_kind_under_the_same_name_is_told() -> None:
    after = edited(HOUSE, lambda flow: flow["nodes"].__setitem__(3, {"id": "line", "type": "end", "text": "Full."}))
    assert ("Step “line”, kind", "changed", "-Line +Goodbye") in told(HOUSE, after)


def test_the_starts_own_fields_stand_under_start() -> None:
    after = edited(HOUSE, lambda flow: flow.update(
        greeting="Good day.", start="ask", variables=[{"name": "vip", "type": "yes_no"}],
        before=[{"tool": "crm", "arguments": [{"name": "phone", "value": "{{caller}}"}]}],
        hours={"openings": [{"day": "mon", "begin": "09:00", "end": "17:00"}], "closed": ["2026-12-24"]}))  # fmt: skip
    assert told(HOUSE, after) == [
        ("Greeting", "changed", "-Hello. +Good day."),
        ("Variable “vip”", "added", "+Kind: Yes or no"),
        ("Look-up 1", "added", "+crm (phone = {{caller}}) 1.5"),
        ("Business hours, opening 1", "added", "+Monday 09:00 to 17:00"),
        ("Business hours, closed on these days", "added", "+2026-12-24"),
        ("First step", "changed", "-Talk +Ask"),
    ]


def test_a_prompt_is_compared_word_by_word_and_folded() -> None:
    lines = [f"Rule {number} is about something else." for number in range(40)]
    before = "\n".join(lines)
    lines[20] = "Rule 20 is about something entirely else."
    kinds = [(line.kind, line.text) for line in compared(before, "\n".join(lines))]
    assert kinds[0] == ("fold", "19 lines stayed the same")
    assert kinds[-1] == ("fold", "18 lines stayed the same")
    (mixed,) = [line for line in compared(before, "\n".join(lines)) if line.kind == "mixed"]
    assert [(p.kind, p.text) for p in mixed.pieces if p.kind != "same"] == [("new", "entirely ")]


def test_a_long_line_keeps_the_words_next_to_a_change() -> None:
    words = [f"word{number}" for number in range(200)]
    after = [*words]
    after[100] = "changed"
    (line,) = compared(" ".join(words), " ".join(after))
    assert [piece.kind for piece in line.pieces] == ["fold", "same", "gone", "new", "same", "fold"]
    assert len(line.text) < 400


def test_texts_that_have_nothing_in_common_stand_under_each_other() -> None:
    assert [line.kind for line in compared("Good morning to you.", "Wir haben leider geschlossen!")] == ["gone", "new"]
    assert [line.kind for line in compared("", "New.")] == ["new"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("a " * 25_000, "b a " * 12_000), ("\n" * 50_000, "a\n" * 25_000), ("ab" * 25_000, "ba" * 25_000),
     ("\n".join("xy"[i % 2] for i in range(25_000)), "\n".join("xyz"[i % 3] for i in range(25_000)))],
)  # fmt: skip
def test_the_longest_prompts_are_compared_in_time(before: str, after: str) -> None:
    begin = time.process_time()
    compared(before, after)
    assert time.process_time() - begin < 5


def test_two_flows_of_five_hundred_steps_are_compared_in_time() -> None:
    def flow(salt: str) -> dict[str, Any]:
        nodes = [{"id": f"{salt}_{i}", "type": "say", "text": f"Line {i}", "next": "bye"} for i in range(400)]
        return script(*nodes)

    begin = time.process_time()
    found = between(flow("old"), flow("new"))
    assert time.process_time() - begin < 5
    assert len(found) == 400


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_every_kind_has_words(kind: str) -> None:
    """A new field is told by its declared title, without a second list."""
    empty = {"flow": {"nodes": [{"id": "step", "type": kind}]}}
    for name, field in KINDS[kind].model_fields.items():
        if name in ("id", "type"):
            continue
        value: Any = {"min_words": 3} if name == "turns" else [{"name": "x"}, {"when": "x"}, "x"]
        after = {"flow": {"nodes": [{"id": "step", "type": kind, name: value}]}}
        places = [change.place for change in differences(empty, after)]
        title = (field.title or "").lower()
        assert places
        assert all(place.startswith("Step “step”, ") for place in places)
        rows = (field.json_schema_extra or {}).get("ui", {}).get("rows")  # type: ignore[union-attr]
        assert rows or title in places[0] or "turn taking" in places[0], places
