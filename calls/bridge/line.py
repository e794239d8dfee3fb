"""The carrier's side of a live call: its socket, its codec, what is recorded of it, and the call's clock."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from calls.bridge.playback import Playback
from calls.recording.writer import SegmentWriter
from calls.telephony.base import Frame, Malformed, MediaCodec, Message

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Clock:
    """Milliseconds since the call's media began, which may have been in another process."""

    def __init__(self, elapsed_ms: int = 0) -> None:
        self._zero = time.monotonic() - elapsed_ms / 1000

    def ms(self) -> int:
        return int((time.monotonic() - self._zero) * 1000)


class LineClosed(Exception):
    """The carrier's socket is gone."""


class Line:
    """Reads frames, writes audio, and records both as they pass the socket."""

    def __init__(self, receive: Receive, send: Send, codec: MediaCodec, recorder: SegmentWriter, clock: Clock) -> None:
        self.clock = clock
        self.playback = Playback()
        self.malformed: Counter[str] = Counter()
        self.open = True
        self._receive, self._send = receive, send
        self._codec = codec
        self._recorder = recorder

    async def next(self) -> Frame:
        """The next frame, Malformed ones included (they are counted here). Raises LineClosed at the end."""
        while True:
            event = await self._receive()
            kind = event["type"]
            if kind == "websocket.receive":
                text = event.get("text")
                frame = self._codec.decode(text if text is not None else event.get("bytes") or b"")
                if isinstance(frame, Malformed):
                    self._count(frame)
                return frame
            if kind == "websocket.disconnect":
                self.open = False
                raise LineClosed

    def heard_caller(self, samples: bytes) -> int:
        """Record it; the moment it came."""
        at_ms = self.clock.ms()
        self._recorder.caller(at_ms, samples)
        return at_ms

    async def say(self, samples: bytes) -> int:
        """Write agent audio; the moment it was on the socket."""
        await self._write(self._codec.audio(samples))
        at_ms = self.clock.ms()
        self._recorder.agent(at_ms, samples)
        return at_ms

    async def clear(self) -> list[str]:
        """Empty the carrier's buffer; the marks whose audio will not be heard."""
        names = self.playback.clear()
        await self._write(self._codec.clear())
        self._recorder.cleared(self.clock.ms())
        return names

    async def mark(self, name: str) -> None:
        self.playback.sent(name)
        await self._write(self._codec.mark(name))

    async def ready(self) -> None:
        await self._tell(self._codec.ready())

    async def event(self, event_json: str) -> None:
        await self._tell(self._codec.event(event_json))

    def stop_recording(self) -> None:
        """What was not played by now will not be heard."""
        self._recorder.close(self.clock.ms())

    async def close(self, reason: str, detail: str) -> None:
        """Say why, where the carrier can be told, and close."""
        self.stop_recording()
        await self._tell(self._codec.ended(reason, detail))
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the socket without a word."""
        if self.open:
            await self._put({"type": "websocket.close", "code": 1000})
            self.open = False

    async def _tell(self, message: Message | None) -> None:
        if message is not None:
            await self._write(message)

    async def _write(self, message: Message) -> None:
        if self.open:
            await self._put({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})

    async def _put(self, message: dict[str, Any]) -> None:
        """A socket may close between two messages, and servers differ in how they say so: the reader hears of it."""
        try:
            await self._send(message)
        except Exception as error:
            self.open = False
            logger.info("The carrier's socket takes nothing more: %s", type(error).__name__)

    def _count(self, frame: Malformed) -> None:
        self.malformed[frame.why] += 1
        if self.malformed[frame.why] == 1:
            logger.warning("A frame from the carrier was dropped: %s", frame.why)
