"""What keeps a call from falling silent: the rungs that the caller hears, and the vendors' errors on their way to them.

Whoever hears, speaks or thinks may fail. Somebody else takes over (`takeover.py`), where the other one stopped; in the
meantime, and when nobody is left, the caller is told. The thinking half is `minds.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import ErrorFrame
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.utils.errors import ErrorCategory

from media_worker.contract.events import Fallback
from media_worker.contract.spec import AgentSpec, Scalar
from media_worker.observe.logs import without_words
from media_worker.observe.observer import CallObserver
from media_worker.pipeline import ending
from media_worker.pipeline.ears import Ears
from media_worker.pipeline.ending import Ending
from media_worker.pipeline.hands import TRANSFER_WITHIN
from media_worker.pipeline.host import Host
from media_worker.pipeline.lanes import Lane
from media_worker.pipeline.speech import Books, Speech
from media_worker.pipeline.takeover import NO_CONNECTION, Failure, NobodyServes, Takeover
from media_worker.pipeline.transport import Mouth
from media_worker.pipeline.turns import TurnDetector
from media_worker.pipeline.voice import Voice
from media_worker.pipeline.voices import Voices
from media_worker.providers.faults import fault_of

if TYPE_CHECKING:
    from media_worker.pipeline.brain import Brain
    from media_worker.pipeline.thinking import Thinker

BEGIN_WITHIN = 8.0
"""Seconds until a call begins, with whoever is there by then: a bridge waits ten."""

APOLOGY = Path(__file__).parent / "apology.wav"
APOLOGY_WORDS = "I am sorry, something is not working on my side. Please call again a little later. Goodbye."
"""What the recording says: for a call in which no voice works."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lanes:
    """`llm` is None where the flow's rules answer every turn."""

    stt: Lane
    llm: Lane | None
    tts: Lane

    def all(self) -> list[Lane]:
        return [lane for lane in (self.stt, self.llm, self.tts) if lane is not None]

    def of(self, service: object) -> Lane | None:
        return next((lane for lane in self.all() if lane.service is service and service is not None), None)


@dataclass(frozen=True)
class Reach:
    """What the ladder works with."""

    observer: CallObserver
    books: Books
    voice: Voice
    voices: Voices
    mouth: Mouth
    ears: Ears
    detector: TurnDetector
    brain: Brain
    host: Host
    spawn: Callable[[Any], object]
    finish: Callable[[Ending], None]


