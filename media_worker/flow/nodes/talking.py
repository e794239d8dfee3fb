"""An open conversation, and a line that is said in passing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fallback
from media_worker.contract.flow import ConversationNode, Intent, SayNode
from media_worker.flow.manners import courtesy, follow
from media_worker.flow.nodes.base import Behaviour, Onward, Visit
from media_worker.flow.reply import Reply, joined

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

SURE = 0.8
"""How well a topic has to fit to be meant where something else was asked."""

PLAINLY = 0.9
"""How well it has to fit so that its way is taken without asking the language model that stands by."""


class SayBehaviour(Behaviour[SayNode]):
    def arrive(self, on: Engine, node: SayNode, visit: Visit) -> Onward:
        visit.say(*on.line(node.text, node.clip), voice=on.voice_of(node))
        visit.interruptible = visit.interruptible and node.turns.interruptible is not False
        return Onward(node.next, "said")


class ConversationBehaviour(Behaviour[ConversationNode]):
    def arrive(self, on: Engine, node: ConversationNode, visit: Visit) -> Reply:
        visit.say(on.text(node.say), voice=on.voice_of(node))
        return visit.reply()

    def again(self, on: Engine, node: ConversationNode, excuse: str) -> Reply:
        return Reply(joined(excuse, "Please go on."))

    def hear(self, on: Engine, node: ConversationNode, heard: str) -> Reply:
        if heard:
            on.extract(node.extract, heard)
            ruled = self.by_rule(on, node, heard)
            if ruled is not None:
                return ruled
        match = on.match(heard)
        if match is not None:
            return follow(on, match.intent, heard)
        return courtesy(on, heard) or self._not_understood(on, node, "no_intent" if heard else "not_heard")

    def by_rule(self, on: Engine, node: ConversationNode, heard: str = "") -> Reply | None:
        """The way out that an expression opens by now."""
        number = on.first_that_holds(node.when)
        return None if number is None else on.enter(node.when[number].goto, why=f"when:{number + 1}", heard=heard)

    def certain(self, on: Engine, node: ConversationNode, heard: str) -> Reply | None:
        """What needs no language model, where there is one: rules, and topics that lead on and are plainly meant."""
        on.extract(node.extract, heard)
        ruled = self.by_rule(on, node, heard)
        if ruled is not None:
            return ruled
        topic = sure_topic(on, heard)
        return follow(on, topic, heard) if topic is not None else None

    def meanwhile(self, on: Engine, node: ConversationNode, heard: str) -> Reply | None:
        on.extract(node.extract, heard)
        ruled = self.by_rule(on, node, heard)
        if ruled is not None:
            return ruled
        match = on.match(heard)
        return follow(on, match.intent, heard) if match is not None else None

    def _not_understood(self, on: Engine, node: ConversationNode, why: str) -> Reply:
        """The next rung of the node's ladder."""
        lines = node.fallback or ("Sorry, could you say that again?",)
        on.at.misses += 1
        rung = on.at.misses
        if rung > len(lines) and node.fallback_goto:
            on.emit(Fallback(step="fallback_goto", stage="flow", why=why))
            return on.as_fallback(on.enter(node.fallback_goto, why="fallback"))
        on.emit(Fallback(step="reask", stage="flow", why=why))
        return Reply(on.text(lines[min(rung, len(lines)) - 1]), fallback=True)


def sure_topic(on: Engine, heard: str) -> Intent | None:
    """A topic that leads on and is plainly meant."""
    match = on.match(heard)
    return match.intent if match is not None and match.score >= PLAINLY and match.intent.goto is not None else None
