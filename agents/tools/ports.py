"""What tools need of the room above, which registers it when it is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from voiceops.lib.errors import InvalidInput


@dataclass(frozen=True)
class TextMessage:
    """`sender` empty: a number of the client's own is found."""

    client_id: UUID
    to: str
    text: str
    sender: str = ""


Texting = Callable[[TextMessage, float], str]
"""Sends within so many seconds, and tells the carrier's id of the message. Raises CarrierError and InvalidInput."""

_texting: list[Texting] = []


def register_texting(texting: Texting) -> None:
    _texting[:] = [texting]


def send_text(message: TextMessage, within: float) -> str:
    """Raises InvalidInput when nobody here can send one."""
    if not _texting:
        raise InvalidInput("Text messages cannot be sent from here.")
    return _texting[0](message, within)
