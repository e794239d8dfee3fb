"""The parts of a call with a speech-to-speech model: ears → talker → mouth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipecat.frames.frames import ErrorFrame

from media_worker.contract.events import Snapshot
from media_worker.contract.spec import CallSpec, Provider
from media_worker.flow.driving import Driver
from media_worker.flow.runner import FlowRunner
from media_worker.observe.journal import History, Journal
from media_worker.observe.logs import without_words
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.brain import Spawn
from media_worker.pipeline.ears import Ears
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.hands import CallHands
from media_worker.pipeline.host import Host
from media_worker.pipeline.keys import KEYS
from media_worker.pipeline.running import Running
from media_worker.pipeline.s2s.mind import Dialog, DialogueMind
from media_worker.pipeline.s2s.talker import Talker
from media_worker.pipeline.s2s.turns import SpokenListener, SpokenTurns
from media_worker.pipeline.speech import Books
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.wire import Wire
from media_worker.providers.base import BuildContext
from media_worker.providers.dialogue import Dialogue, Setup
from media_worker.providers.registry import vendor

OFF = "off"
"""What a snapshot's `media["s2s"]` says once the model has failed in this call."""


@dataclass
class DialogueParts:
    """What a session holds of such a call. The mind is its brain and its floor."""

    flow: FlowRunner
    observer: CallObserver
    detector: SpokenTurns
    ears: Ears
    brain: DialogueMind
    mouth: Mouth
    books: Books
    running: Running
    host: Host

    async def start(self) -> None:
        await self.running.start()

    @property
    def floor(self) -> DialogueMind:
        return self.brain

    @property
    def listened(self) -> float:
        """No STT hears this call."""
        return 0.0


def wanted(spec: CallSpec, resume: Snapshot | None) -> bool:
    """Whether this call is one model's, and that model has not failed in it."""
    return spec.agent.providers.s2s is not None and (resume is None or resume.media.get("s2s") != OFF)


def handed_over(parts: DialogueParts, journal: Journal) -> Snapshot | None:
    """From where those who stand by go on; None when nothing has been said yet, and they begin with the greeting."""
    journal.media["s2s"] = OFF
    parts.observer.snapshot()
    last = journal.latest
    assert last is not None
    return last if last.turn or last.messages else None


def without_dialogue(spec: CallSpec) -> CallSpec:
    """The same call, for those who stand by."""
    providers = spec.agent.providers.model_copy(update={"s2s": None})
    return spec.model_copy(update={"agent": spec.agent.model_copy(update={"providers": providers})})


def build_dialogue(
    spec: CallSpec,
    resume: Snapshot | None,
    wire: Wire,
    journal: Journal,
    spawn: Spawn,
    finish: Callable[[Ending], None],
    changed: Callable[[], None],
    caller_active: Callable[[], None],
    stand_by: Callable[[], object],
) -> DialogueParts:
    """Raises KeyError for an unknown vendor, ValueError for one that has no such model."""
    agent = spec.agent
    flow = FlowRunner(spec, resume, journal.write)
    history = History(resume)
    observer = CallObserver(journal, history, flow, agent.providers, resume.turn if resume else 0)
    mind = DialogueMind()
    listener = SpokenListener(mind.turn_began, mind.barge_in, mind.turn, mind.nothing, caller_active)
    detector = SpokenTurns(lambda: flow.turns, spec.audio.rate, listener)
    books = Books(journal.clock.now_ms, mind.spoken, observer.heard)
    mouth = Mouth(wire, spec.audio, books, observer.first_audio, lambda _: spawn(mind.silent()))

    def failed(frame: ErrorFrame) -> None:
        observer.fault("platform", "pipeline", without_words(frame.error))

    ears = Ears(spec.audio, agent.turns, detector, failed)
    talker = _talker(spec, flow, history, books, ears)
    host = Host(wire.send)
    hands = CallHands(host, observer, books, lambda: detector.open, mouth.until_heard, _say_nothing)
    driver = Driver(flow, hands, journal.write, journal.clock.now_ms, lambda: observer.turn)
    mind.attach(Dialog(flow, observer, books, mouth, talker, driver, hands, spawn, finish, changed, stand_by))
    running = Running([ears, talker, mouth], spec.audio.rate)
    return DialogueParts(flow, observer, detector, ears, mind, mouth, books, running, host)


async def _say_nothing(line: str) -> None:
    """A model that speaks itself says its own word of patience, or none: it cannot be given one in the midst of a reply."""


def _talker(spec: CallSpec, flow: FlowRunner, history: History, books: Books, ears: Ears) -> Talker:
    provider = spec.agent.providers.s2s
    assert provider is not None
    talent = vendor(provider.vendor).s2s
    if talent is None:
        raise ValueError("The speech-to-speech vendor of this agent has no such model.")
    context = BuildContext(spec=spec, sample_rate=spec.audio.rate, expects=flow.expects)

    def open_with(one: Provider) -> Dialogue:
        dialogue: Dialogue = talent.build(one, context)
        return dialogue

    def setup() -> Setup:
        said = tuple((message.role, message.text) for message in history.messages())
        return Setup(flow.system_prompt(), tuple(flow.tools()), said)

    def took(seconds: float) -> None:
        ears.taken += seconds

    by_key = KEYS.all(spec.agency, provider)
    fallbacks, turns = spec.agent.fallbacks, spec.agent.turns
    return Talker(open_with, by_key, setup, books, took, fallbacks.next_model_after, turns.vad_start)
