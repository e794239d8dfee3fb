from __future__ import annotations

from voiceops.lib.errors import ProviderUnreachable


class NotYet(Exception):
    """It is too early: ask again soon. This is no failure and costs no attempt."""


class ComeBack(ProviderUnreachable):
    """Somebody else's server cannot take it now. `retry_after`: seconds, where it said."""

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
