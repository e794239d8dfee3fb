"""One turn in writing on a media worker: out goes what the caller does, back comes what the agent says.

Nothing is kept on the worker between turns, so a turn that a worker took to its grave is asked of another one. Tools
that it had used by then are not used again: the host remembers uses by their keys.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from media_worker.contract.events import CallEvent
from media_worker.contract.wire import (
    MAX_TEXT,
    TEXT_PATH,
    Event,
    Request,
    Response,
    TextReply,
    TextTurn,
    from_text_worker,
)
from voiceops.lib import workers
from voiceops.lib.errors import Busy, PlatformError

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
ROOM_WITHIN = 6.0
TURN_WITHIN = 70.0
"""A worker gives a turn up after a minute, and says so."""
MOST_EVENTS = 2_000

Answer = Callable[[Request], Response]


@dataclass(frozen=True)
class Taken:
    reply: TextReply
    events: tuple[CallEvent, ...]


def take(turn: TextTurn, answer: Answer, room_within: float | None = None) -> Taken:
    """Blocks until the agent has answered. `answer` does what only the host can, in this thread. A worker with room is
    waited for, `ROOM_WITHIN` seconds or as said.

    Raises Busy when no worker has room for it now, PlatformError when none can be reached or two broke off.
    """
    text = turn.model_dump_json()
    if len(text) > MAX_TEXT:
        raise PlatformError("This agent is too large to be tried in writing.")
    for _ in range(2):
        with _open(ROOM_WITHIN if room_within is None else room_within) as socket:
            taken = _take(socket, text, answer)
        if taken is not None:
            return taken
    raise PlatformError("The media worker broke off in the midst of the answer, and so did the next. Try again.")


def _open(within: float) -> ClientConnection:
    until = time.monotonic() + within
    full = False
    while True:
        for address in workers.everywhere():
            try:
                return connect(
                    f"ws://{workers.netloc(address)}{TEXT_PATH}",
                    additional_headers=workers.headers(),
                    proxy=None,
                    compression=None,
                    open_timeout=CONNECT_SECONDS,
                    close_timeout=1,
                    max_size=MAX_TEXT,
                    user_agent_header=None,
                )
            except InvalidStatus as error:
                full = full or error.response.status_code == 503
            except (OSError, TimeoutError, WebSocketException) as error:
                logger.warning("A media worker cannot be reached for text: %s", type(error).__name__)
        if time.monotonic() >= until:
            break
        time.sleep(0.3)
    if full:
        raise Busy("Every media worker is busy with calls and other tries. Try again in a moment.")
    raise PlatformError("No media worker can be reached, so the agent cannot answer. Calls are not answered either.")


def _take(socket: ClientConnection, text: str, answer: Answer) -> Taken | None:
    """None when the worker went away before it had answered."""
    until = time.monotonic() + TURN_WITHIN
    events: list[CallEvent] = []
    try:
        socket.send(text)
        while True:
            message = from_text_worker.validate_json(socket.recv(timeout=max(0.1, until - time.monotonic())))
            if isinstance(message, TextReply):
                return Taken(message, tuple(events))
            if isinstance(message, Event):
                if len(events) < MOST_EVENTS:
                    events.append(message.event)
            else:
                socket.send(answer(message).model_dump_json())
    except ConnectionClosed:
        logger.warning("A media worker closed a turn in writing")
        return None
    except TimeoutError:
        raise PlatformError("The agent took longer than a minute to answer.") from None
    except ValidationError:
        raise PlatformError(
            "The media worker answered in a way that cannot be read. Is it of the same version?"
        ) from None
