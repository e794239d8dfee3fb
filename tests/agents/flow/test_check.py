"""What is wrong with a flow is said in words, with its place, whatever kinds of steps it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from agents.content import read
from media_worker.contract.flow import KINDS
from tests.agents.flow.scripts import BYE, asks, branch, script, told

pytestmark = pytest.mark.unit


def test_a_small_script_has_nothing_wrong_with_it() -> None:
    assert told(script()) == []
    assert told(script(branch("open()"))) == []


# ── the graph ────────────────────────────────────────────────────────────────────────────────────


def test_a_step_that_nothing_leads_to_is_a_hint() -> None:
    lost = {"id": "lost", "type": "wait", "next": "bye"}
    assert told(script(branch("open()"), lost)) == [
        "(hint) Step “lost”: nothing leads here, so no caller ever gets here."
    ]


@pytest.mark.parametrize(
    "nodes",
    [
        [{"id": "a", "type": "say", "text": "A", "next": "a"}],
        [{"id": "a", "type": "say", "text": "A", "next": "b"}, branch("open()", ident="b", otherwise="a")],
        [{"id": "a", "type": "tool", "tool": "look", "next": "bye", "failed": "b"},
         {"id": "b", "type": "set", "values": [{"name": "tries", "value": "1"}], "next": "a"}],
        [{"id": "a", "type": "transfer", "to": "+14155550123", "failed": "b"},
         {"id": "b", "type": "knowledge", "question": "Why?", "next": "a"}],
    ],
)  # fmt: skip
def test_a_circle_without_the_caller_cannot_be_published(nodes: list[dict[str, Any]]) -> None:
    circle = " → ".join([*(node["id"] for node in nodes), "a"])
    found = [str(problem) for problem in read(script(*nodes)).blocking]
    assert found[0] == f"Step “a”: it leads in a circle that never lets the caller speak: {circle}."
    assert len(found) == len(nodes)


@pytest.mark.parametrize("kind", sorted(name for name, kind in KINDS.items() if kind.about.listens))
def test_a_circle_through_a_step_that_listens_is_none(kind: str) -> None:
    listening: dict[str, dict[str, Any]] = {
        "conversation": {"intents": [{"name": "again", "examples": ["again"], "goto": "say"}]},
        "collect": {"slots": [{"name": "day", "ask": "Which day?"}], "next": "say"},
        "menu": {"text": "Press one.", "options": [{"digit": "1", "name": "again", "goto": "say"}]},
        "wait": {"next": "say"},
    }
    listens = {"id": "listen", "type": kind, **listening[kind]}
    assert read(script(listens, {"id": "say", "type": "say", "text": "So.", "next": "listen"})).blocking == ()


def test_arrows_of_every_kind_that_lead_nowhere_are_told_where_they_begin() -> None:
    found = told(
        script(
            branch("open()", goto="nirvana", otherwise="void"),
            {"id": "shop", "type": "tool", "tool": "look", "next": "bye", "failed": "gone"},
            {"id": "menu", "type": "menu", "text": "?", "options": [{"digit": "1", "name": "sales", "goto": "away"}]},
            intents=[{"name": "person", "goto": "heaven"}],
        )
    )
    assert found == [
        "Everywhere, topic “person”: it leads to the step “heaven”, which does not exist.",
        "Step “sort”, case 1: it leads to the step “nirvana”, which does not exist.",
        "Step “sort”: it leads to the step “void”, which does not exist.",
        "Step “shop”: it leads to the step “gone”, which does not exist.",
        "Step “menu”, choice “sales”: it leads to the step “away”, which does not exist.",
    ]


# ── single steps ─────────────────────────────────────────────────────────────────────────────────


def test_two_choices_of_a_menu_cannot_have_one_key() -> None:
    options = [
        {"digit": "1", "name": "sales", "goto": "bye"},
        {"digit": "1", "name": "support", "goto": "bye"},
        {"name": "support", "goto": "bye"},
    ]
    assert told(script({"id": "menu", "type": "menu", "text": "Press.", "options": options})) == [
        "Step “menu”, choice “support”: two choices have the key 1.",
        "Step “menu”, choice “support”: two choices have this name.",
    ]


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("", "“If” is missing"),
        ("day ==", "something is missing after “==” (character 5)"),
        ("(day", "the “(” at character 1 has no “)”"),
        ("__import__('os')", "there is no function “__import__”"),
        ("{{day}} == 1", "“{{day}} == 1” cannot be read (character 1)"),
        ("a" * 1001, "“If” is too long: 1,001 characters, at most 1,000"),
        ("(" * 40 + "1" + ")" * 40, "the expression is nested too deeply"),
    ],
)
def test_an_expression_that_cannot_be_read_is_said_at_its_case(case: str, sentence: str) -> None:
    (problem,) = read(script(branch("open()", case))).problems
    assert problem.path == ("flow", "nodes", 0, "cases", 1, "when")
    assert problem.place == "Step “sort”, case 2"
    assert sentence in str(problem)


def test_a_case_that_an_earlier_one_takes_is_a_hint() -> None:
    slot = {"name": "guests", "type": "number"}
    found = told(script(asks(slot, then="sort"), branch("guests > 4", 'guests>4 and open()', "(guests) > 4.0", "guests > (4)", "true", "open()")))  # fmt: skip
    assert found == [
        "(hint) Step “sort”, case 3: it is never taken: number 1 before it says the same.",
        "(hint) Step “sort”, case 4: it is never taken: number 1 before it says the same.",
        "(hint) Step “sort”, case 6: it is never taken: number 5 before it always holds.",
    ]
    assert told(script(branch("false"))) == ["(hint) Step “sort”, case 1: it never holds."]


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ('weekday() == "munday"', "weekday() is never “munday”"),
        ('weekday() in ["monday", "tuseday"]', "weekday() is never “tuseday”"),
        ('size == "enormous"', "“size” is never “enormous”: it is one of “small”, “large”."),
        ('not (size in ["small", "tiny"])', "“size” is never “tiny”"),
        ('"maybe" == sure', "“sure” is yes or no, and never “maybe”."),
        ('guests > "many"', "“guests” is a number, and never “many”."),
        ('day == "monday"', "“day” is kept as a date such as 2026-11-21, and never “monday”. Ask for weekday(day)."),
        ('now() > "9:00"', "now() is written as 09:05"),
        ("hour() >= 25", "hour() is never “25”"),
    ],
)
def test_a_comparison_that_can_never_hold_is_a_hint(case: str, sentence: str) -> None:
    slots = [
        {"name": "size", "type": "choice", "choices": ["small", "large"]},
        {"name": "sure", "type": "yes_no"},
        {"name": "guests", "type": "number"},
        {"name": "day", "type": "date"},
    ]
    (problem,) = read(script(asks(*slots, then="sort"), branch(case))).problems
    assert (problem.place, problem.blocking) == ("Step “sort”, case 1", False)
    assert sentence in problem.sentence


@pytest.mark.parametrize(
    "case",
    ['weekday() == "Monday"', 'size == "LARGE"', "sure == true", 'sure == "yes"', 'guests > "3"', 'guests == ""',
     'weekday(day) in ["saturday", "sunday"]', 'now() >= "17:30"', "hour() < 24", "size != none", '"small" in size',
     'size contains "mall"', 'day > "2026-01-31"'],
)  # fmt: skip
def test_a_comparison_that_may_hold_is_left_alone(case: str) -> None:
    slots = [
        {"name": "size", "type": "choice", "choices": ["small", "large"]},
        {"name": "sure", "type": "yes_no"},
        {"name": "guests", "type": "number"},
        {"name": "day", "type": "date"},
    ]
    assert told(script(asks(*slots, then="sort"), branch(case))) == []


def test_hours_that_lie_over_each_other_are_a_hint() -> None:
    openings = [
        {"day": "mon", "begin": "09:00", "end": "12:00"},
        {"day": "mon", "begin": "12:00", "end": "17:00"},
        {"day": "mon", "begin": "16:00", "end": "18:00"},
        {"day": "sun", "begin": "22:00", "end": "10:00"},
    ]
    assert told(script(hours={"openings": openings})) == [
        "(hint) Business hours: two lie over each other: Monday 12:00 to 17:00 and Monday 16:00 to 18:00.",
        "(hint) Business hours: two lie over each other: Monday 09:00 to 12:00 and Sunday 22:00 to 10:00.",
    ]
    wrong = [{"day": "mon", "begin": "9am", "end": "12:00"}]
    assert "has to be a time of day such as 09:00" in told(script(hours={"openings": wrong}))[0]


# ── transfers ────────────────────────────────────────────────────────────────────────────────────


def transfer(to: str) -> dict[str, Any]:
    return {"id": "desk", "type": "transfer", "to": to, "failed": "bye"}


def test_a_transfer_goes_to_a_number_that_exists_or_to_what_the_call_brings_along() -> None:
    variables = [{"name": "desk_number"}]
    for to in ("+14155550123", "{{desk_number}}", "{{ desk_number | +14155550123 }}"):
        assert told(script(transfer(to), variables=variables)) == []


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("", "there is no number"),
        ("4155550123", "“4155550123” cannot be called"),
        ("sip:bob@evil.example", "cannot be called"),
        ("{{desk_number|ask Bob}}", "“ask Bob”, which is called when desk_number is missing, cannot be called"),
        ("{{wanted}}", "may not come from what callers say, and {{wanted}} does"),
        ("+1{{copied}}", "may not come from what callers say, and {{copied}} does"),
        ("{{last_said}}", "may not come from what callers say"),
    ],
)
def test_a_transfer_elsewhere_is_refused_in_words(to: str, sentence: str) -> None:
    nodes = [
        asks({"name": "wanted", "type": "phone"}, then="copy"),
        {"id": "copy", "type": "set", "values": [{"name": "copied", "value": "trim(wanted)"}], "next": "desk"},
        transfer(to),
    ]
    (problem,) = read(script(*nodes, variables=[{"name": "desk_number"}])).blocking
    assert problem.path == ("flow", "nodes", 2, "to")
    assert sentence in str(problem)


# ── variables ────────────────────────────────────────────────────────────────────────────────────


def test_variables_of_every_source_are_known() -> None:
    talk = {"id": "talk", "type": "conversation", "say": "{{caller}} {{last_said}} {{brought}} {{kept}} {{set_here}} {{asked}}"}  # fmt: skip
    talk |= {"extract": [{"name": "kept"}], "when": [{"when": "known(kept) and asked == brought", "goto": "ask"}]}
    nodes = [talk, asks({"name": "asked"}, then="set"), {"id": "set", "type": "set", "next": "bye",
             "values": [{"name": "set_here", "value": "upper(asked)"}]}]  # fmt: skip
    assert told(script(*nodes, variables=[{"name": "brought"}])) == []


def test_what_nothing_fills_is_a_hint_in_texts_and_in_expressions() -> None:
    assert told(script(branch("colour == 1 and colour != shade"), greeting="Hi {{name}}, {{name}}, {{name|you}}")) == [
        "(hint) Greeting: nothing fills {{name}}; it is left out unless the call brings it along.",
        "(hint) Step “sort”, case 1: nothing sets “colour”, so it counts as none unless the call brings it along.",
        "(hint) Step “sort”, case 1: nothing sets “shade”, so it counts as none unless the call brings it along.",
    ]


@pytest.mark.parametrize("text", ["{{ {{caller}} }}", "{{caller", "caller}}", "{{caller|{{called}}}}", "{{}}", "{{1+1}}", "{{a b}}"])  # fmt: skip
def test_braces_that_are_no_variable_are_a_hint(text: str) -> None:
    (problem, *_) = read(script(greeting=f"Hi {text}.")).problems
    assert not problem.blocking
    assert "Braces stand here" in problem.sentence or "is not a variable" in problem.sentence


def test_a_flow_that_uses_tools_is_not_blamed_for_what_they_may_fill() -> None:
    look = {"id": "look", "type": "tool", "tool": "find_order", "next": "bye"}
    assert told(script(look, greeting="{{status}}")) == []


def test_every_path_of_a_problem_leads_into_the_document() -> None:
    document = script(branch("nobody == 1"), asks({"name": "x", "ask": ""}), {**BYE, "id": "end_two"})
    for problem in read(document).problems:
        here: Any = document
        for key in problem.path:
            here = here[key]
