"""A service between two ends that remember: frames go in at the head, and tests wait for what comes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.flow import EndNode, Flow
from media_worker.contract.spec import AgentSpec, CallSpec, Provider
from media_worker.pipeline.running import Running
from media_worker.providers.base import BuildContext, TalentName
from media_worker.providers.registry import vendor

RATE = 8000
KEY = "key-alice"
PATIENCE = 12.0
FrameType = TypeVar("FrameType", bound=Frame)


def context(language: str = "en", rate: int = RATE) -> BuildContext:
    flow = Flow(greeting="Hello.", start="end", nodes=(EndNode(id="end"),))
    agent = AgentSpec(id=uuid4(), version=1, name="Front desk", flow=flow, language=language)
    spec = CallSpec(call_id=uuid4(), agency="alice", direction="inbound", agent=agent)
    return BuildContext(spec=spec, sample_rate=rate)


def build(name: str, talent: TalentName, base_url: str, key: str = KEY, language: str = "en", **options: Any) -> Any:
    provider = Provider(vendor=name, base_url=base_url, api_key=key, options=options)  # type: ignore[arg-type]
    spec = vendor(name).talent(talent)
    assert spec is not None
    assert spec.build is not None
    return spec.build(provider, context(language))


class _End(FrameProcessor):
    def __init__(self, rig: Rig) -> None:
        super().__init__(enable_direct_mode=True)
        self._rig = rig

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        upstream = direction is FrameDirection.UPSTREAM
        if upstream == isinstance(frame, ErrorFrame):
            self._rig.keep(frame)
        await self.push_frame(frame, direction)


class Rig:
    """`frames` came out behind the service, `errors` before it."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.frames: list[Frame] = []
        self.errors: list[ErrorFrame] = []
        self._changed = asyncio.Event()
        self._head, tail = _End(self), _End(self)
        self.running = Running([self._head, service, tail], RATE)

    def keep(self, frame: Frame) -> None:
        if isinstance(frame, ErrorFrame):
            self.errors.append(frame)
        else:
            self.frames.append(frame)
        self._changed.set()

    def of(self, kind: type[FrameType]) -> list[FrameType]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    async def send(self, *frames: Frame) -> None:
        for frame in frames:
            await self._head.push_frame(frame)

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := true()):
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.05)
                except TimeoutError:
                    continue
        return found

    # ── a caller ─────────────────────────────────────────────────────────────────────────────────

    async def say(self, seconds: float = 0.8, stop: bool = True) -> None:
        """Loud sound in frames of 20 ms, as the VAD sees it."""
        await self.send(VADUserStartedSpeakingFrame(start_secs=0.2))
        await self.sound(seconds)
        if stop:
            await self.send(VADUserStoppedSpeakingFrame(stop_secs=0.2))

    async def sound(self, seconds: float, loud: bool = True) -> None:
        """Faster than real time, but with the loop's leave."""
        frame = (np.sin(np.arange(RATE // 50) * 0.3) * 8000 * loud).astype("<i2").tobytes()
        for _ in range(round(seconds * 50)):
            await self.send(InputAudioRawFrame(audio=frame, sample_rate=RATE, num_channels=1))
            await asyncio.sleep(0.001)


@asynccontextmanager
async def rigged(service: Any) -> AsyncIterator[Rig]:
    rig = Rig(service)
    await rig.running.start()
    try:
        yield rig
    finally:
        begun = time.monotonic()
        await rig.running.stop()
        assert time.monotonic() - begun < 6
