"""What happens when the worker of a live call is lost: the caller hears that somebody is there, another goes on."""

from __future__ import annotations

import asyncio
import logging
import time

from calls.bridge import clips
from calls.bridge.line import Line
from calls.bridge.relay import Relay
from calls.bridge.workers import Address, NoWorker, Workers
from media_worker.contract.events import Snapshot
from media_worker.contract.spec import AudioFormat, CallSpec

logger = logging.getLogger(__name__)

FIRST_WITHIN = 4.0
NEXT_WITHIN = 8.0
MOST_LOSSES = 3
"""A call whose workers keep dying is what kills them: it must not be handed through all of them."""


async def hold(line: Line, audio: AudioFormat) -> None:
    """Say at once that the caller is not alone."""
    await line.say(clips.clip(clips.HOLD, audio))


async def apologise(line: Line, audio: AudioFormat) -> None:
    """Say sorry, and wait until it was heard."""
    sorry = clips.clip(clips.SORRY, audio)
    await line.say(sorry)
    await asyncio.sleep(clips.seconds(sorry, audio))


async def next_worker(
    workers: Workers,
    spec: CallSpec,
    resume: Snapshot | None,
    line: Line,
    within: float,
    avoid: Address | None,
    unnoticed: bool,
) -> Relay:
    """A worker that has taken the call and its `start`. Raises NoWorker."""
    began = time.monotonic()
    relay = await Relay.open(workers, within, avoid)
    relay.start(spec, resume, line.clock.ms(), unnoticed)
    logger.info("Call %s: a worker took it after %.0f ms", spec.call_id, (time.monotonic() - began) * 1000)
    return relay


def resume_from(snapshot: Snapshot | None, last_seq: int) -> Snapshot | None:
    """The snapshot to go on from; its `seq` moved past all that was told, so that no number is used twice."""
    return snapshot if snapshot is None else snapshot.model_copy(update={"seq": max(snapshot.seq, last_seq)})


__all__ = ["FIRST_WITHIN", "MOST_LOSSES", "NEXT_WITHIN", "NoWorker", "apologise", "hold", "next_worker", "resume_from"]
