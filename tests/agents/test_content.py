from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agents.content import LARGEST_DRAFT, read, refuse_oversized
from agents.errors import DraftRefused
from agents.flow import form
from agents.flow.differences import differences
from agents.flow.outline import Topic, outline
from agents.generate import builtin
from agents.generate.facts import Facts

pytestmark = pytest.mark.unit


def draft(**flow: Any) -> dict[str, Any]:
    document = builtin.fill("front_desk", Facts("Bright Dental")).document()
    document["flow"] |= flow
    return document


def said(document: object) -> list[str]:
    return [str(problem) for problem in read(document).problems]


def node(**fields: Any) -> dict[str, Any]:
    return draft(
        start="step", nodes=[{"id": "step", **fields}, {"id": "bye", "type": "end", "text": "Bye."}], intents=[]
    )


@pytest.mark.parametrize("document", [None, [], "text", {}, {"flow": None}, {"flow": {"nodes": 3}}, {"flow": []}])
def test_what_is_no_draft_is_said_in_words(document: object) -> None:
    reading = read(document)
    assert reading.content is None
    assert reading.blocking
    for problem in reading.problems:
        assert "validation" not in str(problem).lower()
        assert "input should" not in str(problem).lower()


def test_a_problem_names_its_place() -> None:
    slots = [{"name": "day", "ask": "Which day?"}, {"name": "Name!", "ask": ""}]
    assert said(node(type="collect", slots=slots, next="bye")) == [
        "Step “step”, question 2: “Kept as” may hold small letters, digits and underscores only, beginning with a letter, at most 40."
    ]
    slots[1]["name"] = "name"
    assert said(node(type="collect", slots=slots, next="bye")) == ["Step “step”, question 2: the question is empty."]


def test_an_arrow_that_leads_nowhere_is_said_where_it_starts() -> None:
    found = said(node(type="say", text="Hello.", next="nirvana"))
    assert found == ["Step “step”: it leads to the step “nirvana”, which does not exist."]


def test_a_text_that_is_too_long_says_by_how_much() -> None:
    assert "The questions" not in said(draft(greeting="a" * 2001))[0]
    assert said(draft(greeting="a" * 2001)) == ["Greeting: it is too long: 2,001 characters, at most 2,000."]


def test_lines_that_run_in_a_circle_cannot_be_published() -> None:
    nodes = [{"id": "a", "type": "say", "text": "A", "next": "b"}, {"id": "b", "type": "say", "text": "B", "next": "a"}]
    found = read(draft(start="a", nodes=nodes, intents=[])).blocking
    assert [problem.place for problem in found] == ["Step “a”", "Step “b”"]


def test_a_hole_that_nothing_fills_is_a_hint_and_not_a_wall() -> None:
    reading = read(draft(greeting="Hi {{nickname}}, or {{nickname|you}}, {{1+1}}"))
    assert reading.blocking == ()
    assert len(reading.hints) == 2


def test_an_option_of_a_vendor_is_checked_in_words() -> None:
    document = draft() | {"models": {"tts": {"vendor": "builtin", "options": {"speed": 1000, "colour": "red"}}}}
    assert said(document) == [
        "Voice: there is no setting called “colour”.",
        "Voice: words per minute is at most 300.",
    ]


def test_a_language_that_the_built_in_does_not_know_cannot_be_published() -> None:
    places = {problem.place for problem in read(draft() | {"language": "de"}).blocking}
    assert places == {"Ears", "Mind", "Voice"}


def test_ten_thousand_steps_are_refused_in_words_and_in_time() -> None:
    nodes = [{"id": f"n{i}", "type": "say", "text": "x", "next": f"n{i + 1}"} for i in range(10_000)]
    found = said(draft(nodes=nodes))
    assert any("at most 500" in sentence for sentence in found)
    assert len(found) < 100


def test_a_draft_too_big_to_keep_is_refused() -> None:
    with pytest.raises(DraftRefused, match="too large"):
        refuse_oversized({"flow": {"prompt": "a" * (LARGEST_DRAFT + 1)}})
    with pytest.raises(DraftRefused):
        refuse_oversized({"flow": float("nan")})


# ── the outline's form ───────────────────────────────────────────────────────────────────────────


def topics(rows: Sequence[Topic]) -> list[tuple[str, str]]:
    return [(f"{t.path}.{name}", getattr(t, name)) for t in rows for name in ("name", "answer", "examples", "goto")]


