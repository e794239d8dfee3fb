"""The caller's sound to the model, the model's sound to the mouth: one reply at a time, each with its entry in the books.

A reply is asked for (the caller's turn ended, words are to be said, tools have answered) and is over when the vendor
says so. What is asked for meanwhile waits. What was cut is not listened to any more.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pipecat.frames.frames import Frame, InputAudioRawFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from media_worker.contract.spec import Provider
from media_worker.pipeline.speech import Books, Sentence, Speech
from media_worker.pipeline.transport import SentenceFrame, SpeechWrittenFrame
from media_worker.providers.dialogue import Called, Dialogue, Heard, Over, Said, Setup, Sound

BEFORE_SPEECH = 0.5
"""Seconds of sound from before somebody was noticed to speak: the first syllable is in it."""


@dataclass(eq=False)
class Reply:
    """One answer of the model. Moments of `time.monotonic()`."""

    speech: Speech
    send: Callable[[], Awaitable[None]]
    sentence: Sentence | None = None
    text: str = ""
    calls: list[Called] = field(default_factory=list)
    asked: float = 0.0
    first: float | None = None
    tokens: tuple[int, int] = (0, 0)
    error: str = ""


@dataclass(frozen=True)
class TalkListener:
    """Whom the talker tells. `failed` comes once, and nothing after it."""

    heard: Callable[[str], None]
    first_sound: Callable[[Reply], None]
    over: Callable[[Reply], Awaitable[None]]
    failed: Callable[[str, BaseException | None], None]


class Talker(FrameProcessor):
    """`open_with` makes a dialogue of a provider; `providers` are the same vendor's keys, in the order to try them.

    `took` is told the seconds of the caller's sound that came through; `patience` is for a reply's first sound.
    """

    def __init__(
        self,
        open_with: Callable[[Provider], Dialogue],
        providers: list[Provider],
        setup: Callable[[], Setup],
        books: Books,
        took: Callable[[float], None],
        patience: float,
        vad_start: float,
    ) -> None:
        super().__init__(name="talker", enable_direct_mode=True)
        self._open_with = open_with
        self._providers = providers
        self._setup_of = setup
        self._books = books
        self._took = took
        self._patience = patience
        self._before_seconds = BEFORE_SPEECH + vad_start
        self._dialogue: Dialogue | None = None
        self._told: Setup | None = None
        self._before: deque[InputAudioRawFrame] = deque()
        self._listening = False
        self._waiting: deque[Reply] = deque()
        self._now: Reply | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None
        self._over = False
        self.provider = providers[0]
        self.refusals: list[tuple[Provider, BaseException]] = []
        """The keys that did not open, and why."""

    def attach(self, listener: TalkListener) -> None:
        self._listener = listener

    # ── the conversation's life ──────────────────────────────────────────────────────────────────

    async def setup(self, setup: Any) -> None:
        """Opens the conversation by the first key that does. None: `is_open` is False, and the caller hears of it."""
        await super().setup(setup)
        for provider in self._providers:
            told = self._setup_of()
            try:
                dialogue = self._open_with(provider)
                await dialogue.open(told)
            except Exception as error:  # whatever a vendor's connection raises: the next key, or those who stand by
                self.refusals.append((provider, error))
                continue
            self._dialogue, self._told, self.provider = dialogue, told, provider
            self._reading = self.create_task(self._read(dialogue), "dialogue")
            return

    @property
    def is_open(self) -> bool:
        return self._dialogue is not None

    async def cleanup(self) -> None:
        self._over = True
        self._within(None)
        if self._reading is not None:
            await self.cancel_task(self._reading)
        if self._dialogue is not None:
            await self._dialogue.close()
        await super().cleanup()

    def _fail(self, why: str, error: BaseException | None = None) -> None:
        if not self._over:
            self._over = True
            self._within(None)
            self._listener.failed(why, error)

    # ── the caller ───────────────────────────────────────────────────────────────────────────────

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self._took(len(frame.audio) / 2 / frame.sample_rate)
            await self._hear(frame)
            return
        await self.push_frame(frame, direction)

    async def _hear(self, frame: InputAudioRawFrame) -> None:
        if self._listening:
            await self._do(lambda dialogue: dialogue.hear(frame.audio))
            return
        self._before.append(frame)
        while sum(len(one.audio) for one in self._before) > self._before_seconds * frame.sample_rate * 2:
            self._before.popleft()

    async def turn_began(self) -> None:
        if self._listening:
            return
        self._listening = True
        await self._do(lambda dialogue: dialogue.begin_turn())
        while self._before:
            sound = self._before.popleft().audio
            await self._do(lambda dialogue, sound=sound: dialogue.hear(sound))  # type: ignore[misc]

    async def turn_was_nothing(self) -> None:
        self._listening = False
        await self._do(lambda dialogue: dialogue.forget_turn())

    async def turn_ended(self, speech: Speech) -> None:
        """Answer what was heard."""
        self._listening = False
        await self._ask(Reply(speech, lambda: self._do(lambda dialogue: dialogue.end_turn())))

    # ── replies ──────────────────────────────────────────────────────────────────────────────────

    @property
    def busy(self) -> bool:
        return self._now is not None or bool(self._waiting)

    async def say(self, speech: Speech, words: str) -> None:
        await self._ask(Reply(speech, lambda: self._do(lambda dialogue: dialogue.say(words))))

    async def answer_text(self, speech: Speech, text: str) -> None:
        await self._ask(Reply(speech, lambda: self._do(lambda dialogue: dialogue.user_text(text))))

    async def tools_done(self, speech: Speech | None, results: list[tuple[Called, str]]) -> None:
        """Tell what the tools gave; with a speech, go on with the reply."""
        if speech is None:
            await self._do(lambda dialogue: dialogue.results(results, answer=False))
            return
        await self._ask(Reply(speech, lambda: self._do(lambda dialogue: dialogue.results(results, answer=True))))

    async def cut(self, heard: float) -> None:
        """The books have cut: the model is told how many seconds were heard, and what it still sends is dropped."""
        for reply in [reply for reply in self._waiting if reply.speech.cut]:
            self._waiting.remove(reply)
        await self._do(lambda dialogue: dialogue.cut(int(heard * 1000)))

    async def _ask(self, reply: Reply) -> None:
        if self._now is not None:
            self._waiting.append(reply)
            return
        self._now = reply
        now = self._setup_of()
        if self._told is not None and (now.instructions, now.tools) != (self._told.instructions, self._told.tools):
            self._told = now
            await self._do(lambda dialogue: dialogue.configure(now))
        reply.asked = time.monotonic()
        self._within(self._patience)
        await reply.send()

    async def _do(self, what: Callable[[Dialogue], Awaitable[None]]) -> None:
        """To a conversation that broke nothing more is said: `failed` has been told, or is by this."""
        if self._over or self._dialogue is None:
            return
        try:
            await what(self._dialogue)
        except Exception as error:  # any vendor's connection, broken in its own way
            self._fail("connection", error)

    def _within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._fail, "no_first_sound")

    # ── the model ────────────────────────────────────────────────────────────────────────────────

    async def _read(self, dialogue: Dialogue) -> None:
        try:
            async for happening in dialogue.happenings():
                if isinstance(happening, Sound):
                    await self._sound(happening)
                elif isinstance(happening, Said):
                    self._said(happening.text)
                elif isinstance(happening, Heard):
                    self._listener.heard(happening.text)
                elif isinstance(happening, Called):
                    if self._now is not None:
                        self._now.calls.append(happening)
                else:
                    await self._is_over(happening)
        except Exception as error:  # the vendor's end of the conversation, in whatever way it comes
            self._fail("connection", error)

    async def _sound(self, sound: Sound) -> None:
        reply = self._now
        if reply is None or reply.speech.cut or not sound.pcm:
            return
        if reply.sentence is None:
            self._within(None)
            reply.first = time.monotonic()
            reply.sentence = self._books.sentence(reply.speech, reply.text.strip())
            self._listener.first_sound(reply)
            await self.push_frame(SentenceFrame(sentence=reply.sentence))
        await self.push_frame(TTSAudioRawFrame(sound.pcm, sound.rate, 1))

    def _said(self, text: str) -> None:
        reply = self._now
        if reply is None or reply.speech.cut:
            return
        reply.text += text
        if reply.sentence is not None:
            reply.sentence.text = " ".join(reply.text.split())

    async def _is_over(self, over: Over) -> None:
        reply, self._now = self._now, None
        if reply is None:
            return
        self._within(None)
        reply.tokens, reply.error = (over.tokens_in, over.tokens_out), over.error
        reply.speech.text_done = True
        if not reply.speech.cut:
            await self.push_frame(SpeechWrittenFrame(speech=reply.speech))
        await self._listener.over(reply)
        if self._now is None and self._waiting:
            await self._ask(self._waiting.popleft())


def heard_seconds(speech: Speech) -> float:
    """Of a speech that was cut."""
    if speech.cut_at is None:
        return 0.0
    played = [(speech.cut_at - one.starts, one.seconds) for one in speech.sentences if one.starts is not None]
    return sum(max(0.0, min(since, seconds)) for since, seconds in played)
