"""The three things an LLM may do to a flow: keep a value, move, hang up. Arguments are checked here, not trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media_worker.contract.flow import CollectNode, ConversationNode, EndNode, Slot
from media_worker.flow import slots
from media_worker.flow.engine import Engine, Reply
from media_worker.flow.templating import spoken
from media_worker.providers.base import Tool

MOST_CALLS_A_TURN = 8


@dataclass(frozen=True)
class ToolResult:
    """`text` goes to the model. With a `reply` the agent says that instead, and the model is not asked again now."""

    text: str
    reply: Reply | None = None
    ok: bool = True


class ToolBox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._calls = 0

    def new_turn(self) -> None:
        self._calls = 0

    def specs(self) -> list[Tool]:
        """What the model may do from where the conversation stands."""
        found = []
        names = [slot.name for slot in self._slots()]
        if names:
            found.append(
                Tool(
                    "set_slot",
                    "Keep a value that the caller has just given. Never guess one.",
                    _object(
                        {"name": {"type": "string", "enum": names}, "value": {"type": "string"}}, ["name", "value"]
                    ),
                )
            )
        targets = self._targets()
        if targets:
            found.append(
                Tool(
                    "go_to",
                    "Move to another step of the conversation when the caller's wish calls for it.",
                    _object({"node": {"type": "string", "enum": targets}}, ["node"]),
                )
            )
        outcomes = sorted({node.outcome for node in self._engine.flow.nodes if isinstance(node, EndNode)})
        found.append(
            Tool(
                "end_call",
                "Say goodbye and hang up, once the caller wants nothing more.",
                _object({"outcome": {"type": "string", "enum": outcomes or ["completed"]}}, []),
            )
        )
        return found

    @property
    def beyond_moving(self) -> bool:
        """There is more to do here than to move on and to end the call."""
        return bool(self._slots())

    def call(self, name: str, arguments: object) -> ToolResult:
        self._calls += 1
        if self._engine.at.ended:
            return _refused("The call is ending. Say nothing more.")
        if self._calls > MOST_CALLS_A_TURN:
            return _refused("That is enough for this turn. Answer the caller now, without a tool.")
        if not isinstance(arguments, Mapping):  # what a model sends is anything
            return _refused("The arguments have to be an object.")
        if name == "set_slot":
            return self._set_slot(arguments)
        if name == "go_to":
            return self._go_to(arguments)
        if name == "end_call":
            return self._end_call(arguments)
        known = ", ".join(spec.name for spec in self.specs())
        return _refused(f"There is no tool called {spoken(str(name))[:60]}. The tools are: {known}.")

    # ── the tools ─────────────────────────────────────────────────────────────────────────────────

    def _set_slot(self, arguments: Mapping[str, Any]) -> ToolResult:
        known = {slot.name: slot for slot in self._slots()}
        name, value = arguments.get("name"), arguments.get("value")
        slot = known.get(name) if isinstance(name, str) else None
        if slot is None:
            return _refused(f"There is no value of that name to keep. There are: {', '.join(known) or 'none'}.")
        pending = self._engine.slot
        if self._engine.at.pending is not None and pending is not None and pending.name != slot.name:
            return _refused(f"Wait: the caller has to confirm {pending.name} first.")
        if not isinstance(value, str | int | float | bool) or not str(value).strip():
            return _refused("The value is missing: a string with what the caller said.")
        kept = slots.parse(slot, _as_said(value), self._engine.now())
        if kept is None:
            return _refused(f"That is no {slot.type.replace('_', ' ')}{_choices(slot)}. Ask the caller again.")
        reply = self._engine.offer(slot, kept)
        missing = self._engine.missing()
        return ToolResult(
            f"Kept {slot.name}: {spoken(kept)}." + (f" Ask next for: {missing[0].ask}" if missing else ""), reply
        )

    def _go_to(self, arguments: Mapping[str, Any]) -> ToolResult:
        node, targets = arguments.get("node"), self._targets()
        if not isinstance(node, str) or node not in targets:
            return _refused(f"From here you can go to: {', '.join(targets) or 'nowhere'}.")
        reply = self._engine.enter(node, why="tool:go_to")
        if reply.text or reply.end:
            return ToolResult(f"You are now at {self._engine.at.node}. The agent has said: {reply.text}", reply)
        return ToolResult(f"You are now at {self._engine.at.node}. Go on from there, in one or two sentences.")

    def _end_call(self, arguments: Mapping[str, Any]) -> ToolResult:
        ends = [node for node in self._engine.flow.nodes if isinstance(node, EndNode)]
        wanted = arguments.get("outcome")
        end = next((node for node in ends if node.outcome == wanted), ends[0] if ends else None)
        if end is None:
            self._engine.at.ended = "completed"
            return ToolResult("The call ends.", Reply("Goodbye.", end=True, outcome="completed", listen=False))
        return ToolResult("The call ends.", self._engine.enter(end.id, why="tool:end_call"))

    # ── what there is ─────────────────────────────────────────────────────────────────────────────

    def _slots(self) -> list[Slot]:
        node = self._engine.node
        if isinstance(node, CollectNode):
            return list(node.slots)
        forms = [node for node in self._engine.flow.nodes if isinstance(node, CollectNode)]
        return list({slot.name: slot for form in forms for slot in form.slots}.values())

    def _targets(self) -> list[str]:
        """Where the flow's arrows lead from here, without ends: those have their own tool."""
        node, flow = self._engine.node, self._engine.flow
        found: list[str | None] = [intent.goto for intent in flow.intents]
        if isinstance(node, ConversationNode):
            found = [*(intent.goto for intent in node.intents), node.fallback_goto, *found]
        elif isinstance(node, CollectNode):
            found = [node.give_up, *found]
        ids = dict.fromkeys(target for target in found if target and target != node.id)
        return [target for target in ids if not isinstance(flow.node(target), EndNode)]


def _as_said(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return spoken(value)


def _choices(slot: Slot) -> str:
    return f" of: {', '.join(slot.choices)}" if slot.choices else ""


def _refused(sentence: str) -> ToolResult:
    return ToolResult(sentence, ok=False)


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
