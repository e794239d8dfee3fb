"""A sealed file that can be read from anywhere: AES-256-GCM in chunks of equal size.

    "VOSF1" ‖ length of key id (1 byte) ‖ key id ‖ chunks; each chunk: nonce (12) ‖ ciphertext ‖ tag (16)

A chunk is bound to the file's place, its own number and whether it is the last, so chunks cannot be swapped, moved to
another file or cut off at the end without it being noticed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voiceops.lib.crypto import NONCE_BYTES, Keyring, keyring
from voiceops.lib.errors import SealError

MAGIC = b"VOSF1"
CHUNK = 64 * 1024
SEALED_CHUNK = NONCE_BYTES + CHUNK + 16
LONGEST_HEAD = len(MAGIC) + 1 + 32


class SealedWriter(io.RawIOBase):
    """Takes plaintext, writes sealed chunks to `file`. Sequential, except that the first chunk may be written again
    until the end: an encoder puts its summary there when it knows it."""

    def __init__(self, file: IO[bytes], place: str, ring: Keyring | None = None) -> None:
        ring = ring or keyring()
        self._file, self._place = file, place
        self._cipher = AESGCM(ring.key(ring.primary))
        key_id = ring.primary.encode()
        self._head = MAGIC + bytes([len(key_id)]) + key_id
        self._first = bytearray()
        self._open = bytearray()
        self._at = 0
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of plaintext so far."""
        return self._size

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if not 0 <= base + offset <= self._size:
            raise OSError("A sealed file has no holes.")
        self._at = base + offset
        return self._at

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        data = bytes(data)
        taken = len(data)
        if self._at < len(self._first) and self._at < self._size:
            share = data[: len(self._first) - self._at]
            self._first[self._at : self._at + len(share)] = share
            self._at += len(share)
            data = data[len(share) :]
        if data:
            if self._at != self._size:
                raise OSError("Only the first chunk of a sealed file can be written again.")
            self._append(data)
        return taken

    def _append(self, data: bytes) -> None:
        room = CHUNK - len(self._first)
        if self._size < CHUNK and room:
            self._first += data[:room]
            rest = data[room:]
        else:
            rest = data
        self._open += rest
        self._size += len(data)
        self._at = self._size
        while len(self._open) > CHUNK:
            self._put((self._size - len(self._open)) // CHUNK, bytes(self._open[:CHUNK]), last=False)
            del self._open[:CHUNK]

    def finish(self) -> None:
        """Seal the last chunk and the first."""
        if self._open:
            self._put((self._size - len(self._open)) // CHUNK, bytes(self._open), last=True)
        self._put(0, bytes(self._first), last=not self._open)
        self._file.seek(0)
        self._file.write(self._head)
        self._file.flush()

    def _put(self, number: int, plain: bytes, last: bool) -> None:
        nonce = os.urandom(NONCE_BYTES)
        self._file.seek(len(self._head) + number * SEALED_CHUNK)
        self._file.write(nonce + self._cipher.encrypt(nonce, plain, _bound(self._place, number, last)))


class SealedReader:
    """`read(start, length)` returns raw bytes of the stored object; `sealed_size` is the object's."""

    def __init__(
        self, read: Callable[[int, int], bytes], sealed_size: int, place: str, ring: Keyring | None = None
    ) -> None:
        head = read(0, min(LONGEST_HEAD, sealed_size))
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + 1:
            raise SealError("This is not a sealed file.")
        begin = len(MAGIC) + 1
        length = head[begin - 1]
        key_id = head[begin : begin + length].decode("ascii", "replace")
        self._cipher = AESGCM((ring or keyring()).key(key_id))
        self._read, self._place, self._head = read, place, begin + length
        body = sealed_size - self._head
        self._chunks = max(1, -(-body // SEALED_CHUNK))
        self.size = body - self._chunks * (NONCE_BYTES + 16)

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The plaintext of [start, end), in pieces of at most a chunk. Raises SealError when anything was changed."""
        end = self.size if end is None else min(end, self.size)
        while start < end:
            number = start // CHUNK
            plain = self._chunk(number)
            begin = start - number * CHUNK
            piece = plain[begin : begin + end - start]
            if not piece:
                raise SealError("A sealed file is cut short.")
            yield piece
            start += len(piece)

    def _chunk(self, number: int) -> bytes:
        sealed = self._read(self._head + number * SEALED_CHUNK, SEALED_CHUNK)
        bound = _bound(self._place, number, number == self._chunks - 1)
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise SealError("A sealed file does not open: it was changed, cut short, or belongs elsewhere.") from None


def _bound(place: str, number: int, last: bool) -> bytes:
    return f"voiceops|VOSF1|{place}|{number}|{'last' if last else 'more'}".encode()
