"""A media worker without a pipeline: it hears, speaks and tells like one that is in the midst of a conversation, and
measures how late the caller's audio reaches it. So that of a call only the bridge is measured.

Every ten seconds one turn: five in which the agent speaks (three frames a message, as a worker sends them), then five in
which it listens; a mark per sentence, and the events and snapshots that a turn of a real worker leaves behind.
"""

from __future__ import annotations

import asyncio
import struct
import time
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from media_worker.contract import wire
from media_worker.contract.events import AgentTurn, CallEvent, EventBody, Latency, Message, Snapshot, Span, UserTurn

FRAME = 160
STEP = 3
SPEAKS = 5.0
TURN = 10.0
STAMP = struct.Struct(">4sQ")
MAGIC = b"\x2a\x55\x2a\x55"
QUIET = b"\xff" * (FRAME - STAMP.size)
SENTENCE = "We are open from nine in the morning until six in the evening."


def stamped() -> bytes:
    """A frame of μ-law that carries the moment at which it was made."""
    return STAMP.pack(MAGIC, time.monotonic_ns()) + QUIET


def delays(samples: bytes) -> list[float]:
    """Milliseconds that each stamped frame in these samples took to here."""
    now = time.monotonic_ns()
    found = []
    for at in range(0, len(samples) - STAMP.size + 1, FRAME):
        magic, sent = STAMP.unpack_from(samples, at)
        if magic == MAGIC:
            found.append((now - sent) / 1e6)
    return found


class WireWorker:
    """`late` collects the delays of callers' frames while `measuring`."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self._key = port, key
        self.measuring = False
        self.late: list[float] = []
        self.calls = 0
        self._server: Server | None = None

    async def start(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._admit, compression=None, ping_interval=None
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "Wrong key.\n")
        return None

    async def _serve(self, socket: ServerConnection) -> None:
        first = await socket.recv()
        if isinstance(first, str):
            await socket.send(wire.Ready().model_dump_json())
        self.calls += 1
        talking = asyncio.create_task(self._talk(socket))
        try:
            async for message in socket:
                if isinstance(message, bytes) and self.measuring:
                    self.late += delays(message[1:])
                elif isinstance(message, str) and '"hangup"' in message:
                    await socket.send(wire.Finished(reason="caller_hangup", ended_by="caller").model_dump_json())
                    return
        except ConnectionClosed:
            pass
        finally:
            self.calls -= 1
            talking.cancel()

    async def _talk(self, socket: ServerConnection) -> None:
        await asyncio.sleep(TURN * (self.calls * 0.37 % 1))
        turn = seq = 0
        try:
            while True:
                turn += 1
                seq = await self._tell_turn(socket, turn, seq)
                began = time.monotonic()
                for step in range(int(SPEAKS / (STEP * 0.02))):
                    await socket.send(bytes([wire.AGENT]) + stamped() * STEP)
                    if step % 28 == 27:
                        await socket.send(wire.Mark(name=f"s{turn}-{step}").model_dump_json())
                    await asyncio.sleep(max(0.0, began + (step + 1) * STEP * 0.02 - time.monotonic()))
                seq = await self._tell(socket, seq, AgentTurn(turn=turn, text=SENTENCE, started_ms=0, ended_ms=1))
                await self._snapshot(socket, turn, seq)
                await asyncio.sleep(TURN - SPEAKS)
        except ConnectionClosed:
            pass

    async def _tell_turn(self, socket: ServerConnection, turn: int, seq: int) -> int:
        seq = await self._tell(socket, seq, UserTurn(turn=turn, text=SENTENCE, started_ms=0, ended_ms=1))
        await self._snapshot(socket, turn, seq)
        for stage in ("stt", "turn", "llm", "tts"):
            span = Span(turn=turn, stage=stage, started_ms=0, ended_ms=1)
            seq = await self._tell(socket, seq, span)
        await socket.send(wire.Speaking(turn=turn).model_dump_json())
        return await self._tell(socket, seq, Latency(turn=turn, speech_end_ms=1, tts_first_ms=2))

    async def _tell(self, socket: ServerConnection, seq: int, body: EventBody) -> int:
        event = CallEvent(seq=seq + 1, at_ms=0, body=body)
        await socket.send(wire.Event(event=event).model_dump_json())
        return seq + 1

    async def _snapshot(self, socket: ServerConnection, turn: int, seq: int) -> None:
        messages = tuple(
            Message(role=role, text=SENTENCE) for _ in range(min(turn, 20)) for role in ("user", "assistant")
        )
        taken = Snapshot(turn=turn, seq=seq, at_ms=0, node="talk", messages=messages)
        await socket.send(wire.SnapshotTaken(snapshot=taken).model_dump_json())