def as_posted(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What a browser sends for the outline of a draft."""
    shown = outline(document)
    found = [(f"flow.{name}", getattr(shown, name)) for name in ("greeting", "prompt", "goals", "start", "kept")]
    found += topics(shown.topics)
    for step in shown.steps:
        found += [(f"{step.path}.id", step.id), (f"{step.path}.type", step.kind), (f"{step.path}.title", step.title)]
        found += topics(step.topics)
        found += [(f"{step.path}.{name}", value) for name, value in step.values.items()]
        found += [(f"{step.path}.turns.{name}", value) for name, value in step.turns.items()]
        for q in step.questions:
            found += [(f"{q.path}.{name}", getattr(q, name)) for name in ("name", "type", "ask", "reask", "choices")]
            found += [(f"{q.path}.{name}", "on") for name in ("confirm", "required") if getattr(q, name)]
    return found


@pytest.mark.parametrize("name", builtin.names())
def test_a_script_survives_its_form_unchanged(name: str) -> None:
    document = builtin.fill(name, Facts("Bright Dental", "nine to five")).document()
    again = document | {"flow": form.parse(as_posted(document))}
    reading = read(again)
    assert reading.content is not None
    assert reading.content.document() == document


def test_a_step_that_is_renamed_takes_its_arrows_along() -> None:
    document = draft()
    posted = [(k, "Make a date" if k.endswith("title") and v == "Booking" else v) for k, v in as_posted(document)]
    reading = read(document | {"flow": form.parse(posted)})
    assert reading.problems == ()
    assert reading.content is not None
    assert reading.content.flow.node("make_a_date")


def test_two_steps_of_one_name_are_told_apart() -> None:
    document = draft()
    posted = [(k, "Same" if k.endswith("title") else v) for k, v in as_posted(document)]
    reading = read(document | {"flow": form.parse(posted)})
    assert reading.content is not None
    assert [node.id for node in reading.content.flow.nodes][:2] == ["same", "same_2"]


@pytest.mark.parametrize(
    "posted",
    [
        [("flow", "x"), ("flow.", ""), ("flow..a", "b"), ("nodes.0.id", "x")],
        [("flow.nodes", "text"), ("flow.nodes.0.id", "x")],
        [("flow.nodes.0.slots", "text"), ("flow.nodes.0.slots.1.ask", "x")],
        [("flow." + "a." * 500, "deep")],
        [("flow.nodes.0.type", "conversation"), ("flow.nodes.0.intents.x.examples", "a\r\n\r\n b \n")],
    ],
)
def test_a_form_that_nobody_made_is_kept_as_far_as_it_goes(posted: list[tuple[str, str]]) -> None:
    flow = form.parse(posted)
    assert read({"flow": flow}).problems
    assert outline({"flow": flow}).steps is not None


def test_rows_come_go_and_move() -> None:
    flow = draft()["flow"]
    booking = next(number for number, node in enumerate(flow["nodes"]) if node["id"] == "booking")
    more, path = form.add(flow, f"flow.nodes.{booking}.slots")
    assert path == f"flow.nodes.{booking}.slots.2"
    assert len(more["nodes"][booking]["slots"]) == 3
    less = form.remove(more, path)
    assert less == flow
    moved = form.move(flow, f"flow.nodes.{booking}.slots.0", 1)
    assert [slot["name"] for slot in moved["nodes"][booking]["slots"]] == ["time", "day"]
    assert form.move(flow, "flow.nodes.0", -1) == flow
    stepped, where = form.add(flow, "flow.nodes:collect")
    assert stepped["nodes"][-1]["id"] == "questions"
    assert where == f"flow.nodes.{len(flow['nodes'])}"
    for nonsense in ("", "flow", "flow.nodes.99.slots", "flow.greeting", "flow.nodes:virus", "x.y.z"):
        assert form.add(flow, nonsense) == (flow, "")
    for nonsense in ("", "flow.nodes.x", "flow.nodes.99", "flow.greeting.0"):
        assert form.remove(flow, nonsense) == flow


# ── differences ──────────────────────────────────────────────────────────────────────────────────


def test_differences_are_told_in_words_with_both_texts() -> None:
    before, after = draft(), draft(greeting="Ciao.")
    (change,) = differences(before, after)
    assert (change.place, change.what) == ("Start, greeting", "changed")
    assert [line.kind for line in change.lines] == ["gone", "new"]


def test_a_new_topic_is_one_difference_and_a_moved_one_is_none() -> None:
    before, after = draft(), draft()
    after["flow"]["intents"] = [*reversed(after["flow"]["intents"])]
    assert differences(before, after) == []
    after["flow"]["intents"].append({"name": "party", "examples": ["is there a party"], "answer": "No.", "goto": None})
    (change,) = differences(before, after)
    assert (change.place, change.what) == ("Everywhere, topic “party”", "added")
    assert [line.text for line in change.lines] == ["What callers say: is there a party", "Answer: No."]


def test_everything_is_new_when_nothing_was_published() -> None:
    assert {change.what for change in differences({}, draft())} == {"added"}
