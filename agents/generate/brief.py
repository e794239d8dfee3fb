"""What a language model is asked to write: the words of an agent, in a fixed shape. The graph is ours, so it holds.

opening ──► help ──topics──► questions ──► anything else? ──► goodbye
              └── not understood, or a wish for a person ──► a message is taken ──┘
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.content import AgentContent, Choices
from agents.flow.form import identifier
from media_worker.contract.flow import SlotType

Line = Field(min_length=1, max_length=400)


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Topic(Model):
    """`then`: where the call goes after the answer."""

    name: str = Field(min_length=1, max_length=60)
    examples: list[str] = Field(min_length=3, max_length=15)
    answer: str = Field(max_length=400)
    then: Literal["stay", "questions", "message", "goodbye"]


class Question(Model):
    name: str = Field(min_length=1, max_length=40)
    kind: SlotType
    ask: str = Line
    ask_again: str = Line
    choices: list[str] = Field(max_length=20)
    read_back: bool


class Brief(Model):
    language: str = Field(pattern=r"^[a-z]{2,3}$")
    greeting: str = Line
    instructions: str = Field(min_length=1, max_length=4_000)
    goals: list[str] = Field(min_length=1, max_length=8)
    topics: list[Topic] = Field(min_length=1, max_length=25)
    questions: list[Question] = Field(max_length=10)
    questions_done: str = Field(max_length=400)
    not_understood: list[str] = Field(min_length=1, max_length=4)
    anything_else: str = Line
    nothing_else_examples: list[str] = Field(min_length=3, max_length=15)
    person_examples: list[str] = Field(min_length=3, max_length=15)
    call_back: str = Line
    ask_name: str = Line
    ask_message: str = Line
    message_taken: str = Line
    goodbye: str = Line
    goodbye_examples: list[str] = Field(min_length=3, max_length=15)


def schema() -> dict[str, Any]:
    """As the strict mode of model servers wants it: every field required, no bounds on lengths."""

    def plain(here: Any) -> Any:
        if isinstance(here, dict):
            return {key: plain(value) for key, value in here.items() if key not in _BOUNDS}
        return [plain(item) for item in here] if isinstance(here, list) else here

    found: dict[str, Any] = plain(Brief.model_json_schema())
    return found


_BOUNDS = frozenset({"minLength", "maxLength", "minItems", "maxItems", "pattern", "title", "description"})


def build(brief: Brief, models: Choices) -> AgentContent:
    """The agent these words make. Raises pydantic's ValidationError when they do not fit together."""
    asks = bool(brief.questions)
    targets = {
        "stay": None,
        "questions": "questions" if asks else "message",
        "message": "message",
        "goodbye": "goodbye",
    }
    topics = _named([_topic(topic, targets[topic.then]) for topic in brief.topics])
    done = {"name": "nothing_else", "examples": brief.nothing_else_examples, "goto": "goodbye"}
    leading = [topic for topic in topics if topic["goto"]]
    everywhere = [topic for topic in topics if not topic["goto"]]
    everywhere += [
        {
            "name": "speak_to_a_person",
            "examples": brief.person_examples,
            "answer": brief.call_back,
            "goto": "message",
        },
        {"name": "goodbye", "examples": brief.goodbye_examples, "goto": "goodbye"},
    ]
    nodes: list[dict[str, Any]] = [
        {
            "id": "help",
            "type": "conversation",
            "intents": [*leading, done],
            "fallback": brief.not_understood,
            "fallback_goto": "take_over",
        },
        *([_questions(brief)] if asks else []),
        {
            "id": "more",
            "type": "conversation",
            "say": brief.anything_else,
            "intents": [done, *leading],
            "fallback": [brief.anything_else],
            "fallback_goto": "goodbye",
        },
        {"id": "take_over", "type": "say", "text": brief.call_back, "next": "message"},
        {
            "id": "message",
            "type": "collect",
            "slots": [
                {"name": "caller_name", "type": "name", "ask": brief.ask_name},
                {"name": "message", "type": "text", "ask": brief.ask_message},
            ],
            "done": brief.message_taken,
            "next": "more",
            "give_up": "goodbye",
        },
        {"id": "goodbye", "type": "end", "text": brief.goodbye, "outcome": "completed"},
    ]
    return AgentContent.model_validate(
        {
            "language": brief.language,
            "models": models.model_dump(mode="json"),
            "flow": {
                "greeting": brief.greeting,
                "prompt": brief.instructions,
                "goals": brief.goals,
                "start": "help",
                "nodes": nodes,
                "intents": everywhere,
            },
        }
    )


def _topic(topic: Topic, goto: str | None) -> dict[str, Any]:
    return {
        "name": identifier(topic.name, "topic"),
        "examples": [example[:200] for example in topic.examples if example.strip()],
        "answer": topic.answer,
        "goto": goto,
    }


def _questions(brief: Brief) -> dict[str, Any]:
    slots = [
        {
            "name": identifier(question.name, "answer"),
            "type": question.kind if question.kind != "choice" or question.choices else "text",
            "ask": question.ask,
            "reask": question.ask_again,
            "choices": [choice[:80] for choice in question.choices if choice.strip()],
            "confirm": question.read_back,
        }
        for question in brief.questions
    ]
    return {
        "id": "questions",
        "type": "collect",
        "slots": _named(slots),
        "done": brief.questions_done,
        "next": "more",
        "give_up": "take_over",
    }


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with names of their own: the second “price” is price_2."""
    taken: set[str] = {"speak_to_a_person", "goodbye", "nothing_else"}
    for row in rows:
        name, number = row["name"], 2
        while row["name"] in taken:
            row["name"], number = f"{name[:36]}_{number}", number + 1
        taken.add(row["name"])
    return rows
