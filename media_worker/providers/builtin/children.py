"""Programs of our own that run beside a worker: started once, shared by its calls, started again when they die.

A program says that it is up with an empty message on stream 0. A message is a header (payload length, stream, kind) and a payload, both ways. A stream belongs to one request; when its
program dies the stream hears `None`. A program gets no environment but its path: it never sees a key.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

import media_worker

HEADER = struct.Struct("<IIB")
MOST_PAYLOAD = 8 * 1024 * 1024
MOST_WAITING = 4 * 1024 * 1024
START_SECONDS = 15.0
_QUICK_DEATH = 2.0
_LONGEST_PAUSE = 10.0

Heard = Callable[[int | None, bytes], None]


class ChildUnavailable(RuntimeError):
    """The program does not start, or has more waiting than it can take. The message is for the agency's staff."""


class Child:
    """One program, loop-bound. `open` gives a stream's number; `send` never waits; answers come to the stream's ear."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._streams: dict[int, Heard] = {}
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()
        self._started_at = 0.0
        self._pause = 0.0
        self._up = asyncio.Event()
        self.died = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def ready(self) -> None:
        """Starts the program unless it runs, and waits until it is up; after quick deaths it is left alone for a while. Raises ChildUnavailable."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            if time.monotonic() - self._started_at < self._pause:
                raise ChildUnavailable(f"{self._program} keeps dying; it is tried again in a moment.")
            self._started_at = time.monotonic()
            self.died.clear()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    self._program,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    env=_environment(),
                    start_new_session=True,
                )
            except OSError as error:
                raise ChildUnavailable(f"{self._program} does not start: {error}.") from error
            self._up = asyncio.Event()
            self._reader = asyncio.create_task(self._read(self._process), name=f"reads {self._program}")
            waiting = asyncio.create_task(self._up.wait())
            try:
                await asyncio.wait({waiting, self._reader}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
            if not self._up.is_set():
                raise ChildUnavailable(f"{self._program} does not start.")

    def open(self, heard: Heard) -> int:
        number = next(self._numbers) & 0xFFFFFFFF
        self._streams[number] = heard
        return number

    def close(self, stream: int) -> None:
        self._streams.pop(stream, None)

    def send(self, stream: int, kind: int, payload: bytes = b"") -> None:
        """Raises ChildUnavailable when the program is gone or hopelessly behind."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            raise ChildUnavailable(f"{self._program} is gone.")
        if process.stdin.transport.get_write_buffer_size() > MOST_WAITING:
            raise ChildUnavailable(f"{self._program} has more to do than it can.")
        process.stdin.write(HEADER.pack(len(payload), stream, kind) + payload)

    async def stop(self) -> None:
        """Closes its input, which ends it; kills it when it does not take the hint."""
        process, reader = self._process, self._reader
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 2)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if reader is not None:
            await reader

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        stdout = process.stdout
        if stdout is None:
            return
        try:
            while True:
                size, stream, kind = HEADER.unpack(await stdout.readexactly(HEADER.size))
                if size > MOST_PAYLOAD:
                    break
                payload = await stdout.readexactly(size)
                self._pause = 0.0
                if stream == 0:
                    self._up.set()
                    continue
                heard = self._streams.get(stream)
                if heard is not None:
                    heard(kind, payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # its end; what follows tells every open stream
        finally:
            # It usually ends by itself now; `kill` would reap it behind asyncio's back.
            try:
                await asyncio.wait_for(process.wait(), 1)
            except TimeoutError:
                process.kill()
                await process.wait()
            self.died.set()
            if time.monotonic() - self._started_at < _QUICK_DEATH:
                self._pause = min(max(0.5, self._pause * 2), _LONGEST_PAUSE)
            streams, self._streams = self._streams, {}
            for heard in streams.values():
                heard(None, b"")


def _environment() -> dict[str, str]:
    root = str(Path(media_worker.__file__).parent.parent)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


_children: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Child]] = WeakKeyDictionary()


def child(program: str) -> Child:
    """The running loop's one child of this program, started or not."""
    mine = _children.setdefault(asyncio.get_running_loop(), {})
    if program not in mine:
        mine[program] = Child(program)
    return mine[program]


async def stop_children() -> None:
    """For a worker's end: every program of this loop."""
    mine = _children.pop(asyncio.get_running_loop(), {})
    await asyncio.gather(*(one.stop() for one in mine.values()))
