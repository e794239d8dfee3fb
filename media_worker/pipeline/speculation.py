"""A reply begun before the caller's turn is decided, on the words heard so far.

While smart-turn says “not yet”, the clock runs, or the STT still owes its last word, a model writes and the first
sentence gets its sound. Nothing of it is spoken, remembered or done before the decision: the mouth holds it back, tools
wait, the history does not know of it. When the turn is over and its words are those that were answered, the reply is
kept; otherwise it is dropped without a trace but its spans. One a silence, so that it costs one more request at most.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from media_worker.pipeline.speech import Books, Speech

if TYPE_CHECKING:
    from media_worker.flow.runner import FlowRunner
    from media_worker.observe.observer import CallObserver
    from media_worker.pipeline.minds import Minds
    from media_worker.pipeline.transport import Mouth
    from media_worker.pipeline.voice import Voice


def same_words(text: str, other: str) -> bool:
    """Whether two transcripts differ in case, punctuation and spaces at most."""
    return _words(text) == _words(other)


def _words(text: str) -> list[str]:
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in unicodedata.normalize("NFKC", text).casefold())
    return "".join(kept).split()


class Speculation:
    def __init__(
        self,
        minds: Minds,
        flow: FlowRunner,
        observer: CallObserver,
        books: Books,
        voice: Voice,
        mouth: Mouth,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._minds = minds
        self._flow = flow
        self._observer = observer
        self._books = books
        self._voice = voice
        self._mouth = mouth
        self._spawn = spawn
        self._spent = False
        self._text: str | None = None
        self._speech: Speech | None = None
        self._in_turn = asyncio.Lock()

    def consider(self, text: str) -> None:
        """The caller fell silent after these words: begin, unless that was done in this silence."""
        if self._text is not None and not same_words(text, self._text):
            self._spawn(self.drop())
        if self._spent or self._books.open or self._minds.busy or self._minds.tools_running:
            return
        route = self._flow.would_ask(text)
        if route is None:
            return
        self._spent = True
        self._text = text

        async def begin() -> None:
            async with self._in_turn:
                if self._text is text:
                    self._speech = await self._minds.guess(self._observer.turn + 1, text, route)

        self._spawn(begin())

    def went_on(self) -> None:
        """The caller speaks again: the words were not all."""
        self._spent = False
        if self._text is not None:
            self._spawn(self.drop())

    def fits(self, text: str) -> bool:
        return self._text is not None and same_words(text, self._text)

    async def keep(self) -> bool:
        """The turn is decided, numbered and remembered, and it is what was answered. False: there is no reply to keep."""
        async with self._in_turn:
            self._text = None
            speech, self._speech = self._speech, None
            if speech is None or speech.cut:
                return False
            if not await self._minds.keep(speech):
                await self._discard(speech)
                return False
            self._observer.guess_kept()
            self._mouth.forget()
            return True

    async def drop(self) -> None:
        """It was not what the caller said, or not all of it."""
        self._text = None
        async with self._in_turn:
            speech, self._speech = self._speech, None
            if speech is not None and not speech.cut:
                await self._discard(speech)

    async def _discard(self, speech: Speech) -> None:
        await self._minds.forget(speech)
        self._books.drop(speech)
        await self._voice.stop_tts()
        self._mouth.forget()

    async def decided(self, text: str) -> None:
        """The turn is over, and these are its words: what does not answer them is dropped."""
        self._spent = False
        if not self.fits(text):
            await self.drop()
