"""The program around a model: questions in, pieces of an answer out, over its input and output.

    python -m media_worker.providers.local.whisper      # as `builtin.children` starts it

A question is JSON and sound; a stream belongs to one question. Engines release Python's lock while they compute, so a
few threads answer several calls at once. No key and no environment but the path reaches a program.
"""

from __future__ import annotations

import json
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from media_worker.providers.builtin.children import HEADER, MOST_PAYLOAD

ASK = 1
PIECE, DONE, FAILED, MISSING = 1, 2, 3, 4
THREADS = 2
MOST_WAITING = 16

Work = Callable[[dict[str, Any], bytes], Iterator[bytes]]
"""Answers a question, piece by piece; with `load` it only has its model ready. Raises ModelMissing for files that are not there."""


class ModelMissing(RuntimeError):
    """The model's files, or the package, are not on this machine. The message says what to do."""


def packed(wanted: dict[str, Any], sound: bytes = b"") -> bytes:
    told = json.dumps(wanted).encode()
    return struct.pack("<I", len(told)) + told + sound


def serve(work: Work) -> None:
    """Until the input ends. A question that fails does not end the others."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints must not end up among the answers
    writing = threading.Lock()
    room = threading.Semaphore(MOST_WAITING)

    def answer(stream: int, kind: int, payload: bytes = b"") -> None:
        with writing:
            sink.write(HEADER.pack(len(payload), stream, kind) + payload)
            sink.flush()

    def do(stream: int, payload: bytes) -> None:
        try:
            (size,) = struct.unpack("<I", payload[:4])
            for piece in work(json.loads(payload[4 : 4 + size]), payload[4 + size :]):
                answer(stream, PIECE, piece)
            answer(stream, DONE)
        except ModelMissing as error:
            answer(stream, MISSING, str(error)[:500].encode())
        except Exception as error:  # told, with no word of what was said
            answer(stream, FAILED, type(error).__name__.encode())
        finally:
            room.release()

    with ThreadPoolExecutor(THREADS) as threads:
        answer(0, 0)
        while True:
            header = source.read(HEADER.size)
            if len(header) < HEADER.size:
                return
            size, stream, kind = HEADER.unpack(header)
            payload = source.read(size) if size <= MOST_PAYLOAD else b""
            if len(payload) < size:
                return
            if kind != ASK:
                continue
            if not room.acquire(blocking=False):
                answer(stream, FAILED, b"too many at once")
                continue
            threads.submit(do, stream, payload)


class Loaded:
    """Models by their name, each loaded once, by whoever needs it first."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self._load = load
        self._models: dict[Any, Any] = {}
        self._loading = threading.Lock()

    def get(self, name: Any) -> Any:
        with self._loading:
            if name not in self._models:
                self._models[name] = self._load(name)
            return self._models[name]
