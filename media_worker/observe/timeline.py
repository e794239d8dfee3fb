"""The moments of one reply, written once as a `Latency` event when its first audio leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from media_worker.contract.events import Latency
from media_worker.contract.spec import Provider


@dataclass
class Timeline:
    """Stages of the reply to `turn`, on the call's clock. `mark` keeps the first time a stage is reached."""

    turn: int
    speech_end_ms: int | None = None
    turn_end_ms: int | None = None
    stt_final_ms: int | None = None
    llm_start_ms: int | None = None
    llm_first_ms: int | None = None
    tts_start_ms: int | None = None
    tts_first_ms: int | None = None
    told: bool = False

    def mark(self, stage: str, at_ms: int) -> None:
        if getattr(self, stage) is None:
            setattr(self, stage, at_ms)

    def go_on_from(self, guess: Timeline) -> None:
        for stage in ("llm_start_ms", "llm_first_ms", "tts_start_ms"):
            if (at_ms := getattr(guess, stage)) is not None:
                self.mark(stage, at_ms)

    def latency(self, serving: Mapping[Literal["stt", "llm", "tts", "s2s"], Provider]) -> Latency:
        self.told = True
        return Latency(
            turn=self.turn,
            speech_end_ms=self.speech_end_ms,
            turn_end_ms=self.turn_end_ms,
            stt_final_ms=self.stt_final_ms,
            llm_start_ms=self.llm_start_ms,
            llm_first_ms=self.llm_first_ms,
            tts_start_ms=self.tts_start_ms,
            tts_first_ms=self.tts_first_ms,
            stt_vendor=serving["stt"].vendor,
            llm_vendor=serving["llm"].vendor if self.llm_start_ms is not None else "",
            tts_vendor=serving["tts"].vendor,
        )
