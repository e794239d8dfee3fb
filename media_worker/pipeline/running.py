"""One pipecat pipeline from start to a certain end. One WorkerRunner a call: a shared one keeps every finished session.

The end is a ladder, because a processor that blocks can make a pipeline that neither ends nor is cancelled: cancel the
worker; push the cancel into the pipeline; cancel the task, twice (the first one re-enters the same wait).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from pipecat.frames.frames import CancelFrame, StartFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from media_worker.pipeline.lanes import Lane

log = logging.getLogger(__name__)

START_PATIENCE = 10.0
_RUNG = 2.0


class DidNotStart(RuntimeError):
    """The chain could not be set up."""


class Running:
    """The chain of our own processors, and the lanes between them."""

    def __init__(self, processors: list[FrameProcessor], rate: int, lanes: Sequence[Lane] = ()) -> None:
        self._lanes = lanes
        self._worker = PipelineWorker(
            Pipeline(processors),
            params=PipelineParams(
                audio_in_sample_rate=rate,
                audio_out_sample_rate=rate,
                enable_usage_metrics=True,
                send_initial_empty_metrics=False,
            ),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            cancel_timeout_secs=_RUNG,
            setup_timeout_secs=START_PATIENCE,
            start_timeout_secs=START_PATIENCE,
            check_dangling_tasks=False,
        )
        self._runner = WorkerRunner(handle_sigint=False, handle_sigterm=False, check_dangling_tasks=False)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Until our processors are started: vendors may be brought in then. Raises DidNotStart."""
        started = asyncio.Event()

        async def on_started(_: object, frame: StartFrame) -> None:
            for lane in self._lanes:
                lane.starts_with(frame)
            started.set()

        self._worker.add_event_handler("on_pipeline_started", on_started)
        await self._runner.add_workers(self._worker)
        self._task = asyncio.create_task(self._runner.run(), name="pipeline")
        waiting = asyncio.create_task(started.wait())
        try:
            await asyncio.wait({waiting, self._task}, timeout=START_PATIENCE * 2, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not started.is_set():
            raise DidNotStart("The pipeline did not start.")

    async def stop(self) -> None:
        """Never raises, never takes longer than about four rungs."""
        if self._task is None:
            return
        await asyncio.gather(*(lane.close() for lane in self._lanes))
        steps = (
            self._worker.cancel,
            lambda: self._worker.pipeline.queue_frame(CancelFrame()),
        )
        for step in steps:
            try:
                await asyncio.wait_for(step(), _RUNG)
            except Exception:
                log.warning("A step of ending a pipeline failed", exc_info=True)
            if await self._ended():
                return
        for _ in range(2):
            self._task.cancel()
            if await self._ended():
                return
        log.error("A pipeline could not be ended")

    async def _ended(self) -> bool:
        assert self._task is not None
        done, _ = await asyncio.wait({self._task}, timeout=_RUNG)
        if done and not self._task.cancelled() and (error := self._task.exception()) is not None:
            log.error("A pipeline ended in an error", exc_info=error)
        return bool(done)
