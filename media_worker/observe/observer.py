"""The one observer of a call: what the pipeline does becomes events, history and snapshots, in the order it happened.

pipecat's own observers look at every frame of every processor; this one is told the few things that matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from media_worker.contract.events import AgentTurn, Fault, Interrupted, Snapshot
from media_worker.contract.events import UserTurn as UserTurnEvent
from media_worker.contract.spec import Provider, Providers
from media_worker.observe.journal import History, Journal
from media_worker.observe.spans import OpenSpan, Spans
from media_worker.observe.timeline import Timeline

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner
    from media_worker.pipeline.speech import Sentence, Speech
    from media_worker.pipeline.turns import UserTurn

_MOST_FAULTS = 50

Service = Literal["stt", "llm", "tts", "s2s"]


class CallObserver:
    """`turn` is the number of the last user turn; 0 until the caller has said something.

    `spans` records who did what; `serving` is who hears, thinks and speaks by now.
    """

    def __init__(
        self, journal: Journal, history: History, flow: FlowRunner, providers: Providers, turn: int = 0
    ) -> None:
        self.journal = journal
        self.history = history
        self.turn = turn
        self.spans = Spans(journal)
        self.serving: dict[Service, Provider] = {"stt": providers.stt, "llm": providers.llm, "tts": providers.tts}
        self._flow = flow
        self._clock = journal.clock
        self._timeline = Timeline(turn)
        self._guess = Timeline(turn)
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
        self._hearing(turn)
        self.history.user(turn.text)
        self.snapshot()
        return self.turn

    def _hearing(self, turn: UserTurn) -> None:
        """What the ears and the turn's decision took: from the first sound to the last word; from silence to “over”."""
        at, ended = self._clock.at_ms, self._clock.at_ms(turn.ended)
        heard = at(turn.heard) if turn.heard is not None else None
        if heard is not None:
            stt = self.spans.open("stt", self.turn, self.serving["stt"], started_ms=at(turn.started))
            stt.first(at(turn.first_heard) if turn.first_heard is not None else heard)
            stt.add(seconds=turn.ended - turn.started)
            stt.end(heard)
            stt.close()
        decided = self.spans.open("turn", self.turn, vendor="builtin", why=turn.why, started_ms=ended)
        decided.end(at(turn.over))
        decided.close()

    def stage(self, name: str, turn: int) -> None:
        """A stage of the reply to `turn` was reached just now; the turn may not be decided yet."""
        if turn == self._timeline.turn:
            self._timeline.mark(name, self._clock.now_ms())
        elif turn == self.turn + 1:
            if self._guess.turn != turn or name == "llm_start_ms":
                self._guess = Timeline(turn)
            self._guess.mark(name, self._clock.now_ms())

    def guess_kept(self) -> None:
        """The reply to the last turn had been begun before the turn was decided."""
        if self._guess.turn == self._timeline.turn:
            self._timeline.go_on_from(self._guess)

    # ── who does what for a reply ────────────────────────────────────────────────────────────────

    def llm_asked(self, turn: int, provider: Provider | None = None, tier: str = "", why: str = "") -> OpenSpan:
        """Whoever thinks is asked to; without `provider` it is whom `serving` names."""
        self.stage("llm_start_ms", turn)
        return self.spans.open("llm", turn, provider or self.serving["llm"], tier=tier, why=why)

    def rules_asked(self, turn: int) -> OpenSpan:
        """The flow's own rules are asked. The span is written only when they answer: close it then."""
        return self.spans.open("llm", turn, vendor="builtin", tier="rules", lazy=True)

    def tool_called(self, turn: int, name: str) -> OpenSpan:
        return self.spans.open("tool", turn, name=name)

    def tts_asked(self, sentence: Sentence) -> None:
        """The voice was given a sentence, or has its sound: the span is kept with it, mouth and books tell the rest."""
        turn = sentence.speech.turn
        self.stage("tts_start_ms", turn)
        if sentence.source == "clip":
            sentence.span = self.spans.open("clip", turn, vendor="library", name=sentence.clip)
        else:
            sentence.span = self.spans.open(sentence.source, turn, self.serving["tts"])
        sentence.span.add(characters=len(sentence.text))

    def first_audio(self, speech: Speech) -> None:
        """From now on the caller hears the answer: whoever takes over goes on with it and does not answer again."""
        if speech.kind == "reply":
            self.snapshot(unsaid=speech.unsaid())
        timeline = self._timeline
        if speech.turn != timeline.turn or speech.kind != "reply" or timeline.told:
            return
        timeline.mark("tts_first_ms", self._clock.now_ms())
        self.journal.write(timeline.latency(self.serving))

    def interrupted(self, speeches: list[Speech]) -> None:
        for turn in sorted({speech.turn for speech in speeches}):
            self.journal.write(Interrupted(turn=turn))

    def heard(self, speech: Speech) -> None:
        """One more sentence of a speech that goes on was played."""
        self.snapshot(speech.heard() if speech.kind != "filler" else "", speech.unsaid())

    def begun_elsewhere(self, resume: Snapshot) -> None:
        """What was heard of a reply whose worker was lost before it could tell."""
        last = resume.messages[-1] if resume.messages else None
        if last is not None and last.role == "assistant":
            at = resume.at_ms
            self.journal.write(AgentTurn(turn=resume.turn, text=last.text, started_ms=at, ended_ms=at))

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
        if speech.kind != "filler":
            self.history.assistant(text)
        self.snapshot()

    def snapshot(self, heard_so_far: str = "", unsaid: str = "") -> None:
        self.journal.snapshot(
            turn=self.turn,
            node=self._flow.node,
            messages=self.history.messages(heard_so_far),
            variables=self._flow.variables,
            state=self._flow.state(),
            unsaid=unsaid,
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

    def takes_over(self, service: Service, provider: Provider, stt_seconds: float = 0.0) -> None:
        """From now on `provider` serves. `stt_seconds`: sound that was heard in this call so far, by whomever."""
        if service == "stt":
            self._heard(stt_seconds)
        self.serving[service] = provider

    def usage(self, stt_seconds: float) -> None:
        """What the call took, once for each stage and vendor. `stt_seconds` as for `takes_over`."""
        self.spans.flush()
        self._heard(stt_seconds)
        for usage in self.spans.meter.usages():
            self.journal.write(usage)

    def _heard(self, stt_seconds: float) -> None:
        meter = self.spans.meter
        if stt_seconds <= meter.seconds("stt"):
            return
        meter.of("stt", self.serving["stt"].vendor).add(seconds=stt_seconds - meter.seconds("stt"))
