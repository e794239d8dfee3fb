"""A reply becomes sentences, and each sentence one utterance of the TTS. Sits between the LLM and the TTS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from pipecat.frames.frames import (
    Frame,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    MetricsFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.pipeline.sentences import Splitter, sentences
from media_worker.pipeline.speech import Books, Kind, Sentence, Speech
from media_worker.pipeline.transport import SentenceFrame, SpeechWrittenFrame

_MARKUP = re.compile(r"[*_`#]+|\[([^\]]*)\]\([^)]*\)")


class Thoughts(Protocol):
    """Who listens to the LLM's stream."""

    async def on_text(self, text: str) -> None: ...
    async def on_calls(self, count: int) -> None: ...
    async def on_end(self) -> None: ...
    def on_tokens(self, tokens_in: int, tokens_out: int) -> None: ...


class Voice(FrameProcessor):
    """`say` speaks a whole text; `open`, `add` and `close` speak one that is still being written.

    The LLM's frames end here: `thoughts` hears them, and gives back what is to be spoken.
    """

    def __init__(self, books: Books, to_tts: Callable[[Sentence], None]) -> None:
        super().__init__(name="voice", enable_direct_mode=True)
        self._books = books
        self._to_tts = to_tts
        self._splitter = Splitter()
        self._writing: Speech | None = None
        self._deaf = False
        self._held = False
        self.thoughts: Thoughts | None = None

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    async def say(self, text: str, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        speech = self._books.begin(Speech(turn=turn, kind=kind, interruptible=interruptible))
        for sentence in sentences(text):
            await self._utter(speech, sentence)
        await self._finish(speech)
        return speech

    async def open(self, turn: int) -> Speech:
        self._splitter = Splitter()
        self._writing = self._books.begin(Speech(turn=turn))
        return self._writing

    async def add(self, speech: Speech, text: str) -> None:
        if speech is self._writing and not speech.cut:
            for sentence in self._splitter.add(text):
                await self._utter(speech, sentence)

    async def close(self, speech: Speech, say_rest: bool = True) -> None:
        """No more text. Without `say_rest` half a sentence is left unsaid."""
        if speech is not self._writing:
            return
        self._writing = None
        if say_rest and not speech.cut:
            for sentence in self._splitter.rest():
                await self._utter(speech, sentence)
        await self._finish(speech)

    async def _utter(self, speech: Speech, text: str) -> None:
        text = " ".join(_MARKUP.sub(r"\1", text).split())
        if not any(character.isalnum() for character in text):
            return
        await self._send(self._books.sentence(speech, text))

    async def _send(self, sentence: Sentence) -> None:
        if self._held:
            return
        self._to_tts(sentence)
        await self.push_frame(SentenceFrame(sentence=sentence))
        await self.push_frame(TTSSpeakFrame(sentence.text, append_to_context=False))

    async def _finish(self, speech: Speech) -> None:
        speech.text_done = True
        if not speech.cut and not self._held:
            await self.push_frame(SpeechWrittenFrame(speech=speech))

    def forget_rest(self, speech: Speech) -> None:
        """The beginning of a sentence that nobody will finish is not said."""
        if speech is self._writing:
            self._splitter = Splitter()

    # ── another voice ────────────────────────────────────────────────────────────────────────────

    def hold(self) -> None:
        """Nobody speaks for now: what is to be said waits in the books, until `retell` or `release`."""
        self._held = True

    def release(self) -> None:
        self._held = False

    async def retell(self) -> None:
        """Give whoever speaks now all that nobody has spoken, in order."""
        self._held = False
        for speech in self._books.open:
            if speech.cut:
                continue
            for sentence in list(speech.sentences):
                if sentence.unspoken:
                    await self._send(sentence)
            if speech.text_done and not speech.written:
                await self.push_frame(SpeechWrittenFrame(speech=speech))

    async def play(self, words: str, pcm: bytes, rate: int, turn: int) -> Speech:
        """A recording, where there is no voice: what stands behind us is the mouth."""
        speech = self._books.begin(Speech(turn=turn, kind="prompt", interruptible=False))
        sentence = self._books.sentence(speech, words)
        await self.push_frame(SentenceFrame(sentence=sentence))
        await self.push_frame(TTSAudioRawFrame(pcm, rate, 1))
        await self._finish(speech)
        return speech

    # ── stopping ─────────────────────────────────────────────────────────────────────────────────

    async def stop_tts(self) -> None:
        """What the TTS was given is not to be spoken any more."""
        if self._writing is not None and self._writing.cut:
            self._writing = None
        await self.push_frame(InterruptionFrame())

    def ignore_llm(self) -> None:
        """Until the interruption that was sent to the LLM has passed it."""
        self._deaf = True

    def hear_llm(self) -> None:
        """Whoever was to be ignored has left."""
        self._deaf = False

    # ── the LLM's frames ─────────────────────────────────────────────────────────────────────────

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if direction is FrameDirection.DOWNSTREAM:
            if isinstance(frame, InterruptionFrame):
                self._deaf = False
                return
            if isinstance(frame, MetricsFrame):
                self._tell_tokens(frame)
            elif isinstance(frame, (LLMTextFrame, FunctionCallsStartedFrame, LLMFullResponseEndFrame)):
                await self._hear_llm(frame)
                return
            elif isinstance(frame, LLMFullResponseStartFrame):
                return
        await self.push_frame(frame, direction)

    async def _hear_llm(self, frame: Frame) -> None:
        if self._deaf or self.thoughts is None:
            return
        if isinstance(frame, LLMTextFrame):
            await self.thoughts.on_text(frame.text)
        elif isinstance(frame, FunctionCallsStartedFrame):
            await self.thoughts.on_calls(len(frame.function_calls))
        else:
            await self.thoughts.on_end()

    def _tell_tokens(self, frame: MetricsFrame) -> None:
        for data in frame.data:
            if isinstance(data, LLMUsageMetricsData) and self.thoughts is not None:
                self.thoughts.on_tokens(data.value.prompt_tokens, data.value.completion_tokens)
