"""A bridge in a hundred lines: the other end of the wire, for a call without Django, and for the tests.

`Caller` plays a caller's audio to a worker in real time, obeys `mark` and `clear` as a carrier does, and keeps what it
heard and was told.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import sys
import time
import wave
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import soxr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media_worker.contract import events as told
from media_worker.contract.events import CallEvent, Snapshot
from media_worker.contract.spec import AudioFormat, CallSpec
from media_worker.contract.tools import ToolOutcome
from media_worker.contract.wire import (
    CALLER,
    MAX_TEXT,
    PATH,
    Clear,
    Event,
    Finished,
    Mark,
    Played,
    Ready,
    Request,
    Response,
    SnapshotTaken,
    Speaking,
    Start,
    to_bridge,
)
from media_worker.pipeline.codec import decoder, encoder

FRAME = 0.02
CLIP_PIECE = 96 * 1024

T = TypeVar("T")


def load_wav(path: Path, rate: int) -> bytes:
    """Any WAV as 16-bit mono samples at `rate`."""
    samples, source = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if source != rate:
        mono = soxr.resample(mono, source, rate)
    return (np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes()


class Caller:
    """One call to a worker. `connect` it, `say` things, wait for `heard`, `turns` or `finished`."""

    def __init__(
        self, spec: CallSpec, resume: Snapshot | None = None, elapsed_ms: int = 0, unnoticed: bool = False
    ) -> None:
        self.spec = spec
        self.events: list[CallEvent] = []
        self.snapshots: list[Snapshot] = []
        self.order: list[str] = []
        self.clears: list[float] = []
        self.audio_at: list[float] = []
        self.speaking: list[tuple[int, float]] = []
        self.requests: list[Request] = []
        self.refuses: set[str] = set()
        """Actions that this host says no to."""
        self.finished: Finished | None = None
        self.ready = asyncio.Event()
        self.over = asyncio.Event()
        self.heard = bytearray()
        self._start = Start(spec=spec, resume=resume, elapsed_ms=elapsed_ms, unnoticed=unnoticed)
        self._news = asyncio.Condition()
        self._queue: list[bytes] = []
        self._plays_until = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._encode = encoder(spec.audio)
        self._decode = decoder(spec.audio)
        self._socket: ClientConnection | None = None
        self.lose_marks = False
        self.clip_sounds: dict[str, bytes] = {}
        """Recorded clips by their sha256, for the worker that asks."""
        self.outcomes: dict[str, ToolOutcome] = {}
        """What tools give, by their name; a look-up by “knowledge”."""
        self.tool_seconds = 0.0
        """How long they take."""

    async def connect(self, host: str, port: int, key: str) -> None:
        """Raises InvalidStatus when the worker refuses."""
        self._socket = await connect(
            f"ws://{host}:{port}{PATH}",
            additional_headers={"Authorization": f"Bearer {key}"},
            compression=None,
            max_size=MAX_TEXT,
        )
        await self._socket.send(self._start.model_dump_json())
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._talk())]

    async def close(self) -> None:
        for timer in self._marks.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    def say(self, pcm: bytes) -> float:
        """Queue samples; the moment (monotonic) at which the last of them will have been sent, about."""
        size = int(self.spec.audio.rate * FRAME) * 2
        pcm += b"\0" * (-len(pcm) % size)
        self._queue.extend(pcm[at : at + size] for at in range(0, len(pcm), size))
        return time.monotonic() + len(self._queue) * FRAME

    @property
    def talking(self) -> bool:
        return bool(self._queue)

    async def send(self, message: str | bytes) -> None:
        assert self._socket is not None
        await self._socket.send(message)

    async def _talk(self) -> None:
        """Frames in real time for as long as the call lasts; silence where nothing is queued."""
        silence = b"\0" * (int(self.spec.audio.rate * FRAME) * 2)
        due = time.monotonic()
        with suppress(ConnectionClosed):
            while True:
                pcm = self._queue.pop(0) if self._queue else silence
                await self.send(bytes([CALLER]) + self._encode(pcm))
                due += FRAME
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    # ── hearing ──────────────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            async for data in self._socket:
                if isinstance(data, bytes):
                    self._play(data[1:])
                else:
                    await self._told(data)
                async with self._news:
                    self._news.notify_all()
        self.over.set()
        async with self._news:
            self._news.notify_all()

    def _play(self, payload: bytes) -> None:
        now = time.monotonic()
        self.audio_at.append(now)
        self.order.append("audio")
        if self._plays_until < now:
            gap = int((now - self._plays_until) * self.spec.audio.rate) if self._plays_until else 0
            self.heard += b"\0\0" * min(gap, self.spec.audio.rate * 60)
        self._plays_until = max(now, self._plays_until) + len(payload) / self.spec.audio.bytes_per_second
        self.heard += self._decode(payload)

    async def _told(self, data: str) -> None:
        message = to_bridge.validate_json(data)
        self.order.append(message.type)
        loop = asyncio.get_running_loop()
        if isinstance(message, Ready):
            self.ready.set()
        elif isinstance(message, Event):
            self.events.append(message.event)
        elif isinstance(message, SnapshotTaken):
            self.snapshots.append(message.snapshot)
        elif isinstance(message, Speaking):
            self.speaking.append((message.turn, time.monotonic()))
        elif isinstance(message, Mark):
            if not self.lose_marks:
                wait = max(0.0, self._plays_until - time.monotonic())
                self._marks[message.name] = loop.call_later(wait, self._played, message.name, False)
        elif isinstance(message, Clear):
            self.clears.append(time.monotonic())
            unplayed = int(max(0.0, self._plays_until - time.monotonic()) * self.spec.audio.rate) * 2
            if unplayed:
                del self.heard[-unplayed:]
            self._plays_until = time.monotonic()
            for name, timer in list(self._marks.items()):
                timer.cancel()
                self._played(name, True)
        elif isinstance(message, Request):
            self.requests.append(message)
            if message.use is not None and self.tool_seconds:
                answer = self._answer_to(message).model_dump_json()
                work = asyncio.ensure_future(self._answer_later(answer, self.tool_seconds))
                self._tasks.append(work)
                return
            await self.send(self._answer_to(message).model_dump_json())
        elif isinstance(message, Finished):
            self.finished = message

    def _answer_to(self, request: Request) -> Response:
        if request.use is not None and request.action not in self.refuses:
            name = request.use.tool
            outcome = self.outcomes.get(name, ToolOutcome(ok=False, text=f"There is no tool called {name}."))
            return Response(id=request.id, ok=True, outcome=outcome)
        if request.action != "clip" or request.action in self.refuses:
            return Response(id=request.id, ok=request.action not in self.refuses)
        pcm = self.clip_sounds.get(str(request.arguments.get("sha256")))
        if pcm is None:
            return Response(id=request.id, ok=False, error="There is no such clip.")
        at = int(request.arguments.get("offset") or 0)
        piece = base64.b64encode(pcm[at : at + CLIP_PIECE]).decode()
        return Response(id=request.id, ok=True, result={"audio": piece, "size": len(pcm)})

    def _played(self, name: str, cleared: bool) -> None:
        self._marks.pop(name, None)
        task = asyncio.ensure_future(self._answer(Played(name=name, cleared=cleared).model_dump_json()))
        self._tasks.append(task)

    async def _answer_later(self, text: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._answer(text)

    async def _answer(self, text: str) -> None:
        with suppress(ConnectionClosed):
            await self.send(text)

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────

    async def until(self, true: Callable[[], object], seconds: float = 15.0) -> None:
        """Raises TimeoutError with what was seen so far."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: true() or self.over.is_set())
        except TimeoutError:
            raise TimeoutError(f"waited {seconds} s in vain; seen: {self.transcript()}, {self.order[-8:]}") from None

    async def until_heard(self, turn: int, seconds: float = 15.0) -> told.AgentTurn:
        """The agent's answer to `turn`, once it is over."""
        await self.until(lambda: [body for body in self.of(told.AgentTurn) if body.turn == turn], seconds)
        return next(body for body in self.of(told.AgentTurn) if body.turn == turn)

    def of(self, kind: type[T]) -> list[T]:
        return [event.body for event in self.events if isinstance(event.body, kind)]

    def transcript(self) -> list[tuple[str, str]]:
        turns: list[tuple[str, str]] = []
        for event in self.events:
            if isinstance(event.body, told.UserTurn):
                turns.append(("user", event.body.text))
            elif isinstance(event.body, told.AgentTurn):
                turns.append(("agent", event.body.text))
        return turns


