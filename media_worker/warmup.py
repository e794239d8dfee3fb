"""What the first call would otherwise wait for: imports, models, their first run."""

from __future__ import annotations

import numpy as np


def warm_up() -> None:
    """Takes about a second. Call it before the worker says that it is ready."""
    from media_worker.contract.spec import TurnTaking
    from media_worker.pipeline import build, smart_turn  # noqa: F401 (building imports everything a call needs)
    from media_worker.pipeline.vad import Vad

    quiet = np.zeros(8000, dtype="<i2").tobytes()
    for rate in (8000, 16000):
        Vad(TurnTaking(), rate).hear(quiet)
    smart_turn.probability(quiet, 8000)
