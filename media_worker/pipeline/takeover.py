"""Who takes over when a vendor fails: the next key of the same vendor at once, else the next vendor not yet tried.

A vendor that failed is tried again only when another one has worked since; one whose key was refused, or that cannot be
built, not again in this call. `Snapshot.media` tells the next worker who serves, so that it does not begin with the dead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media_worker.contract.events import Fallback, KeyTrouble
from media_worker.contract.spec import Provider, Scalar
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.keys import KEYS, KeyMemory, trouble_of
from media_worker.pipeline.lanes import CannotServe, Lane, Seat, Stage
from media_worker.providers.faults import UNAVAILABLE, VendorFault

NO_CONNECTION = "no_connection"
STEPS: dict[Stage, str] = {"stt": "next_ears", "llm": "next_model", "tts": "backup_voice"}


@dataclass(frozen=True)
class Failure:
    """What failed: `why` in one word for the trace, `fault` when a vendor told it."""

    why: str
    fault: VendorFault = UNAVAILABLE

    @property
    def closes(self) -> bool:
        """It will be the same next time: the key was refused, or the service cannot even be built."""
        return self.fault.kind == "refused" or (self.why == NO_CONNECTION and self.fault.permanent)


class NobodyServes(RuntimeError):
    """No vendor of a stage can be brought in. `late`: the last one did not connect."""

    def __init__(self, stage: Stage, why: str, late: bool) -> None:
        super().__init__(why)
        self.stage = stage
        self.late = late


class Takeover:
    """`heard` gives the seconds of sound that were heard so far: whoever hears is billed for his part."""

    def __init__(
        self, agency: str, observer: CallObserver, heard: Callable[[], float], keys: KeyMemory | None = None
    ) -> None:
        self._agency = agency
        self._observer = observer
        self._heard = heard
        self._keys = KEYS if keys is None else keys

    async def open(self, lane: Lane, media: dict[str, Scalar]) -> None:
        """Bring in who stood there before, or the first. Raises NobodyServes."""
        seat = lane.seats[_whole(media.get(lane.stage), len(lane.seats))]
        named = next((key for key in seat.provider.keys if key.id == media.get(f"{lane.stage}_key")), None)
        provider = seat.provider.with_key(named) if named is not None else seat.provider
        provider = self._keys.first(self._agency, provider)
        try:
            await lane.bring(seat, provider)
        except CannotServe as error:
            if not await self.next(lane, Failure(NO_CONNECTION, error.fault), 0, seat):
                raise NobodyServes(lane.stage, str(error), error.late) from error
            return
        self._serves(lane)

    async def next(self, lane: Lane, failure: Failure, turn: int, failed: Seat | None = None) -> bool:
        """Somebody else stands in the lane now; False when nobody is left who might do."""
        seat = failed or lane.standing
        while seat is not None:
            again = self._another_key(seat, failure.fault, turn)
            if again is None:
                lane.tried.add(lane.seats.index(seat))
                seat.closed = seat.closed or failure.closes
                seat = self._another_vendor(lane, seat)
                if seat is None:
                    return False
                again = self._keys.first(self._agency, seat.provider)
                step = STEPS[lane.stage]
            else:
                step = "next_key"
            try:
                await lane.bring(seat, again, anew=step == "next_key")
            except CannotServe as error:
                seat.provider = again
                failure = Failure(NO_CONNECTION, error.fault)
                self._observer.fault("provider", lane.stage, f"{again.vendor}: {error}")
                continue
            self._observer.journal.write(
                Fallback(step=step, stage=lane.stage, why=failure.why, vendor=again.vendor, turn=turn)
            )
            self._serves(lane)
            return True
        return False

    async def again(self, lane: Lane) -> bool:
        """The same vendor once more, as if new: where nobody else is left and it may have been a mishap."""
        seat = lane.standing or lane.seats[0]
        if seat.closed:
            return False
        try:
            await lane.bring(seat, anew=True)
        except CannotServe as error:
            self._observer.fault("provider", lane.stage, f"{seat.provider.vendor}: {error}")
            return False
        return True

    def _another_key(self, seat: Seat, fault: VendorFault, turn: int) -> Provider | None:
        what = trouble_of(fault)
        if what is None or not seat.provider.key:
            return None
        self._keys.trouble(self._agency, seat.provider.key, what, fault.retry_after)
        self._observer.journal.write(KeyTrouble(key=seat.provider.key, what=what, retry_after=fault.retry_after))
        return self._keys.next(self._agency, seat.provider)

    def _another_vendor(self, lane: Lane, failed: Seat) -> Seat | None:
        at = lane.seats.index(failed)
        circle = [*range(at + 1, len(lane.seats)), *range(at)]
        free = (lane.seats[index] for index in circle if index not in lane.tried)
        return next((seat for seat in free if not seat.closed and seat.tier == failed.tier), None)

    def _serves(self, lane: Lane) -> None:
        """For the bill, the trace, and the worker that may go on with this call. A small model is nobody's deputy."""
        provider, media = lane.chosen.provider, self._observer.journal.media
        self._observer.takes_over(lane.stage, provider, self._heard())
        media[lane.stage] = lane.seats.index(lane.chosen)
        media[f"{lane.stage}_key"] = provider.key


def _whole(value: Scalar, below: int) -> int:
    """An index from a snapshot; one of another version of the agent may be none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below else 0
