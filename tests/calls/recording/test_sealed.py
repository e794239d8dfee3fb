"""Sealed files: any range opens, nothing that was changed does, and the beginning can be written last."""

from __future__ import annotations

import io
import os

import pytest

from voiceops.lib.crypto import Keyring, new_key
from voiceops.lib.errors import SealError
from voiceops.lib.sealed import CHUNK, SEALED_CHUNK, SealedReader, SealedWriter

pytestmark = pytest.mark.unit


RING = Keyring.parse(new_key())


def sealed(data: bytes, place: str = "here") -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, place, RING)
    for start in range(0, len(data), 5000):
        writer.write(data[start : start + 5000])
    writer.finish()
    return file.getvalue()


def reader(stored: bytes, place: str = "here") -> SealedReader:
    return SealedReader(lambda start, length: stored[start : start + length], len(stored), place, RING)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17])
def test_any_range_opens(size: int) -> None:
    data = os.urandom(size)
    opened = reader(sealed(data))
    assert opened.size == size
    assert b"".join(opened.chunks()) == data
    for start, end in ((0, 1), (size // 2, size // 2 + 3), (size - 1, size), (max(0, CHUNK - 5), CHUNK + 5)):
        assert b"".join(opened.chunks(start, end)) == data[start:end]


def test_the_first_chunk_can_be_written_again_until_the_end() -> None:
    file, data = io.BytesIO(), bytearray(os.urandom(3 * CHUNK))
    writer = SealedWriter(file, "here", RING)
    writer.write(data)
    writer.seek(0)
    writer.write(b"summary")
    data[:7] = b"summary"
    writer.seek(0, io.SEEK_END)
    writer.write(b"tail")
    writer.seek(2 * CHUNK)
    with pytest.raises(OSError, match="Only the first chunk"):
        writer.write(b"no")
    writer.finish()
    assert b"".join(reader(file.getvalue()).chunks()) == bytes(data) + b"tail"


@pytest.mark.parametrize("harm", ["flip", "cut a chunk", "cut a byte", "swap", "another place", "not sealed"])
def test_harm_is_noticed(harm: str) -> None:
    stored = bytearray(sealed(os.urandom(3 * CHUNK)))
    head = len(stored) - 3 * SEALED_CHUNK
    place = "elsewhere" if harm == "another place" else "here"
    if harm == "flip":
        stored[head + SEALED_CHUNK + 40] ^= 1
    elif harm == "cut a chunk":
        del stored[-SEALED_CHUNK:]
    elif harm == "cut a byte":
        del stored[-1:]
    elif harm == "swap":
        first, second = stored[head : head + SEALED_CHUNK], stored[head + SEALED_CHUNK : head + 2 * SEALED_CHUNK]
        stored[head : head + 2 * SEALED_CHUNK] = second + first
    elif harm == "not sealed":
        stored = bytearray(b"ID3" + bytes(5000))
    with pytest.raises(SealError):
        list(reader(bytes(stored), place).chunks())
