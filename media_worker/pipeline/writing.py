"""An agent's language model where nobody listens: the same lane, minds and thinker as on the phone, and a voice that
writes. What was written counts as heard at once, so that books, history and events are those of a call.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pipecat.frames.frames import ErrorFrame, Frame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.utils.errors import ErrorCategory

from media_worker.contract.spec import CallSpec
from media_worker.flow.routing import Route
from media_worker.flow.runner import FlowRunner
from media_worker.observe.logs import without_words
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.build import BuildService
from media_worker.pipeline.clips import Clips
from media_worker.pipeline.lanes import Lane, Seat
from media_worker.pipeline.minds import Minds, Tell
from media_worker.pipeline.running import Running
from media_worker.pipeline.speech import Books, Sentence, Speech
from media_worker.pipeline.takeover import Takeover
from media_worker.pipeline.thinking import Thinker
from media_worker.pipeline.thoughts import Reporting
from media_worker.pipeline.voice import Voice
from media_worker.providers.base import BuildContext
from media_worker.providers.faults import fault_of

RATE = 8000


class Pen(Voice):
    """Speaks without a sound. Clips are written as their words."""

    def __init__(self, books: Books, spec: CallSpec) -> None:
        super().__init__(books, lambda sentence: None, Clips(spec.agent.clips, spec.agency, RATE), None, RATE)

    async def _send(self, sentence: Sentence) -> None:
        now = time.monotonic()
        self._books.sending(sentence, now, 0.0)
        self._books.marked(sentence, now)
        self._books.played(sentence.mark, False)

    async def _finish(self, speech: Speech) -> None:
        speech.text_done = True
        if not speech.cut:
            self._books.written(speech)


class Paper(FrameProcessor):
    """Stands where the ears stand on the phone: what the model is asked comes from here, its errors end here."""

    def __init__(self, failed: Callable[[ErrorFrame], None]) -> None:
        super().__init__(name="paper", enable_direct_mode=True)
        self._failed = failed

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, ErrorFrame) and direction is FrameDirection.UPSTREAM:
            self._failed(frame)
        else:
            await self.push_frame(frame, direction)


class WritingMinds:
    """The models of one agent for one turn: `open`, `answer`, `close`. `tell` is who says what they have to say."""

    def __init__(
        self, spec: CallSpec, flow: FlowRunner, observer: CallObserver, pen: Pen, tell: Tell, make: BuildService
    ) -> None:
        agent, providers = spec.agent, spec.agent.providers
        context = BuildContext(spec=spec, sample_rate=RATE, expects=flow.expects)
        paper = Paper(self._error)
        seats = [Seat(provider) for provider in (providers.llm, *providers.llm_backups)]
        if providers.small is not None:
            seats.append(Seat(providers.small, tier="small"))
        self._lane = Lane("llm", seats, lambda stage, one: make(stage, one, context), (paper, pen), keep=True)
        self._takeover = Takeover(spec.agency, observer, lambda: 0.0)
        # A word of patience is for who waits on the phone.
        fallbacks = agent.fallbacks.model_copy(update={"filler_after": 0.0})
        minds = Minds(self._lane, self._takeover, flow, observer, fallbacks, agent.routing.escalate)
        self._thinker = Thinker(
            self._lane,
            paper,
            flow,
            observer.history,
            pen,
            Reporting(
                asked=observer.llm_asked,
                tool=observer.tool_called,
                first_token=minds.first_token,
                first_call=lambda turn: None,
                answered=minds.answered,
                failed=minds.failed,
                too_long=minds.too_long,
                spawn=tell.spawn,
            ),
        )
        self._lane.meet(self._thinker.meet)
        minds.attach(self._thinker, tell)
        self._minds = minds
        self._tell = tell
        self._observer = observer
        self._running = Running([paper, pen], RATE, [self._lane])

    def _error(self, frame: ErrorFrame) -> None:
        category = frame.category.value if frame.category else "unknown"
        if frame.processor is not self._lane.service or frame.category is ErrorCategory.APPLICATION:
            self._observer.fault("platform", "llm", f"{category}: {without_words(frame.error)}")
            return
        self._tell.spawn(self._thinker.on_error(category, fault_of(frame.exception, frame.error)))

    async def open(self) -> None:
        """Raises DidNotStart and NobodyServes."""
        await self._running.start()
        await self._takeover.open(self._lane, self._observer.journal.media)

    @property
    def busy(self) -> bool:
        return self._minds.busy

    async def answer(self, turn: int, text: str, route: Route) -> None:
        """Asks; what comes of it is told to `tell`, at last that something `changed`."""
        await self._minds.answer(turn, text, route)

    async def close(self) -> None:
        """Bounded, never raises."""
        await self._running.stop()
