"""The worker's door for turns in writing: one message in, events and requests out, one reply, and nothing is kept.

What becomes of the turn is in `conversation.py`; here it is read, bounded in time, and answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from media_worker.contract.wire import Event, Response, TextTurn, ToBridge, to_text_worker
from media_worker.conversation import Conversation
from media_worker.observe.logs import current_call
from media_worker.pipeline.build import BuildService, build_service
from media_worker.pipeline.wire import Wire

log = logging.getLogger(__name__)

FIRST_WITHIN = 5.0
TURN_WITHIN = 55.0
FLUSH_WITHIN = 5.0


class TextSession:
    """A socket with one turn on it. Whatever happens, `run` returns within about a minute."""

    def __init__(self, socket: Connection, make_service: BuildService = build_service) -> None:
        self._socket = socket
        self._make = make_service
        self._tasks: set[asyncio.Task[Any]] = set()
        self._conversation: Conversation | None = None
        self._lost = asyncio.Event()
        self._wire = Wire(socket, self._lost.set)

    async def run(self) -> None:
        turn = await self._first_message()
        if turn is None:
            return
        current_call.set(str(turn.spec.call_id))
        conversation = self._conversation = Conversation(turn, self._send, self._spawn, self._make)
        writing = asyncio.create_task(self._wire.run())
        listening = asyncio.create_task(self._listen(conversation))
        taking = asyncio.create_task(conversation.take())
        gone = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait({taking, gone}, timeout=TURN_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if taking.done() and not taking.cancelled() and (error := taking.exception()) is not None:
                log.error("A turn in writing failed", exc_info=error)
                conversation.fault = conversation.fault or f"The turn failed: {type(error).__name__}."
            elif not taking.done() and not self._lost.is_set():
                conversation.fault = "The turn took longer than a minute, and was given up."
            self._wire.send(conversation.reply())  # type: ignore[arg-type]
            await self._wire.flush(FLUSH_WITHIN)
        finally:
            for task in (taking, listening, gone, writing, *self._tasks):
                task.cancel()
            await conversation.close()
            await asyncio.wait({taking, listening, gone, writing, *self._tasks}, timeout=FLUSH_WITHIN)
            await self._socket.close()

    def _send(self, message: ToBridge) -> None:
        """Of a call's messages those that mean something here; the snapshot comes with the reply."""
        if isinstance(message, Event) or message.type == "request":
            self._wire.send(message)

    async def _first_message(self) -> TextTurn | None:
        """The turn, or None after a clear refusal."""
        why = "the first message was not a turn"
        try:
            first = await asyncio.wait_for(self._socket.recv(), FIRST_WITHIN)
            message = to_text_worker.validate_json(first)
            if isinstance(message, TextTurn):
                return message
        except TimeoutError:
            why = "no turn within five seconds"
        except ConnectionClosed:
            return None
        except ValidationError as error:
            why = f"malformed turn ({error.error_count()} errors)"
        log.warning("A turn in writing was refused: %s", why)
        await self._socket.close(1008, why[:100])
        return None

    async def _listen(self, conversation: Conversation) -> None:
        """The host's answers. A message that is none is dropped."""
        try:
            async for raw in self._socket:
                try:
                    message = to_text_worker.validate_json(raw)
                except ValidationError:
                    log.warning("A malformed message was dropped")
                    continue
                if isinstance(message, Response):
                    conversation.host.answered(message)
        except ConnectionClosed:
            pass
        self._lost.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A part of a turn failed", exc_info=error)
            if self._conversation is not None:
                self._conversation.fault = f"A part of the turn failed: {type(error).__name__}."
            self._lost.set()
