"""What an agent does during a call, as a graph of typed nodes.

A flow is validated here for shape only (unknown fields, types, sizes, dangling references). Text fields may hold
`{{variable}}` and `{{variable|default}}`, filled from the call's variables.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

NodeId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Spoken = Annotated[str, Field(max_length=2_000)]

SlotType = Literal["text", "name", "phone", "date", "time", "email", "number", "choice", "yes_no"]


Tier = Literal["rules", "small", "large"]
"""Who answers a turn: the built-in engine, a small model, the large one."""


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Slot(Model):
    """One thing the agent has to learn from the caller; kept as the variable `name`."""

    name: Name
    type: SlotType = "text"
    ask: Spoken
    reask: Spoken = ""
    choices: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(default=(), max_length=50)
    confirm: bool = False
    required: bool = True


class Intent(Model):
    """Something a caller may want. `answer` is spoken, then the call goes to `goto`, or stays where it is."""

    name: Name
    examples: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(default=(), max_length=50)
    answer: Spoken = ""
    goto: NodeId | None = None


class NodeTurns(Model):
    """Turn taking at one node, where it differs from the agent's. `patience` is added silence, in seconds."""

    interruptible: bool | None = None
    min_words: int | None = Field(default=None, ge=0, le=10)
    patience: float = Field(default=0.0, ge=0.0, le=10.0)


class ConversationNode(Model):
    """An open conversation. An LLM follows `prompt`; the built-in engine follows `intents` and `fallback`."""

    id: NodeId
    type: Literal["conversation"] = "conversation"
    turns: NodeTurns = NodeTurns()
    prompt: str = Field(default="", max_length=50_000)
    say: Spoken = ""
    intents: tuple[Intent, ...] = Field(default=(), max_length=100)
    fallback: tuple[Spoken, ...] = Field(default=("Sorry, could you say that again?",), max_length=10)
    fallback_goto: NodeId | None = None


class CollectNode(Model):
    """Asks for each slot in turn, then says `done` and goes to `next`."""

    id: NodeId
    type: Literal["collect"] = "collect"
    turns: NodeTurns = NodeTurns()
    prompt: str = Field(default="", max_length=50_000)
    slots: tuple[Slot, ...] = Field(min_length=1, max_length=30)
    attempts: int = Field(default=3, ge=1, le=10)
    done: Spoken = ""
    next: NodeId
    give_up: NodeId | None = None


class SayNode(Model):
    """Speaks `text`, then goes to `next` without waiting for the caller."""

    id: NodeId
    type: Literal["say"] = "say"
    turns: NodeTurns = NodeTurns()
    text: Spoken
    next: NodeId


class EndNode(Model):
    """Says goodbye, waits until it was heard, and hangs up."""

    id: NodeId
    type: Literal["end"] = "end"
    text: Spoken = ""
    outcome: Name = "completed"


Node = Annotated[ConversationNode | CollectNode | SayNode | EndNode, Field(discriminator="type")]


class Flow(Model):
    """The graph. `intents` hold at every node (a wish for a person, a goodbye)."""

    greeting: Spoken
    prompt: str = Field(default="", max_length=50_000)
    goals: tuple[Annotated[str, Field(max_length=300)], ...] = Field(default=(), max_length=20)
    start: NodeId
    nodes: tuple[Node, ...] = Field(min_length=1, max_length=500)
    intents: tuple[Intent, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _references_exist(self) -> Flow:
        ids = [node.id for node in self.nodes]
        if len(ids) != len(set(ids)):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            raise ValueError(f"Two nodes have the same id: {', '.join(twice)}.")
        missing = sorted({target for target in self.targets() if target not in ids})
        if missing:
            raise ValueError(f"The flow points to nodes that do not exist: {', '.join(missing)}.")
        return self

    def targets(self) -> list[str]:
        """Every node id that something in the flow points to."""
        found: list[str | None] = [self.start, *(intent.goto for intent in self.intents)]
        for node in self.nodes:
            if isinstance(node, ConversationNode):
                found += [node.fallback_goto, *(intent.goto for intent in node.intents)]
            elif isinstance(node, CollectNode):
                found += [node.next, node.give_up]
            elif isinstance(node, SayNode):
                found.append(node.next)
        return [target for target in found if target is not None]

    def node(self, node_id: str) -> Node:
        """The node with this id. Raises KeyError when there is none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)
