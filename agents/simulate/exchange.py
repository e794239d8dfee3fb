"""What happened in one turn, for people and for tests: who said what, which steps, variables and tools it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from media_worker.contract.events import CallEvent, Fallback, Fault, HandedOver, NodeEntered, ToolUsed, VariableSet
from media_worker.contract.tools import Scalar, Source
from media_worker.contract.wire import TextReply

Does = Literal["opens", "says", "presses", "silent"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolLine(Model):
    """A use of a tool, or a look into the knowledge."""

    tool: str
    by: str = "flow"
    arguments: dict[str, Scalar] = Field(default_factory=dict)
    ok: bool
    status: int | None = None
    text: str = ""
    variables: dict[str, Scalar] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    mocked: bool = False
    ms: int = 0


class Exchange(Model):
    """`text` is the caller's, `reply` the agent's. `nodes` are the steps entered, in order; `at` is where it stands.

    `changed` are the variables that got another value, `variables` all of them. `notes` are sentences about what went
    another way than it should: a model that failed, a question asked again.
    """

    does: Does
    text: str = ""
    reply: str = ""
    nodes: tuple[str, ...] = ()
    at: str = ""
    changed: dict[str, Scalar] = Field(default_factory=dict)
    variables: dict[str, Scalar] = Field(default_factory=dict)
    tools: tuple[ToolLine, ...] = ()
    notes: tuple[str, ...] = ()
    handed_to: str = ""
    ended: bool = False
    outcome: str = ""
    fault: str = ""
    ms: int = 0


exchanges: TypeAdapter[tuple[Exchange, ...]] = TypeAdapter(Annotated[tuple[Exchange, ...], Field(max_length=100)])

_STEPS = {
    "reask": "It was not understood, and asked again.",
    "fallback_goto": "It was not understood to the end, and went where that leads.",
    "give_up": "A question was given up, and it went where that leads.",
    "next_key": "The language model’s key failed; the next one was used.",
    "next_model": "The language model failed; the next one took over.",
    "escalated": "The small model was unsure; the large one answered.",
    "too_long": "The language model’s answer was too long and was cut.",
    "skipped": "A question was given up.",
    "timeout": "The language model did not answer in time.",
    "vendor_error": "The language model failed and was asked once more.",
}


def exchange(
    does: Does,
    text: str,
    reply: TextReply,
    events: Sequence[CallEvent],
    before: Mapping[str, Scalar],
    ms: int,
) -> Exchange:
    """`before` are the variables as they were before the turn."""
    bodies = [event.body for event in events]
    now = reply.snapshot.variables
    touched = {body.name for body in bodies if isinstance(body, VariableSet)}
    changed = {name: now[name] for name in now if name in touched or before.get(name) != now[name]}
    notes = [_STEPS[body.step] for body in bodies if isinstance(body, Fallback) and body.step in _STEPS]
    notes += [body.message for body in bodies if isinstance(body, Fault)]
    return Exchange(
        does=does,
        text=text,
        reply=reply.text,
        nodes=tuple(body.node for body in bodies if isinstance(body, NodeEntered)),
        at=reply.snapshot.node,
        changed=changed,
        variables=dict(now),
        tools=tuple(_tool(body) for body in bodies if isinstance(body, ToolUsed)),
        notes=tuple(dict.fromkeys(notes)),
        handed_to=next((body.agent for body in reversed(bodies) if isinstance(body, HandedOver)), ""),
        ended=reply.end,
        outcome=reply.outcome,
        fault=reply.fault,
        ms=ms,
    )


def _tool(used: ToolUsed) -> ToolLine:
    return ToolLine(
        tool=used.tool,
        by=used.by,
        arguments=used.arguments,
        ok=used.ok,
        status=used.status,
        text=used.text,
        variables=used.variables,
        sources=used.sources,
        mocked=used.mocked,
        ms=used.ended_ms - used.started_ms,
    )
