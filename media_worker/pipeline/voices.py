"""Another voice of the same vendor, for as long as a step of the flow wants it.

The voice is changed between two sentences: what the present one was given it says to its end. It is the same vendor by
the same key with another `voice` among its options, brought in like any other. A name that the vendor does not know is a
fault that is told once, and the agent's own voice says the words.
"""

from __future__ import annotations

import asyncio

from media_worker.contract.spec import Provider
from media_worker.observe.observer import CallObserver
from media_worker.pipeline.lanes import CannotServe, Lane
from media_worker.pipeline.speech import Books

SPOKEN_WITHIN = 15.0
"""Seconds that the present voice has at most to make the sound of what it was given."""

_LOOK = 0.02


class Voices:
    def __init__(self, lane: Lane, observer: CallObserver, books: Books) -> None:
        self._lane = lane
        self._observer = observer
        self._books = books
        self._own = lane.seats[0].provider.options.get("voice")
        self._unknown: set[str] = set()
        self._changing = asyncio.Lock()

    async def be(self, name: str) -> None:
        """Let what is said next be said by the voice `name`; empty: the agent's own. A deputy vendor keeps its own."""
        if name in self._unknown:
            name = ""
        if self._spoken_by(name):
            return
        async with self._changing:
            await self._said_to_the_end()
            if not await self._bring(name) and not self._spoken_by(""):
                await self._bring("")

    async def own_again(self) -> bool:
        """The voice that speaks has failed. Whether it was a step's, and the agent's own goes on."""
        seat = self._lane.seats[0]
        failed = str(seat.provider.options.get("voice") or "")
        if self._lane.standing is not seat or self._spoken_by(""):
            return False
        self._unknown.add(failed)
        return await self._bring("")

    def _spoken_by(self, name: str) -> bool:
        seat = self._lane.seats[0]
        return self._lane.standing is not seat or seat.provider.options.get("voice") == (name or self._own)

    async def _bring(self, name: str) -> bool:
        seat = self._lane.seats[0]
        provider = _with_voice(seat.provider, name or self._own)
        try:
            await self._lane.bring(seat, provider)
        except CannotServe as error:
            self._unknown.add(name)
            self._observer.fault("customer", "tts", f"The voice {name or 'of the agent'} cannot be had: {error}")
            return False
        self._observer.takes_over("tts", provider)
        return True

    async def _said_to_the_end(self) -> None:
        for _ in range(int(SPOKEN_WITHIN / _LOOK)):
            if not any(speech.text_done and not speech.written for speech in self._books.open):
                return
            await asyncio.sleep(_LOOK)


def _with_voice(provider: Provider, voice: str | int | float | bool | None) -> Provider:
    others = {name: value for name, value in provider.options.items() if name != "voice"}
    return provider.model_copy(update={"options": others | ({"voice": voice} if voice is not None else {})})
