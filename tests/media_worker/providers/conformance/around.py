"""One service of a vendor in a real pipeline of its own: frames go in, and whoever waits is woken by what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from pipecat.frames.frames import ErrorFrame, Frame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.pipeline.running import Running

Kind = TypeVar("Kind", bound=Frame)
PATIENCE = 10.0


class Around:
    def __init__(self, service: Any, rate: int = 8000) -> None:
        self.service = service
        self.frames: list[Frame] = []
        self.errors: list[ErrorFrame] = []
        self._changed = asyncio.Event()
        self._before = _Ear(self._came_back)
        self._running = Running([self._before, service, _Ear(self._came)], rate)

    async def __aenter__(self) -> Self:
        await self._running.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.stop()

    async def give(self, *frames: Frame) -> None:
        for frame in frames:
            await self._before.push_frame(frame)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    def _came(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.DOWNSTREAM:
            self.frames.append(frame)
            self._changed.set()

    def _came_back(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, ErrorFrame):
            self.errors.append(frame)
            self._changed.set()


class _Ear(FrameProcessor):
    def __init__(self, came: Callable[[Frame, FrameDirection], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._came = came

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self._came(frame, direction)
        await self.push_frame(frame, direction)
