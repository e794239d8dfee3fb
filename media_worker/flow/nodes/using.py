"""Nodes that use a tool or look something up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fault
from media_worker.contract.flow import KnowledgeNode, ToolNode
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.acts import look_up, work_of
from media_worker.flow.arguments import fill
from media_worker.flow.nodes.base import Behaviour, Onward, Visit
from media_worker.flow.passages import spoken_passage
from media_worker.flow.reply import Reply
from media_worker.flow.work import Work

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

NO_SUCH_TOOL = "I am sorry, that does not work at the moment."


class ToolBehaviour(Behaviour[ToolNode]):
    def arrive(self, on: Engine, node: ToolNode, visit: Visit) -> Reply | Onward:
        tool = on.tools.get(node.tool)
        if tool is None:
            message = f"Step {node.id}: the tool {node.tool} is not there."
            on.emit(Fault(whose="customer", stage="flow", message=message))
            return self._failed(on, node, visit, NO_SUCH_TOOL)
        given = {argument.name: argument.value for argument in node.arguments}
        filled = fill(on, tool, given=given)
        if tool.act == "end_call":
            visit.say(str(filled.arguments.get("goodbye") or ""))
            return on.end(visit, str(filled.arguments.get("outcome") or "completed"))
        work = work_of(on, tool, filled, node.id, key=f"{node.id}:{on.at.uses}")
        visit.say(on.text(node.say or tool.waiting))
        return visit.reply(work=work)

    def again(self, on: Engine, node: ToolNode, excuse: str) -> Reply:
        """The same use under the same key: what was done is not done twice."""
        return on.go(self.arrive(on, node, visit := Visit()), visit)

    def worked(self, on: Engine, node: ToolNode, work: Work, outcome: ToolOutcome) -> Reply:
        on.take(work, outcome)
        if work.kind == "transfer" and outcome.ok:
            return on.gone()
        visit = Visit()
        if not outcome.ok:
            tool = on.tools.get(node.tool)
            return on.go(self._failed(on, node, visit, tool.failure if tool else NO_SUCH_TOOL), visit)
        number = on.first_that_holds(node.when)
        way = Onward(node.next, "done") if number is None else Onward(node.when[number].goto, f"when:{number + 1}")
        return on.go(way, visit)

    def _failed(self, on: Engine, node: ToolNode, visit: Visit, line: str) -> Onward:
        on.at.outcome = "failed"
        visit.say(on.text(line))
        return Onward(node.failed or node.next, "failed")


class KnowledgeBehaviour(Behaviour[KnowledgeNode]):
    """With a language model the model answers from what was found; without one the best passage is read, in short."""

    def arrive(self, on: Engine, node: KnowledgeNode, visit: Visit) -> Reply | Onward:
        question = on.text(node.question).strip()
        if not question:
            return self._unknown(on, node, visit)
        visit.say(on.text(node.say))
        return visit.reply(work=look_up(on, question, node.bases, node.id, key=f"{node.id}:{on.at.uses}"))

    def worked(self, on: Engine, node: KnowledgeNode, work: Work, outcome: ToolOutcome) -> Reply:
        on.take(work, outcome)
        visit = Visit()
        passage = spoken_passage(outcome) if outcome.ok else ""
        if not passage:
            return on.go(self._unknown(on, node, visit), visit)
        if on.uses_llm:
            on.answers_from = outcome
            return visit.reply(think=True)
        visit.say(passage)
        return on.go(Onward(node.next, "answered"), visit)

    def hear(self, on: Engine, node: KnowledgeNode, heard: str) -> Reply:
        """The model that was to answer was interrupted, or, with no words of the caller, did not answer at all."""
        found, on.answers_from = on.answers_from, None
        if found is None:
            return self.again(on, node, "")
        if heard:
            return on.enter_and_hear(node.next, why="answered", heard=heard)
        visit = Visit()
        visit.say(spoken_passage(found))
        return on.go(Onward(node.next, "answered"), visit)

    def _unknown(self, on: Engine, node: KnowledgeNode, visit: Visit) -> Onward:
        visit.say(on.text(node.unknown_say))
        return Onward(node.unknown or node.next, "not_known")
