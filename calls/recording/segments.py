"""Segments: a few seconds of a call, sealed, in a file of their own.

    SEGMENT_DIR/<schema>/<call id>/<part>.<number>.seg

A part is one bridge process's share of a call; parts sort by the moment they began. A file is the sealed text of

    one line of JSON (`Head`), then records: track (1 byte), at_ms (4 bytes, big-endian), length (4 bytes), audio

bound to schema, call and file name, so a segment moved elsewhere does not open. A file that exists under its own name
was written whole; what a crash tore is called `….tmp`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from voiceops.lib.crypto import open_sealed, seal

CALLER, AGENT, CLEARED = 0, 1, 2
_RECORD = struct.Struct(">BII")
_SUFFIX = ".seg"


@dataclass(frozen=True)
class Record:
    """`at_ms` on the call's clock. A CLEARED record has no audio."""

    track: int
    at_ms: int
    audio: bytes = b""


@dataclass(frozen=True)
class Head:
    """`codec` is `mulaw` or `pcm_s16le`; `last` says that this part was closed in order."""

    codec: str
    rate: int
    last: bool


@dataclass(frozen=True)
class Segment:
    head: Head
    part: str
    records: tuple[Record, ...]


def folder(schema: str, call_id: UUID) -> Path:
    return Path(settings.SEGMENT_DIR) / schema / str(call_id)


def new_part() -> str:
    """Sorts after every part that began before it, on this machine's clock."""
    return f"{time.time_ns():020d}-{os.urandom(4).hex()}"


def write(schema: str, call_id: UUID, part: str, number: int, head: Head, records: Iterable[Record]) -> None:
    """Seal and write one segment, on disk when this returns. Raises OSError, leaving nothing under the final name."""
    where = folder(schema, call_id)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    final = where / f"{part}.{number:06d}{_SUFFIX}"
    temporary = final.with_suffix(".tmp")
    sealed = seal(_pack(head, records), _place(schema, call_id, final.name)).encode()
    try:
        with temporary.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(where)


def names(schema: str, call_id: UUID) -> list[str]:
    """Segments in the order they were written; a call without a recording has none."""
    try:
        return sorted(path.name for path in folder(schema, call_id).iterdir() if path.suffix == _SUFFIX)
    except FileNotFoundError:
        return []


def read(schema: str, call_id: UUID, name: str) -> Segment:
    """Raises SealError for a file that was changed, cut short or moved, OSError when it cannot be read."""
    sealed = (folder(schema, call_id) / name).read_bytes()
    head, _, body = open_sealed(sealed.decode("ascii", "replace"), _place(schema, call_id, name)).partition(b"\n")
    return Segment(Head(**json.loads(head)), name.split(".")[0], tuple(_unpack(body)))


def age_seconds(schema: str, call_id: UUID) -> float:
    """Since anything was last written for this call. Raises FileNotFoundError when nothing was."""
    where = folder(schema, call_id)
    newest = max((path.stat().st_mtime for path in where.iterdir()), default=where.stat().st_mtime)
    return max(0.0, time.time() - newest)


def delete(schema: str, call_id: UUID) -> None:
    shutil.rmtree(folder(schema, call_id), ignore_errors=True)


def _place(schema: str, call_id: UUID, name: str) -> str:
    return f"{schema}|recording-segment|{call_id}|{name}"


def _pack(head: Head, records: Iterable[Record]) -> bytes:
    pieces = [json.dumps(asdict(head)).encode(), b"\n"]
    for record in records:
        pieces += (_RECORD.pack(record.track, record.at_ms, len(record.audio)), record.audio)
    return b"".join(pieces)


def _unpack(body: bytes) -> Iterator[Record]:
    at = 0
    while at < len(body):
        track, at_ms, length = _RECORD.unpack_from(body, at)
        at += _RECORD.size
        yield Record(track, at_ms, body[at : at + length])
        at += length


def _sync_folder(where: Path) -> None:
    handle = os.open(where, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
