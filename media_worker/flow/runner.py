"""The pipeline's door to the flow: the caller's turns in, replies out.

With the built-in engine every turn is answered here. With an LLM, greetings, rules, topics and values that are plainly
heard, tools of the flow, goodbyes and moves between nodes stay with the engine; the rest is `None`: the LLM speaks, and
moves by the tools below. A reply may carry work, which `driving.Driver` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from media_worker.contract.events import EventBody, Snapshot
from media_worker.contract.flow import (
    CollectNode,
    ConversationNode,
    KnowledgeNode,
    MenuNode,
    NodeTurns,
    SayNode,
    ToolNode,
    TransferNode,
    VoicemailNode,
    WaitNode,
)
from media_worker.contract.spec import CallSpec, Scalar, TurnTaking
from media_worker.contract.tools import ToolOutcome
from media_worker.flow import before
from media_worker.flow.engine import Engine
from media_worker.flow.expecting import expectation
from media_worker.flow.manners import knows
from media_worker.flow.nodes.collecting import CollectBehaviour
from media_worker.flow.nodes.talking import ConversationBehaviour, sure_topic
from media_worker.flow.position import Position, restore
from media_worker.flow.prompt import system_prompt
from media_worker.flow.reply import Line, Reply
from media_worker.flow.routing import Facts, Route, route
from media_worker.flow.tools import ToolBox, ToolResult
from media_worker.flow.work import ToolWork, Work
from media_worker.providers.base import Expectation, Tool

if TYPE_CHECKING:
    from media_worker.flow.driving import Driver

__all__ = ["FlowRunner", "Line", "Reply", "ToolResult"]

BACK = "Sorry about that short break."

COURTESY_WORDS = 2


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
        variables = dict(resume.variables) if resume else dict(spec.variables)
        flows = [spec.agent.flow, *(colleague.flow for colleague in spec.agent.colleagues)]
        known = {node_id for flow in flows for node_id in flow.by_id}
        position = restore(resume, known, spec.agent.flow.start) if resume else Position(spec.agent.flow.start)
        self._engine = Engine(spec, variables, position, emit, now or _clock(variables))
        self.uses_llm = self._engine.uses_llm
        self._tools = ToolBox(self._engine)
        self._driver: Driver | None = None
        self.route = Route("large")
        """Who is to answer the present turn."""

    def attach(self, driver: Driver) -> None:
        """Who does the works that this flow asks for."""
        self._driver = driver
        self._engine.turn = driver.turn

    # ── where it stands ──────────────────────────────────────────────────────────────────────────

    @property
    def node(self) -> str:
        return self._engine.at.node

    @property
    def turns(self) -> TurnTaking:
        """How turns are taken at this node: the agent's ways, and what the node changes. `patience` is in its silences."""
        return _changed(self.spec.agent.turns, self._node_turns)

    @property
    def patience(self) -> float:
        """Seconds this node adds to every silence that would end a turn."""
        return self._node_turns.patience

    @property
    def _node_turns(self) -> NodeTurns:
        node = self._engine.node
        return node.turns if isinstance(node, ConversationNode | CollectNode | SayNode | MenuNode) else NodeTurns()

    @property
    def variables(self) -> dict[str, Scalar]:
        return self._engine.variables

    @property
    def voice(self) -> str:
        """The name of the voice that speaks at this node; empty for the agent's own."""
        return self._engine.voice_of(self._engine.node)

    @property
    def keys(self) -> frozenset[str]:
        """Keys of the phone that act at once here, without waiting for a further one."""
        node = self._engine.node
        return (
            frozenset(option.digit for option in node.options if option.digit)
            if isinstance(node, MenuNode)
            else frozenset()
        )

    @property
    def hears_now(self) -> bool:
        """Words of the caller end the work that is going on."""
        node = self._engine.node
        return isinstance(node, WaitNode) and node.heard is not None and not self._engine.at.ended

    @property
    def deaf(self) -> bool:
        """Nothing that is said here is meant for the agent: an answering machine speaks."""
        return isinstance(self._engine.node, VoicemailNode)

    @property
    def at_work(self) -> bool:
        """The call stands where something has to be done before anybody speaks: after a break, it is done first."""
        node = self._engine.node
        working = isinstance(node, ToolNode | KnowledgeNode | TransferNode | VoicemailNode | WaitNode)
        return working and not self._engine.at.ended

    @property
    def open_question(self) -> bool:
        """Anything may be said here: what was not understood is asked for in no particular words."""
        return isinstance(self._engine.node, ConversationNode) and not self._engine.at.ended

    def expects(self) -> Expectation:
        return expectation(self._engine)

    # ── replies ──────────────────────────────────────────────────────────────────────────────────

    def before(self) -> list[tuple[ToolWork, float]]:
        """What is looked up before the greeting, and how long each may hold it up. Nothing in a call that goes on."""
        return [] if self._resumed else before.works(self._engine)

    def looked_up(self, work: ToolWork, outcome: ToolOutcome) -> None:
        self._engine.take(work, outcome)

    def opening(self) -> Reply:
        """The greeting and the first node's line; for a resumed call a word of excuse and the open question."""
        if not self._resumed:
            return self._asks_for(self._engine.begin())
        return self._asks_for(self._engine.again(BACK))

    def new_turn(self) -> None:
        """The caller has said something: what a model may do in one turn is counted anew."""
        self._tools.new_turn()

    def heard(self, text: str, confidence: float | None) -> str:
        """The caller's words; empty when nobody can be sure of them."""
        sure = confidence is None or confidence >= self.spec.agent.fallbacks.least_confidence
        return text.strip() if sure else ""

    async def on_user_turn(self, text: str, confidence: float | None) -> Reply | None:
        """The engine's reply; None when a model has to answer, and then `route` says which tier and why.

        Low confidence or no text: the caller is asked again.
        """
        self.new_turn()
        engine, heard = self._engine, self.heard(text, confidence)
        if not self._model_may_answer() or not heard:
            return self._thinking(engine.hear(heard, None))
        engine.remember_said(heard)
        certain = self._certain(heard)
        if certain is not None:
            return self._thinking(certain)
        self.route = self._choose(heard)
        return self._thinking(engine.hear(heard, None)) if self.route.tier == "rules" else None

    def said_meanwhile(self, text: str, answered: bool) -> Reply | None:
        """What the caller said while a work ran. `answered`: the agent has spoken since, and then an “okay, thanks” is
        not answered. None: it needs no answer."""
        node, engine = self._engine.node, self._engine
        if self._model_may_answer() and isinstance(node, ConversationNode):
            engine.remember_said(text)
            certain = ConversationBehaviour().certain(engine, node, text)
            worth_it = not answered or len(text.split()) > COURTESY_WORDS
            return self._thinking(certain) if certain is not None else Reply("", think=True) if worth_it else None
        if not answered and not self._model_may_answer():
            return self._thinking(engine.hear(text, None))
        reply = engine.meanwhile(text)
        return None if reply is None else self._thinking(reply)

    def worked(self, work: Work, outcome: ToolOutcome) -> Reply:
        """The outcome of a reply's work: the next reply, which may have work of its own."""
        reply = self._engine.worked(work, outcome)
        return Reply("") if reply is None else self._thinking(reply)

    def thought(self) -> Reply | None:
        """The model has answered where the flow had asked it to: what the flow adds, if it goes on from there."""
        node, engine = self._engine.node, self._engine
        if not isinstance(node, KnowledgeNode) or engine.answers_from is None:
            return None
        return self._thinking(engine.enter(node.next, why="answered"))

    def would_ask(self, text: str) -> Route | None:
        """Whom a turn of these words would go to, were it over now; None where it needs no model. Changes nothing."""
        node, engine = self._engine.node, self._engine
        talking = isinstance(node, ConversationNode) and not engine.at.ended
        if not self.uses_llm or not talking or not text.strip():
            return None
        if sure_topic(engine, text.strip()) is not None:
            return None
        route = self._choose(text.strip())
        return route if route.tier != "rules" else None

    def by_rules(self, text: str) -> Reply:
        """The engine's own reply, where every model failed and rules stand in for them."""
        return self._asks_for(self._engine.hear(text.strip(), None))

    def _model_may_answer(self) -> bool:
        talking = isinstance(self._engine.node, ConversationNode | CollectNode)
        return self.uses_llm and talking and not self._engine.at.ended

    def _certain(self, heard: str) -> Reply | None:
        """What needs no model."""
        node = self._engine.node
        if isinstance(node, CollectNode):
            return CollectBehaviour().certain(self._engine, node, heard)
        return (
            ConversationBehaviour().certain(self._engine, node, heard) if isinstance(node, ConversationNode) else None
        )

    def _thinking(self, reply: Reply) -> Reply:
        """Where the flow has nothing to say and a model talks, the model goes on."""
        silent = not reply.text and not reply.end and reply.work is None and not reply.think
        return replace(reply, think=True) if silent and self._model_may_answer() else self._asks_for(reply)

    def _asks_for(self, reply: Reply) -> Reply:
        if reply.work is not None:
            self._engine.doing = reply.work
        return reply

    def _choose(self, heard: str) -> Route:
        agent, node = self.spec.agent, self._engine.node
        rules = agent.routing.rules
        tier = node.tier if isinstance(node, ConversationNode | CollectNode) else None
        if tier is not None and (tier != "rules" or knows(self._engine, heard)):
            small = agent.providers.small is not None
            return Route("large" if tier == "small" and not small else tier, "step")
        match = self._engine.match(heard) if any(rule.intents for rule in rules) else None
        facts = Facts(
            node=self._engine.at.node,
            intent=match.intent.name if match is not None else "",
            words=len(heard.split()),
            tools=self._tools.beyond_moving,
            answers=any(rule.tier == "rules" for rule in rules) and knows(self._engine, heard),
        )
        return route(agent.routing, facts, agent.providers.small is not None)

    # ── a language model ─────────────────────────────────────────────────────────────────────────

    def system_prompt(self) -> str:
        return system_prompt(self.spec, self._engine)

    def tools(self) -> list[Tool]:
        return self._tools.specs()

    @property
    def longest_tool(self) -> float:
        """Seconds that a tool may take which a model can call here."""
        return self._tools.longest

    async def on_tool_call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Never raises: whatever the model asks for, it gets a sentence back that says what to do instead.

        A tool of the host's is used by the driver that is attached, in its own time.
        """
        asked = self._tools.call(name, arguments)
        if not isinstance(asked, ToolResult):
            if self._driver is None:
                return ToolResult("That cannot be done here.", ok=False)
            asked = self._tools.done(asked, await self._driver.do(asked))
        if asked.reply is not None:
            self._asks_for(asked.reply)
        return asked

    def state(self) -> dict[str, Scalar]:
        """What a snapshot needs besides node and variables."""
        return self._engine.at.state()


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


def _clock(variables: dict[str, Scalar]) -> Callable[[], datetime]:
    zone: ZoneInfo | None = None
    name = variables.get("timezone")
    if isinstance(name, str) and name:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = None
    return lambda: datetime.now(zone or UTC)
