"""The pipeline's door to the flow: the caller's turns in, replies out.

With the built-in engine every turn is answered here. With an LLM, greetings, values that are plainly heard, goodbyes
and moves between nodes stay with the engine; the rest is `None`: the LLM speaks, and moves by the tools below.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from media_worker.contract.events import EventBody, Snapshot
from media_worker.contract.flow import CollectNode, ConversationNode, EndNode, NodeTurns
from media_worker.contract.spec import CallSpec, Scalar, TurnTaking
from media_worker.flow.engine import Engine, Position, Reply
from media_worker.flow.expecting import expectation
from media_worker.flow.prompt import system_prompt
from media_worker.flow.routing import Facts, Route, route
from media_worker.flow.tools import ToolBox, ToolResult
from media_worker.providers.base import Expectation, Tool

__all__ = ["FlowRunner", "Reply", "ToolResult"]

BACK = "Sorry about that short break."


class FlowRunner:
    """One call's conversation. Not shared, not thread-safe, never blocks.

    `now` is the caller's wall clock, for “tomorrow at three”: by default the zone named by the variable `timezone`,
    else UTC.
    """

    def __init__(
        self,
        spec: CallSpec,
        resume: Snapshot | None,
        emit: Callable[[EventBody], None],
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.spec = spec
        self._resumed = resume is not None
        providers = spec.agent.providers
        self.uses_llm = providers.llm.vendor != "builtin" or providers.s2s is not None
        flow = spec.agent.flow
        variables = dict(resume.variables) if resume else dict(spec.variables)
        position = _restore(resume, {node.id for node in flow.nodes}, flow.start) if resume else Position(flow.start)
        self._engine = Engine(flow, variables, position, emit, now or _clock(variables))
        self._tools = ToolBox(self._engine)
        self.route = Route("large")
        """Who is to answer the present turn."""

    @property
    def node(self) -> str:
        return self._engine.at.node

    @property
    def turns(self) -> TurnTaking:
        """How turns are taken at this node: the agent's ways, and what the node changes. `patience` is in its silences."""
        node = self._engine.node
        changes = NodeTurns() if isinstance(node, EndNode) else node.turns
        return _changed(self.spec.agent.turns, changes)

    @property
    def patience(self) -> float:
        """Seconds this node adds to every silence that would end a turn."""
        node = self._engine.node
        return 0.0 if isinstance(node, EndNode) else node.turns.patience

    @property
    def variables(self) -> dict[str, Scalar]:
        return self._engine.variables

    def opening(self) -> Reply:
        """The greeting and the first node's line; for a resumed call a word of excuse and the open question."""
        if not self._resumed:
            return self._engine.begin()
        return self._engine.again(BACK)

    def expects(self) -> Expectation:
        return expectation(self._engine)

    def new_turn(self) -> None:
        """The caller has said something: what a model may do in one turn is counted anew."""
        self._tools.new_turn()

    def heard(self, text: str, confidence: float | None) -> str:
        """The caller's words; empty when nobody can be sure of them."""
        sure = confidence is None or confidence >= self.spec.agent.fallbacks.least_confidence
        return text.strip() if sure else ""

    @property
    def open_question(self) -> bool:
        """Anything may be said here: what was not understood is asked for in no particular words."""
        return isinstance(self._engine.node, ConversationNode) and not self._engine.at.ended

    async def on_user_turn(self, text: str, confidence: float | None) -> Reply | None:
        """The engine's reply; None when a model has to answer, and then `route` says which tier and why.

        Low confidence or no text: the caller is asked again.
        """
        self.new_turn()
        heard = self.heard(text, confidence)
        node = self._engine.node
        talking = isinstance(node, ConversationNode | CollectNode)
        if not self.uses_llm or self._engine.at.ended or not heard or not talking:
            return self._engine.hear(heard, None)
        plain = self._engine.take_if_plain(node, heard) if isinstance(node, CollectNode) else None
        if plain is not None:
            return plain
        self.route = self._choose(heard)
        return self._engine.hear(heard, None) if self.route.tier == "rules" else None

    def would_ask(self, text: str) -> Route | None:
        """Whom a turn of these words would go to, were it over now; None where it needs no model. Changes nothing."""
        talking = isinstance(self._engine.node, ConversationNode) and not self._engine.at.ended
        if not self.uses_llm or not talking or not text.strip():
            return None
        route = self._choose(text.strip())
        return route if route.tier != "rules" else None

    def by_rules(self, text: str) -> Reply:
        """The engine's own reply, where every model failed and rules stand in for them."""
        return self._engine.hear(text.strip(), None)

    def _choose(self, heard: str) -> Route:
        agent = self.spec.agent
        rules = agent.routing.rules
        match = self._engine.match(heard) if any(rule.intents for rule in rules) else None
        facts = Facts(
            node=self._engine.at.node,
            intent=match.intent.name if match is not None else "",
            words=len(heard.split()),
            tools=self._tools.beyond_moving,
            answers=any(rule.tier == "rules" for rule in rules) and self._engine.knows(heard),
        )
        return route(agent.routing, facts, agent.providers.small is not None)

    def system_prompt(self) -> str:
        return system_prompt(self.spec, self._engine)

    def tools(self) -> list[Tool]:
        return self._tools.specs()

    async def on_tool_call(self, name: str, arguments: dict[str, Scalar]) -> ToolResult:
        """Never raises: whatever the model asks for, it gets a sentence back that says what to do instead."""
        return self._tools.call(name, arguments)

    def state(self) -> dict[str, Scalar]:
        """What a snapshot needs besides node and variables."""
        at = self._engine.at
        return {
            "misses": at.misses,
            "attempts": at.attempts,
            "slot": at.slot,
            "pending": at.pending,
            "skipped": " ".join(sorted(at.skipped)),
            "done": " ".join(sorted(at.done)),
            "ended": at.ended,
        }


def _changed(turns: TurnTaking, node: NodeTurns) -> TurnTaking:
    if node == NodeTurns():
        return turns
    return turns.model_copy(
        update={
            "interruptible": turns.interruptible if node.interruptible is None else node.interruptible,
            "min_words": turns.min_words if node.min_words is None else node.min_words,
            "speech_timeout": turns.speech_timeout + node.patience,
            "smart_turn_deadline": turns.smart_turn_deadline + node.patience,
        }
    )


def _restore(resume: Snapshot, nodes: set[str], start: str) -> Position:
    """The snapshot's position; one of another version of the flow starts over at `start`."""
    if resume.node not in nodes:
        return Position(start)
    state = resume.state
    return Position(
        node=resume.node,
        misses=_whole(state.get("misses")),
        attempts=_whole(state.get("attempts")),
        slot=str(state.get("slot") or ""),
        pending=state.get("pending"),
        skipped=set(str(state.get("skipped") or "").split()),
        done=set(str(state.get("done") or "").split()),
        ended=str(state.get("ended") or ""),
    )


def _whole(value: Scalar) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _clock(variables: dict[str, Scalar]) -> Callable[[], datetime]:
    zone: ZoneInfo | None = None
    name = variables.get("timezone")
    if isinstance(name, str) and name:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = None
    return lambda: datetime.now(zone or UTC)
