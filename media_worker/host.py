"""What a worker asks of the host during a call: requests with their own numbers, each answered once or given up.

Number 1 is the session's own request to hang up.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Literal

from media_worker.contract.spec import Scalar
from media_worker.contract.wire import Request, Response, ToBridge

_FIRST = 2


class Host:
    def __init__(self, send: Callable[[ToBridge], None]) -> None:
        self._send = send
        self._numbers = itertools.count(_FIRST)
        self._open: dict[int, asyncio.Future[Response]] = {}

    async def ask(
        self, action: Literal["transfer", "send_digits", "clip"], arguments: dict[str, Scalar], within: float
    ) -> Response:
        """Raises TimeoutError when the host does not answer `within` so many seconds."""
        number = next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        self._send(Request(id=number, action=action, arguments=arguments))
        try:
            return await asyncio.wait_for(answer, within)
        finally:
            del self._open[number]

    def answered(self, response: Response) -> None:
        answer = self._open.get(response.id)
        if answer is not None and not answer.done():
            answer.set_result(response)
