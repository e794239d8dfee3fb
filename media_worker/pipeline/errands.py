"""What the flow wants done in a call: driven in the background, until the flow needs nothing more.

What the caller says meanwhile is kept, and looked at once, when the work is done; unless the words end it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from media_worker.flow.reply import Reply

if TYPE_CHECKING:
    from media_worker.pipeline.brain import Brain, Mind

PICK_UP_WORDS = 2
"""What is said at the beginning in so few words is a “hello” and needs no answer."""

log = logging.getLogger(__name__)


class Errands:
    def __init__(self, brain: Brain) -> None:
        self._brain = brain
        self._driven: asyncio.Task[None] | None = None
        self._meanwhile: list[str] = []
        self._beginning = False

    def attach(self, mind: Mind) -> None:
        self._mind = mind

    @property
    def running(self) -> bool:
        return self._beginning or (self._driven is not None and not self._driven.done())

    async def before(self) -> None:
        """Look up the values for the first words, which wait no longer than the flow allows."""
        self._beginning = True
        try:
            await self._mind.driver.before()
        finally:
            self._beginning = False

    def run(self, reply: Reply, turn: int) -> None:
        """Speak the reply, do its work, and all that follows from it."""
        self.stop()
        self._driven = asyncio.create_task(self._drive(reply, turn))
        self._mind.spawn(_to_its_end(self._driven))

    def stop(self) -> None:
        """Its outcome is of no interest any more. A tool that the host uses, it uses to its end."""
        if self._driven is not None and self._driven is not asyncio.current_task():
            self._driven.cancel()
        self._driven = None

    # ── what the caller says meanwhile ───────────────────────────────────────────────────────────

    def takes(self, text: str, confidence: float | None) -> bool:
        """Whether these words are for later, because something is being done for the last ones."""
        if not self.running:
            return False
        flow = self._mind.flow
        heard = flow.heard(text, confidence)
        if self._beginning and len(heard.split()) <= PICK_UP_WORDS:
            return True
        if flow.hears_now and heard:
            self._mind.hands.enough()
            return False
        if not flow.deaf:
            self.keep(heard)
        return True

    def keep(self, heard: str) -> None:
        self._meanwhile += [heard] if heard else []

    def said_meanwhile(self) -> str:
        """All of it, once."""
        said, self._meanwhile = " ".join(self._meanwhile), []
        return said

    # ── driving ──────────────────────────────────────────────────────────────────────────────────

    async def _drive(self, reply: Reply, turn: int) -> None:
        try:
            await self._go(reply, turn)
        except Exception as error:
            log.exception("The flow failed at its work")
            self._mind.observer.fault("platform", "flow", f"The flow failed at its work: {type(error).__name__}.")
            self._driven = None
            await self._brain.fall_back("error", "flow", turn)
            self._mind.changed()

    async def _go(self, reply: Reply, turn: int) -> None:
        """Until the caller's words or a model are needed or the call ends."""
        mind, brain, spoken = self._mind, self._brain, False

        async def speak(following: Reply) -> None:
            nonlocal spoken
            spoken = bool(following.text.strip()) and following is not reply
            await brain.say_reply(following, turn)
            mind.changed()

        last = await mind.driver.go(reply, speak)
        self._driven = None
        meanwhile = self.said_meanwhile()
        if brain.leaving or last.end:
            return
        answer = mind.flow.said_meanwhile(meanwhile, answered=spoken) if meanwhile else None
        if answer is not None:
            await brain.speak(answer, mind.observer.turn)
        elif last.think:
            await brain.think(mind.observer.turn if meanwhile else turn)
        mind.changed()


async def _to_its_end(task: asyncio.Task[None]) -> None:
    """Raises what broke it; that it was stopped is no failure. Ends with whoever waits for it."""
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    if not task.cancelled():
        task.result()
