"""A pipecat TTS over any vendor's websocket. Imports pipecat: only builders do.

One utterance at a time: its text goes out, its sound is passed on as it comes. An interruption stops it at the vendor, and
what still arrives of it is thrown away: never a word of it in the next reply. A failure is told at once, with the
exception that caused it; the next utterance opens a new connection, unless the vendor refused the key.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from loguru import logger
from pipecat.frames.frames import CancelFrame, EndFrame, ErrorFrame, Frame, StartFrame, TTSAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from media_worker.providers.faults import fault_of
from media_worker.providers.streaming.line import Line, LineBroken
from media_worker.providers.streaming.timing import SpokenWordsFrame
from media_worker.providers.streaming.wire import Done, Sound, Spoken, VendorSaid, VendorSilent, VoiceWire, Words

FIRST_SECONDS = 3.0
"""Until the first sound of an utterance."""

NEXT_SECONDS = 3.0
"""Between two pieces of its sound."""

LONGEST = (10.0, 0.5)
"""Seconds that any utterance may last, and so many more for each character."""

SETTLE_SECONDS = 1.5
"""The set-up waits so long at most for the connection to stand or to fail."""

_ALIVE_EVERY = 8.0
_MOST_GARBAGE = 5


class StreamingVoice(TTSService):
    """`wire` makes the protocol of one connection; its sound has the pipeline's `rate`."""

    def __init__(self, *, label: str, wire: Callable[[], VoiceWire], rate: int, model: str, voice: str) -> None:
        super().__init__(
            sample_rate=rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=model, voice=voice, language=None),
        )
        self._label = label
        self._make = wire
        self._rate = rate
        self._wire = wire()
        self._line: Line | None = None
        self._open: asyncio.Task[Line] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._heard: asyncio.Queue[Spoken | Exception] = asyncio.Queue()
        self._settled = asyncio.Event()
        self._begun = False
        self._failure: Exception | None = None
        self._numbers = itertools.count(1)
        self._present: str | None = None
        self._gone = False

    def can_generate_metrics(self) -> bool:
        return True

    # ── life ─────────────────────────────────────────────────────────────────────────────────────

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override]  # as FrameProcessor does
        await super().setup(setup)
        self._spawn(self._warm())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), SETTLE_SECONDS)

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._begun = True
        if self._failure is not None:
            await self._tell_failure(self._failure)

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._hang_up()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._hang_up()

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._hang_up()

    async def _hang_up(self) -> None:
        self._gone = True
        tasks, self._tasks = self._tasks, set()
        opening, self._open = self._open, None
        if opening is not None and not opening.done():
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        for task in tasks:
            await self.cancel_task(task)

    def _spawn(self, work: Any) -> None:
        task = self.create_task(work, name="voice")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _warm(self) -> None:
        """Connects ahead of the first utterance; when that fails somebody else may speak from the beginning."""
        try:
            await self._connected()
        except Exception as error:  # told with the start, or now when that is past
            self._failure = error
            if self._begun:
                await self._tell_failure(error)
        finally:
            self._settled.set()

    async def _tell_failure(self, error: Exception) -> None:
        await self.push_error(self._said(error), exception=error)

    # ── the connection ───────────────────────────────────────────────────────────────────────────

    async def _connected(self) -> Line:
        """The open line, or a new one. Callers share one attempt; cancelling one of them does not end it."""
        if self._line is not None:
            return self._line
        if self._open is None or self._open.done():
            self._open = asyncio.create_task(self._connect(), name="open")
        return await asyncio.shield(self._open)

    async def _connect(self) -> Line:
        wire = self._make()
        line = await Line.open(wire.door(), wire.closed)
        self._wire, self._line = wire, line
        self._heard = asyncio.Queue()
        self._spawn(self._listen(line, wire, self._heard))
        return line

    async def _listen(self, line: Line, wire: VoiceWire, heard: asyncio.Queue[Spoken | Exception]) -> None:
        keeping = self.create_task(self._keep(line, wire), name="keep")
        garbage = 0
        try:
            while True:
                message = await line.receive()
                try:
                    for spoken in wire.read(message):
                        heard.put_nowait(spoken)
                    garbage = 0
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    garbage += 1
                    logger.warning(f"{self}: a message that cannot be read: {type(error).__name__}")
                    if garbage >= _MOST_GARBAGE:
                        raise VendorSilent("The vendor sends what cannot be read.") from error
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told by whoever waits for sound; between utterances it concerns nobody
            heard.put_nowait(error)
        finally:
            if self._line is line:
                self._line = None
            await self.cancel_task(keeping)
            await line.aclose(wire.goodbye())

    async def _keep(self, line: Line, wire: VoiceWire) -> None:
        while True:
            await asyncio.sleep(_ALIVE_EVERY)
            message = wire.alive()
            if message is not None:
                line.send([message])

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        utterance = f"u{next(self._numbers)}"
        spoken = self._speak(text, utterance)
        odd = b""
        left = int((LONGEST[0] + LONGEST[1] * len(text)) * self._rate) * 2
        try:
            async for part in spoken:
                if isinstance(part, Words):
                    yield SpokenWordsFrame(words=part.words)
                elif isinstance(part, Sound):
                    whole = odd + part.pcm
                    odd = whole[len(whole) // 2 * 2 :]
                    left -= len(part.pcm)
                    if left < 0:
                        raise VendorSaid("It does not stop speaking.")
                    if len(whole) > 1:
                        await self.stop_ttfb_metrics()
                        yield TTSAudioRawFrame(whole[: len(whole) // 2 * 2], self._rate, 1, context_id=context_id)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever it was is told
            yield ErrorFrame(error=self._said(error), exception=error)
        finally:
            await spoken.aclose()

    async def _speak(self, text: str, utterance: str) -> AsyncGenerator[Spoken, None]:
        """Raises what broke the connection, VendorSaid or VendorSilent.

        A connection that had stood idle may be dead without anybody knowing: one that breaks before the first sound is
        replaced, once.
        """
        again = self._line is not None
        while True:
            self._hush()
            line = await self._connected()
            heard = self._heard
            while not heard.empty():
                heard.get_nowait()
            self._present = utterance
            line.send(self._wire.speak(text, utterance))
            try:
                async for part in self._sound_of(utterance, heard):
                    again = False
                    yield part
                return
            except LineBroken:
                if not again:
                    raise
                again = False
            except VendorSilent:
                self._forsake()
                raise
            finally:
                if self._present == utterance:
                    self._hush()

    async def _sound_of(self, utterance: str, heard: asyncio.Queue[Spoken | Exception]) -> AsyncGenerator[Spoken, None]:
        patience = FIRST_SECONDS
        while True:
            part = await _next(heard, patience)
            if isinstance(part, Exception):
                self._present = None
                raise part
            if part.utterance != utterance:
                continue
            if isinstance(part, Done):
                self._present = None
                return
            patience = NEXT_SECONDS
            yield part

    def _hush(self) -> None:
        """No more of the present utterance: said to the vendor, or, where it has no word for that, by another connection."""
        utterance, self._present = self._present, None
        line, wire = self._line, self._wire
        if utterance is None or line is None:
            return
        messages = wire.cancel(utterance)
        if messages is not None:
            line.send(messages)
            return
        self._forsake()

    def _forsake(self) -> None:
        """This connection is of no more use."""
        line, self._line, self._present = self._line, None, None
        if line is not None and not self._gone:
            self._spawn(self._drop(line, self._wire))

    async def _drop(self, line: Line, wire: VoiceWire) -> None:
        await line.aclose(wire.goodbye())
        with suppress(Exception):
            await self._connected()

    def _said(self, error: Exception) -> str:
        status = fault_of(error).status
        told = str(error) or type(error).__name__
        return (
            f"{self._label} answered {status}: {told}"
            if status and str(status) not in told
            else f"{self._label}: {told}"
        )


async def _next(heard: asyncio.Queue[Spoken | Exception], seconds: float) -> Spoken | Exception:
    try:
        return await asyncio.wait_for(heard.get(), seconds)
    except TimeoutError as error:
        raise VendorSilent(f"The vendor gave no sound for {seconds:g} s.") from error
