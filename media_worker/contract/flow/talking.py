"""Nodes that talk with the caller: conversation, questions, a line, a menu."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from media_worker.contract.flow.base import NEXT, About, ClipId, Exit, NodeBase, always, failure, whens
from media_worker.contract.flow.parts import (
    LONGEST_PROMPT,
    Decision,
    Extract,
    Intent,
    Name,
    NodeId,
    NodeTurns,
    Option,
    Slot,
    Spoken,
    Tier,
    When,
    ui,
)


class ConversationNode(NodeBase):
    """An open conversation. An LLM follows `prompt`; the built-in engine follows `intents` and `fallback`.

    After each turn of the caller: `when` first, then `intents`, then what a model decides among `decisions`.
    """

    about = About("Conversation", "messages-square", "Listens, answers topics and goes where they lead", "Talk", True)
    type: Literal["conversation"] = "conversation"
    say: Spoken = Field(default="", title="Says first", json_schema_extra=ui("prose", template=True))
    prompt: str = Field(
        default="",
        max_length=LONGEST_PROMPT,
        title="Instructions",
        description="What the language model is to do here.",
        json_schema_extra=ui("prompt", template=True),
    )
    intents: tuple[Intent, ...] = Field(
        default=(), max_length=100, title="Topics", json_schema_extra=ui("rows", rows="Add a topic")
    )
    when: tuple[When, ...] = Field(
        default=(),
        max_length=30,
        title="Ways out by rule",
        description="Checked after each turn, before anything else.",
        json_schema_extra=ui("rows", rows="Add a rule"),
    )
    decisions: tuple[Decision, ...] = Field(
        default=(),
        max_length=30,
        title="Ways out the model decides",
        json_schema_extra=ui("rows", rows="Add a way out"),
    )
    extract: tuple[Extract, ...] = Field(
        default=(), max_length=30, title="Keeps when it comes up", json_schema_extra=ui("rows", rows="Add a value")
    )
    tools: tuple[Name, ...] = Field(default=(), max_length=30, title="Tools it may use", json_schema_extra=ui("tool"))
    knowledge: bool = Field(
        default=False,
        title="May look things up",
        description="In the knowledge that the agent may read.",
        json_schema_extra=ui("switch"),
    )
    fallback: tuple[Spoken, ...] = Field(
        default=("Sorry, could you say that again?",),
        max_length=10,
        title="When not understood",
        description="One line a try.",
        json_schema_extra=ui("lines", template=True),
    )
    fallback_goto: NodeId | None = Field(
        default=None, title="After that, go to", json_schema_extra=ui("node", empty="Repeat the last line")
    )
    tier: Tier | None = Field(
        default=None,
        title="Who answers",
        description="Nothing chosen: as the agent's routing has it.",
        json_schema_extra=ui("choice", empty="As the agent’s routing has it", advanced=True),
    )
    voice: str = Field(
        default="",
        max_length=200,
        title="Voice here",
        description="Another voice of the same vendor, by its name there.",
        json_schema_extra=ui("line", advanced=True),
    )
    turns: NodeTurns = Field(default=NodeTurns(), title="Turn taking", json_schema_extra=ui("turns", advanced=True))

    def exits(self) -> Iterator[Exit]:
        yield from whens("when", self.when)
        for number, intent in enumerate(self.intents):
            if intent.goto:
                yield Exit(("intents", number, "goto"), intent.goto, intent.name, "intent")
        for number, decision in enumerate(self.decisions):
            yield Exit(("decisions", number, "goto"), decision.goto, decision.when, "decision")
        yield from failure("fallback_goto", self.fallback_goto, "not understood")


class CollectNode(NodeBase):
    """Asks for each slot in turn, says `done` when all are known, and goes to the first `when` that holds, else `next`."""

    about = About("Questions", "list-checks", "Asks one thing after the other and keeps the answers", "Talk", True)
    type: Literal["collect"] = "collect"
    slots: tuple[Slot, ...] = Field(
        min_length=1, max_length=30, title="Questions", json_schema_extra=ui("rows", rows="Add a question")
    )
    prompt: str = Field(
        default="", max_length=LONGEST_PROMPT, title="Instructions", json_schema_extra=ui("prompt", template=True)
    )
    attempts: int = Field(
        default=3, ge=1, le=10, title="Tries for each question", json_schema_extra=ui("number", advanced=True)
    )
    done: Spoken = Field(default="", title="Says when all is known", json_schema_extra=ui("prose", template=True))
    when: tuple[When, ...] = Field(
        default=(), max_length=30, title="Ways out by rule", json_schema_extra=ui("rows", rows="Add a rule")
    )
    next: NodeId = Field(**NEXT)
    give_up: NodeId | None = Field(
        default=None, title="When it gives up, go to", json_schema_extra=ui("node", empty="Go on without the answer")
    )
    tier: Tier | None = Field(
        default=None,
        title="Who answers",
        json_schema_extra=ui("choice", empty="As the agent’s routing has it", advanced=True),
    )
    voice: str = Field(default="", max_length=200, title="Voice here", json_schema_extra=ui("line", advanced=True))
    turns: NodeTurns = Field(default=NodeTurns(), title="Turn taking", json_schema_extra=ui("turns", advanced=True))

    def exits(self) -> Iterator[Exit]:
        yield from whens("when", self.when)
        yield from always("next", self.next, "all known")
        yield from failure("give_up", self.give_up, "gave up")


class SayNode(NodeBase):
    """Speaks `text`, or plays `clip`, whose words it is, then goes to `next` without waiting for the caller."""

    about = About("Line", "quote", "Says something and goes on at once", "Talk")
    type: Literal["say"] = "say"
    text: Spoken = Field(title="Says", json_schema_extra=ui("prose", template=True))
    clip: ClipId = Field(
        default="", title="Recorded clip", description="Played instead of the words.", json_schema_extra=ui("clip")
    )
    next: NodeId = Field(**NEXT)
    voice: str = Field(default="", max_length=200, title="Voice here", json_schema_extra=ui("line", advanced=True))
    turns: NodeTurns = Field(default=NodeTurns(), title="Turn taking", json_schema_extra=ui("turns", advanced=True))

    def exits(self) -> Iterator[Exit]:
        yield from always("next", self.next)


class MenuNode(NodeBase):
    """Offers choices that are pressed or said. After `attempts` without one: `give_up`, or the text once more."""

    about = About("Menu", "grid-3x3", "Offers choices that callers press or say", "Decide", True)
    type: Literal["menu"] = "menu"
    text: Spoken = Field(title="Says", json_schema_extra=ui("prose", template=True))
    options: tuple[Option, ...] = Field(
        min_length=1, max_length=12, title="Choices", json_schema_extra=ui("rows", rows="Add a choice")
    )
    attempts: int = Field(default=3, ge=1, le=10, title="Tries", json_schema_extra=ui("number", advanced=True))
    give_up: NodeId | None = Field(
        default=None, title="When nothing is chosen, go to", json_schema_extra=ui("node", empty="Say it once more")
    )
    turns: NodeTurns = Field(default=NodeTurns(), title="Turn taking", json_schema_extra=ui("turns", advanced=True))

    def exits(self) -> Iterator[Exit]:
        for number, option in enumerate(self.options):
            label = f"{option.digit}: {option.name}" if option.digit else option.name
            yield Exit(("options", number, "goto"), option.goto, label, "intent")
        yield from failure("give_up", self.give_up, "nothing chosen")
