"""Questions one after the other: values are taken where they stand, read back where that is wanted, asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.events import Fallback
from media_worker.contract.flow import CollectNode, Slot
from media_worker.contract.spec import Scalar
from media_worker.flow import slots
from media_worker.flow.asking import confirm_question, question_again
from media_worker.flow.manners import courtesy, follow
from media_worker.flow.nodes.base import Behaviour, Onward, Visit
from media_worker.flow.nodes.talking import SURE
from media_worker.flow.reply import Reply, joined

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine

_FREE = ("text", "name")


class CollectBehaviour(Behaviour[CollectNode]):
    def arrive(self, on: Engine, node: CollectNode, visit: Visit) -> Reply | Onward:
        if node.id in on.at.done:
            self._forget(on, node)
        if visit.heard:
            self._take_plain_values(on, node, visit.heard)
        question = self._next_question(on, node)
        if question is not None:
            visit.say(question, voice=on.voice_of(node))
            return visit.reply()
        visit.say(self._finish(on, node), voice=on.voice_of(node))
        return Onward(*self._way_out(on, node))

    def again(self, on: Engine, node: CollectNode, excuse: str) -> Reply:
        if on.slot is None:
            return super().again(on, node, excuse)
        return Reply(joined(excuse, question_again(on)))

    def hear(self, on: Engine, node: CollectNode, heard: str) -> Reply:
        slot = on.slot
        if slot is None:
            return on.enter(node.id, why="resumed")
        if not heard:
            return self._missed(on, node, slot, "not_heard")
        if on.at.pending is not None:
            return self._hear_confirmation(on, node, slot, heard)
        aside = on.match(heard, everywhere_only=True)
        value = slots.parse(slot, heard, on.now())
        if aside and (value is None or (_free(slot) and aside.score >= SURE)):
            return follow(on, aside.intent, heard)
        if value is None:
            asked_again = courtesy(on, heard)
            if asked_again is not None:
                return asked_again
            if not slot.required and slots.declines(heard):
                return self._skip(on, node, slot)
            return self._missed(on, node, slot, "no_value")
        if _free(slot) and not slot.required and slots.declines(heard, free=True):
            return self._skip(on, node, slot)
        self._take_plain_values(on, node, heard, besides=slot.name)
        return self._accept(on, node, slot, value)

    def _skip(self, on: Engine, node: CollectNode, slot: Slot) -> Reply:
        on.at.skipped.add(slot.name)
        return self._go_on(on, node)

    def meanwhile(self, on: Engine, node: CollectNode, heard: str) -> Reply | None:
        """Said before the question was put, it answers none; but what is plain in it is kept."""
        asked = on.slot
        self._take_plain_values(on, node, heard)
        aside = on.match(heard, everywhere_only=True)
        if aside is not None:
            return follow(on, aside.intent, heard)
        known = asked is not None and on.at.pending is None and on.value(asked.name) not in (None, "")
        return self._go_on(on, node) if known else None

    def certain(self, on: Engine, node: CollectNode, heard: str) -> Reply | None:
        """A value or a yes that needs no model to be understood; None when a model should have a look."""
        slot, words = on.slot, heard.split()
        if slot is None or (len(words) > 12 and slot.type not in ("phone", "email", "code")):
            return None
        if on.at.pending is not None:
            plain = slots.parse_yes_no(heard) is True
        else:
            plain = slot.type not in _FREE and slots.parse(slot, heard, on.now()) is not None
        return self.hear(on, node, heard) if plain else None

    def offer(self, on: Engine, node: CollectNode, slot: Slot, value: Scalar) -> Reply | None:
        """A value for one of its questions that a language model understood. None: there is nothing to say about it."""
        if slot.confirm:
            on.at.slot, on.at.attempts, on.at.pending = slot.name, 0, value
            return Reply(confirm_question(on, slot))
        on.keep(slot.name, value, heard=True)
        missing = on.missing()
        if not missing:
            return self._go_on(on, node)
        on.at.slot, on.at.attempts = missing[0].name, 0
        return None

    # ── on to the next ────────────────────────────────────────────────────────────────────────────

    def _forget(self, on: Engine, node: CollectNode) -> None:
        """A caller who comes back to a finished form is asked anew."""
        on.at.done.discard(node.id)
        for slot in node.slots:
            on.variables.pop(slot.name, None)
            on.at.skipped.discard(slot.name)

    def _finish(self, on: Engine, node: CollectNode) -> str:
        on.at.done.add(node.id)
        on.at.slot, on.at.pending, on.at.attempts = "", None, 0
        return on.text(node.done)

    def _way_out(self, on: Engine, node: CollectNode) -> tuple[str, str]:
        number = on.first_that_holds(node.when)
        return (node.next, "collected") if number is None else (node.when[number].goto, f"when:{number + 1}")

    def _next_question(self, on: Engine, node: CollectNode) -> str | None:
        """The question for the next empty slot, or None when the form is full."""
        slot = next(iter(on.missing()), None)
        on.at.attempts, on.at.pending = 0, None
        on.at.slot = slot.name if slot else ""
        return on.text(slot.ask) if slot else None

    def _go_on(self, on: Engine, node: CollectNode) -> Reply:
        question = self._next_question(on, node)
        if question is not None:
            return Reply(question)
        done = self._finish(on, node)
        to, why = self._way_out(on, node)
        return on.enter(to, why=why, before=done)

    # ── an answer ─────────────────────────────────────────────────────────────────────────────────

    def _hear_confirmation(self, on: Engine, node: CollectNode, slot: Slot, heard: str) -> Reply:
        corrected = slots.parse(slot, slots.after_no(heard), on.now(), asked=slot.type != "text")
        answer = slots.parse_yes_no(heard)
        if answer is True:
            return self._keep(on, node, slot, on.at.pending)
        plain = slot.type not in (*_FREE, "yes_no") or answer is False
        if corrected is not None and corrected != on.at.pending and plain and slots.after_no(heard):
            return self._accept(on, node, slot, corrected)
        if answer is False:
            on.at.pending = None
            return self._missed(on, node, slot, "denied")
        aside = on.match(heard, everywhere_only=True)
        return follow(on, aside.intent, heard) if aside else self._missed(on, node, slot, "no_answer")

    def _accept(self, on: Engine, node: CollectNode, slot: Slot, value: Scalar) -> Reply:
        if slot.confirm:
            on.at.pending = value
            return Reply(confirm_question(on, slot))
        return self._keep(on, node, slot, value)

    def _keep(self, on: Engine, node: CollectNode, slot: Slot, value: Scalar) -> Reply:
        on.keep(slot.name, value, heard=True)
        return self._go_on(on, node)

    def _missed(self, on: Engine, node: CollectNode, slot: Slot, why: str) -> Reply:
        on.at.attempts += 1
        if on.at.attempts < node.attempts:
            on.emit(Fallback(step="reask", stage="flow", why=why))
            if on.at.pending is not None:
                return Reply(f"Sorry, was that a yes or a no? {confirm_question(on, slot)}", fallback=True)
            return Reply(on.text(slot.reask) or f"Sorry. {on.text(slot.ask)}", fallback=True)
        if slot.required and node.give_up:
            on.emit(Fallback(step="give_up", stage="flow", why=why))
            return on.as_fallback(on.enter(node.give_up, why="gave_up"))
        on.emit(Fallback(step="skipped", stage="flow", why=why))
        on.at.skipped.add(slot.name)
        return on.as_fallback(self._go_on(on, node))

    def _take_plain_values(self, on: Engine, node: CollectNode, heard: str, besides: str = "") -> None:
        """Fills other empty slots whose values stand plainly in the sentence; one that wants a yes is asked for."""
        taken: set[str] = set()
        for slot in node.slots:
            free = on.value(slot.name) in (None, "") and slot.name != besides
            if not free or slot.confirm or slot.type in taken:
                continue
            value = slots.parse(slot, heard, on.now(), asked=False)
            if value is not None:
                taken.add(slot.type)
                on.keep(slot.name, value, heard=True)


def _free(slot: Slot) -> bool:
    return slot.type in _FREE and not slot.choices
