"""A CallSpec becomes a call's parts, wired. Processors in the order sound travels:

ears → STT → hearing → (LLM) → voice → TTS → mouth
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipecat.frames.frames import ErrorFrame
from pipecat.processors.frame_processor import FrameProcessor

from media_worker.contract.events import Snapshot
from media_worker.contract.spec import CallSpec, Provider, Providers
from media_worker.flow.driving import Driver
from media_worker.flow.runner import FlowRunner
from media_worker.observe.journal import History, Journal
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.brain import Brain, Mind, Spawn
from media_worker.pipeline.clips import Clips
from media_worker.pipeline.ears import Ears
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.floor import Floor
from media_worker.pipeline.hands import CallHands
from media_worker.pipeline.hearing import Hearing
from media_worker.pipeline.host import Host
from media_worker.pipeline.ladder import Ladder, Lanes, Reach
from media_worker.pipeline.lanes import Lane, Make, Seat, Stage
from media_worker.pipeline.minds import Minds, Tell
from media_worker.pipeline.running import Running
from media_worker.pipeline.speculation import Speculation
from media_worker.pipeline.speech import Books, Speech
from media_worker.pipeline.spoken import Spoken
from media_worker.pipeline.takeover import Takeover
from media_worker.pipeline.thinking import Thinker
from media_worker.pipeline.thoughts import Reporting
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.turns import TurnDetector
from media_worker.pipeline.voice import Voice
from media_worker.pipeline.voices import Voices
from media_worker.pipeline.wire import Wire
from media_worker.providers.base import BuildContext
from media_worker.providers.registry import vendor

BuildService = Callable[[Stage, Provider, BuildContext], Any]


def build_service(stage: Stage, provider: Provider, context: BuildContext) -> Any:
    """A vendor's service; None for the built-in engine. Raises KeyError, ValueError, ProviderUnavailable."""
    talent = vendor(provider.vendor).talent(stage)
    if talent is None:
        raise ValueError("A vendor of this agent lacks the talent it was chosen for.")
    return talent.build(provider, context) if talent.build is not None else None


@dataclass
class Parts:
    """What a session holds of a call."""

    flow: FlowRunner
    observer: CallObserver
    detector: TurnDetector
    ears: Ears
    brain: Brain
    floor: Floor
    voice: Voice
    mouth: Mouth
    books: Books
    running: Running
    ladder: Ladder
    host: Host

    async def start(self) -> None:
        """Until everybody who is needed listens. Raises DidNotStart."""
        await self.running.start()
        await self.ladder.open()
        await self.voice.clips.opening_is_here()

    @property
    def listened(self) -> float:
        """Seconds of sound that the STT was given."""
        return self.ears.seconds


def build(
    spec: CallSpec,
    resume: Snapshot | None,
    wire: Wire,
    journal: Journal,
    spawn: Spawn,
    finish: Callable[[Ending], None],
    changed: Callable[[], None],
    caller_active: Callable[[], None],
    make: BuildService = build_service,
) -> Parts:
    agent = spec.agent
    flow = FlowRunner(spec, resume, journal.write)
    observer = CallObserver(journal, History(resume), flow, agent.providers, resume.turn if resume else 0)
    brain = Brain()
    floor = Floor(brain, caller_active)
    detector = TurnDetector(lambda: flow.turns, spec.audio.rate, floor, lambda: flow.patience)
    clips = Clips(agent.clips, spec.agency, spec.audio.rate)
    spoken = Spoken(spec, lambda: observer.serving["tts"])

    def failed(frame: ErrorFrame) -> None:
        spoken.doubt()
        ladder.failed(frame)

    def over(speech: Speech) -> None:
        spoken.keep(speech.sentences)
        brain.spoken(speech)

    books = Books(journal.clock.now_ms, over, observer.heard)
    voice = Voice(books, observer.tts_asked, clips, spoken, spec.audio.rate)
    mouth = Mouth(wire, spec.audio, books, observer.first_audio, lambda why: ladder.voice_silent(why))
    mouth.has_deputy = bool(agent.providers.tts_backups)
    ears = Ears(spec.audio, agent.turns, detector, failed)
    hearing = Hearing(ears, detector)

    context = BuildContext(spec=spec, sample_rate=spec.audio.rate, expects=flow.expects)
    lanes = _lanes(agent.providers, lambda stage, provider: make(stage, provider, context), ears, hearing, voice, mouth)
    takeover = Takeover(spec.agency, observer, lambda: ears.seconds)
    ladder = Ladder(agent, lanes, takeover)
    minds: Minds | None = None
    thinker: Thinker | None = None
    if lanes.llm is not None:
        minds = Minds(lanes.llm, takeover, flow, observer, agent.fallbacks, agent.routing.escalate)
        thinker = Thinker(
            lanes.llm,
            hearing,
            flow,
            observer.history,
            voice,
            Reporting(
                asked=observer.llm_asked,
                tool=observer.tool_called,
                first_token=lambda turn: _first_token(observer, minds, turn),
                first_call=lambda turn: observer.stage("llm_first_ms", turn),
                answered=minds.answered,
                failed=minds.failed,
                too_long=minds.too_long,
                spawn=spawn,
            ),
        )
        lanes.llm.meet(thinker.meet)
        minds.attach(
            thinker,
            Tell(brain.speak, ladder.reask, ladder.filler, books.drop, ladder.give_up, changed, spawn),
        )
    host = Host(wire.send)

    async def patient(line: str) -> None:
        if thinker is not None:
            await thinker.patient(line)

    hands = CallHands(host, observer, books, lambda: detector.open, mouth.until_heard, patient)
    voices = Voices(lanes.tts, observer, books)
    remember = observer.history.tool_used
    driver = Driver(flow, hands, journal.write, journal.clock.now_ms, lambda: observer.turn, remember)
    ladder.attach(Reach(observer, books, voice, voices, mouth, ears, detector, brain, host, spawn, finish), thinker)
    speculation = Speculation(minds, flow, observer, books, voice, mouth, spawn) if minds is not None else None
    mind = Mind(
        flow, observer, books, voice, mouth, minds, speculation, ladder, driver, hands, voices, spawn, finish, changed
    )  # fmt: skip
    brain.attach(mind)
    floor.attach(mind)
    if agent.clips:
        spawn(clips.fetch(host.ask, agent.flow.greeting))
    running = Running([ears, hearing, voice, mouth], spec.audio.rate, lanes.all())
    return Parts(flow, observer, detector, ears, brain, floor, voice, mouth, books, running, ladder, host)


def _lanes(
    providers: Providers,
    make: Make,
    ears: FrameProcessor,
    hearing: FrameProcessor,
    voice: FrameProcessor,
    mouth: FrameProcessor,
) -> Lanes:
    """Each stage's place in the chain. A small model has a seat of its own among the large ones."""
    llm = None
    if providers.llm.vendor != "builtin":
        seats = [Seat(provider) for provider in (providers.llm, *providers.llm_backups)]
        if providers.small is not None:
            seats.append(Seat(providers.small, tier="small"))
        llm = Lane("llm", seats, make, (hearing, voice), keep=True)
    stt = [Seat(provider) for provider in (providers.stt, *providers.stt_backups)]
    tts = [Seat(provider) for provider in (providers.tts, *providers.tts_backups)]
    return Lanes(Lane("stt", stt, make, (ears, hearing)), llm, Lane("tts", tts, make, (voice, mouth)))


def _first_token(observer: CallObserver, minds: Minds | None, turn: int) -> None:
    observer.stage("llm_first_ms", turn)
    if minds is not None:
        minds.first_token(turn)
