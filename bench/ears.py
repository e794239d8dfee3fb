"""Ears whose words come a set time after the sound: Deepgram's streaming protocol over a real socket.

python -m bench.ears --port 9001 --ms 170
"""

from __future__ import annotations

import argparse
import asyncio
import audioop
import contextlib
import time
from collections import deque

from aiohttp import web

from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.sockets import LOUD, Listener, Talk, messages


class LateEars(DeepgramServer):
    """What is heard at one moment is told `late` seconds after it, and a request to finish waits for the last sound."""

    late = 0.17

    async def _nova(self, talk: Talk) -> None:
        ears = Listener(self, talk, int(talk.seen.one("sample_rate")))
        waiting: deque[tuple[float, bytes]] = deque()
        telling = asyncio.create_task(self._tell(talk, ears, waiting))
        try:
            async for message in messages(talk):
                if isinstance(message, bytes):
                    waiting.append((time.monotonic() + self.late, message))
                elif message["type"] == "Finalize":
                    await self._sounds_heard(ears, waiting)
                    await talk.say(self._results(ears.finish(), True, True))
                elif message["type"] == "CloseStream":
                    await talk.close(1000)
        finally:
            telling.cancel()

    async def _tell(self, talk: Talk, ears: Listener, waiting: deque[tuple[float, bytes]]) -> None:
        while True:
            await asyncio.sleep(0.01)
            while waiting and waiting[0][0] <= time.monotonic():
                if text := ears.hear(waiting.popleft()[1]):
                    with contextlib.suppress(ConnectionResetError):
                        await talk.say(self._results(text, False, False))

    @staticmethod
    async def _sounds_heard(ears: Listener, waiting: deque[tuple[float, bytes]]) -> None:
        """Until the last sound that is waiting was heard; silence needs no hearing."""
        loud = [due for due, pcm in waiting if audioop.rms(pcm, 2) >= LOUD]
        if loud:
            await asyncio.sleep(max(0.0, loud[-1] - time.monotonic()))
        while waiting and (not loud or waiting[0][0] <= loud[-1]):
            ears.hear(waiting.popleft()[1])


async def serve(port: int, late: float) -> None:
    server = LateEars(key="bench")
    server.late = late
    server.connections = set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server._enter)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ms", type=float, default=170.0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.ms / 1000))
