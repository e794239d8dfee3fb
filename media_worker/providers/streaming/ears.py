"""A pipecat STT over any vendor's websocket. Imports pipecat: only builders do.

It connects while the call is set up, and holds that up for a moment only; sound that comes meanwhile is kept. A connection that breaks
is opened again once, with the sound that was not yet understood; when that fails too, or the vendor refuses, the service
says so at once and is done: who takes over is the pipeline's decision. An error is told with the start, never before.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterimTranscriptionFrame,
    ProposedUserStoppedSpeakingFrame,
    StartFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.utils.time import time_now_iso8601

from media_worker.providers.faults import fault_of
from media_worker.providers.streaming.line import OPEN_SECONDS, Line
from media_worker.providers.streaming.wire import EarsWire, Final, Heard, Interim, Message, VendorSilent, Welcome

SETTLE_SECONDS = 1.5
"""The set-up waits so long at most for the connection to stand or to fail."""

STEADY = 5.0
"""Seconds after which a connection counts as sound: should it break, it may be opened again."""

ANSWER_SECONDS = 2.0
"""Longer than any vendor takes to answer the end of speech."""

SILENT_STRETCHES = 2
"""So many stretches of speech in a row without a single message, and the vendor counts as dead."""

_LEAST_VOICED = 0.5
_ALIVE_EVERY = 3.0
_REMEMBER_QUIET = 0.6
_REMEMBER_SPEECH = 20.0
_MOST_GARBAGE = 5


class StreamingEars(STTService):
    """`wire` makes the protocol of one connection. `latency`: seconds from the end of speech to its text, at worst."""

    def __init__(self, *, label: str, wire: Callable[[], EarsWire], rate: int, latency: float, model: str) -> None:
        super().__init__(sample_rate=rate, ttfs_p99_latency=latency, settings=STTSettings(model=model, language=None))
        self._label = label
        self._make = wire
        self._rate = rate
        self._wire = wire()
        self._line: Line | None = None
        self._living: asyncio.Task[Any] | None = None
        self._settled = asyncio.Event()
        self._begun = False
        self._failure: Exception | None = None
        self._chunk = bytearray()
        self._recent: deque[bytes] = deque()
        self._recent_bytes = 0
        self._unfinished = False
        self._listening = False
        self._voiced_since = 0.0
        self._sent_at = 0.0
        self._messages = 0
        self._silent = 0
        self._answer: asyncio.TimerHandle | None = None
        self._garbage = 0

    def can_generate_metrics(self) -> bool:
        return True

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as FrameProcessor does
        await super().setup(setup)
        self._living = self.create_task(self._live(), name="ears")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), SETTLE_SECONDS)

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._begun = True
        if self._failure is not None:
            await self._tell_failure(self._failure)

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._hang_up()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._hang_up()

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._hang_up()

    async def _hang_up(self) -> None:
        self._expect_nothing()
        living, self._living = self._living, None
        if living is not None:
            await self.cancel_task(living)

    async def _live(self) -> None:
        """Connections, one after the other, until one fails that should not be tried again."""
        again = True
        while True:
            opened = time.monotonic()
            try:
                await self._converse()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever it was is told
                kind = fault_of(error).kind
                again = again or time.monotonic() - opened > STEADY
                if not again or kind != "unavailable" or isinstance(error, VendorSilent):
                    await self._give_up(error)
                    return
                again = False
                logger.warning(f"{self}: {type(error).__name__}: opening another connection")

    async def _give_up(self, error: Exception) -> None:
        self._expect_nothing()
        self._failure = error
        self._settled.set()
        if self._begun:
            await self._tell_failure(error)

    async def _tell_failure(self, error: Exception) -> None:
        await self.push_error(f"{self._label}: {_said(error)}", exception=error, force_treat_as_permanent=True)

    async def _converse(self) -> None:
        wire = self._wire = self._make()
        door = wire.door()
        line = await Line.open(door, wire.closed)
        keeping: asyncio.Task[Any] | None = None
        try:
            if door.welcome:
                await self._welcomed(line, wire)
            self._catch_up(line, wire)
            keeping = self.create_task(self._keep(line, wire), name="keep")
            while True:
                await self._hear(wire, await line.receive())
        finally:
            self._line = None
            if keeping is not None:
                await self.cancel_task(keeping)
            await line.aclose(wire.goodbye())

    async def _welcomed(self, line: Line, wire: EarsWire) -> None:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                while not any(isinstance(heard, Welcome) for heard in wire.read(await line.receive())):
                    pass
        except TimeoutError as error:
            raise VendorSilent("The vendor took the connection and did not begin.") from error

    def _catch_up(self, line: Line, wire: EarsWire) -> None:
        """What was said and not understood before this connection was there."""
        self._line = line
        self._settled.set()
        self._chunk.clear()
        if self._listening or self._unfinished:
            line.send(wire.begin())
        for pcm in self._recent:
            self._send_sound(pcm)
        if self._unfinished:
            self._finish()

    async def _keep(self, line: Line, wire: EarsWire) -> None:
        while True:
            await asyncio.sleep(_ALIVE_EVERY)
            if time.monotonic() - self._sent_at >= _ALIVE_EVERY:
                message = wire.alive()
                line.send([message] if message is not None else _packed(wire, bytes(int(self._rate * 0.1) * 2)))

    # ── out ──────────────────────────────────────────────────────────────────────────────────────

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        self._remember(audio)
        if self._line is not None:
            self._send_sound(audio)
        yield None

    def _send_sound(self, pcm: bytes) -> None:
        if self._line is None:
            return
        self._chunk += pcm
        size = int(self._rate * self._wire.chunk) * 2
        self._sent_at = time.monotonic()
        while len(self._chunk) >= size:
            self._line.send(_packed(self._wire, bytes(self._chunk[:size])))
            del self._chunk[:size]

    def _remember(self, pcm: bytes) -> None:
        self._recent.append(pcm)
        self._recent_bytes += len(pcm)
        keep = _REMEMBER_SPEECH if self._listening or self._unfinished else _REMEMBER_QUIET
        self._forget(int(keep * self._rate) * 2)

    def _forget(self, keep: int) -> None:
        while self._recent_bytes > keep:
            self._recent_bytes -= len(self._recent.popleft())

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            self._listening, self._unfinished = True, False
            self._expect_nothing()
            self._voiced_since = time.monotonic()
            self._messages = 0
            if self._line is not None:
                self._line.send(self._wire.begin())
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._listening, self._unfinished = False, True
            if self._line is not None:
                self._finish()

    def _finish(self) -> None:
        """All that was heard is wanted now."""
        assert self._line is not None
        if self._chunk:
            size = int(self._rate * self._wire.chunk) * 2
            self._line.send(_packed(self._wire, bytes(self._chunk).ljust(size, b"\0")))
            self._chunk.clear()
        self._line.send(self._wire.finish())
        self._expect_nothing()
        self._answer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._no_answer)

    def _expect_nothing(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None

    def _no_answer(self) -> None:
        """Noise may be met with silence; the end of speech, twice in a row, may not."""
        self._answer = None
        self._unfinished = False
        voiced = time.monotonic() - ANSWER_SECONDS - self._voiced_since
        if self._messages or (voiced < _LEAST_VOICED and not self._wire.answers):
            return
        self._silent += 1
        if self._silent >= SILENT_STRETCHES and self._living is not None:
            self.create_task(self._is_dead(), name="dead")

    async def _is_dead(self) -> None:
        living, self._living = self._living, None
        if living is not None:
            await self.cancel_task(living)
        await self._give_up(VendorSilent("The vendor hears, and says nothing."))

    # ── in ───────────────────────────────────────────────────────────────────────────────────────

    async def _hear(self, wire: EarsWire, message: str | bytes) -> None:
        try:
            found = list(wire.read(message))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._garbage += 1
            logger.warning(f"{self}: a message that cannot be read: {type(error).__name__}")
            if self._garbage >= _MOST_GARBAGE:
                raise VendorSilent("The vendor sends what cannot be read.") from error
            return
        self._garbage = 0
        self._messages += 1
        self._silent = 0
        for heard in found:
            await self._tell(heard)

    async def _tell(self, heard: Heard) -> None:
        if isinstance(heard, Interim) and heard.text.strip():
            await self.push_frame(InterimTranscriptionFrame(heard.text.strip(), "", time_now_iso8601()))
        elif isinstance(heard, Final):
            await self._tell_final(heard)

    async def _tell_final(self, final: Final) -> None:
        text = final.text.strip()
        awaited = self._unfinished
        if final.finalized and not self._listening:
            self._unfinished = False
            self._expect_nothing()
        if text or awaited:
            self._forget(0)
            await self.emit_stt_usage_metrics()
            await self.push_frame(
                TranscriptionFrame(
                    text,
                    "",
                    time_now_iso8601(),
                    result={"confidence": final.confidence},
                    finalized=final.finalized and (final.over or not self._listening),
                )
            )
        if final.over:
            await self.push_frame(ProposedUserStoppedSpeakingFrame())


def _packed(wire: EarsWire, pcm: bytes) -> list[Message]:
    message = wire.audio(pcm)
    return [] if message is None else [message]


def _said(error: Exception) -> str:
    status = fault_of(error).status
    return (
        f"answered {status}: {error}"
        if status and str(status) not in str(error)
        else str(error) or type(error).__name__
    )
