"""The one observer of a call: what the pipeline does becomes events, history and snapshots, in the order it happened.

pipecat's own observers look at every frame of every processor; this one is told the few things that matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from media_worker.contract.events import AgentTurn, Fault, Interrupted, Usage
from media_worker.contract.events import UserTurn as UserTurnEvent
from media_worker.contract.spec import Providers
from media_worker.observe.journal import History, Journal
from media_worker.observe.timeline import Timeline

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner
    from media_worker.pipeline.speech import Speech
    from media_worker.pipeline.turns import UserTurn

_MOST_FAULTS = 50


class CallObserver:
    """`turn` is the number of the last user turn; 0 until the caller has said something."""

    def __init__(
        self, journal: Journal, history: History, flow: FlowRunner, providers: Providers, turn: int = 0
    ) -> None:
        self.journal = journal
        self.history = history
        self.turn = turn
        self._flow = flow
        self._providers = providers
        self._clock = journal.clock
        self._timeline = Timeline(turn)
        self._faults = 0

    # ── turns ────────────────────────────────────────────────────────────────────────────────────

    def user_turn(self, turn: UserTurn) -> int:
        """Number the turn, tell it, keep it. The snapshot holds it unanswered, so that nobody forgets to answer."""
        self.turn += 1
        timeline = self._timeline = Timeline(self.turn)
        timeline.speech_end_ms = self._clock.at_ms(turn.ended)
        timeline.turn_end_ms = self._clock.at_ms(turn.over)
        timeline.stt_final_ms = self._clock.at_ms(turn.heard) if turn.heard is not None else None
        self.journal.write(
            UserTurnEvent(
                turn=self.turn,
                text=turn.text,
                started_ms=self._clock.at_ms(turn.started),
                ended_ms=self._clock.at_ms(turn.ended),
                confidence=turn.confidence,
                interrupted_agent=turn.interrupted,
            )
        )
        self.history.user(turn.text)
        self.snapshot()
        return self.turn

    def stage(self, name: str, turn: int) -> None:
        """A stage of the reply to `turn` was reached just now."""
        if turn == self._timeline.turn:
            self._timeline.mark(name, self._clock.now_ms())

    def first_audio(self, speech: Speech) -> None:
        timeline = self._timeline
        if speech.turn != timeline.turn or speech.kind == "prompt" or timeline.told:
            return
        timeline.mark("tts_first_ms", self._clock.now_ms())
        self.journal.write(timeline.latency(self._providers))

    def interrupted(self, speeches: list[Speech]) -> None:
        for turn in sorted({speech.turn for speech in speeches}):
            self.journal.write(Interrupted(turn=turn))

    def heard(self, speech: Speech) -> None:
        """One more sentence of a speech that goes on was played."""
        self.snapshot(speech.heard())

    def spoken(self, speech: Speech) -> None:
        """The speech is over, and what was heard of it is known."""
        if speech.started_ms is None:
            return
        text = speech.heard()
        self.journal.write(
            AgentTurn(
                turn=speech.turn,
                text=text,
                unheard=speech.unheard(),
                interrupted=speech.interrupted,
                started_ms=speech.started_ms,
                ended_ms=speech.ended_ms if speech.ended_ms is not None else self._clock.now_ms(),
            )
        )
        self.history.assistant(text)
        self.snapshot()

    def snapshot(self, heard_so_far: str = "") -> None:
        self.journal.snapshot(
            turn=self.turn,
            node=self._flow.node,
            messages=self.history.messages(heard_so_far),
            variables=self._flow.variables,
            state=self._flow.state(),
        )

    # ── troubles and bills ───────────────────────────────────────────────────────────────────────

    def fault(
        self,
        whose: Literal["customer", "carrier", "provider", "platform"],
        stage: str,
        message: str,
        fatal: bool = False,
    ) -> None:
        """A vendor that fails at every frame fills no one's disk."""
        self._faults += 1
        if self._faults <= _MOST_FAULTS or fatal:
            self.journal.write(Fault(whose=whose, stage=stage, message=message[:1000], fatal=fatal))

    def usage(self, stt_seconds: float, tts_characters: int, tts_seconds: float, tokens: tuple[int, int]) -> None:
        self.journal.write(Usage(stage="stt", vendor=self._providers.stt.vendor, seconds=round(stt_seconds, 2)))
        if any(tokens):
            self.journal.write(
                Usage(stage="llm", vendor=self._providers.llm.vendor, tokens_in=tokens[0], tokens_out=tokens[1])
            )
        self.journal.write(
            Usage(
                stage="tts",
                vendor=self._providers.tts.vendor,
                characters=tts_characters,
                seconds=round(tts_seconds, 2),
            )
        )
