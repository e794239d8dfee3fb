"""A recording over HTTP: any range of it, opened chunk by chunk while it is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from calls.models import Recording
from calls.recording.assemble import place, reader
from voiceops.lib.sealed import CHUNK, SealedReader

A = TypeVar("A", HttpResponse, StreamingHttpResponse, HttpResponse | StreamingHttpResponse)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$", re.ASCII)


class Unsatisfiable(Exception):
    """The range lies outside of the recording."""


@dataclass(frozen=True)
class Span:
    """Bytes [start, end)."""

    start: int
    end: int


def wanted(header: str, size: int) -> Span | None:
    """What a `Range` header asks for; None for all of it (no range, several, or one that cannot be read).

    Raises Unsatisfiable for a range with nothing in it.
    """
    match = _RANGE.match(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start >= end:
        raise Unsatisfiable
    return Span(start, end)


def answer(request: HttpRequest, schema: str, recording: Recording) -> HttpResponse | StreamingHttpResponse:
    """200, 206 or 416, with an ETag that If-Range and If-None-Match understand."""
    size, tag = recording.size, f'"{recording.sha256}"'
    if tag in request.headers.get("If-None-Match", ""):
        return _headed(HttpResponse(status=304), recording, tag)
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", tag) != tag:
        asked = ""
    try:
        span = wanted(asked, size)
    except Unsatisfiable:
        refused = _headed(HttpResponse(status=416), recording, tag)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    part = span or Span(0, size)
    given: HttpResponse | StreamingHttpResponse
    if request.method == "HEAD":
        given = HttpResponse()
    else:
        sealed = reader(recording.storage_key, place(schema, recording.call_id))
        given = StreamingHttpResponse(_chunks(sealed, part))
    given.status_code = 206 if span else 200
    given = _headed(given, recording, tag)
    given["Content-Length"] = str(part.end - part.start)
    if span:
        given["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return given


async def _chunks(sealed: SealedReader, part: Span) -> AsyncIterator[bytes]:
    """Reading and opening happen on a thread, a chunk at a time, when the client has taken the one before."""
    at = part.start
    while at < part.end:
        end = min(part.end, (at // CHUNK + 1) * CHUNK)
        yield await sync_to_async(_one, thread_sensitive=False)(sealed, at, end)
        at = end


def _one(sealed: SealedReader, start: int, end: int) -> bytes:
    return b"".join(sealed.chunks(start, end))


def _headed(given: A, recording: Recording, tag: str) -> A:
    given["Content-Type"] = recording.content_type
    given["Accept-Ranges"] = "bytes"
    given["ETag"] = tag
    given["Cache-Control"] = "private, no-cache"
    given["Content-Disposition"] = f'inline; filename="call-{recording.call_id}.mp3"'
    return given
