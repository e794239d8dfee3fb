"""pocketsphinx as a pipecat service: told by the flow what may be said, it decodes while the caller speaks.

One transcript for each stretch of speech, `finalized`, with `result={"confidence": …}`. What is not believed becomes
the text “(unclear)” with a confidence below the flow's limit, so that the caller is asked again; it is held back for a
moment, because a caller who only paused goes on, and then both stretches are heard as one. Noise becomes nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from loguru import logger
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.transcriptions.language import Language
from pipecat.utils.time import time_now_iso8601

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext, Expectation, number
from media_worker.providers.builtin import STT
from media_worker.providers.builtin.children import Child, ChildUnavailable, child

PROGRAM = "media_worker.providers.builtin.ears"
OPEN, AUDIO, FINISH, DROP = 1, 2, 3, 4
RESULT = 1
BEFORE = 0.6
BELIEVED = 0.5
UNCLEAR = "(unclear)"
UNCLEAR_CONFIDENCE = 0.1
PATIENCE = 3.0
LEAST_SPEECH = 0.12
GOES_ON_WITHIN = 0.3
SAME_TURN = 2.0
LONGEST_MERGED = 12.0


def build(provider: Provider, context: BuildContext) -> BuiltinSTTService:
    return BuiltinSTTService(
        expects=context.expects, strictness=number(provider, STT, "strictness"), sample_rate=context.sample_rate
    )


class BuiltinSTTService(STTService):
    def __init__(self, *, expects: Any, strictness: float, sample_rate: int) -> None:
        super().__init__(
            sample_rate=sample_rate,
            ttfs_p99_latency=0.45,
            settings=STTSettings(model="pocketsphinx-en-us", language=Language.EN),
        )
        self._expects = expects
        self._strictness = strictness
        self._child: Child | None = None
        self._cmn = ""
        self._before = bytearray()
        self._audio = bytearray()
        self._stream: int | None = None
        self._stretch_open = False
        self._results: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._finishing: asyncio.Task[None] | None = None
        self._held: bytes = b""
        self._accepted_at = 0.0

    def can_generate_metrics(self) -> bool:
        return True

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as FrameProcessor does
        await super().setup(setup)
        self._child = child(PROGRAM)
        await self._child.ready()

    async def stop(self, frame: EndFrame) -> None:
        """A graceful end waits for what was said last."""
        if self._finishing is not None:
            await asyncio.wait({self._finishing}, timeout=PATIENCE)
        await self._drop()
        await super().stop(frame)

    async def cancel(self, frame: CancelFrame) -> None:
        await self._drop()
        await super().cancel(frame)

    async def cleanup(self) -> None:
        await self._drop()
        await super().cleanup()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        if self._stretch_open:
            self._audio += audio
            self._send(AUDIO, audio)
        else:
            self._before += audio
            keep = int(BEFORE * self.sample_rate) * 2
            if len(self._before) > keep:
                del self._before[:-keep]
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame):
            await self._begin()
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._end()
        elif isinstance(frame, BotStartedSpeakingFrame):
            self._accepted_at = 0.0

    # ── a stretch of speech ───────────────────────────────────────────────────────────────────────

    async def _begin(self) -> None:
        if self._stretch_open or self._child is None:
            return
        if self._finishing is not None and not self._finishing.done():
            # The caller goes on before the last stretch was settled: what is held is heard again with the rest.
            await self.cancel_task(self._finishing)
        self._close_stream()
        self._stretch_open = True
        self._audio = bytearray(self._held[-int(LONGEST_MERGED * self.sample_rate) * 2 :]) + self._before
        self._held = b""
        self._before.clear()
        try:
            await self._child.ready()
            self._stream = self._child.open(self._heard)
            self._send(OPEN, json.dumps(self._wanted()).encode())
            self._send(AUDIO, bytes(self._audio))
        except ChildUnavailable as error:
            await self.push_error(f"The built-in ears do not work: {error}")

    def _wanted(self) -> dict[str, Any]:
        expected: Expectation = self._expects()
        return {
            "rate": self.sample_rate,
            "expected": asdict(expected),
            "dictation": expected.open and expected.slot != "name",
            "strictness": self._strictness,
            "cmn": self._cmn,
        }

    def _end(self) -> None:
        if not self._stretch_open:
            return
        self._stretch_open = False
        self._before = self._audio[-int(BEFORE * self.sample_rate) :]
        self._send(FINISH)
        self._finishing = self.create_task(self._finish(bytes(self._audio)), name="ears")

    async def _finish(self, audio: bytes) -> None:
        """Waits for the result and pushes it; cancelled when the caller goes on, with the audio held for then."""
        self._held = audio
        try:
            result = await asyncio.wait_for(self._results.get(), PATIENCE)
        except TimeoutError:
            result = None
        self._close_stream()
        if result is None:
            await self.push_error("The built-in ears gave no answer.")
            result = {}
        text, sure = choose(result)
        self._cmn = str(result.get("cmn", "")) if sure >= BELIEVED else self._cmn
        if sure < BELIEVED and result.get("speech", 1.0) >= LEAST_SPEECH:
            if time.monotonic() - self._accepted_at < SAME_TURN:
                text = ""
            else:
                await asyncio.sleep(GOES_ON_WITHIN)
                text, sure = UNCLEAR, UNCLEAR_CONFIDENCE
        elif sure < BELIEVED:
            text = ""
        else:
            self._accepted_at = time.monotonic()
        self._held = b""
        await self.emit_stt_usage_metrics()
        await self.push_frame(
            TranscriptionFrame(
                text=text,
                user_id="",
                timestamp=time_now_iso8601(),
                language=Language.EN,
                result={"confidence": sure, "evidence": result.get("evidence", [])},
                finalized=True,
            )
        )

    # ── the program ───────────────────────────────────────────────────────────────────────────────

    def _heard(self, kind: int | None, payload: bytes) -> None:
        if kind == RESULT:
            self._results.put_nowait(json.loads(payload))
        else:
            logger.warning(f"{self}: {payload.decode(errors='replace') or 'the ears died'}")
            self._results.put_nowait(None)

    def _send(self, kind: int, payload: bytes = b"") -> None:
        if self._child is None or self._stream is None:
            return
        try:
            self._child.send(self._stream, kind, payload)
        except ChildUnavailable as error:
            logger.warning(f"{self}: {error}")
            self._close_stream()
            self._results.put_nowait(None)

    def _close_stream(self) -> None:
        if self._child is not None and self._stream is not None:
            self._child.close(self._stream)
        self._stream = None
        while not self._results.empty():
            self._results.get_nowait()

    async def _drop(self) -> None:
        if self._finishing is not None:
            await self.cancel_task(self._finishing)
            self._finishing = None
        self._stretch_open = False
        self._send(DROP)
        self._close_stream()


def choose(result: dict[str, Any]) -> tuple[str, float]:
    """The sentence to go with, of the grammar's and the dictated one, and how sure that is."""
    text, sure = str(result.get("text", "")), float(result.get("confidence", 0.0))
    dictated, dictated_sure = str(result.get("dictated", "")), float(result.get("dictated_confidence", 0.0))
    if dictated and sure < BELIEVED and dictated_sure >= BELIEVED:
        return dictated, min(dictated_sure, 0.6)
    return text, sure
