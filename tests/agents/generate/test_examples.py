"""Every template passes the tests that it brings along, whatever the description says."""

from __future__ import annotations

from typing import Any

import pytest

from agents.generate import Example, builtin
from agents.generate.examples import examples
from agents.generate.facts import Facts
from agents.simulate.shape import NotSaid, OutcomeIs, Presses, Said, Says, VariableIs
from media_worker.contract.expressions import compiled
from media_worker.contract.flow import BranchNode, EndNode, TransferNode, VoicemailNode
from tests.agents.conversations import Talk, ring

pytestmark = pytest.mark.unit

BUSINESSES = {
    "bare": Facts("Bright Dental"),
    "full": Facts(
        "Bright Dental",
        "Monday to Friday 8 am to 5 pm and Saturday 9 am to 1 pm",
        "120 Main Street",
        "4 1 5, 5 5 5",
        "cleanings and fillings",
        {"parking": "Parking is free."},
        "+14155552671",
    ),
    "evenings": Facts("Luigi", "Wednesday to Sunday 5 pm to 11 pm", phone="4 1 5"),
    "mornings": Facts("Baker", "Monday to Saturday 6 am to 12 pm", transfer="+14155552671"),
}
TEMPLATES = (
    "booking", "clinic", "debts", "front_desk", "leads", "orders", "real_estate", "recruitment", "reminder",
    "restaurant", "support", "survey",
)  # fmt: skip
CALLS = [
    pytest.param(template, business, example, id=f"{template}-{business}-{example.name}")
    for template in TEMPLATES
    for business, facts in BUSINESSES.items()
    for example in examples(template, facts)
]


def test_there_are_twelve_industries() -> None:
    assert set(builtin.names()) == set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("business", BUSINESSES)
def test_each_template_brings_at_least_three_tests(template: str, business: str) -> None:
    made = examples(template, BUSINESSES[business])
    assert 3 <= len(made) <= 6
    assert len({example.name for example in made}) == len(made)


@pytest.mark.parametrize(("template", "business", "example"), CALLS)
def test_the_agent_passes_the_tests_it_is_made_with(template: str, business: str, example: Example) -> None:
    scenario = example.scenario
    assert scenario.now is not None
    talk = ring(builtin.fill(template, BUSINESSES[business]), scenario.now, **scenario.variables)
    for step in scenario.steps:
        if isinstance(step, Says):
            said = talk.caller(step.text)
        else:
            assert isinstance(step, Presses)
            said = talk.caller(step.digits)
        for expected in step.expects:
            if isinstance(expected, Said):
                assert expected.text.casefold() in said.casefold(), talk.said
            else:
                assert isinstance(expected, NotSaid)
                assert expected.text.casefold() not in said.casefold(), talk.said
    for expected in scenario.expects:
        if isinstance(expected, OutcomeIs):
            assert talk.ended == expected.outcome, talk.said
        else:
            assert isinstance(expected, VariableIs)
            wanted = {"wanted": expected.value, "found": talk.variables.get(expected.name)}
            assert compiled("found == wanted").holds(wanted), (expected, talk.variables)


def test_hours_and_a_number_put_callers_through_while_somebody_is_there() -> None:
    flow = builtin.fill("front_desk", BUSINESSES["full"]).flow
    assert len(flow.hours.openings) == 6
    (transfer,) = [node for node in flow.nodes if isinstance(node, TransferNode)]
    assert transfer.to == "+14155552671"
    gate = flow.node("person")
    assert isinstance(gate, BranchNode)
    assert gate.cases[0].when == "open()"
    assert "take a message" in said_of(ring(builtin.fill("front_desk", BUSINESSES["full"])), "a person please")


def test_without_a_number_nobody_is_put_through() -> None:
    flow = builtin.fill("front_desk", BUSINESSES["bare"]).flow
    assert not [node for node in flow.nodes if isinstance(node, TransferNode)]
    assert "person" not in flow.by_id


@pytest.mark.parametrize("template", ["debts", "leads", "recruitment", "reminder", "survey"])
def test_agents_that_call_say_who_calls_and_honour_a_wish_for_no_more_calls(template: str) -> None:
    talk = ring(builtin.fill(template, BUSINESSES["bare"]))
    assert "Bright Dental" in talk.said[0]
    assert "virtual assistant" in talk.said[0]
    flow = talk.runner.spec.agent.flow
    assert [node for node in flow.nodes if isinstance(node, VoicemailNode)]
    assert {"opted_out", "wrong_number"} <= {node.outcome for node in flow.nodes if isinstance(node, EndNode)}
    for words in ("please don't call again", "take me off your list"):
        refused = ring(builtin.fill(template, BUSINESSES["bare"]))
        refused.caller(words)
        assert refused.ended == "opted_out"


def test_nobody_but_the_right_person_learns_that_it_is_about_money() -> None:
    brought: dict[str, Any] = {"contact_name": "Alice Cooper", "amount": "120 dollars", "birth_year": 1984}
    for sentences in (
        ["who is this"], ["what is this about", "no she is not here"], ["wrong number"], ["yes", "nineteen fifty"],
        ["please leave a message after the tone"], ["", "", ""], ["talk to my lawyer"], ["yes", "I don't know", "hm", "eh"],
    ):  # fmt: skip
        talk = ring(builtin.fill("debts", BUSINESSES["bare"]), **brought)
        for sentence in sentences:
            if not talk.ended:
                talk.caller(sentence)
        for word in ("120", "pay", "money", "debt", "owe"):
            assert word not in " ".join(talk.said).replace("personal", "").lower(), talk.said


def test_without_a_year_to_compare_with_nobody_is_verified() -> None:
    talk = ring(builtin.fill("debts", BUSINESSES["bare"]), contact_name="Alice Cooper", amount="120 dollars")
    talk.caller("yes")
    talk.caller("nineteen eighty four")
    assert talk.ended == "not_verified"


def said_of(talk: Talk, sentence: str) -> str:
    return talk.caller(sentence)
