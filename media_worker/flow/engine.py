"""Walks a flow by its rules: no model, no clock of its own, no sound. Where it stands is `Position`, which is plain data.

Every public method answers with a `Reply` and leaves the position where the caller's next words are awaited, so a
snapshot taken after any of them can be gone on from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from media_worker.contract.events import EventBody, Fallback, Fault, NodeEntered, VariableSet
from media_worker.contract.flow import CollectNode, ConversationNode, EndNode, Flow, Intent, Node, SayNode, Slot
from media_worker.contract.spec import Scalar
from media_worker.flow import slots
from media_worker.flow.matching import Match, Matcher
from media_worker.flow.speaking import say_value
from media_worker.flow.templating import render
from media_worker.flow.words import tokens

MOST_STEPS = 30
SURE = 0.8
LEAST_CONFIDENCE = 0.35
REPEAT = (
    "repeat that",
    "repeat the question",
    "say that again",
    "say it again",
    "did you say",
    "come again",
    "one more time",
)
COURTESIES = ("can you repeat that please", "say that again please", "pardon", "what did you say", "hello")


@dataclass(frozen=True)
class Reply:
    """What the agent says now. `end`: hang up once it was heard. `fallback`: the caller was not understood.

    `interruptible`: False when something is in it that a node wants heard to its end.
    """

    text: str
    end: bool = False
    outcome: str = ""
    fallback: bool = False
    listen: bool = True
    interruptible: bool = True


@dataclass
class Position:
    """Where the conversation stands. `pending` is a value that awaits a yes."""

    node: str
    misses: int = 0
    attempts: int = 0
    slot: str = ""
    pending: Scalar = None
    skipped: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    ended: str = ""


class Engine:
    def __init__(
        self,
        flow: Flow,
        variables: dict[str, Scalar],
        position: Position,
        emit: Callable[[EventBody], None],
        now: Callable[[], datetime],
    ) -> None:
        self.flow = flow
        self.variables = variables
        self.at = position
        self._emit = emit
        self.now = now
        self._matchers: dict[str, Matcher] = {}

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.id: node for node in self.flow.nodes}

    @cached_property
    def _types(self) -> dict[str, Slot]:
        return {slot.name: slot for node in self.flow.nodes if isinstance(node, CollectNode) for slot in node.slots}

    @property
    def node(self) -> Node:
        return self._nodes[self.at.node]

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
        return [
            slot
            for slot in node.slots
            if self.variables.get(slot.name) in (None, "") and slot.name not in self.at.skipped
        ]

    def text(self, template: str) -> str:
        """A template of the flow, filled with values as they are spoken."""
        if "{{" not in template:
            return template
        shown = {
            name: say_value(self._types[name].type, value, self.now()) if name in self._types else value
            for name, value in self.variables.items()
        }
        return render(template, shown)

    # ── going somewhere ───────────────────────────────────────────────────────────────────────────

    def begin(self) -> Reply:
        return self.enter(self.flow.start, why="start", before=self.text(self.flow.greeting))

    def again(self, excuse: str) -> Reply:
        """What is said when the call goes on after a break: the open question once more."""
        if self.at.ended:
            return Reply("", end=True, outcome=self.at.ended, listen=False)
        node = self.node
        if isinstance(node, ConversationNode):
            return Reply(_join([excuse, "Please go on."]))
        if isinstance(node, CollectNode) and self.slot is not None:
            return Reply(_join([excuse, self._question_again()]))
        return self.enter(node.id, why="resumed", before=excuse)

    def enter(self, node_id: str, *, why: str, before: str = "", heard: str = "") -> Reply:
        """Goes to a node and on through those that only speak, until the caller's words are needed or the call ends.

        `heard`: the sentence that led here; values that are plain in it are not asked for again.
        """
        said, interruptible = [before], True
        for _ in range(MOST_STEPS):
            node = self._nodes[node_id]
            self.at.node, self.at.misses, self.at.attempts, self.at.slot, self.at.pending = node.id, 0, 0, "", None
            self._emit(NodeEntered(node=node.id, why=why))
            if isinstance(node, SayNode):
                said.append(self.text(node.text))
                interruptible = interruptible and node.turns.interruptible is not False
                node_id, why = node.next, "said"
                continue
            if isinstance(node, EndNode):
                self.at.ended = node.outcome
                said.append(self.text(node.text))
                return Reply(_join(said), end=True, outcome=node.outcome, listen=False)
            if isinstance(node, ConversationNode):
                said.append(self.text(node.say))
                return Reply(_join(said), interruptible=interruptible)
            if node.id in self.at.done:
                self._forget(node)
            if heard:
                self._take_plain_values(node, heard)
            question = self._next_question(node)
            if question is not None:
                said.append(question)
                return Reply(_join(said), interruptible=interruptible)
            said.append(self._finish(node))
            node_id, why = node.next, "collected"
        self._emit(
            Fault(whose="customer", stage="flow", message="The flow runs in a circle without listening.", fatal=True)
        )
        self.at.ended = "flow_error"
        return Reply(_join(said[:3]), end=True, outcome="flow_error", listen=False)

    def _forget(self, node: CollectNode) -> None:
        """A caller who comes back to a finished form is asked anew."""
        self.at.done.discard(node.id)
        for slot in node.slots:
            self.variables.pop(slot.name, None)
            self.at.skipped.discard(slot.name)

    def _finish(self, node: CollectNode) -> str:
        self.at.done.add(node.id)
        self.at.slot, self.at.pending, self.at.attempts = "", None, 0
        return self.text(node.done)

    def _next_question(self, node: CollectNode) -> str | None:
        """The question for the next empty slot, or None when the form is full."""
        slot = next(iter(self.missing()), None)
        self.at.attempts, self.at.pending = 0, None
        self.at.slot = slot.name if slot else ""
        return self.text(slot.ask) if slot else None

    # ── hearing something ─────────────────────────────────────────────────────────────────────────

    def hear(self, text: str, confidence: float | None) -> Reply:
        if self.at.ended:
            return Reply("", end=True, outcome=self.at.ended, listen=False)
        heard = text.strip() if confidence is None or confidence >= LEAST_CONFIDENCE else ""
        node = self.node
        if isinstance(node, CollectNode):
            return self.hear_value(node, heard)
        if not isinstance(node, ConversationNode):
            return self.enter(node.id, why="resumed")
        match = self.match(heard)
        if match is not None:
            return self.follow(match.intent, heard)
        return self._courtesy(heard) or self.not_understood(node, "no_intent" if heard else "not_heard")

    def _courtesy(self, heard: str) -> Reply | None:
        """What any caller may ask without a builder having thought of it: to hear it again, or whether we are there."""
        words = " ".join(tokens(heard)[:12])
        node = self.node
        question = self._question_again()
        if not question and isinstance(node, ConversationNode):
            question = self.text(node.say) or "How can I help you?"
        if any(phrase in words for phrase in REPEAT) or words in ("pardon", "sorry", "what", "excuse me"):
            return Reply(question)
        if words in ("hello", "hi", "hey", "hello hello", "good morning", "good afternoon", "good evening"):
            return Reply(_join(["Hello.", question]))
        return None

    def match(self, text: str, *, everywhere_only: bool = False) -> Match | None:
        """The intent meant by `text`, among the node's own and those that hold at every node."""
        node = self.node
        own = node.intents if isinstance(node, ConversationNode) and not everywhere_only else ()
        key = node.id if own else ""
        if key not in self._matchers:
            names = {intent.name for intent in own}
            self._matchers[key] = Matcher([*own, *(i for i in self.flow.intents if i.name not in names)])
        return self._matchers[key].best(text) if text else None

    def knows(self, heard: str) -> bool:
        """Whether the rules have an answer to this, and need not ask again."""
        node = self.node
        if self._courtesy(heard) is not None:
            return True
        if not isinstance(node, CollectNode):
            return self.match(heard) is not None
        slot = self.slot
        value = slots.parse(slot, heard, self.now()) if slot is not None else None
        return value is not None or self.match(heard, everywhere_only=True) is not None

    def follow(self, intent: Intent, heard: str) -> Reply:
        """Answers an intent and goes where it leads, or stays."""
        answer = self.text(intent.answer)
        if intent.goto is not None:
            return self.enter(intent.goto, why=f"intent:{intent.name}", before=answer, heard=heard)
        self.at.misses = 0
        node = self.node
        if isinstance(node, CollectNode):
            return Reply(_join([answer, self._question_again()]))
        return Reply(answer or (self.text(node.say) if isinstance(node, ConversationNode) else "") or "Okay.")

    def not_understood(self, node: ConversationNode, why: str) -> Reply:
        """The next rung of the node's ladder."""
        lines = node.fallback or ("Sorry, could you say that again?",)
        self.at.misses += 1
        rung = self.at.misses
        if rung > len(lines) and node.fallback_goto:
            self._emit(Fallback(step="fallback_goto", stage="flow", why=why))
            reply = self.enter(node.fallback_goto, why="fallback")
            return replace(reply, fallback=True)
        self._emit(Fallback(step="reask", stage="flow", why=why))
        return Reply(self.text(lines[min(rung, len(lines)) - 1]), fallback=True)

    def _question_again(self) -> str:
        slot = self.slot
        if slot is None:
            return ""
        return self._confirm_question(slot) if self.at.pending is not None else self.text(slot.ask)

    # ── collecting ────────────────────────────────────────────────────────────────────────────────

    def hear_value(self, node: CollectNode, heard: str) -> Reply:
        slot = self.slot
        if slot is None:
            return self.enter(node.id, why="resumed")
        if not heard:
            return self._missed(node, slot, "not_heard")
        if self.at.pending is not None:
            return self._hear_confirmation(node, slot, heard)
        aside = self.match(heard, everywhere_only=True)
        value = slots.parse(slot, heard, self.now())
        free = slot.type in ("text", "name") and not slot.choices
        if aside and (value is None or (free and aside.score >= SURE)):
            return self.follow(aside.intent, heard)
        if value is None:
            courtesy = self._courtesy(heard)
            if courtesy is not None:
                return courtesy
            if not slot.required and slots.declines(heard):
                self.at.skipped.add(slot.name)
                return self._go_on(node)
            return self._missed(node, slot, "no_value")
        self._take_plain_values(node, heard, besides=slot.name)
        return self._accept(node, slot, value)

    def take_if_plain(self, node: CollectNode, heard: str) -> Reply | None:
        """A value or a yes that needs no model to be understood; None when a model should have a look."""
        slot = self.slot
        words = heard.split()
        if slot is None or (len(words) > 12 and slot.type not in ("phone", "email")):
            return None
        if self.at.pending is not None:
            plain = slots.parse_yes_no(heard) is True
        else:
            plain = slot.type not in ("text", "name") and slots.parse(slot, heard, self.now()) is not None
        return self.hear_value(node, heard) if plain else None

    def offer(self, slot: Slot, value: Scalar) -> Reply | None:
        """A value that came another way than by the caller's own words. The engine's reply, None when it has none."""
        node = self.node
        here = isinstance(node, CollectNode) and slot in node.slots
        if slot.confirm and here:
            self.at.slot, self.at.attempts = slot.name, 0
            self.at.pending = value
            return Reply(self._confirm_question(slot))
        self.set_variable(slot.name, value)
        if not here or not isinstance(node, CollectNode):
            return None
        missing = self.missing()
        if not missing:
            return self._go_on(node)
        self.at.slot, self.at.attempts = missing[0].name, 0
        return None

    def _hear_confirmation(self, node: CollectNode, slot: Slot, heard: str) -> Reply:
        corrected = slots.parse(slot, slots.after_no(heard), self.now(), asked=slot.type != "text")
        answer = slots.parse_yes_no(heard)
        if answer is True:
            return self._keep(node, slot, self.at.pending)
        plain = slot.type not in ("text", "name", "yes_no") or answer is False
        if corrected is not None and corrected != self.at.pending and plain and slots.after_no(heard):
            return self._accept(node, slot, corrected)
        if answer is False:
            self.at.pending = None
            return self._missed(node, slot, "denied")
        aside = self.match(heard, everywhere_only=True)
        return self.follow(aside.intent, heard) if aside else self._missed(node, slot, "no_answer")

    def _accept(self, node: CollectNode, slot: Slot, value: Scalar) -> Reply:
        if slot.confirm:
            self.at.pending = value
            return Reply(self._confirm_question(slot))
        return self._keep(node, slot, value)

    def _keep(self, node: CollectNode, slot: Slot, value: Scalar) -> Reply:
        self.set_variable(slot.name, value)
        return self._go_on(node)

    def _go_on(self, node: CollectNode) -> Reply:
        question = self._next_question(node)
        if question is not None:
            return Reply(question)
        return self.enter(node.next, why="collected", before=self._finish(node))

    def _missed(self, node: CollectNode, slot: Slot, why: str) -> Reply:
        self.at.attempts += 1
        if self.at.attempts < node.attempts:
            self._emit(Fallback(step="reask", stage="flow", why=why))
            if self.at.pending is not None:
                return Reply(f"Sorry, was that a yes or a no? {self._confirm_question(slot)}", fallback=True)
            return Reply(self.text(slot.reask) or f"Sorry. {self.text(slot.ask)}", fallback=True)
        if slot.required and node.give_up:
            self._emit(Fallback(step="give_up", stage="flow", why=why))
            reply = self.enter(node.give_up, why="gave_up")
            return replace(reply, fallback=True)
        self._emit(Fallback(step="skipped", stage="flow", why=why))
        self.at.skipped.add(slot.name)
        reply = self._go_on(node)
        return replace(reply, fallback=True)

    def _confirm_question(self, slot: Slot) -> str:
        return f"I have {say_value(slot.type, self.at.pending, self.now())}. Is that right?"

    def _take_plain_values(self, node: CollectNode, heard: str, besides: str = "") -> None:
        """Fills other empty slots whose values stand plainly in the sentence; one that wants a yes is asked for."""
        taken: set[str] = set()
        for slot in node.slots:
            free = self.variables.get(slot.name) in (None, "") and slot.name != besides
            if not free or slot.confirm or slot.type in taken:
                continue
            value = slots.parse(slot, heard, self.now(), asked=False)
            if value is not None:
                taken.add(slot.type)
                self.set_variable(slot.name, value)

    def set_variable(self, name: str, value: Scalar) -> None:
        self.variables[name] = value
        self._emit(VariableSet(name=name, value=value))


def _join(parts: list[str]) -> str:
    return " ".join(part.strip() for part in parts if part and part.strip())
