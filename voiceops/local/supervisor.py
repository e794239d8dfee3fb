"""Keeps programs running: starts them in order, starts them again when they die, stops them in order.

One thread, no polling: it sleeps until a child ends, a signal comes or a restart is due.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from voiceops.lib.errors import StoreError
from voiceops.local.process import Program, how_it_ended, kill_group, spawn, wait_ready

FIRST_PAUSE = 0.3
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
LOG_BYTES = 20 * 1024 * 1024
LOG_CHECK_SECONDS = 60.0


class Stopped(Exception):
    """Somebody asked us to stop while we were still starting."""


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)
    failures: int = 0
    due: float | None = None  # when it is to be started again

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    """Use as a context manager: leaving it stops whatever still runs."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self.stops_asked = 0
        self._wake_read, self._wake_write = socket.socketpair()
        self._before: list[tuple[signal.Signals, object]] = []
        self._before_fd = -1

    def __enter__(self) -> Supervisor:
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before.append((number, signal.signal(number, self._asked_to_stop)))
        self._before.append((signal.SIGCHLD, signal.signal(signal.SIGCHLD, lambda *_: None)))
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop_all([])
        finally:
            signal.set_wakeup_fd(self._before_fd)
            for number, handler in self._before:
                signal.signal(number, handler)  # type: ignore[arg-type]
            self._wake_read.close()
            self._wake_write.close()

    # ── starting ─────────────────────────────────────────────────────────────────────────────────

    def start(self, *programs: Program) -> None:
        """Start together, return when all are ready. Raises StoreError (a sentence) or Stopped."""
        started = []
        for program in programs:
            child = Child(program, spawn(program))
            self.children.append(child)
            started.append(child)
        for child in started:
            wait_ready(child.program, child.process, self._tick)

    def _tick(self, seconds: float) -> None:
        self._sleep(seconds)
        if self.stops_asked:
            raise Stopped

    # ── running ──────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Return when asked to stop."""
        next_log_check = time.monotonic() + LOG_CHECK_SECONDS
        while not self.stops_asked:
            now = time.monotonic()
            if now >= next_log_check:
                self._trim_logs()
                next_log_check = now + LOG_CHECK_SECONDS
            for child in self.children:
                self._look_after(child, now)
            due = [child.due for child in self.children if child.due is not None]
            self._sleep(max(0.0, min([*due, next_log_check]) - time.monotonic()))

    def _look_after(self, child: Child, now: float) -> None:
        if child.due is None and not child.alive:
            child.failures = 1 if now - child.since > HEALTHY_AFTER else child.failures + 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (child.failures - 1))
            child.due = now + pause
            ended = how_it_ended(child.process)
            self.say(f"{child.program.name} {ended}; starting it again in {pause:.1f} s (log: {child.program.log})")
        if child.due is not None and now >= child.due:
            child.due = None
            child.since = now
            try:
                child.process = spawn(child.program)
            except (StoreError, OSError) as error:
                child.failures += 1
                child.due = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (child.failures - 1))
                self.say(f"{child.program.name} could not be started again: {error}")

    def _trim_logs(self) -> None:
        """Keep one older log of each, by copying and emptying: the children append, so they write on at the start."""
        for child in self.children:
            log = child.program.log
            with contextlib.suppress(OSError):
                if log.stat().st_size > LOG_BYTES:
                    log.with_suffix(".log.1").write_bytes(log.read_bytes())
                    os.truncate(log, 0)

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────

    def stop_all(self, order: Sequence[Sequence[str]]) -> None:
        """Stop group after group, the members of one together; whoever is in no group goes last."""
        named = {name for group in order for name in group}
        rest = [child.program.name for child in self.children if child.program.name not in named]
        for group in [*order, rest]:
            self._stop_together([child for child in self.children if child.program.name in group])
        self.children.clear()

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            if child.alive:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(child.program.stop_signal)
        begun, asked = time.monotonic(), self.stops_asked
        told = False
        while waiting := [child for child in children if child.alive]:
            for child in waiting:
                left = begun + child.program.stop_seconds - time.monotonic()
                if left <= 0 or self.stops_asked > asked:
                    kill_group(child.process)
                elif not told and time.monotonic() - begun > 2.0:
                    names = ", ".join(sorted(child.program.name for child in waiting))
                    self.say(f"Waiting up to {left:.0f} s for {names}; Ctrl-C again ends at once.")
                    told = True
            self._sleep(0.2)

    # ── waking ───────────────────────────────────────────────────────────────────────────────────

    def _asked_to_stop(self, *_: object) -> None:
        self.stops_asked += 1

    def _sleep(self, seconds: float) -> None:
        """Until a signal comes, at most so long."""
        if select.select([self._wake_read], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                self._wake_read.recv(4096)
