"""What ends a call whatever is said: silence, and length. Timers only; the goodbye always hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from media_worker.contract.spec import Limits as LimitsSpec

OUT_OF_TIME = "I am sorry, we have reached the end of the time for this call. Goodbye."


class Limits:
    """`review` is called whenever somebody began or ceased to speak or think; it measures silence anew."""

    def __init__(
        self,
        spec: LimitsSpec,
        silent: Callable[[], bool],
        prompt: Callable[[str], object],
        give_up: Callable[[], None],
        out_of_time: Callable[[], None],
        elapsed_ms: int = 0,
    ) -> None:
        self._spec = spec
        self._silent = silent
        self._prompt = prompt
        self._give_up = give_up
        self._asked = 0
        self._timer: asyncio.TimerHandle | None = None
        left = max(1.0, spec.max_duration - elapsed_ms / 1000)
        self._end: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(left, out_of_time)

    def caller_active(self) -> None:
        self._asked = 0
        self.review()

    def review(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._end is not None and self._silent():
            self._timer = asyncio.get_running_loop().call_later(self._spec.idle_after, self._nobody_speaks)

    def _nobody_speaks(self) -> None:
        self._timer = None
        if not self._silent():
            return
        if self._asked < len(self._spec.idle_prompts):
            self._asked += 1
            self._prompt(self._spec.idle_prompts[self._asked - 1])
        else:
            self._give_up()

    def close(self) -> None:
        for timer in (self._timer, self._end):
            if timer is not None:
                timer.cancel()
        self._timer = self._end = None
