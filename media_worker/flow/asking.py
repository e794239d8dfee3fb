"""The question that is open in a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.flow import Slot
from media_worker.flow.speaking import say_value

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine


def question_again(on: Engine) -> str:
    """Empty where nothing is asked for."""
    slot = on.slot
    if slot is None:
        return ""
    return confirm_question(on, slot) if on.at.pending is not None else on.text(slot.ask)


def confirm_question(on: Engine, slot: Slot) -> str:
    return f"I have {say_value(slot.type, on.at.pending, on.now())}. Is that right?"
