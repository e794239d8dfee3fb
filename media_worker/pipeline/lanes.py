"""A lane: the place of one stage in the chain of processors, and the vendors that may stand in it, one at a time.

The chain itself is four processors of ours. A vendor's service is hung between two of them when it is needed: built, set
up, started, and only then linked, so that sound and words flow on meanwhile and an idle backup costs nothing. Who leaves
is unlinked first and ended in the background, under a watchdog: a service that hangs holds up nobody.

`FrameProcessor.link`, `setup`, `queue_frame` and `cleanup` are what pipecat's own `Pipeline` uses for it
(`pipeline/pipeline.py`, `processors/frame_processor.py` of 1.14).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipecat.frames.frames import CancelFrame, ErrorFrame, Frame, InterruptionFrame, StartFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.spec import Provider
from media_worker.providers.base import ProviderUnavailable
from media_worker.providers.faults import VendorFault, fault_of

log = logging.getLogger(__name__)

OPEN_WITHIN = 5.0
"""Seconds a vendor has to connect."""

OPEN_WITHIN_WITH_DEPUTY = 3.0
"""The same where another one stands by."""

END_WITHIN = 2.0
"""Seconds for each step of a service's end; one that takes longer is left behind."""

Stage = Literal["stt", "llm", "tts"]

Make = Callable[[Stage, Provider], Any]
"""A vendor's service; None where the flow's own rules take its place."""


class CannotServe(RuntimeError):
    """A vendor could not be brought in. `late`: it did not connect in time."""

    def __init__(self, why: str, fault: VendorFault, late: bool = False) -> None:
        super().__init__(why)
        self.fault = fault
        self.late = late


@dataclass(eq=False)
class Seat:
    """A vendor that may stand in a lane. `service` is there while it stands, and after that in a lane that keeps it."""

    provider: Provider
    tier: Literal["small", "large"] = "large"
    service: Any = None
    porch: Porch | None = None
    closed: bool = False
    """It will not do again in this call: its key was refused, or it cannot be built."""


class Porch(FrameProcessor):
    """Both neighbours of a service that is not in the chain: what it tells while it starts passes; later it is silent."""

    def __init__(self, before: FrameProcessor, after: FrameProcessor) -> None:
        super().__init__(name="porch", enable_direct_mode=True)
        self._before = before
        self._after = after
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.error: ErrorFrame | None = None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, StartFrame):
            self.started.set()
        elif isinstance(frame, CancelFrame):
            self.ended.set()
        elif isinstance(frame, ErrorFrame):
            self.error = self.error or frame
        elif not self.started.is_set():
            there = self._after if direction is FrameDirection.DOWNSTREAM else self._before
            await there.queue_frame(frame, direction)


