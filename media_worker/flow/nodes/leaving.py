"""Nodes that wait, hand the call to somebody, or finish it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fault, HandedOver
from media_worker.contract.flow import EndNode, HandoverNode, TransferNode, VoicemailNode, WaitNode
from media_worker.contract.tools import ToolOutcome
from media_worker.flow.acts import NUMBER
from media_worker.flow.nodes.base import Behaviour, Onward, Visit
from media_worker.flow.reply import Reply
from media_worker.flow.work import Silence, Transfer, Wait, Work

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

NOT_CONNECTED = "transfer_failed"
NOT_HANDED_OVER = "handover_failed"
LISTENS = 1.0
"""Seconds of a wait in which a caller has time to speak."""


class WaitBehaviour(Behaviour[WaitNode]):
    def arrive(self, on: Engine, node: WaitNode, visit: Visit) -> Reply:
        visit.say(on.text(node.say))
        if node.seconds >= LISTENS:
            on.waited()
        return visit.reply(work=Wait(node.id, node.seconds, node.heard is not None))

    def again(self, on: Engine, node: WaitNode, excuse: str) -> Reply:
        return Reply(excuse, work=Wait(node.id, node.seconds, node.heard is not None))

    def hear(self, on: Engine, node: WaitNode, heard: str) -> Reply:
        if node.heard is None or not heard:
            return self.again(on, node, "")
        return on.enter_and_hear(node.heard, why="heard", heard=heard)

    def worked(self, on: Engine, node: WaitNode, work: Work, outcome: ToolOutcome) -> Reply:
        return on.enter(node.next, why="time_up")


class TransferBehaviour(Behaviour[TransferNode]):
    def arrive(self, on: Engine, node: TransferNode, visit: Visit) -> Reply | Onward:
        to = on.template(node.to).strip()
        wrong = self._wrong(on, node, to)
        if wrong:
            on.emit(Fault(whose="customer", stage="flow", message=f"Step {node.id}: {wrong}"))
            return self._failed(on, node, visit)
        visit.say(on.text(node.say))
        visit.interruptible = False
        return visit.reply(work=Transfer(node.id, to))

    def again(self, on: Engine, node: TransferNode, excuse: str) -> Reply:
        return Reply(excuse, work=Transfer(node.id, on.template(node.to).strip()))

    def worked(self, on: Engine, node: TransferNode, work: Work, outcome: ToolOutcome) -> Reply:
        on.at.outcome = "ok" if outcome.ok else "failed"
        if outcome.ok:
            return on.gone()
        return on.go(self._failed(on, node, visit := Visit()), visit)

    def _wrong(self, on: Engine, node: TransferNode, to: str) -> str:
        heard = on.heard_in(node.to)
        if heard:
            return f"nobody is transferred to what a caller said ({', '.join(heard)})."
        return "" if NUMBER.fullmatch(to) else "there is no number to transfer to."

    def _failed(self, on: Engine, node: TransferNode, visit: Visit) -> Reply | Onward:
        on.at.outcome = "failed"
        visit.say(on.text(node.failed_say))
        return Onward(node.failed, "failed") if node.failed else on.end(visit, NOT_CONNECTED)


class HandoverBehaviour(Behaviour[HandoverNode]):
    def arrive(self, on: Engine, node: HandoverNode, visit: Visit) -> Reply | Onward:
        colleague = on.colleague(node.agent)
        if colleague is None:
            message = f"Step {node.id}: there is no agent called {node.agent} to hand the call to."
            on.emit(Fault(whose="customer", stage="flow", message=message))
            on.at.outcome = "failed"
            return Onward(node.failed, "failed") if node.failed else on.end(visit, NOT_HANDED_OVER)
        visit.say(on.text(node.say))
        on.becomes(colleague)
        on.emit(HandedOver(agent=colleague.name, version=colleague.version))
        if node.greet:
            visit.say(on.text(colleague.flow.greeting), voice=on.voice)
        return Onward(colleague.flow.start, "handed_over")


class VoicemailBehaviour(Behaviour[VoicemailNode]):
    def arrive(self, on: Engine, node: VoicemailNode, visit: Visit) -> Reply:
        visit.interruptible = False
        if visit.opening:
            visit.lines.clear()  # a machine that speaks its greeting is not greeted
        return visit.reply(work=Silence(node.id, node.patience))

    def worked(self, on: Engine, node: VoicemailNode, work: Work, outcome: ToolOutcome) -> Reply:
        visit = Visit()
        visit.say(*on.line(node.text, node.clip))
        return on.end(visit, node.outcome)


class EndBehaviour(Behaviour[EndNode]):
    def arrive(self, on: Engine, node: EndNode, visit: Visit) -> Reply:
        visit.say(*on.line(node.text, node.clip))
        return on.end(visit, node.outcome)
