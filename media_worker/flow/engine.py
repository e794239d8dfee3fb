"""Walks a flow by its rules: no model, no clock of its own, no sound. Where it stands is `Position`, which is plain data.

Every public method answers with a `Reply` and leaves the position where the caller's next words, a work's outcome or a
model's answer are awaited, so a snapshot taken after any of them can be gone on from. What a kind of node does is in
`nodes/`.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from media_worker.contract.events import EventBody, Fault, NodeEntered, VariableSet
from media_worker.contract.expressions import Surroundings, compiled, names
from media_worker.contract.flow import (
    Assign,
    CollectNode,
    ConversationNode,
    Extract,
    Flow,
    Intent,
    MenuNode,
    Node,
    Slot,
    When,
)
from media_worker.contract.spec import AgentSpec, CallSpec, Colleague, Scalar
from media_worker.contract.tools import ToolOutcome, ToolSpec
from media_worker.flow import slots, work
from media_worker.flow.matching import Match, Matcher
from media_worker.flow.nodes import Onward, Visit, behaviour
from media_worker.flow.nodes.choosing import as_intents
from media_worker.flow.position import LONGEST_KEPT, Position
from media_worker.flow.reply import Reply
from media_worker.flow.speaking import say_value
from media_worker.flow.templating import holes, render

MOST_STEPS = 100
"""Nodes that are passed without a word of the caller: more are a circle."""

MOST_USES = 20
"""What is done outside without a word of the caller: more is a circle, too."""

MOST_WAITS = 100
"""Waits in which the caller had time to speak, and did not: who polls for longer has lost the caller."""

LEAST_CONFIDENCE = 0.35
LONGEST_VALUE = 2_000
MOST_VARIABLES = 300

Agent = AgentSpec | Colleague


class Engine:
    def __init__(
        self,
        spec: CallSpec,
        variables: dict[str, Scalar],
        position: Position,
        emit: Callable[[EventBody], None],
        now: Callable[[], datetime],
    ) -> None:
        self.spec = spec
        self.variables = variables
        self.at = position
        self.emit = emit
        self.now = now
        self.turn: Callable[[], int] = lambda: 0
        """The number of the caller's present turn; whoever drives the flow knows."""
        self.uses_llm = spec.agent.providers.llm.vendor != "builtin" or spec.agent.providers.s2s is not None
        self.answers_from: ToolOutcome | None = None
        """What was found, where a model is about to answer from it."""
        self._matchers: dict[tuple[str, str], Matcher] = {}
        self._clips = {clip.id: clip for clip in spec.agent.clips}
        self.doing: work.Work | None = None
        """The work whose outcome is awaited."""
        self._uses = self._waits = 0
        self._called = {"caller": spec.caller, "called": spec.called, "direction": spec.direction}
        self.becomes(self.colleague(position.agent) or spec.agent)
        if position.node not in self.flow.by_id:
            position.node = self.flow.start

    # ── whose flow it is ─────────────────────────────────────────────────────────────────────────

    def colleague(self, name: str) -> Agent | None:
        """Another agent of the call, by name; the first one as well, who may be given the call back."""
        wanted = self.spec.agent
        agents: list[Agent] = [*wanted.colleagues, wanted]
        return next((agent for agent in agents if name and agent.name.casefold() == name.strip().casefold()), None)

    def becomes(self, agent: Agent) -> None:
        """From here on this agent speaks, by its own flow and with its own tools; what is known stays known."""
        self.agent = agent
        self.flow: Flow = agent.flow
        self.tools: dict[str, ToolSpec] = {tool.name: tool for tool in agent.tools}
        self.at.agent = agent.name if agent is not self.spec.agent else ""
        self._types = {
            slot.name: slot for node in self.flow.nodes if isinstance(node, CollectNode) for slot in node.slots
        }
        self._surroundings = Surroundings(
            self.now, self.flow.hours if self.flow.hours.openings or self.flow.hours.closed else None
        )
        for variable in self.flow.variables:
            if self.variables.get(variable.name) in (None, "") and variable.default:
                self.variables[variable.name] = variable.default

    @property
    def voice(self) -> str:
        """The name of the colleague's voice; empty for the agent's own."""
        return self.agent.voice if isinstance(self.agent, Colleague) else ""

    @property
    def knows(self) -> bool:
        """Who speaks has knowledge to look things up in."""
        return bool(self.agent.knowledge) if isinstance(self.agent, Colleague) else self.agent.knows

    def voice_of(self, node: Node) -> str:
        return getattr(node, "voice", "") or self.voice

    @property
    def node(self) -> Node:
        return self.flow.by_id[self.at.node]

    # ── what is known ────────────────────────────────────────────────────────────────────────────

    @property
    def values(self) -> ChainMap[str, Scalar]:
        """All that a text or an expression may name: the call's variables, then what every call has."""
        at = self.at
        around: dict[str, Scalar] = {
            "agent_name": self.agent.name,
            "last_said": at.last_said,
            "choice": at.choice,
            "outcome": at.outcome,
            **self._called,
        }
        return ChainMap(self.variables, around)

    def value(self, name: str) -> Scalar:
        return self.values.get(name)

    def text(self, template: str) -> str:
        """A template of the flow, filled with values as they are spoken."""
        if "{{" not in template:
            return template
        values, types = self.values, self._types
        shown = {
            name: say_value(types[name].type, values[name], self.now()) if name in types else values[name]
            for name in holes(template)
            if name in values
        }
        return render(template, shown)

    def template(self, template: str) -> str:
        """A template, filled with values as they are kept: for tools and numbers, not for the ear."""
        return render(template, self.values)

    def line(self, text: str, clip: str) -> tuple[str, str]:
        """The words to say, and the clip that says them, where it is there."""
        recorded = self._clips.get(clip)
        return (" ".join(recorded.words.split()), clip) if recorded is not None else (self.text(text), "")

    def keep(self, name: str, value: Scalar, *, heard: bool) -> None:
        """`heard`: it comes from what a caller said."""
        if name not in self.variables and len(self.variables) >= MOST_VARIABLES:
            return
        value = value[:LONGEST_VALUE] if isinstance(value, str) else value
        self.variables[name] = value
        (self.at.heard.add if heard else self.at.heard.discard)(name)
        self.emit(VariableSet(name=name, value=value))

    def was_heard(self, name: str) -> bool:
        return name in self.at.heard or name == "last_said"

    def heard_in(self, template: str) -> list[str]:
        """The variables of a template that hold what a caller said."""
        return [name for name in holes(template) if self.was_heard(name)]

    def first_that_holds(self, whens: Sequence[When]) -> int | None:
        if not whens:
            return None
        values = dict(self.values)
        return next((n for n, when in enumerate(whens) if compiled(when.when).holds(values, self._surroundings)), None)

    def assign(self, assign: Assign) -> None:
        value = compiled(assign.value).value(dict(self.values), self._surroundings)
        self.keep(assign.name, value, heard=any(self.was_heard(name) for name in names(assign.value)))

    def extract(self, wanted: Sequence[Extract], heard: str) -> None:
        """Keeps what stands plainly in a sentence."""
        for one in wanted:
            slot = Slot(name=one.name, type=one.type, ask="", choices=one.choices)
            value = slots.parse(slot, heard, self.now(), asked=False)
            if value is not None:
                self.keep(one.name, value, heard=True)

    @property
    def slot(self) -> Slot | None:
        """The slot that is being asked for."""
        node = self.node
        if not isinstance(node, CollectNode):
            return None
        return next((slot for slot in node.slots if slot.name == self.at.slot), None)

    def missing(self) -> list[Slot]:
        """The slots of this node that still have no value and were not skipped."""
        node = self.node
        if not isinstance(node, CollectNode):
            return []
        free = (slot for slot in node.slots if self.variables.get(slot.name) in (None, ""))
        return [slot for slot in free if slot.name not in self.at.skipped]

    # ── going somewhere ───────────────────────────────────────────────────────────────────────────

    def begin(self) -> Reply:
        visit = Visit(opening=True)
        visit.say(self.text(self.flow.greeting), voice=self.voice_of(self.node))
        return self.go(Onward(self.flow.start, "start"), visit)

    def again(self, excuse: str) -> Reply:
        """What is said when the call goes on after a break: the open question once more, or the open work."""
        if self.at.ended:
            return self._over()
        node = self.node
        return behaviour(node).again(self, node, excuse)

    def enter(self, node_id: str, *, why: str, before: str = "", heard: str = "") -> Reply:
        """Goes to a node and on through those that only speak, until the caller's words or a work are needed or the call
        ends. `heard`: the sentence that led here; values that are plain in it are not asked for again."""
        visit = Visit(heard)
        visit.say(before, voice=self.voice_of(self.node))
        return self.go(Onward(node_id, why), visit)

    def enter_and_hear(self, node_id: str, *, why: str, heard: str) -> Reply:
        """Goes to a node with words that were said before it: a model answers them there, and without one a node that
        asks nothing of its own."""
        reply = self.enter(node_id, why=why, heard=heard)
        if reply.end or reply.work is not None or not self.node.about.listens:
            return reply
        if self.uses_llm and isinstance(self.node, ConversationNode):
            return replace(reply, text="", lines=())
        if reply.text:
            return reply
        return behaviour(self.node).hear(self, self.node, heard)

    def go(self, step: Reply | Onward, visit: Visit) -> Reply:
        for _ in range(MOST_STEPS):
            if isinstance(step, Reply):
                return self._counted(step)
            node = self.flow.by_id[step.to]
            at = self.at
            at.node, at.misses, at.attempts, at.slot, at.pending = node.id, 0, 0, "", None
            self.answers_from = None
            self.emit(NodeEntered(node=node.id, why=step.why))
            step = behaviour(node).arrive(self, node, visit)
        return self._circle(visit) if isinstance(step, Onward) else self._counted(step)

    def _counted(self, reply: Reply) -> Reply:
        """A flow that does one thing after the other without listening does not do so for ever."""
        if reply.work is None:
            return reply
        self._uses += 1
        return reply if self._uses <= MOST_USES and self._waits <= MOST_WAITS else self._circle(Visit())

    def _circle(self, visit: Visit) -> Reply:
        message = "The flow runs in a circle without listening."
        self.emit(Fault(whose="customer", stage="flow", message=message, fatal=True))
        visit.lines = visit.lines[:3]
        return self.end(visit, "flow_error")

    def waited(self) -> None:
        """The caller had time to speak."""
        self._uses = 0
        self._waits += 1

    def end(self, visit: Visit, outcome: str) -> Reply:
        self.at.ended = outcome
        return replace(visit.reply(end=True, outcome=outcome, listen=False), interruptible=True)

    def gone(self) -> Reply:
        """The line has left."""
        self.at.ended = "transferred"
        return Reply("", end=True, outcome="transferred", listen=False, gone=True)

    def _over(self) -> Reply:
        return Reply("", end=True, outcome=self.at.ended, listen=False)

    @staticmethod
    def as_fallback(reply: Reply) -> Reply:
        return replace(reply, fallback=True)

    # ── hearing something ─────────────────────────────────────────────────────────────────────────

    def hear(self, text: str, confidence: float | None) -> Reply:
        if self.at.ended:
            return self._over()
        heard = text.strip() if confidence is None or confidence >= LEAST_CONFIDENCE else ""
        self.remember_said(heard)
        node = self.node
        return behaviour(node).hear(self, node, heard)

    def remember_said(self, heard: str) -> None:
        self._uses = self._waits = 0
        if heard:
            self.at.last_said = heard[:LONGEST_KEPT]

    def meanwhile(self, heard: str) -> Reply | None:
        """The caller said this while a work ran, and the agent has spoken since. None: it needs no answer."""
        if self.at.ended or not heard:
            return None
        self.remember_said(heard)
        node = self.node
        return behaviour(node).meanwhile(self, node, heard)

    def worked(self, done: work.Work, outcome: ToolOutcome) -> Reply | None:
        """The work is done. None: the conversation has left it behind."""
        if self.at.ended or self.at.node != done.node or done is not self.doing:
            return None
        node = self.node
        return behaviour(node).worked(self, node, done, outcome)

    def take(self, done: work.Work, outcome: ToolOutcome) -> None:
        """What a tool gave: its values are kept, as data. What a model wanted remembered, a caller may have said."""
        self.at.uses += 1
        self.at.outcome = "ok" if outcome.ok else "failed"
        heard = isinstance(done, work.ToolWork) and done.tool.act == "remember"
        for name, value in outcome.variables.items():
            self.keep(name, value, heard=heard)

    def match(self, text: str, *, everywhere_only: bool = False) -> Match | None:
        """The intent meant by `text`, among the node's own and those that hold at every node."""
        node = self.node
        own: tuple[Intent, ...] = ()
        if isinstance(node, ConversationNode) and not everywhere_only:
            own = node.intents
        elif isinstance(node, MenuNode) and not everywhere_only:
            own = as_intents(node)
        key = (self.at.agent, node.id if own else "")
        if key not in self._matchers:
            known = {intent.name for intent in own}
            self._matchers[key] = Matcher([*own, *(i for i in self.flow.intents if i.name not in known)])
        return self._matchers[key].best(text) if text else None
