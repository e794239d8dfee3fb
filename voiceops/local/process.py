"""Starting programs that cannot outlive us, and knowing what became of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voiceops.lib.errors import StoreError
from voiceops.local.identity import Identity

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
TAIL_LINES = 12


@dataclass
class Program:
    """Something to run: how to start it, when it is ready, how to stop it.

    `on_orphaned` is the signal it gets when we die without a word. `explain` turns the end of its log into a sentence
    when it could not start, or returns an empty string.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 3.0
    on_orphaned: signal.Signals = signal.SIGKILL
    ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 60.0
    prepare: Callable[[], None] = lambda: None
    explain: Callable[[str], str] = lambda tail: ""


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, logging to its file. It dies when this process dies."""
    program.prepare()
    parent = os.getpid()
    death_signal = int(program.on_orphaned)
    prefix = list(program.identity.prefix)
    if prefix:  # entering a namespace may forget the death signal, so it is set again behind it
        prefix += ["setpriv", "--pdeathsig", program.on_orphaned.name.removeprefix("SIG")]

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    program.log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with program.log.open("ab") as log:
            return subprocess.Popen(
                [*prefix, *program.argv],
                env=dict(program.env) or None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/" if program.identity.uid is not None else None,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **program.identity.popen(),
            )
    except OSError as error:
        raise StoreError(f"{program.name} cannot be started: {error.strerror}: {program.argv[0]}.") from None


def wait_ready(program: Program, process: subprocess.Popen[bytes], tick: Callable[[float], None] = time.sleep) -> None:
    """Return once it is ready. Raises StoreError with its last lines when it ends or takes too long first."""
    deadline = time.monotonic() + program.ready_seconds
    pause = 0.01
    while True:
        if process.poll() is not None:
            raise StoreError(failure(program, f"{program.name} {how_it_ended(process)} before it was ready."))
        if program.ready():
            return
        if time.monotonic() > deadline:
            stop(program, process)
            raise StoreError(failure(program, f"{program.name} was not ready after {program.ready_seconds:.0f} s."))
        tick(pause)
        pause = min(pause * 1.5, 0.25)


def failure(program: Program, sentence: str) -> str:
    """One sentence why, after the last lines of the log."""
    tail = last_lines(program.log)
    why = program.explain(tail) or _disk_full(program) or sentence
    return f"{tail}\n{why} (log: {program.log})".strip()


def _disk_full(program: Program) -> str:
    """A log on a full disk cannot say so."""
    folder = program.log.parent
    if shutil.disk_usage(folder).free > 256 * 1024:
        return ""
    return f"The disk of {folder} is full: {program.name} starts again once there is room, and nothing is lost."


def stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, then kill."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(program.stop_signal)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def how_it_ended(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with status {code}"


def last_lines(log: Path, lines: int = TAIL_LINES) -> str:
    """The end of a log, at most `lines` lines of at most 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(line[:300] for line in text.splitlines()[-lines:])
