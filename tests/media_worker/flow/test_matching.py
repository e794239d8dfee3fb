"""What callers mean, in words that no builder foresaw; and what they do not mean."""

from __future__ import annotations

import time

import pytest

from media_worker.contract.flow import Intent
from media_worker.flow.matching import Matcher

pytestmark = pytest.mark.unit

CLINIC = Matcher(
    [
        Intent(
            name="book",
            examples=("I would like to book an appointment", "can I come in this week", "I need to see the dentist", "I need a checkup"),
        ),
        Intent(name="cancel", examples=("I want to cancel my appointment",)),
        Intent(name="move", examples=("I need to move my appointment", "can I come at another time")),
        Intent(name="hours", examples=("what are your opening hours", "when are you open", "what time do you close")),
        Intent(name="where", examples=("where are you located", "how do I get there", "what is your address")),
        Intent(name="price", examples=("how much does it cost", "what are your prices")),
        Intent(name="insurance", examples=("do you take my insurance", "which insurance do you accept")),
        Intent(name="person", examples=("I want to speak to a person", "can someone call me back")),
        Intent(name="robot", examples=("are you a robot", "am I talking to a machine")),
        Intent(name="goodbye", examples=("goodbye", "thank you goodbye", "have a nice day")),
        Intent(name="no", examples=("no", "no thank you", "that is all")),
        Intent(name="yes", examples=("yes", "yes please")),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("book an appointment", "book"),
        ("hello, I'd like to make a booking for an appointment please", "book"),
        ("could I schedule an appointment", "book"),
        ("um yes hi I wanted to book a, uh, appointment", "book"),
        ("my tooth hurts and I really need to see the dentist", "book"),
        ("I need to cancel", "cancel"),
        ("please cancel my appointment for tuesday", "cancel"),
        ("I have to cancel an appointment", "cancel"),
        ("can I reschedule my appointment", "move"),
        ("I'd like to change my appointment", "move"),
        ("are you open on saturdays", "hours"),
        ("what time do you open", "hours"),
        ("when do you close today", "hours"),
        ("opening hours", "hours"),
        ("what's your address", "where"),
        ("where exactly are you", "where"),
        ("how much is it", "price"),
        ("what does a cleaning cost", "price"),
        ("what do you charge", "price"),
        ("do you accept insurance", "insurance"),
        ("can I talk to a human", "person"),
        ("let me speak with someone", "person"),
        ("I want a real person", "person"),
        ("is this a robot", "robot"),
        ("okay thank you, bye", "goodbye"),
        ("bye bye", "goodbye"),
        ("no thanks", "no"),
        ("nope", "no"),
        ("no, that's all", "no"),
        ("yeah", "yes"),
        ("yep please", "yes"),
        ("i wood like to book an apointment", "book"),
        ("APPOINTMENT!!! BOOK!!!", "book"),
    ],
)
def test_a_wish_is_understood(said: str, meant: str) -> None:
    match = CLINIC.best(said)
    assert match is not None, CLINIC.rank(said)[:2]
    assert match.intent.name == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "...",
        "the weather has been really nice lately",
        "my dog ate the homework",
        "who won the football game",
        "purple elephants",
        "um",
        "the",
        "I would like to",
        "can I",
        "do not cancel my appointment",
        "I don't want to speak to a person",
        "please don't book anything",
        "do you sell motorcycle helmets",
        "turn off the lights in the kitchen",
        "(unclear)",
        "ø å ß",
    ],
)
def test_what_was_not_meant_is_not_understood(said: str) -> None:
    match = CLINIC.best(said)
    assert match is None, (match.intent.name, match.score, match.margin)


def test_a_negated_example_needs_its_negation() -> None:
    matcher = Matcher(
        [
            Intent(name="cannot", examples=("I can't make my appointment",)),
            Intent(name="make", examples=("I want to make an appointment",)),
        ]
    )
    assert matcher.best("I can not make my appointment").intent.name == "cannot"  # type: ignore[union-attr]
    assert matcher.best("can I make an appointment").intent.name == "make"  # type: ignore[union-attr]


def test_two_intents_with_the_same_example_are_not_told_apart_by_a_guess_below_certainty() -> None:
    matcher = Matcher(
        [Intent(name="a", examples=("billing question",)), Intent(name="b", examples=("billing problem",))]
    )
    assert matcher.best("it's about billing") is None


def test_an_intent_without_examples_goes_by_its_name() -> None:
    matcher = Matcher([Intent(name="lost_luggage")])
    assert matcher.best("I have lost my luggage") is not None


def test_the_order_of_intents_settles_a_tie_and_the_answer_never_changes() -> None:
    twins = Matcher([Intent(name="first", examples=("help me",)), Intent(name="second", examples=("help me",))])
    assert {twins.best("help me").intent.name for _ in range(20)} == {"first"}  # type: ignore[union-attr]


def test_a_sentence_takes_less_than_a_millisecond_or_so() -> None:
    intents = [
        Intent(name=f"n{i}", examples=tuple(f"question {i} about topic {j} of {i * j}" for j in range(20)))
        for i in range(50)
    ]
    matcher = Matcher(intents)
    began = time.process_time()
    for _ in range(20):
        matcher.best("I have a question about topic seven of forty nine please " * 3)
    assert (time.process_time() - began) / 20 < 0.05
