"""Amazon's binary event stream (docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes it).

A message: total length, length of its headers, CRC-32 of those two; headers; payload; CRC-32 of all before. Numbers are
big-endian, 32 bits wide.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from media_worker.providers.http import VendorFailed

_LARGEST = 16 * 2**20
_STRING = 7
_WIDTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


@dataclass(frozen=True)
class Event:
    """`failure` names the exception or error that this message is, and is empty for an event."""

    kind: str
    failure: str
    payload: bytes

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.payload or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise VendorFailed("The vendor sends events that are no JSON.")
        return found


async def events(received: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Raises VendorFailed for bytes that are no event stream, or a message that ends too soon."""
    pending = b""
    async for chunk in received:
        pending += chunk
        while len(pending) >= 12:
            total, width, check = struct.unpack(">III", pending[:12])
            if total > _LARGEST or total < 16 + width or zlib.crc32(pending[:8]) != check:
                raise VendorFailed("The vendor sends what is no event stream.")
            if len(pending) < total:
                break
            message, pending = pending[:total], pending[total:]
            yield _read(message, width)
    if pending:
        raise VendorFailed("The answer was cut off.")


def _read(message: bytes, width: int) -> Event:
    if zlib.crc32(message[:-4]) != struct.unpack(">I", message[-4:])[0]:
        raise VendorFailed("The vendor's event stream is damaged.")
    headers = _headers(message[12 : 12 + width])
    failure = headers.get(":exception-type") or headers.get(":error-code", "")
    return Event(headers.get(":event-type", ""), failure, message[12 + width : -4])


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            size = data[at]
            name = data[at + 1 : at + 1 + size].decode()
            kind = data[at + 1 + size]
            at += size + 2
            if kind in _WIDTHS:
                at += _WIDTHS[kind]
                continue
            (length,) = struct.unpack(">H", data[at : at + 2])
            if kind == _STRING:
                found[name] = data[at + 2 : at + 2 + length].decode()
            at += 2 + length
    except (IndexError, struct.error, UnicodeDecodeError):
        raise VendorFailed("The vendor's event stream is damaged.") from None
    return found
