"""Vendors that answer at once: the pipeline is real, the models are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import FunctionCallFromLLM, LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService

from media_worker.contract.spec import Provider
from media_worker.providers.base import BuildContext

WORD_SECONDS = 0.15


@dataclass
class Line:
    """What is heard of a stretch of speech: first `interim`, where there is one, and `text` so many seconds later."""

    interim: str
    text: str
    later: float
    confidence: float | None = None


class ScriptedEars(STTService):
    """Hears the next line of a script whenever the caller stops speaking; an empty line is not heard."""

    def __init__(self, lines: list[str | Line]) -> None:
        super().__init__(ttfs_p99_latency=0.5, settings=STTSettings(model=None, language=None))
        self.lines = list(lines)

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            line = self.lines.pop(0) if self.lines else ""
            if isinstance(line, Line):
                if line.interim:
                    await self.push_frame(InterimTranscriptionFrame(text=line.interim, user_id="", timestamp=""))
                self.create_task(self._later(line), "later")
            elif line:
                await self.push_frame(TranscriptionFrame(text=line, user_id="", timestamp="", finalized=True))

    async def _later(self, line: Line) -> None:
        await asyncio.sleep(line.later)
        heard = TranscriptionFrame(text=line.text, user_id="", timestamp="", finalized=True, result=line.confidence)
        await self.push_frame(heard)


class Humming(TTSService):
    """A tone of `WORD_SECONDS` a word, all at once. `mute` utterances give no sound."""

    def __init__(self, mute: int = 0, rate: int = 8000) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            sample_rate=rate,
            settings=TTSSettings(model=None, voice=None, language=None),
        )
        self.mute = mute
        self.said: list[str] = []

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        self.said.append(text)
        if self.mute > 0:
            self.mute -= 1
            return
        count = int(len(text.split()) * WORD_SECONDS * self.sample_rate)
        tone = (np.sin(np.arange(count) * 0.3) * 8000).astype("<i2").tobytes()
        yield TTSAudioRawFrame(tone, self.sample_rate, 1, context_id=context_id)


@dataclass
class Answer:
    """What the LLM does with one request: stream `pieces`, call `tools`, or misbehave."""

    pieces: list[str] = field(default_factory=list)
    tools: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    delay: float = 0.0
    stall_before: bool = False
    stall_after: bool = False
    error: str = ""


class ScriptedMind(LLMService):
    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(
            settings=LLMSettings(
                model=None,
                system_instruction=None,
                temperature=None,
                max_tokens=None,
                top_p=None,
                top_k=None,
                frequency_penalty=None,
                presence_penalty=None,
                seed=None,
                filter_incomplete_user_turns=None,
                user_turn_completion_config=None,
            )
        )
        self.answers = list(answers)
        self.contexts: list[LLMContext] = []
        self.prompts: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.push_frame(LLMFullResponseStartFrame())
            try:
                await self._answer(frame.context)
            finally:
                await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)

    async def _answer(self, context: LLMContext) -> None:
        self.contexts.append(context)
        self.prompts.append(str(self._settings.system_instruction))
        answer = self.answers.pop(0) if self.answers else Answer()
        if answer.error:
            await self.push_error(answer.error)
            return
        await asyncio.sleep(answer.delay)
        if answer.stall_before:
            await asyncio.Event().wait()
        for piece in answer.pieces:
            await self.push_frame(LLMTextFrame(piece))
        if answer.stall_after:
            await asyncio.Event().wait()
        if answer.tools:
            await self.run_function_calls(
                [
                    FunctionCallFromLLM(function_name=name, tool_call_id=f"t{n}", arguments=given, context=context)
                    for n, (name, given) in enumerate(answer.tools)
                ]
            )


@dataclass
class Built:
    """A call's services, as they were made."""

    call: BuildContext
    stt: Any = None
    llm: Any = None
    tts: Any = None


class Vendors:
    """Makes a call's services, and keeps them for the test to look at: one `Built` for each call."""

    def __init__(self, lines: list[str | Line], answers: list[Answer] | None = None, mute: int = 0) -> None:
        self._lines = lines
        self._answers = answers
        self._mute = mute
        self.built: list[Built] = []

    def __call__(self, stage: str, provider: Provider, context: BuildContext) -> Any:
        call = next((built for built in self.built if built.call is context), None)
        if call is None:
            call = Built(context)
            self.built.append(call)
        service: Any
        if stage == "stt":
            service = ScriptedEars(self._lines)
        elif stage == "llm":
            service = ScriptedMind(self._answers or [])
        else:
            service = Humming(self._mute, context.sample_rate)
        setattr(call, stage, service)
        return service