async def converse(spec_path: Path, wavs: list[Path], save: Path | None, seconds: float) -> int:
    """Run the agent of a file; each WAV is said when the agent has finished speaking. 0 when the call ended well."""
    from media_worker.server import Worker

    spec = CallSpec.model_validate_json(await asyncio.to_thread(spec_path.read_text))
    key = secrets.token_hex(16)
    worker = Worker(key, capacity=1, drain_seconds=1.0)
    await worker.start()
    caller = Caller(spec)
    try:
        await caller.connect("127.0.0.1", worker.port, key)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _dialogue(caller, [load_wav(wav, spec.audio.rate) for wav in wavs])
    finally:
        await caller.close()
        await worker.stop()
    if save is not None:
        _save(save, bytes(caller.heard), spec.audio)
    sys.stdout.write(_report(caller))
    finished = caller.finished
    return 0 if finished is not None and finished.reason not in ("provider_error", "platform_error") else 1


def _report(caller: Caller) -> str:
    lines = [f"{who:>6}: {text}" for who, text in caller.transcript()]
    lines += [f"        reply to turn {latency.turn}: {_gap(latency)}" for latency in caller.of(told.Latency)]
    finished = caller.finished
    lines.append(f"ended: {finished.reason} {finished.outcome}".rstrip() if finished else "ended: without a goodbye")
    return "\n".join(lines) + "\n"


async def _dialogue(caller: Caller, sayings: list[bytes]) -> None:
    await caller.ready.wait()
    await caller.until(lambda: caller.of(told.AgentTurn), 30.0)
    for pcm in sayings:
        if caller.over.is_set():
            return
        spoken = len(caller.of(told.AgentTurn))
        caller.say(pcm)
        await caller.until(partial(_said_more, caller, spoken), 60.0)
    await caller.over.wait()


def _said_more(caller: Caller, before: int) -> bool:
    return len(caller.of(told.AgentTurn)) > before


def _gap(latency: told.Latency) -> str:
    if latency.speech_end_ms is None or latency.tts_first_ms is None:
        return "unprompted"
    return f"{latency.tts_first_ms - latency.speech_end_ms} ms after the end of speech"


def _save(path: Path, pcm: bytes, audio: AudioFormat) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.rate)
        file.writeframes(pcm)
