"""What ends a call whatever is said: silence, and length. Timers only; the goodbye always hangs up.

Silence is measured from the last word of either side. A sound that was no word only puts the next prompt off until it
is over: a line that is never quiet does not keep a call open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from media_worker.contract.spec import Limits as LimitsSpec

OUT_OF_TIME = "I am sorry, we have reached the end of the time for this call. Goodbye."


_AFTER_A_SOUND = 0.3
"""Seconds between a sound and a prompt that is overdue."""


class Limits:
    """`busy`: the agent speaks, or is about to. `silent`: nobody makes a sound. `review` is called whenever somebody began or ceased to speak or think; it measures silence anew."""

    def __init__(
        self,
        spec: LimitsSpec,
        silent: Callable[[], bool],
        busy: Callable[[], bool],
        prompt: Callable[[str], object],
        give_up: Callable[[], None],
        out_of_time: Callable[[], None],
        elapsed_ms: int = 0,
    ) -> None:
        self._spec = spec
        self._silent = silent
        self._busy = busy
        self._quiet_since: float | None = None
        self._prompt = prompt
        self._give_up = give_up
        self._asked = 0
        self._timer: asyncio.TimerHandle | None = None
        left = max(1.0, spec.max_duration - elapsed_ms / 1000)
        self._end: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(left, out_of_time)

    def caller_active(self) -> None:
        self._asked = 0
        self._quiet_since = None
        self.review()

    def review(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._end is None:
            return
        now = time.monotonic()
        if self._busy():
            self._quiet_since = None
            return
        if self._quiet_since is None:
            self._quiet_since = now
        if self._silent():
            wait = max(_AFTER_A_SOUND, self._quiet_since + self._spec.idle_after - now)
            self._timer = asyncio.get_running_loop().call_later(wait, self._nobody_speaks)

    def _nobody_speaks(self) -> None:
        self._timer = None
        if not self._silent():
            return
        self._quiet_since = None
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
