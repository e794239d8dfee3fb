from __future__ import annotations


class NotYet(Exception):
    """It is too early: ask again soon. This is no failure and costs no attempt."""
