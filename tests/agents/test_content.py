from __future__ import annotations

from typing import Any

import pytest

from agents.content import LARGEST_DRAFT, read, refuse_oversized
from agents.errors import DraftRefused
from agents.flow.differences import differences
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


# ── differences ──────────────────────────────────────────────────────────────────────────────────


def test_differences_are_told_in_words_with_both_texts() -> None:
    before, after = draft(), draft(greeting="Ciao.")
    (change,) = differences(before, after)
    assert (change.place, change.what) == ("Greeting", "changed")
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
