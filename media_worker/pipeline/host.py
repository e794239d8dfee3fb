"""What a worker asks of its host: each request has its own number, and its answer comes back under it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from media_worker.contract.spec import Scalar
from media_worker.contract.tools import ToolOutcome, UseTool
from media_worker.contract.wire import Action, Request, Response, ToBridge

HANGUP = 1
"""The request to hang up, which a session makes itself."""


class Host:
    def __init__(self, send: Callable[[ToBridge], None]) -> None:
        self._send = send
        self._numbers = itertools.count(HANGUP + 1)
        self._open: dict[int, asyncio.Future[Response]] = {}

    async def use(self, use: UseTool, within: float, knowledge: bool = False) -> ToolOutcome:
        """How a tool's use went, or a look-up. A refusal is an outcome, too."""
        answer = await self.ask("knowledge" if knowledge else "tool", {}, within, use)
        return answer.outcome or ToolOutcome(ok=False, text=answer.error or "The host gave no outcome.")

    async def ask(
        self, action: Action, arguments: dict[str, Scalar], within: float, use: UseTool | None = None
    ) -> Response:
        """The host's answer; one that does not come in time counts as a refusal."""
        number = next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        self._send(Request(id=number, action=action, arguments=arguments, use=use))
        try:
            return await asyncio.wait_for(answer, within)
        except TimeoutError:
            return Response(id=number, ok=False, error="The host did not answer in time.")
        finally:
            del self._open[number]

    def answered(self, response: Response) -> None:
        """An answer that nobody waits for any more is dropped."""
        waiting = self._open.get(response.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)
