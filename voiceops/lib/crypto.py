"""Secrets at rest: AES-256-GCM with named keys, bound to the place where the secret lives.

A sealed value is the text `v1.<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`. What it is bound to (`aad`, such as
`schema|model|field|pk`) is not stored: a value copied to another row, field or agency does not open.

Keys come as `id:base64,id:base64`, newest first (`ENCRYPTION_KEYS`). The first seals, all of them open: to rotate, put
a new key in front, reseal, then drop the old one.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voiceops.lib.errors import SealError

KEY_BYTES = 32
NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_VERSION = "v1"


@dataclass(frozen=True)
class Keyring:
    """The keys that open, by id; `primary` seals. Keys never show in `repr`."""

    primary: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read `id:base64,id:base64`. Raises SealError with a sentence that names the entry, never the key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate((part.strip() for part in text.split(",") if part.strip()), start=1):
            key_id, _, encoded = entry.partition(":")
            if not _KEY_ID.fullmatch(key_id):
                raise SealError(f"Encryption key {number} needs an id of letters, digits, - or _ before its colon.")
            if key_id in keys:
                raise SealError(f"Two encryption keys have the id {key_id}.")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != KEY_BYTES:
                raise SealError(f"Encryption key {key_id} must be {KEY_BYTES} bytes in base64.")
            keys[key_id] = key
        if not keys:
            raise SealError("There is no encryption key: set ENCRYPTION_KEYS to id:base64 of 32 random bytes.")
        return cls(primary=next(iter(keys)), keys=keys)

    def key(self, key_id: str) -> bytes:
        try:
            return self.keys[key_id]
        except KeyError:
            raise SealError(f"Sealed with the key {key_id}, which is not among the encryption keys.") from None


def new_key() -> str:
    """A fresh key as `id:base64`, its id random so that two installations never share one."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


@lru_cache(maxsize=4)
def _parsed(text: str) -> Keyring:
    return Keyring.parse(text)


def keyring() -> Keyring:
    """The keyring of the settings."""
    from django.conf import settings

    return _parsed(settings.ENCRYPTION_KEYS)


def seal(plaintext: str | bytes, aad: str, ring: Keyring | None = None) -> str:
    """Seal for the place `aad`; the same text seals differently every time."""
    ring = ring or keyring()
    data = plaintext.encode() if isinstance(plaintext, str) else plaintext
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(ring.key(ring.primary)).encrypt(nonce, data, _bound(ring.primary, aad))
    return f"{_VERSION}.{ring.primary}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def open_sealed(sealed: str, aad: str, ring: Keyring | None = None) -> bytes:
    """The plaintext of `seal`. Raises SealError for a wrong place, a missing key or changed bytes."""
    ring = ring or keyring()
    key_id, data = _parts(sealed)
    try:
        return AESGCM(ring.key(key_id)).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(key_id, aad))
    except InvalidTag:
        raise SealError("A sealed value does not open here: it was changed, or belongs to another place.") from None


def open_text(sealed: str, aad: str, ring: Keyring | None = None) -> str:
    return open_sealed(sealed, aad, ring).decode()


def is_stale(sealed: str, ring: Keyring | None = None) -> bool:
    """Sealed by a key that is no longer the first: seal it again."""
    return _parts(sealed)[0] != (ring or keyring()).primary


def _parts(sealed: str) -> tuple[str, bytes]:
    version, _, rest = sealed.partition(".")
    key_id, _, encoded = rest.partition(".")
    if version != _VERSION or not _KEY_ID.fullmatch(key_id):
        raise SealError("This is not a sealed value.")
    try:
        data = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if base64.urlsafe_b64encode(data).decode() != encoded:  # the last character has bits that no byte needs
        data = b""
    if len(data) < NONCE_BYTES + 16:
        raise SealError("A sealed value is cut short or was changed.")
    return key_id, data


def _bound(key_id: str, aad: str) -> bytes:
    return f"voiceops|{_VERSION}|{key_id}|{aad}".encode()
