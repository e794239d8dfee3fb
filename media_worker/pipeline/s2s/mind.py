"""What a call with a speech-to-speech model does with turns, tools and the end: the brain and the floor in one.

The flow's own lines (greeting, goodbye, what a node says) are spoken by the model word for word; its tools move the
flow. A model that fails hands over: `stand_by` goes on from the last snapshot with ears, mind and voice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from media_worker.contract.events import Fallback, KeyTrouble, Snapshot
from media_worker.contract.events import UserTurn as UserTurnEvent
from media_worker.flow.driving import Driver
from media_worker.flow.runner import FlowRunner, Reply, ToolResult
from media_worker.observe.observer import CallObserver
from media_worker.pipeline import ending
from media_worker.pipeline.brain import AGAIN, Spawn
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.floor import PICK_UP_SECONDS
from media_worker.pipeline.hands import TRANSFER_WITHIN, CallHands
from media_worker.pipeline.keys import KEYS, trouble_of
from media_worker.pipeline.s2s import talker as talking
from media_worker.pipeline.s2s.talker import Talker, TalkListener
from media_worker.pipeline.s2s.turns import SpokenTurn
from media_worker.pipeline.speech import Books, Kind, Speech
from media_worker.pipeline.thinking import CONTINUE, MOST_ROUNDS
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.turns import UserTurn
from media_worker.providers.faults import fault_of

TOOL_SECONDS = 15.0

log = logging.getLogger(__name__)


@dataclass
class Dialog:
    """What the mind works with."""

    flow: FlowRunner
    observer: CallObserver
    books: Books
    mouth: Mouth
    talker: Talker
    driver: Driver
    hands: CallHands
    spawn: Spawn
    finish: Callable[[Ending], None]
    changed: Callable[[], None]
    stand_by: Callable[[], object]


class DialogueMind:
    """Serves a session as its brain and as its floor."""

    def __init__(self) -> None:
        self.leaving = False
        self._rounds = 0
        self._unwritten: deque[tuple[int, SpokenTurn]] = deque()
        self._tools_running = 0
        self._driving = 0
        self._given_up = False
        self.last_words: tuple[str, Ending] | None = None
        """What is being said before the end: whoever takes over says it."""

    def attach(self, dialog: Dialog) -> None:
        self._on = dialog
        dialog.talker.attach(TalkListener(self.heard, self._first_sound, self._over, self.failed))

    @property
    def busy(self) -> bool:
        """Speaking, or about to."""
        return self._on.talker.busy or self._on.books.speaking or self._tools_running > 0 or self._driving > 0

    # ── the beginning ────────────────────────────────────────────────────────────────────────────

    async def begin(self, resume: Snapshot | None = None, unnoticed: bool = False) -> None:
        """Greet, or go on with a call. The model's words come as it speaks them, so of a reply that was cut nobody knows
        the rest: the turn is answered again, or the agent says where we were."""
        on = self._on
        for provider, error in on.talker.refusals:
            self._refused(provider.key, error)
        if not on.talker.is_open:
            self._give_up("not_opened")
            return
        unanswered = on.observer.history.unanswered if resume is not None else None
        if resume is None:
            await on.driver.before()
        if resume is not None and on.flow.at_work:
            await self._speak(on.flow.opening(), on.observer.turn)
        elif unanswered is not None:
            await on.talker.answer_text(self._speech(on.observer.turn), unanswered)
        elif not unnoticed:
            await self._speak(on.flow.opening(), on.observer.turn)
        on.changed()

    # ── the caller ───────────────────────────────────────────────────────────────────────────────

    def turn_began(self) -> None:
        if not self.leaving:
            self._on.spawn(self._on.talker.turn_began())

    def barge_in(self) -> bool:
        """Stop talking. Whether there was anything to stop that the caller could hear."""
        on = self._on
        if self.leaving or self._just_greeting() or any(not speech.interruptible for speech in on.books.open):
            return False
        cut = on.books.cut()
        audible = [speech for speech in cut if speech.interrupted]
        if audible:
            on.mouth.clear()
            on.observer.interrupted(audible)
        if cut:
            on.spawn(on.talker.cut(talking.heard_seconds(cut[-1])))
        on.books.settle_unsent(cut)
        on.changed()
        return bool(audible)

    def _just_greeting(self) -> bool:
        """Whoever picks up says “hello”, often into our first word: that is no interruption."""
        speech = self._on.books.current
        if speech is None or speech.turn != 0 or speech.kind != "reply":
            return False
        first = speech.sentences[0].starts if speech.sentences else None
        return first is None or time.monotonic() - first < PICK_UP_SECONDS

    def turn(self, turn: SpokenTurn) -> None:
        """The caller has finished: answer. The words come later, from the model (`heard`)."""
        on = self._on
        greeting = on.books.current is not None and on.observer.turn == 0 and not turn.interrupted
        if self.leaving or (greeting and turn.ended - turn.started < PICK_UP_SECONDS):
            self.nothing()
            return
        if any(not speech.cut for speech in on.books.open):
            self._cut_for_answer()
        on.books.settle_cut()
        number = on.observer.user_turn(UserTurn("", None, turn.started, turn.ended, turn.over, None, turn.interrupted))
        self._unwritten.append((number, turn))
        self._rounds = 0
        on.flow.new_turn()
        on.spawn(on.talker.turn_ended(self._speech(number)))
        on.changed()

    def _cut_for_answer(self) -> None:
        """The caller said something whole into a reply that could not be interrupted at once."""
        on = self._on
        if all(speech.interruptible for speech in on.books.open):
            self.barge_in()

    def nothing(self) -> None:
        self._on.spawn(self._on.talker.turn_was_nothing())
        self._on.changed()

    def heard(self, text: str) -> None:
        """The words of the oldest turn that has none yet."""
        on = self._on
        if not self._unwritten:
            return
        number, turn = self._unwritten.popleft()
        if not text:
            return
        clock = on.observer.journal.clock
        on.observer.journal.write(
            UserTurnEvent(
                turn=number,
                text=text,
                started_ms=clock.at_ms(turn.started),
                ended_ms=clock.at_ms(turn.ended),
                interrupted_agent=turn.interrupted,
            )
        )
        on.observer.history.user(text)
        on.observer.snapshot()

    def keyed_turn(self, turn: UserTurn) -> None:
        """A turn that came as text: the keypad."""
        if self.leaving:
            return
        on = self._on
        self.barge_in()
        on.books.settle_cut()
        on.hands.enough()
        number = on.observer.user_turn(turn)
        self._rounds = 0
        on.flow.new_turn()
        if turn.text in on.flow.keys:
            on.spawn(self._speak(on.flow.by_rules(turn.text), number))
        else:
            on.spawn(on.talker.answer_text(self._speech(number), turn.text))
        on.changed()

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    def _speech(self, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        return self._on.books.begin(Speech(turn=turn, kind=kind, interruptible=interruptible))

    async def say(self, text: str, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        speech = self._speech(turn, kind, interruptible)
        await self._on.talker.say(speech, text)
        return speech

    async def prompt(self, text: str) -> None:
        """Something to say that answers nothing."""
        await self.say(text, self._on.observer.turn, "prompt")

    async def _speak(self, reply: Reply, turn: int) -> None:
        if reply.work is not None:
            self._on.spawn(self._drive(reply, turn))
        else:
            await self._say_reply(reply, turn)

    async def _drive(self, reply: Reply, turn: int) -> None:
        """Speak, do, and go on: as in any call. What the caller says meanwhile the model answers itself."""
        self._driving += 1
        try:
            await self._on.driver.go(reply, lambda one: self._say_reply(one, turn))
        finally:
            self._driving -= 1
            self._on.changed()

    async def _say_reply(self, reply: Reply, turn: int) -> None:
        if self.leaving:
            return
        if reply.gone:
            self.leaving = True
            self._on.spawn(self._finish_when_gone())
        elif reply.end:
            await self.leave(reply.text, Ending(ending.AGENT_HANGUP, outcome=reply.outcome), turn)
        elif reply.text.strip():
            await self.say(reply.text, turn, interruptible=reply.interruptible)
        elif reply.think:
            await self._on.talker.answer_text(self._speech(turn), CONTINUE)

    async def _finish_when_gone(self) -> None:
        await asyncio.sleep(TRANSFER_WITHIN)
        self._on.finish(Ending(ending.TRANSFERRED, "agent", hangup=False))

    async def leave(self, text: str, why: Ending, turn: int | None = None) -> None:
        """Say the last words, wait until they were heard, end the call."""
        self.leaving = True
        self.last_words = (text, why)
        turn = self._on.observer.turn if turn is None else turn
        if not text.strip():
            self._on.finish(why)
            return
        speech = await self.say(text, turn, "reply" if why.reason == ending.AGENT_HANGUP else "prompt", False)
        self._on.spawn(self._finish_after(speech, why))

    async def _finish_after(self, speech: Speech, why: Ending) -> None:
        await self._on.mouth.until_heard(speech)
        self._on.finish(why)

    def spoken(self, speech: Speech) -> None:
        self._on.observer.spoken(speech)
        self._on.changed()

    def _first_sound(self, reply: talking.Reply) -> None:
        self._on.observer.stage("llm_first_ms", reply.speech.turn)

    # ── a reply is over ──────────────────────────────────────────────────────────────────────────

    async def _over(self, reply: talking.Reply) -> None:
        on = self._on
        self._trace(reply)
        if reply.error and reply.sentence is None and not reply.speech.cut:
            self._give_up(reply.error)
        elif reply.calls and not reply.speech.cut:
            on.spawn(self._use_tools(reply))
        elif reply.sentence is None and not reply.speech.cut and reply.speech.kind == "reply" and not self.leaving:
            self._rounds += 1
            if self._rounds > MOST_ROUNDS:
                self._give_up("empty")
            else:
                on.observer.journal.write(Fallback(step="reask", stage="s2s", why="empty"))
                await self.say(on.flow.spec.agent.fallbacks.reask or AGAIN, reply.speech.turn)
        elif not reply.speech.cut and (more := on.flow.thought()) is not None:
            await self._speak(more, reply.speech.turn)
        on.changed()

    async def _use_tools(self, reply: talking.Reply) -> None:
        on, turn = self._on, reply.speech.turn
        self._tools_running += 1
        try:
            used = [(call, await self._use(call.name, call.arguments)) for call in reply.calls]
        finally:
            self._tools_running -= 1
        self._rounds += 1
        answers = [(call, result.text) for call, result in used]
        spoken = next((result.reply for _, result in used if result.reply is not None), None)
        if reply.speech.cut and spoken is None:
            await on.talker.tools_done(None, answers)
        elif spoken is not None:
            await on.talker.tools_done(None, answers)
            await self._speak(spoken, turn)
        elif self._rounds > MOST_ROUNDS:
            await on.talker.tools_done(None, answers)
            on.observer.journal.write(Fallback(step="reask", stage="s2s", why="too_many_tools"))
            await self.say(on.flow.spec.agent.fallbacks.reask or AGAIN, turn)
        else:
            await on.talker.tools_done(self._speech(turn), answers)

    async def _use(self, name: str, arguments: dict[str, object]) -> ToolResult:
        try:
            running = self._on.flow.on_tool_call(name, arguments)
            return await asyncio.wait_for(running, max(TOOL_SECONDS, self._on.flow.longest_tool))
        except TimeoutError:
            return ToolResult("The tool did not answer in time.", ok=False)

    def _trace(self, reply: talking.Reply) -> None:
        spans = self._on.observer.spans
        span = spans.open("s2s", reply.speech.turn, self._on.talker.provider, started_ms=spans.at_ms(reply.asked))
        if reply.first is not None:
            span.first(spans.at_ms(reply.first))
        tokens_in, tokens_out = reply.tokens
        span.add(characters=len(reply.text), tokens_in=tokens_in, tokens_out=tokens_out)
        span.close(kept=not reply.speech.cut, error=reply.error)

    # ── failure ──────────────────────────────────────────────────────────────────────────────────

    def failed(self, why: str, error: BaseException | None) -> None:
        """The talker's last word."""
        if error is not None:
            log.warning("A speech-to-speech model failed: %s", type(error).__name__)
            self._refused(self._on.talker.provider.key, error)
        self._give_up(why)

    async def silent(self) -> None:
        """The model owes sound, and gives none."""
        self._give_up("stalled")

    def _refused(self, key: str, error: BaseException) -> None:
        fault = fault_of(error)
        what = trouble_of(fault)
        if key and what is not None:
            KEYS.trouble(self._on.flow.spec.agency, key, what, fault.retry_after)
            self._on.observer.journal.write(KeyTrouble(key=key, what=what, retry_after=fault.retry_after))

    def _give_up(self, why: str) -> None:
        if self._given_up:
            return
        self._given_up = True
        on = self._on
        stands_by = on.flow.spec.agent.providers.llm.vendor
        on.observer.fault("provider", "s2s", f"The speech-to-speech model failed: {why.replace('_', ' ')}.")
        on.observer.journal.write(Fallback(step="next_model", stage="s2s", why=why[:80], vendor=stands_by))
        on.stand_by()
