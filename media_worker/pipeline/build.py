"""A CallSpec becomes a call's parts, wired. Processors in the order sound travels:

ears → STT → hearing → (LLM) → voice → TTS → mouth
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipecat.frames.frames import ErrorFrame
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import SegmentedSTTService, STTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.errors import ErrorCategory

from media_worker.contract.events import Snapshot
from media_worker.contract.spec import CallSpec
from media_worker.flow.runner import FlowRunner
from media_worker.observe.journal import History, Journal
from media_worker.observe.logs import without_words
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.brain import Brain, Mind, Spawn
from media_worker.pipeline.ears import Ears
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.floor import Floor
from media_worker.pipeline.hearing import Hearing
from media_worker.pipeline.running import Running
from media_worker.pipeline.speech import Books
from media_worker.pipeline.thinking import Reporting, Thinker
from media_worker.pipeline.transport import Mouth, Wire
from media_worker.pipeline.turns import TurnDetector
from media_worker.pipeline.voice import Voice
from media_worker.providers.base import BuildContext
from media_worker.providers.registry import vendor


@dataclass(frozen=True)
class Services:
    """The vendors' part. `llm` is None for the built-in engine."""

    stt: STTService
    llm: LLMService | None
    tts: TTSService


def services(spec: CallSpec, flow: FlowRunner) -> Services:
    """Raises KeyError for an unknown vendor, ValueError for one without the talent, ProviderUnavailable."""
    context = BuildContext(spec=spec, sample_rate=spec.audio.rate, expects=flow.expects)
    chosen = spec.agent.providers
    stt, llm, tts = vendor(chosen.stt.vendor).stt, vendor(chosen.llm.vendor).llm, vendor(chosen.tts.vendor).tts
    if stt is None or llm is None or tts is None:
        raise ValueError("A vendor of this agent lacks the talent it was chosen for.")
    return Services(
        stt=stt.build(chosen.stt, context),
        llm=llm.build(chosen.llm, context) if llm.build is not None else None,
        tts=tts.build(chosen.tts, context),
    )


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
    build_services: Callable[[CallSpec, FlowRunner], Services] = services,
) -> Parts:
    agent = spec.agent
    flow = FlowRunner(spec, resume, journal.write)
    vendors = build_services(spec, flow)
    observer = CallObserver(journal, History(resume), flow, agent.providers, resume.turn if resume else 0)
    brain = Brain()
    floor = Floor(brain, caller_active)

    detector = TurnDetector(lambda: flow.turns, spec.audio.rate, floor, lambda: flow.patience)
    detector.segmented = isinstance(vendors.stt, SegmentedSTTService)

    def failed(frame: ErrorFrame) -> None:
        stages = ((vendors.stt, "stt"), (vendors.llm, "llm"), (vendors.tts, "tts"))
        stage = next((name for service, name in stages if service is frame.processor), "pipeline")
        category = frame.category.value if frame.category else "unknown"
        message = f"{category}: {without_words(frame.error)}"
        if frame.category is ErrorCategory.APPLICATION:
            observer.fault("platform", stage, message)
        elif stage == "llm" and thinker is not None:
            spawn(thinker.on_error(category))
        elif stage == "tts":
            observer.fault("provider", stage, message)
            spawn(brain.voice_silent())
        elif stage == "stt" and not vendors.stt.is_usable:
            spawn(brain.ears_failed(message))
        elif stage == "stt":
            observer.fault("provider", stage, message)
            detector.stt_failed()
        else:
            observer.fault("provider" if stage != "pipeline" else "platform", stage, message)

    books = Books(journal.clock.now_ms, brain.spoken, observer.heard)
    mouth = Mouth(wire, spec.audio, books, observer.first_audio, lambda: spawn(brain.voice_silent()))
    voice = Voice(books, observer.tts_asked)
    ears = Ears(spec.audio, agent.turns, detector, failed)
    hearing = Hearing(ears, detector)
    thinker: Thinker | None = None
    if vendors.llm is not None:
        report = Reporting(
            asked=observer.llm_asked,
            tool=observer.tool_called,
            first_token=lambda turn: observer.stage("llm_first_ms", turn),
            answered=brain.llm_answered,
            failed=brain.llm_failed,
            spawn=spawn,
        )
        thinker = Thinker(vendors.llm, hearing, flow, observer.history, voice, report)
    mind = Mind(flow, observer, books, voice, mouth, thinker, spawn, finish, changed)
    brain.attach(mind)
    floor.attach(mind)

    processors: list[FrameProcessor] = [ears, vendors.stt, hearing]
    if vendors.llm is not None:
        processors.append(vendors.llm)
    processors += [voice, vendors.tts, mouth]
    running = Running(processors, spec.audio.rate)
    return Parts(flow, observer, detector, ears, brain, floor, voice, mouth, books, running)
