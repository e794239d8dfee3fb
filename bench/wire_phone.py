"""A caller that speaks the internal wire to a media worker, with no bridge between."""

from __future__ import annotations

import asyncio
import audioop
import time
from uuid import uuid4

import numpy as np
import websockets

from calls.phone.caller import Caller
from calls.phone.playout import Playout
from media_worker.contract import wire
from media_worker.contract.spec import AgentSpec, CallSpec

FRAME = 160
REFUSED_WITHIN = 4.0


class WirePhone:
    """One call of μ-law at 8 kHz. `run` returns after `seconds`, or when the worker ends the call."""

    def __init__(self, worker: str, key: str, agent: AgentSpec, caller: Caller) -> None:
        self.worker = worker
        self.key = key
        self.caller = caller
        self.spec = CallSpec(call_id=uuid4(), agency="bench", direction="inbound", agent=agent)
        self.finished: wire.Finished | None = None
        self._playout = Playout(FRAME, b"\xff")

    async def run(self, seconds: float) -> None:
        async with await self._connect() as socket:
            await socket.send(wire.Start(spec=self.spec).model_dump_json())
            listening = asyncio.create_task(self._listen(socket))
            try:
                await self._talk(socket, listening, seconds)
                if not listening.done():
                    await socket.send(wire.Hangup().model_dump_json())
                    await asyncio.wait([listening], timeout=5)
            except websockets.ConnectionClosed:
                pass
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _connect(self) -> websockets.ClientConnection:
        """Asks a worker that refuses again for a while, as the bridge does."""
        headers = {"Authorization": f"Bearer {self.key}"}
        until = time.monotonic() + REFUSED_WITHIN
        while True:
            try:
                return await websockets.connect(
                    f"ws://{self.worker}{wire.PATH}",
                    additional_headers=headers,
                    compression=None,
                    proxy=None,
                    max_size=None,
                )
            except websockets.InvalidStatus:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.25)

    async def _talk(self, socket: websockets.ClientConnection, listening: asyncio.Task[None], seconds: float) -> None:
        began = time.monotonic()
        tick = 0
        while not listening.done() and time.monotonic() - began < seconds:
            frame, marks = self._playout.tick()
            self.caller.hear(np.frombuffer(audioop.ulaw2lin(frame, 2), np.int16))
            for name in marks:
                await socket.send(wire.Played(name=name).model_dump_json())
            await socket.send(bytes([wire.CALLER]) + audioop.lin2ulaw(self.caller.tick().tobytes(), 2))
            tick += 1
            await asyncio.sleep(max(0.0, began + tick * 0.02 - time.monotonic()))

    async def _listen(self, socket: websockets.ClientConnection) -> None:
        async for message in socket:
            if isinstance(message, bytes):
                audio = message[1:]
                self._playout.add(audio)
                self.caller.agent_audio_arrived(np.frombuffer(audioop.ulaw2lin(audio, 2), np.int16))
                continue
            body = wire.to_bridge.validate_json(message)
            if isinstance(body, wire.Mark):
                for name in self._playout.mark(body.name):
                    await socket.send(wire.Played(name=name).model_dump_json())
            elif isinstance(body, wire.Clear):
                self.caller.cleared()
                for name in self._playout.clear():
                    await socket.send(wire.Played(name=name, cleared=True).model_dump_json())
            elif isinstance(body, wire.Request):
                await socket.send(wire.Response(id=body.id, ok=True).model_dump_json())
            elif isinstance(body, wire.Finished):
                self.finished = body
                return
