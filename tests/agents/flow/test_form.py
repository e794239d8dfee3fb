"""The outline's form: what it shows comes back unchanged, what is typed is kept, and steps keep together when renamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from agents.content import read
from agents.flow import changing, form, week
from agents.flow.outline import kinds_by_group, outline
from agents.generate import builtin
from agents.generate.facts import Facts
from media_worker.contract.flow import KINDS, Flow
from tests.agents.flow.scripts import BYE, Typed, as_posted, asks, branch, script

pytestmark = pytest.mark.unit


def draft() -> dict[str, Any]:
    return builtin.fill("front_desk", Facts("Bright Dental")).document()


def typed(document: dict[str, Any], opened: Iterable[int] | None = None, **changed: str) -> dict[str, Any]:
    """The draft after its form was sent with some fields changed."""
    posted = dict(as_posted(document, opened)) | {name.replace("__", "."): text for name, text in changed.items()}
    return {**document, "flow": form.parse(posted.items(), document["flow"]).flow}


EVERYTHING = script(
    {"id": "talk", "type": "conversation", "say": "Hi.", "prompt": "Be kind.\nAlways.", "tools": ["look", "book"],
     "knowledge": True, "extract": [{"name": "mood", "type": "choice", "choices": ["good", "bad"]}],
     "intents": [{"name": "big_party", "examples": ["a party", "many"], "answer": "Nice.", "goto": "ask"}],
     "when": [{"when": "guests > 4 and open()", "goto": "sort"}], "decisions": [{"when": "they are angry", "goto": "desk"}],
     "fallback": ["What?", "Pardon?"], "fallback_goto": "desk", "tier": "small", "voice": "nova",
     "turns": {"interruptible": False, "min_words": 2, "patience": 1.5}},
    asks({"name": "guests", "type": "number", "confirm": True, "required": False}, {"name": "code", "type": "code",
         "pattern": "AB-####", "reask": "Again?"}, then="sort"),
    branch("guests > 8", 'weekday() == "sunday"', goto="desk"),
    {"id": "keep", "type": "set", "values": [{"name": "vip", "value": "guests > 6"}], "next": "menu"},
    {"id": "menu", "type": "menu", "text": "Press.", "give_up": "bye", "attempts": 2,
     "options": [{"digit": "#", "name": "sales_team", "examples": ["sales"], "goto": "line"}]},
    {"id": "line", "type": "say", "text": "Hello.", "clip": "welcome", "next": "look"},
    {"id": "look", "type": "tool", "tool": "look", "arguments": [{"name": "who", "value": "{{caller}}"}], "say": "One moment.",
     "when": [{"when": "found", "goto": "know"}], "next": "know", "failed": "desk"},
    {"id": "know", "type": "knowledge", "bases": ["prices", "menu"], "unknown": "desk", "next": "pause"},
    {"id": "pause", "type": "wait", "seconds": 0.5, "heard": "talk", "next": "hand"},
    {"id": "hand", "type": "handover", "agent": "Bookings", "greet": True, "failed": "desk"},
    {"id": "desk", "type": "transfer", "to": "+14155550123", "failed": "machine"},
    {"id": "machine", "type": "voicemail", "text": "Call back.", "patience": 5, "outcome": "left_word"},
    goals=["Book", "Help"], prompt="Kind.", intents=[{"name": "person", "examples": ["a person"], "goto": "desk"}],
    variables=[{"name": "vip_number", "type": "phone", "default": "+1", "about": "theirs"}],
    before=[{"tool": "crm", "arguments": [{"name": "phone", "value": "{{caller}}"}], "deadline": 0.8}],
    hours={"openings": [{"day": "mon", "begin": "09:00", "end": "12:00"}, {"day": "mon", "begin": "13:00", "end": "17:30"},
                        {"day": "fri", "begin": "22:00", "end": "02:00"}], "closed": ["2026-12-24"]},
)  # fmt: skip


def test_everything_there_is_survives_its_form_unchanged() -> None:
    assert {node["type"] for node in EVERYTHING["flow"]["nodes"]} == set(KINDS)
    before, after = read(EVERYTHING).content, read(typed(EVERYTHING)).content
    assert before is not None
    assert after == before


@pytest.mark.parametrize("name", builtin.names())
def test_a_script_survives_its_form_unchanged(name: str) -> None:
    document = builtin.fill(name, Facts("Bright Dental", "nine to five")).document()
    content = read(typed(document)).content
    assert content is not None
    assert content.document() == document


def test_steps_that_nobody_opened_stay_as_they_are() -> None:
    after = typed(EVERYTHING, opened=[1, 5], flow__nodes__5__text="Good day.", flow__greeting="Hey.")
    assert after["flow"]["greeting"] == "Hey."
    assert after["flow"]["nodes"][5]["text"] == "Good day."
    assert [n for i, n in enumerate(after["flow"]["nodes"]) if i not in (1, 5)] == [
        n for i, n in enumerate(EVERYTHING["flow"]["nodes"]) if i not in (1, 5)
    ]
    assert form.parse([], EVERYTHING["flow"]).flow == EVERYTHING["flow"]


def test_every_declared_field_is_on_the_form() -> None:
    """A new field of a kind, or of the start, appears by its declaration alone."""
    document = {"flow": {"nodes": [{"id": kind, "type": kind} for kind in KINDS]}}
    shown = outline(document, opened=range(len(KINDS)))
    for step, kind in zip(shown.steps, KINDS.values(), strict=True):
        assert step.fields is not None
        assert {field.declared.name for field in step.fields} == set(kind.model_fields) - {"id", "type"}
        assert step.about == kind.about
    on_start = {field.declared.name for section in (*shown.before, *shown.after) for field in section.fields}
    assert on_start | {"nodes", "hours"} == set(Flow.model_fields)
    assert [name for _, kinds in kinds_by_group() for name, _ in kinds] == list(KINDS)


# ── renaming ─────────────────────────────────────────────────────────────────────────────────────


def test_a_step_that_is_renamed_takes_everything_that_leads_to_it_along() -> None:
    for opened in (range(13), [10]):
        posted = dict(as_posted(EVERYTHING, opened)) | {"flow.nodes.10.title": "The Front Desk"}
        found = form.parse(posted.items(), EVERYTHING["flow"])
        assert found.renamed == {"desk": "the_front_desk"}
        assert "'desk'" not in str(found.flow)
        assert str(found.flow).count("'the_front_desk'") == str(EVERYTHING["flow"]).count("'desk'")
        assert read({"flow": found.flow}).content is not None


def test_a_page_that_never_heard_of_the_new_name_does_not_lose_the_step() -> None:
    posted = dict(as_posted(EVERYTHING)) | {"flow.nodes.10.title": "The Front Desk"}
    once = form.parse(posted.items(), EVERYTHING["flow"]).flow
    posted["flow.nodes.10.failed_say"] = "Nobody is there."
    twice = form.parse(posted.items(), once).flow
    assert twice == {**once, "nodes": [*once["nodes"][:10], {**once["nodes"][10], "failed_say": "Nobody is there."},
                                       *once["nodes"][11:]]}  # fmt: skip


def test_two_steps_of_one_name_are_told_apart() -> None:
    document = draft()
    posted = [(k, "Same" if k.endswith("title") else v) for k, v in as_posted(document)]
    flow = form.parse(posted, document["flow"]).flow
    assert [node["id"] for node in flow["nodes"]][:3] == ["same", "same_2", "same_3"]
    assert read({**document, "flow": flow}).content is not None


def test_a_step_that_lies_elsewhere_by_now_is_found_by_its_name() -> None:
    posted = as_posted(EVERYTHING, [5])
    moved = changing.move(EVERYTHING["flow"], "flow.nodes.5", -1)
    flow = form.parse([(k, "Changed." if k.endswith("text") else v) for k, v in posted], moved).flow
    assert [node["id"] for node in flow["nodes"]][4:6] == ["line", "menu"]
    assert flow["nodes"][4]["text"] == "Changed."
    gone = changing.remove(EVERYTHING["flow"], "flow.nodes.5")
    assert form.parse([p for p in posted if p[0].startswith("flow.nodes")], gone).flow == gone


# ── what was typed ───────────────────────────────────────────────────────────────────────────────


def test_what_is_no_number_and_no_expression_is_kept_and_said_at_its_place() -> None:
    after = typed(EVERYTHING, flow__nodes__8__seconds="a while", flow__nodes__2__cases__0__when="guests >")
    found = [(problem.anchor, problem.sentence) for problem in read(after).problems]
    assert found == [
        ("flow.nodes.2.cases.0.when", "Something is missing after “>” (character 8)."),
        ("flow.nodes.8.seconds", "“Seconds” has to be a number."),
    ]
    shown = outline(after, read(after).problems, opened=[2, 8])
    assert shown.steps[2].fields is not None
    (case, _) = shown.steps[2].fields[0].rows
    assert case.fields[0].value == "guests >"
    assert case.fields[0].problems[0].sentence.startswith("Something is missing")
    assert not shown.steps[2].own_problems


def test_names_are_written_as_people_write_them() -> None:
    after = typed(EVERYTHING, flow__nodes__1__slots__0__name="Größe der Gruppe!", flow__intents__0__name="")
    assert after["flow"]["nodes"][1]["slots"][0]["name"] == "grosse_der_gruppe" or after["flow"]["nodes"][1]["slots"][0]["name"] == "groe_der_gruppe"  # fmt: skip
    assert after["flow"]["intents"][0]["name"] == "topic"


@pytest.mark.parametrize(
    "posted",
    [
        [("flow", "x"), ("flow.", ""), ("flow..a", "b"), ("nodes.0.id", "x")],
        [("flow.nodes", "text"), ("flow.nodes.0.id", "x")],
        [("flow.nodes.0.id", "talk"), ("flow.nodes.0.slots", "text"), ("flow.nodes.0.slots.1.ask", "x")],
        [("flow." + "a." * 500, "deep"), ("flow.is_open", "1"), ("flow.hours", "x"), ("flow.hours.mon.x", "y")],
        [("flow.nodes.0.id", "talk"), ("flow.nodes.0.type", "virus"), ("flow.nodes.99999999.id", "talk")],
        [("flow.is_open", "1"), ("flow.variables.x", "y"), ("flow.before.0.arguments", "z"), ("flow.intents.0.examples.1", "a")],
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "flow", [None, {}, {"nodes": 3}, {"nodes": [1, None, {"id": "talk", "type": ["x"]}]}, EVERYTHING["flow"]]
)
def test_a_form_that_nobody_made_is_kept_as_far_as_it_goes(posted: Typed, flow: Any) -> None:
    found = form.parse(posted, flow).flow
    read({"flow": found})
    assert outline({"flow": found}, opened=range(5)).steps is not None


@pytest.mark.parametrize(
    ("said", "openings"),
    [
        ("9-17", [("09:00", "17:00")]),
        ("9:00 – 12, 13.30 to 5pm", [("09:00", "12:00"), ("13:30", "17:00")]),
        ("9am-12 and 1-5 pm", [("09:00", "12:00"), ("13:00", "17:00")]),
        ("22–02:00", [("22:00", "02:00")]),
        ("00:00–24:00", [("00:00", "24:00")]),
        ("closed", []),
        ("by appointment", [("by appointment", "24:00")]),
        ("25-26", [("25:00", "26:00")]),
    ],
)
def test_hours_are_read_as_people_write_them(said: str, openings: list[tuple[str, str]]) -> None:
    hours = week.parse({"tue": said, "closed": "2026-12-24\n\n"})
    assert [(o["begin"], o["end"]) for o in hours["openings"]] == openings
    assert hours["closed"] == ["2026-12-24"]
    assert week.parse({day.key: day.hours for day in week.days(hours)})["openings"] == hours["openings"]


def test_hours_that_cannot_be_read_are_said_at_their_day() -> None:
    after = typed(EVERYTHING, flow__hours__wed="whenever")
    reading = read(after)
    (wednesday,) = [day for day in outline(after, reading.problems).hours if day.problems]
    assert (wednesday.label, wednesday.hours) == ("Wednesday", "whenever")
    assert "has to be a time of day" in wednesday.problems[0].sentence


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def test_rows_come_go_and_move() -> None:
    flow = EVERYTHING["flow"]
    more, path = changing.add(flow, "flow.nodes.1.slots")
    assert path == "flow.nodes.1.slots.2"
    assert more["nodes"][1]["slots"][2] == {"name": "question", "ask": ""}
    assert changing.remove(more, path) == flow
    moved = changing.move(flow, "flow.nodes.1.slots.0", 1)
    assert [slot["name"] for slot in moved["nodes"][1]["slots"]] == ["code", "guests"]
    assert changing.move(flow, "flow.nodes.0", -1) == flow
    for nonsense in ("", "flow", "flow.nodes", "flow.nodes.99.slots", "flow.greeting", "flow.nodes:virus", "x.y.z",
                     "flow.goals", "flow.nodes.1.slots.0.choices", "flow.nodes.1.turns", "flow.hours"):  # fmt: skip
        assert changing.add(flow, nonsense) == (flow, "")
    for nonsense in ("", "flow.nodes.x", "flow.nodes.99", "flow.greeting.0"):
        assert changing.remove(flow, nonsense) == flow


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_new_step_of_every_kind_lacks_nothing_but_words(kind: str) -> None:
    flow, path = changing.add(script()["flow"], f"flow.nodes:{kind}")
    assert path == "flow.nodes.1"
    assert flow["nodes"][1]["id"] == form.identifier(KINDS[kind].about.label, kind)
    missing = [problem.sentence for problem in read({"flow": flow}).blocking]
    assert all("missing" in sentence or "empty" in sentence or "no number" in sentence or "does not say" in sentence
               for sentence in missing), missing  # fmt: skip


def test_rows_within_rows_are_added_where_there_were_none() -> None:
    flow, path = changing.add(script(before=[{"tool": "crm"}])["flow"], "flow.before.0.arguments")
    assert path == "flow.before.0.arguments.0"
    assert flow["before"][0]["arguments"] == [{"name": "argument"}]
    flow, path = changing.add(flow, "flow.variables")
    assert flow["variables"] == [{"name": "variable"}]
    again, _ = changing.add(flow, "flow.variables")
    assert again["variables"][1] == {"name": "variable_2"}


def test_opened_steps_are_followed_when_steps_move_and_go() -> None:
    assert changing.places_without([0, 2, 3], "flow.nodes.2") == [0, 2]
    assert changing.places_without([0, 2, 3], "flow.nodes.2.slots.0") == [0, 2, 3]
    assert changing.places_moved([0, 2], "flow.nodes.2", -1, 5) == [0, 1]
    assert changing.places_moved([0, 1, 2], "flow.nodes.2", -1, 5) == [0, 2, 1]
    assert changing.places_moved([4], "flow.nodes.4", 1, 5) == [4]


def test_the_goodbye_is_where_new_ways_lead() -> None:
    flow, _ = changing.add({"start": "talk", "nodes": [{"id": "talk", "type": "conversation"}, BYE]}, "flow.nodes:say")
    assert flow["nodes"][2]["next"] == "bye"
