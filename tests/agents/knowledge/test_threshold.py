"""What the demo's practice knows by words alone, asked as people ask on the phone: most of it, and nothing that is not there."""

from __future__ import annotations

import pytest

from agents.knowledge import search
from agents.knowledge.demo import create_demo_knowledge
from tests.world import World

pytestmark = pytest.mark.db

ANSWERED = (
    ("how much is a check up", "95 dollars"),
    ("what does it cost to get my teeth cleaned", "80 dollars"),
    ("how much does whitening cost", "300 dollars"),
    ("do you do ceramic implants and what do they cost", "2,400"),
    ("does the implant price include the crown", "crown is not included"),
    ("what time do you close on Friday", "Friday until 2 pm"),
    ("are you open on weekends", "closed at weekends"),
    ("is there a lift in the building", "There is a lift"),
    ("what floor are you on", "second floor"),
    ("what do I need to bring, my insurance card", "photo ID"),
    ("how late can I cancel my appointment", "24 hours"),
    ("hello yes I would like to know the price of a cleaning please", "80 dollars"),
    # other words for what is written: for these a base needs embeddings
    ("can I pay in installments", "three monthly payments"),
    ("is it wheelchair accessible", "a ramp"),
)
UNANSWERED = (
    "do you repair cars",
    "what is the capital of France",
    "can I bring my dog",
    "do you sell gift cards",
    "who is the president",
    "what is your wifi password",
    "how much does a root canal cost",
    "do you accept bitcoin",
    "do you have a job opening",
    "tell me a joke",
    "what is the weather tomorrow",
)


def test_most_is_known_and_nothing_is_made_up(agency: World) -> None:
    base = create_demo_knowledge(agency.bright_dental)
    known = 0
    for question, answer in ANSWERED:
        found = search.search(base.client_id, [base.name], question)
        if found.known:
            assert any(answer in hit.text for hit in found.known), question
            known += 1
    assert known >= len(ANSWERED) - 2
    for question in UNANSWERED:
        assert search.search(base.client_id, [base.name], question).known == (), question


def test_of_questions_and_answers_only_the_answer_is_said(agency: World) -> None:
    base = create_demo_knowledge(agency.bright_dental)
    (best, *_) = search.search(base.client_id, [base.name], "how late can I cancel").known
    assert search.extract("how late can I cancel", best).startswith("Up to 24 hours before the appointment.")
