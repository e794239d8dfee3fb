"""Which of an account's keys a call may use: what one call learns of a key, the agency's other calls in this worker know.

A key that a vendor limits cools down for as long as the vendor said; a refused one is set aside until the control plane
has had time to set it aside for all. Entries begin with the agency: no agency's trouble is ever another's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from media_worker.contract.spec import PoolKey, Provider
from media_worker.providers.faults import VendorFault

COOL_DOWN = 30.0
"""Seconds for a key whose vendor did not say how long."""

LEAST_REST = 2.0
"""Whatever a vendor says: two limited keys must not be asked in turns for the same answer."""

SET_ASIDE = 900.0
_MOST = 5000

Trouble = Literal["rate_limited", "refused"]


class KeyMemory:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._until: dict[tuple[str, str], float] = {}

    def trouble(self, agency: str, key: str, what: Trouble, retry_after: float | None) -> None:
        if len(self._until) >= _MOST:
            now = self._now()
            self._until = {entry: until for entry, until in self._until.items() if until > now}
        wait = SET_ASIDE if what == "refused" else retry_after if retry_after is not None else COOL_DOWN
        self._until[agency, key] = self._now() + max(wait, LEAST_REST)

    def rested(self, agency: str, key: str) -> bool:
        return self._until.get((agency, key), 0.0) <= self._now()

    def first(self, agency: str, provider: Provider) -> Provider:
        """`provider` by the first of its keys that is not in trouble; as it is when it has no pool, or only such keys."""
        if not provider.key or self.rested(agency, provider.key):
            return provider
        return self.next(agency, provider) or provider

    def all(self, agency: str, provider: Provider) -> list[Provider]:
        """`provider` by each of its keys: those in trouble come last. As it is when it has no pool."""
        ordered = sorted(provider.keys, key=lambda key: (not self.rested(agency, key.id), key.id != provider.key))
        return [provider.with_key(key) for key in ordered] or [provider]

    def next(self, agency: str, provider: Provider) -> Provider | None:
        """`provider` by another of its keys, in the pool's order; None when none is left."""
        found = next((key for key in _others(provider) if self.rested(agency, key.id)), None)
        return provider.with_key(found) if found is not None else None


def _others(provider: Provider) -> list[PoolKey]:
    return [key for key in provider.keys if key.id != provider.key]


def trouble_of(fault: VendorFault) -> Trouble | None:
    """What a fault means for the key in use; None when the key is not to blame."""
    if fault.kind == "refused":
        return "refused"
    return "rate_limited" if fault.kind == "rate_limited" else None


KEYS = KeyMemory()
