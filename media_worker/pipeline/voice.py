"""A reply becomes sentences, and each sentence a recorded clip, a sound that was kept, or one utterance of the TTS.

Sits between the LLM and the TTS. A sound that is at hand passes the TTS as a frame, and so comes out in its turn.
"""

from __future__ import annotations

import asyncio
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
    TTSStoppedFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.spec import Clip
from media_worker.pipeline.clips import Arranger, Clips
from media_worker.pipeline.sentences import Splitter, sentences
from media_worker.pipeline.speech import Books, Kind, Sentence, Speech
from media_worker.pipeline.spoken import Spoken
from media_worker.pipeline.transport import SentenceFrame, SpeechWrittenFrame

HOLD = 0.5
"""Seconds that a sentence may wait for the rest of the clip it may begin."""


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

    def __init__(
        self,
        books: Books,
        to_tts: Callable[[Sentence], None],
        clips: Clips | None = None,
        spoken: Spoken | None = None,
        rate: int = 8000,
    ) -> None:
        super().__init__(name="voice", enable_direct_mode=True)
        self._books = books
        self._to_tts = to_tts
        self._clips = clips or Clips()
        self._spoken = spoken
        self._rate = rate
        self._splitter = Splitter()
        self._arranger = Arranger(self._clips)
        self._holding: asyncio.TimerHandle | None = None
        self._writing: Speech | None = None
        self._deaf = False
        self._held = False
        self.thoughts: Thoughts | None = None

    @property
    def clips(self) -> Clips:
        return self._clips

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    async def say(self, text: str, turn: int, kind: Kind = "reply", interruptible: bool = True) -> Speech:
        """`text` may name clips, and hits them by its words as well."""
        speech = self._books.begin(Speech(turn=turn, kind=kind, interruptible=interruptible))
        arranger = Arranger(self._clips)
        for piece in sentences(text):
            await self._utter(speech, arranger.take(piece))
        await self._utter(speech, arranger.rest())
        await self._finish(speech)
        return speech

    async def open(self, turn: int) -> Speech:
        self._splitter, self._arranger = Splitter(), Arranger(self._clips)
        self._writing = self._books.begin(Speech(turn=turn))
        return self._writing

    async def add(self, speech: Speech, text: str) -> None:
        if speech is not self._writing or speech.cut:
            return
        for piece in self._splitter.add(text):
            await self._utter(speech, self._arranger.take(piece))
        if self._arranger.holding:
            await self._utter(speech, self._arranger.more(self._splitter.pending))
            self._hold(speech)

    async def close(self, speech: Speech, say_rest: bool = True) -> None:
        """No more text. Without `say_rest` half a sentence is left unsaid."""
        if speech is not self._writing:
            return
        self._writing = None
        if not speech.cut:
            for piece in self._splitter.rest() if say_rest else ():
                await self._utter(speech, self._arranger.take(piece))
            await self._utter(speech, self._arranger.rest())
        await self._finish(speech)

    def _hold(self, speech: Speech) -> None:
        """What waits for more of its clip does not wait for ever."""
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
        if self._arranger.holding:
            self._holding = asyncio.get_running_loop().call_later(HOLD, self._held_enough, speech, self._arranger)

    def _held_enough(self, speech: Speech, arranger: Arranger) -> None:
        self._holding = None
        if speech is self._writing and arranger is self._arranger and not speech.cut:
            self.create_task(self._utter(speech, arranger.rest()), "held")

    async def _utter(self, speech: Speech, parts: list[str | Clip]) -> None:
        for part in parts:
            if isinstance(part, str):
                sentence = self._books.sentence(speech, part)
            else:
                sentence = self._books.sentence(speech, " ".join(part.words.split()))
                sentence.sound = self._clips.sound(part)
                if sentence.sound is not None:
                    sentence.source, sentence.clip = "clip", part.id
            await self._send(sentence)

    async def _send(self, sentence: Sentence) -> None:
        if self._held:
            return
        if sentence.sound is None and self._spoken is not None:
            sentence.sound = self._spoken.sound(sentence.text)
            sentence.source = "cache" if sentence.sound is not None else "tts"
        self._to_tts(sentence)
        await self.push_frame(SentenceFrame(sentence=sentence))
        if sentence.sound is not None:
            await self.push_frame(TTSAudioRawFrame(sentence.sound, self._rate, 1))
            await self.push_frame(TTSStoppedFrame())
            return
        if self._spoken is not None:
            self._spoken.record(sentence)
        await self.push_frame(TTSSpeakFrame(sentence.text, append_to_context=False))

    async def _finish(self, speech: Speech) -> None:
        speech.text_done = True
        if not speech.cut and not self._held:
            await self.push_frame(SpeechWrittenFrame(speech=speech))

    async def forget_rest(self, speech: Speech) -> None:
        """The beginning of a sentence that nobody will finish is not said."""
        if speech is self._writing:
            self._splitter = Splitter()
            await self._utter(speech, self._arranger.rest())

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

    async def cleanup(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
        await super().cleanup()

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
