"""Digits the caller presses become a turn: at `#`, or when no further digit comes for a moment; a key of a menu at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from media_worker.pipeline.turns import UserTurn

PAUSE = 1.5
_MOST = 64


class Keypad:
    def __init__(self, entered: Callable[[UserTurn], None], keys: Callable[[], frozenset[str]]) -> None:
        self._entered = entered
        self._keys = keys
        self._digits = ""
        self._started = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def press(self, digit: str) -> None:
        self.close()
        if not self._digits:
            self._started = time.monotonic()
            if digit in self._keys():
                self._digits = digit
                self._done()
                return
        if digit == "#" and self._digits:
            self._done()
            return
        self._digits = (self._digits + digit)[:_MOST]
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self._done)

    def _done(self) -> None:
        self.close()
        digits, self._digits = self._digits, ""
        now = time.monotonic()
        turn = UserTurn(text=digits, confidence=1.0, started=self._started, ended=now, over=now, heard=now)
        self._entered(turn)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