class Ladder:
    def __init__(self, agent: AgentSpec, lanes: Lanes, takeover: Takeover) -> None:
        self._fallbacks = agent.fallbacks
        self._fillers = itertools.count()
        self._lanes = lanes
        self._takeover = takeover
        self._unheard = 0
        self._changing: set[str] = set()
        self._second_chance: set[str] = set()
        self.nobody: NobodyServes | None = None

    def attach(self, reach: Reach, thinker: Thinker | None) -> None:
        self._reach = reach
        self._thinker = thinker

    async def open(self) -> None:
        """Bring in who hears, thinks and speaks; after another worker's end those who did by then.

        Where nobody can be brought in the call begins all the same, with an apology: `nobody` says for what.
        """
        media = self._reach.observer.journal.media
        opened = await asyncio.gather(*(self._open(lane, media) for lane in self._lanes.all()), return_exceptions=True)
        for error in opened:
            if isinstance(error, NobodyServes):
                self.nobody = self.nobody or error
            elif isinstance(error, BaseException):
                raise error
        self._reach.detector.segmented = isinstance(self._lanes.stt.service, SegmentedSTTService)

    async def _open(self, lane: Lane, media: dict[str, Scalar]) -> None:
        try:
            async with asyncio.timeout(BEGIN_WITHIN):
                await self._takeover.open(lane, media)
        except TimeoutError:
            raise NobodyServes(lane.stage, f"No vendor connected within {BEGIN_WITHIN:g} seconds.", True) from None

    # ── vendors' errors ──────────────────────────────────────────────────────────────────────────

    def failed(self, frame: ErrorFrame) -> None:
        reach, lane = self._reach, self._lanes.of(frame.processor)
        category = frame.category.value if frame.category else "unknown"
        message = f"{category}: {without_words(frame.error)}"
        if lane is None or frame.category is ErrorCategory.APPLICATION:
            reach.observer.fault("platform", lane.stage if lane else "pipeline", message)
            return
        fault = fault_of(frame.exception, frame.error)
        if lane.stage == "llm" and self._thinker is not None:
            reach.spawn(self._thinker.on_error(category, fault))
            return
        reach.observer.fault("provider", lane.stage, message)
        if lane.stage == "tts":
            self._voice_fails(Failure(category, fault))
        else:
            reach.spawn(self._other_ears(Failure(category, fault), lane.service))

    # ── the voice ────────────────────────────────────────────────────────────────────────────────

    def voice_silent(self, why: str) -> None:
        """The TTS owes sound and gives none."""
        self._reach.observer.fault("provider", "tts", "The voice gave no sound.")
        self._voice_fails(Failure(why))

    def _voice_fails(self, failure: Failure) -> None:
        if "tts" not in self._changing:
            self._changing.add("tts")
            self._reach.voice.hold()
            self._reach.mouth.halt()
            self._reach.spawn(self._other_voice(failure))

    async def _other_voice(self, failure: Failure) -> None:
        """Somebody else says what is left, from the first word that was not spoken."""
        reach, lane = self._reach, self._lanes.tts
        try:
            speech = reach.books.current
            turn = speech.turn if speech is not None else reach.observer.turn
            served = await reach.voices.own_again() or await self._takeover.next(lane, failure, turn)
            served = served or await self._same_again(lane, failure, turn)
            if not served and failure.why == "empty" and speech is not None and any(s.made for s in speech.sentences):
                reach.books.skip(speech)
                served = await self._takeover.again(lane)
        finally:
            self._changing.discard("tts")
        reach.mouth.go_on()
        if served:
            await reach.voice.retell()
            return
        reach.voice.release()
        await lane.vacate()
        reach.books.drop_unspoken()
        await self.give_up("tts", failure.why, turn)

    async def _same_again(self, lane: Lane, failure: Failure, turn: int) -> bool:
        """The only vendor there is, as if new: once, until it works."""
        if not lane.alone or lane.stage in self._second_chance or failure.closes:
            return False
        self._second_chance.add(lane.stage)
        self._reach.observer.journal.write(
            Fallback(step="vendor_error", stage=lane.stage, why=failure.why, vendor=lane.provider.vendor, turn=turn)
        )
        return await self._takeover.again(lane)

    def spoken(self, speech: Speech) -> None:
        """A speech is over; whoever has spoken it to its end works."""
        if speech.sentences and not speech.cut and all(sentence.made for sentence in speech.sentences if sentence.text):
            self._second_chance.discard("tts")
            self._lanes.tts.works()

    # ── the ears ─────────────────────────────────────────────────────────────────────────────────

    async def _other_ears(self, failure: Failure, service: Any) -> None:
        """Somebody else hears the present stretch of speech once more; else the caller is asked again."""
        lane, reach = self._lanes.stt, self._reach
        if "stt" in self._changing or service is not lane.service:
            return
        self._changing.add("stt")
        turn = reach.observer.turn
        try:
            served = await self._takeover.next(lane, failure, turn)
            if not served and (failure.closes or not service.is_usable):
                served = await self._same_again(lane, failure, turn)
                if not served:
                    await self.give_up("stt", failure.why, turn)
                    return
        finally:
            self._changing.discard("stt")
        if served:
            await self.listen_anew()
        else:
            lane.works()
            reach.detector.stt_failed()

    async def listen_anew(self) -> None:
        """The present stretch of speech is given to whoever hears now."""
        reach = self._reach
        reach.detector.segmented = isinstance(self._lanes.stt.service, SegmentedSTTService)
        await reach.ears.replay()
        reach.detector.heard_anew()

    def heard(self) -> None:
        """The caller was understood."""
        self._unheard = 0
        self._second_chance.discard("stt")
        self._lanes.stt.works()

    async def not_heard(self, turn: int, open_question: bool) -> bool:
        """Nothing, or nothing certain, was heard. Whether the caller was asked again here, and not by the flow."""
        self._unheard += 1
        asks = bool(self._fallbacks.reask) and open_question
        if self._unheard >= self._fallbacks.reasks:
            if await self._takeover.next(self._lanes.stt, Failure("not_heard"), turn):
                self._unheard = 0
                await self.listen_anew()
            elif self._unheard > self._fallbacks.reasks:
                asks = False
        if asks:
            self._reach.observer.journal.write(Fallback(step="reask", stage="stt", why="not_heard", turn=turn))
            await self.reask(turn)
        return asks

    # ── what the caller hears ────────────────────────────────────────────────────────────────────

    async def reask(self, turn: int) -> None:
        from media_worker.pipeline.brain import AGAIN

        await self._reach.voice.say(self._fallbacks.reask or AGAIN, turn)

    async def filler(self, turn: int) -> Speech | None:
        """A word of patience: recorded ones where there are some, else those that are spoken; in turn."""
        choice = [clip.words for clip in self._reach.voice.clips.of_kind("filler")] or self._fallbacks.fillers
        if not choice or self._reach.brain.leaving:
            return None
        return await self._reach.voice.say(choice[next(self._fillers) % len(choice)], turn, "filler")

    async def begin(self) -> bool:
        """Whether the call can begin. If not, it ends here, with an apology."""
        nobody = self.nobody
        if nobody is None:
            return True
        reason = ending.PROVIDER_ERROR if nobody.late else ending.AGENT_UNUSABLE
        turn = self._reach.observer.turn
        await self.give_up(nobody.stage, NO_CONNECTION, turn, Ending(reason, "platform", detail=str(nobody)[:500]))
        return False

    async def give_up(self, stage: Any, why: str, turn: int, end: Ending | None = None) -> None:
        """All are gone: an apology that needs none of them, then somebody who can help, or goodbye."""
        reach = self._reach
        if reach.brain.leaving:
            return
        end = end or Ending(ending.PROVIDER_ERROR, "platform", detail=f"{stage}: {why}")
        reach.brain.leaving = True
        reach.observer.fault("provider", stage, f"Nobody is left: {why.replace('_', ' ')}.", fatal=True)
        reach.observer.journal.write(Fallback(step="apology", stage=stage, why=why, turn=turn))
        recorded = next(iter(reach.voice.clips.of_kind("apology")), None)
        if recorded is not None:
            speech = await reach.voice.say(recorded.words, turn, "prompt", False)
        elif self._lanes.tts.service is None:
            speech = await reach.voice.play(APOLOGY_WORDS, *_recording(), turn)
        else:
            speech = await reach.voice.say(self._fallbacks.apology, turn, "prompt", False)
        reach.spawn(self._part(speech, stage, why, turn, end))

    async def _part(self, speech: Speech, stage: Any, why: str, turn: int, end: Ending) -> None:
        reach, to = self._reach, self._fallbacks.transfer_to
        await reach.mouth.until_heard(speech)
        if to:
            reach.observer.journal.write(Fallback(step="transfer", stage=stage, why=why, turn=turn))
            answer = await reach.host.ask("transfer", {"to": to}, TRANSFER_WITHIN)
            if answer.ok:
                await asyncio.sleep(TRANSFER_WITHIN)
                reach.finish(Ending(ending.TRANSFERRED, "agent", hangup=False))
                return
            reach.observer.fault("carrier", "transfer", answer.error or "The transfer was refused.")
        reach.finish(end)


@lru_cache(maxsize=1)
def _recording() -> tuple[bytes, int]:
    """Samples, and how many there are a second."""
    with wave.open(str(APOLOGY)) as file:
        return file.readframes(file.getnframes()), file.getframerate()
