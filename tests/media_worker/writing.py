"""Talking to a worker in writing, as the host does: one turn a socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect

from media_worker.contract.events import EventBody, Snapshot
from media_worker.contract.spec import CallSpec
from media_worker.contract.wire import TEXT_PATH, Event, Request, Response, TextReply, TextTurn, from_text_worker
from media_worker.server import Worker
from tests.media_worker.conftest import KEY


@dataclass
class Turn:
    """What came of one turn."""

    reply: TextReply
    bodies: list[EventBody] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.reply.text

    def of(self, kind: type[Any]) -> list[Any]:
        return [body for body in self.bodies if isinstance(body, kind)]


async def write(
    worker: Worker,
    spec: CallSpec,
    resume: Snapshot | None = None,
    answer: Callable[[Request], Response] | None = None,
    **turn: Any,
) -> Turn:
    headers = {"Authorization": f"Bearer {KEY}"}
    bodies: list[EventBody] = []
    requests: list[Request] = []
    async with connect(
        f"ws://127.0.0.1:{worker.port}{TEXT_PATH}", additional_headers=headers, compression=None
    ) as socket:
        await socket.send(TextTurn(spec=spec, resume=resume, **turn).model_dump_json())
        async for raw in socket:
            message = from_text_worker.validate_json(raw)
            if isinstance(message, TextReply):
                return Turn(message, bodies, requests)
            if isinstance(message, Event):
                bodies.append(message.event.body)
            else:
                requests.append(message)
                assert answer is not None, message
                await socket.send(answer(message).model_dump_json())
    raise AssertionError("the worker gave no reply")
