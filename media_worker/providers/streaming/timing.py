"""When words begin within the sound of an utterance, as voices tell it that know."""

from __future__ import annotations

from dataclasses import dataclass

from pipecat.frames.frames import DataFrame


@dataclass
class SpokenWordsFrame(DataFrame):
    """Seconds of the present utterance's sound. Words come in their order, some at a time."""

    words: tuple[tuple[str, float], ...] = ()
