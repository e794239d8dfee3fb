"""Ears and a voice whose model runs in a program beside the worker. Imports pipecat: only builders do."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncGenerator
from importlib.util import find_spec
from typing import Any

from pipecat.frames.frames import ErrorFrame, Frame, StartFrame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService, STTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.time import time_now_iso8601

from media_worker.providers.base import ProviderUnavailable, missing
from media_worker.providers.builtin.children import ChildUnavailable, child
from media_worker.providers.local.host import ASK, DONE, MISSING, PIECE, packed

STT_SECONDS = 8.0
TTS_SECONDS = 8.0
LOAD_SECONDS = 60.0


async def answers(engine: str, question: bytes, seconds: float) -> AsyncGenerator[bytes, None]:
    """Raises ProviderUnavailable for a model that is not there, ChildUnavailable, TimeoutError."""
    program = child(f"{__package__}.{engine}")
    await program.ready()
    came: asyncio.Queue[tuple[int | None, bytes]] = asyncio.Queue()
    stream = program.open(lambda kind, payload: came.put_nowait((kind, payload)))
    try:
        program.send(stream, ASK, question)
        while True:
            kind, payload = await asyncio.wait_for(came.get(), seconds)
            if kind == DONE:
                return
            if kind == MISSING:
                raise ProviderUnavailable(payload.decode(errors="replace"))
            if kind != PIECE:
                raise ChildUnavailable(payload.decode(errors="replace") or "Its program died.")
            yield payload
    finally:
        program.close(stream)


async def load(service: STTService | TTSService, engine: str, wanted: dict[str, Any]) -> None:
    """When a call begins: so that the model is there before it is needed, and one that is missing is told at once."""
    try:
        async for _ in answers(engine, packed({**wanted, "load": True}), LOAD_SECONDS):
            pass
    except ProviderUnavailable as error:
        await service.push_error(str(error), exception=error, force_treat_as_permanent=True)
    except (ChildUnavailable, TimeoutError) as error:
        await service.push_error(f"{engine} does not start: {error or 'it took too long.'}", exception=error)


class LocalEars(SegmentedSTTService):
    def __init__(self, *, label: str, engine: str, package: str, model: str, wanted: dict[str, Any]) -> None:
        if find_spec(package) is None:
            raise missing(engine, label)
        super().__init__(ttfs_p99_latency=2.0, settings=STTSettings(model=model, language=None))
        self._label, self._engine, self._wanted = label, engine, wanted
        self._loading: asyncio.Task[Any] | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._loading = self.create_task(load(self, self._engine, self._wanted), name="load")

    async def cleanup(self) -> None:
        await super().cleanup()
        loading, self._loading = self._loading, None
        if loading is not None:
            await self.cancel_task(loading)

    @property
    def wants_wav_segments(self) -> bool:
        return False

    def can_generate_metrics(self) -> bool:
        return True

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        await self.start_processing_metrics()
        question = packed({**self._wanted, "rate": self.sample_rate}, audio)
        try:
            found = json.loads(b"".join([piece async for piece in answers(self._engine, question, STT_SECONDS)]))
        except ProviderUnavailable as error:
            await self.push_error(str(error), exception=error, force_treat_as_permanent=True)
            return
        except (ChildUnavailable, TimeoutError) as error:
            yield ErrorFrame(error=f"{self._label} does not hear: {error or 'it took too long.'}", exception=error)
            return
        await self.stop_processing_metrics()
        yield TranscriptionFrame(
            text=found["text"],
            user_id=self._user_id,
            timestamp=time_now_iso8601(),
            result={"confidence": found["confidence"]},
            finalized=True,
        )


class LocalVoice(TTSService):
    """`rate` is the usual one of its models; a piece of sound names its own."""

    def __init__(
        self, *, label: str, engine: str, package: str, model: str, voice: str, rate: int, wanted: dict[str, Any]
    ) -> None:
        if find_spec(package) is None:
            raise missing(engine, label)
        super().__init__(
            sample_rate=rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=model, voice=voice, language=None),
        )
        self._label, self._engine, self._wanted = label, engine, wanted
        self._loading: asyncio.Task[Any] | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._loading = self.create_task(load(self, self._engine, self._wanted), name="load")

    async def cleanup(self) -> None:
        await super().cleanup()
        loading, self._loading = self._loading, None
        if loading is not None:
            await self.cancel_task(loading)

    def can_generate_metrics(self) -> bool:
        return True

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        await self.start_tts_usage_metrics(text)
        try:
            async for piece in answers(self._engine, packed({**self._wanted, "text": text}), TTS_SECONDS):
                await self.stop_ttfb_metrics()
                (rate,) = struct.unpack("<I", piece[:4])
                yield TTSAudioRawFrame(piece[4:], rate, 1, context_id=context_id)
        except ProviderUnavailable as error:
            await self.push_error(str(error), exception=error, force_treat_as_permanent=True)
        except (ChildUnavailable, TimeoutError) as error:
            yield ErrorFrame(error=f"{self._label} does not speak: {error or 'it took too long.'}", exception=error)
