"""What can go wrong with an agent, each in a sentence for the builder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voiceops.lib.errors import CustomerError, InvalidInput

if TYPE_CHECKING:
    from agents.flow.problems import Problem


class DraftConflict(CustomerError):
    """Somebody else saved the draft first. `revision` is the draft's now; nothing was written."""

    def __init__(self, revision: int) -> None:
        super().__init__(
            "Somebody else changed this draft since you opened it. Your text is still on this page and was not saved: "
            "open the draft in another tab to compare, or save yours over it."
        )
        self.revision = revision


class DraftRefused(InvalidInput):
    """The draft is not even a draft: too big, or not an object."""


class NotPublishable(CustomerError):
    """The draft has problems that a call would trip over. `problems` holds all of them, with their places."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        super().__init__(f"Not published: {first}{more}")
        self.problems = tuple(problems)


class NoPublishedVersion(CustomerError):
    """The agent cannot take calls: nothing of it was published, or it was archived."""


class ProviderAccountMissing(CustomerError):
    """A version speaks, listens or thinks with an account that is gone, archived or of another vendor."""