class Lane:
    """A lane that keeps its services switches between them at no cost."""

    def __init__(
        self,
        stage: Stage,
        seats: Sequence[Seat],
        make: Make,
        between: tuple[FrameProcessor, FrameProcessor],
        keep: bool = False,
    ) -> None:
        self.stage = stage
        self.seats = list(seats)
        self.standing: Seat | None = None
        self.chosen = self.seats[0]
        """Who answers for the tier “large”: the last that stood, whoever small stood since."""
        self.tried: set[int] = set()
        """Seats that failed since it last worked."""
        self._make = make
        self._before, self._after = between
        self._met: Callable[[Any], None] | None = None
        self._keep = keep
        self._start = StartFrame()
        self._lock = asyncio.Lock()
        self._ends: set[asyncio.Task[None]] = set()

    @property
    def service(self) -> Any:
        return self.standing.service if self.standing is not None else None

    @property
    def provider(self) -> Provider:
        return (self.standing or self.chosen).provider

    @property
    def small(self) -> Seat | None:
        return next((seat for seat in self.seats if seat.tier == "small" and not seat.closed), None)

    @property
    def alone(self) -> bool:
        """Nobody could ever take over."""
        return sum(seat.tier == "large" for seat in self.seats) == 1

    def works(self) -> None:
        """Whoever stands did what it is for: those that failed before may be tried again."""
        self.tried.clear()

    def meet(self, met: Callable[[Any], None]) -> None:
        """`met` is told of every new service."""
        self._met = met

    def starts_with(self, frame: StartFrame) -> None:
        self._start = frame

    # ── who stands ───────────────────────────────────────────────────────────────────────────────

    async def bring(self, seat: Seat, provider: Provider | None = None, anew: bool = False) -> None:
        """Let `seat` stand in the chain, with another key when `provider` says so. Raises CannotServe."""
        async with self._lock:
            old, old_porch = seat.service, seat.porch
            changed = anew or (provider is not None and provider is not seat.provider)
            if seat.service is None or changed:
                service, porch = await self._open(provider or seat.provider)
                self._step_out()
                if old is not None and old_porch is not None and seat.service is not None:
                    self._end(old, old_porch)
                seat.service, seat.porch = service, porch
                seat.provider = provider or seat.provider
            elif seat is self.standing:
                return
            else:
                self._step_out()
                await seat.service.set_usable(True)
            self.standing = seat
            if seat.tier == "large":
                self.chosen = seat
            if seat.service is not None:
                self._before.link(seat.service)
                seat.service.link(self._after)

    async def vacate(self) -> None:
        """Nobody stands here: what comes goes straight on to the next processor of ours."""
        async with self._lock:
            self._step_out()

    def _step_out(self) -> None:
        seat, self.standing = self.standing, None
        self._before.link(self._after)
        if seat is None or seat.service is None or seat.porch is None:
            return
        seat.porch.link(seat.service)
        seat.service.link(seat.porch)
        if self._keep:
            self._spawn(seat.service.queue_frame(InterruptionFrame()))
        else:
            self._end(seat.service, seat.porch)
            seat.service = seat.porch = None

    async def _open(self, provider: Provider) -> tuple[Any, Porch | None]:
        try:
            service = self._make(self.stage, provider)
        except (KeyError, ValueError, ProviderUnavailable) as error:
            why = str(error.args[0] if error.args else error)
            permanent = not isinstance(error, ProviderUnavailable) or error.permanent
            raise CannotServe(why, VendorFault("rejected" if permanent else "unavailable")) from error
        if service is None:
            return None, None
        porch = Porch(self._before, self._after)
        porch.link(service)
        service.link(porch)
        if self._met is not None:
            self._met(service)
        try:
            async with asyncio.timeout(OPEN_WITHIN if len(self.seats) == 1 else OPEN_WITHIN_WITH_DEPUTY):
                await service.setup(self._before.processor_setup)
                await service.queue_frame(self._start)
                await porch.started.wait()
        except TimeoutError:
            self._end(service, porch)
            raise CannotServe(
                f"The {_NAMES[self.stage]} did not connect in time.", VendorFault("unavailable"), True
            ) from None
        except asyncio.CancelledError:
            self._end(service, porch)
            raise
        except Exception as error:
            self._end(service, porch)
            raise CannotServe(f"{type(error).__name__} while connecting.", fault_of(error)) from error
        if porch.error is not None and (len(self.seats) > 1 or not service.is_usable):
            self._end(service, porch)
            raise CannotServe(porch.error.error, fault_of(porch.error.exception, porch.error.error))
        return service, porch

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    async def close(self) -> None:
        """End every service. Bounded, never raises."""
        async with self._lock:
            self._before.link(self._after)
            self.standing = None
            for seat in self.seats:
                if seat.service is not None and seat.porch is not None:
                    seat.porch.link(seat.service)
                    seat.service.link(seat.porch)
                    self._end(seat.service, seat.porch)
                    seat.service = seat.porch = None
        if self._ends:
            await asyncio.wait(self._ends, timeout=3 * END_WITHIN)

    def _end(self, service: FrameProcessor, porch: Porch) -> None:
        self._spawn(_end(service, porch))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)


_NAMES: dict[Stage, str] = {"stt": "speech recognition", "llm": "language model", "tts": "voice"}


async def _end(service: FrameProcessor, porch: Porch) -> None:
    """As pipecat ends a processor: a CancelFrame through it, then its cleanup."""
    try:
        async with asyncio.timeout(END_WITHIN):
            await service.queue_frame(CancelFrame())
            if porch.started.is_set():
                await porch.ended.wait()
    except TimeoutError:
        log.warning("A vendor's service did not stop in time")
    cleanup = asyncio.create_task(service.cleanup())
    done, _ = await asyncio.wait({cleanup}, timeout=2 * END_WITHIN)
    if not done:
        cleanup.cancel()
        log.warning("A vendor's service could not be ended")
    elif not cleanup.cancelled() and (error := cleanup.exception()) is not None:
        log.warning("A vendor's service failed to end: %s", type(error).__name__)
