"""Behind the STT: transcripts go to the turn detector, the caller's audio ends here, vendors' errors are told."""

from __future__ import annotations

from typing import Any

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    ProposedUserStoppedSpeakingFrame,
    STTMetadataFrame,
    TranscriptionFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.pipeline.ears import Ears
from media_worker.pipeline.turns import TurnDetector


def confidence_of(frame: TranscriptionFrame) -> float | None:
    """0 to 1, where the STT gives one: in `metadata`, as an attribute of the result, or as its key."""
    result: Any = frame.result
    for value in (
        (frame.metadata or {}).get("confidence"),
        getattr(result, "confidence", None),
        result.get("confidence") if isinstance(result, dict) else None,
        result if isinstance(result, float) else None,
    ):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return max(0.0, min(1.0, float(value)))
    return None


class Hearing(FrameProcessor):
    def __init__(self, ears: Ears, detector: TurnDetector) -> None:
        super().__init__(name="hearing", enable_direct_mode=True)
        self._ears = ears
        self._detector = detector

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InputAudioRawFrame):
                self._ears.took(len(frame.audio) / 2 / frame.sample_rate)
                return
            if isinstance(frame, TranscriptionFrame):
                self._detector.transcript(frame.text, True, frame.finalized, confidence_of(frame))
                return
            if isinstance(frame, InterimTranscriptionFrame):
                self._detector.transcript(frame.text, False, False, None)
                return
            if isinstance(frame, (ProposedUserStoppedSpeakingFrame, UserStoppedSpeakingFrame)):
                self._detector.turn_ended_elsewhere()
                return
            if isinstance(frame, (VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame)):
                return
            if isinstance(frame, STTMetadataFrame):
                self._detector.stt_latency = frame.ttfs_p99_latency
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
