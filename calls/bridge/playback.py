"""Which marks are still to come back, and what their coming back means.

A carrier returns a mark when everything before it was played, and also when a clear threw that away. So a mark that
was outstanding at a clear was not heard, whatever comes back for it later.
"""

from __future__ import annotations

MOST_MARKS = 1000


class Playback:
    def __init__(self) -> None:
        self._outstanding: dict[str, None] = {}
        self._cleared: dict[str, None] = {}

    def sent(self, name: str) -> None:
        self._cleared.pop(name, None)
        self._outstanding[name] = None
        _bound(self._outstanding)

    def returned(self, name: str) -> bool:
        """True when what is before the mark was played; False for one that was cleared, or that nobody waits for."""
        if name in self._cleared:
            del self._cleared[name]
            return False
        if name not in self._outstanding:
            return False
        del self._outstanding[name]
        return True

    def clear(self) -> list[str]:
        """The marks whose audio will never be heard, in the order they were sent."""
        names = list(self._outstanding)
        self._cleared |= self._outstanding
        self._outstanding = {}
        _bound(self._cleared)
        return names


def _bound(names: dict[str, None]) -> None:
    """A carrier that never returns marks must not fill the memory."""
    while len(names) > MOST_MARKS:
        del names[next(iter(names))]
