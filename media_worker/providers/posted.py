"""A voice and ears over plain HTTP: one request an utterance. Imports pipecat: only builders do.

A voice passes sound on as it comes; ears send a stretch of speech once it is over. One attempt each: a second one is the
pipeline's decision. Errors reach it as an ErrorFrame with the exception, for `faults.fault_of`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
from pipecat.frames.frames import ErrorFrame, Frame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.time import time_now_iso8601

from media_worker.providers.http import VendorFailed, client, posted

STT_SECONDS = 5.0
"""Utterances are read one after another: a request that hangs must not keep the next one waiting."""
FIRST_SECONDS = 0.04
"""Sound that is gathered before the first of it is passed on."""
_LONGEST_HEADER = 64 * 1024
_LARGEST_ANSWER = 32 * 2**20


@dataclass(frozen=True)
class Post:
    url: str
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Transcript:
    text: str
    confidence: float | None = None


class PostedVoice(TTSService):
    """`sound` is how the answer holds it: 16-bit samples at `rate`, a WAV file, or JSON with one in base64 at `field`."""

    def __init__(
        self, *, label: str, ask: Callable[[str], Post], sound: Literal["pcm", "wav", "json"], rate: int,
        model: str, voice: str, field: str = "",
    ) -> None:  # fmt: skip
        super().__init__(
            sample_rate=rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=model, voice=voice, language=None),
        )
        self._label, self._ask, self._sound, self._rate, self._field = label, ask, sound, rate, field
        self._http = client()

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._http.aclose()

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        post = self._ask(text)
        try:
            async with posted(
                self._http, post.url, content=post.content, headers=post.headers, kinds=_KINDS[self._sound]
            ) as response:
                await self.start_tts_usage_metrics(text)
                heard = False
                async with aclosing(self._samples(response.aiter_bytes())) as samples:
                    async for pcm, rate in samples:
                        heard = True
                        await self.stop_ttfb_metrics()
                        yield TTSAudioRawFrame(pcm, rate, 1, context_id=context_id)
                if not heard:
                    raise VendorFailed("The vendor answered without sound.")
        except VendorFailed as error:
            yield ErrorFrame(error=f"{self._label}: {error}", exception=error)
        except httpx2.HTTPError as error:
            yield ErrorFrame(error=f"{self._label} did not answer: {type(error).__name__}.", exception=error)

    async def _samples(self, received: AsyncIterator[bytes]) -> AsyncGenerator[tuple[bytes, int], None]:
        if self._sound == "json":
            received = _of_json(received, self._field)
        rate, head = self._rate, b""
        begun = self._sound == "pcm"
        waiting = b""
        async for chunk in received:
            if not begun:
                head += chunk
                found = wav_start(head)
                if found is None:
                    continue
                (rate, start), begun = found, True
                chunk = head[start:]
            waiting += chunk
            if len(waiting) >= int(rate * FIRST_SECONDS) * 2:
                whole = len(waiting) // 2 * 2
                yield waiting[:whole], rate
                waiting = waiting[whole:]
        if not begun:
            raise VendorFailed("The vendor's sound has no beginning.")
        if len(waiting) > 1:
            yield waiting[: len(waiting) // 2 * 2], rate


class PostedEars(SegmentedSTTService):
    """`ask` makes the request for a WAV file, `read` finds the words in the JSON of the answer, None where there are none.
    An answer takes at most `seconds`."""

    def __init__(
        self, *, label: str, ask: Callable[[bytes], Post], read: Callable[[dict[str, Any]], Transcript | None],
        latency: float, model: str, seconds: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(ttfs_p99_latency=latency, settings=STTSettings(model=model, language=None))
        self._label, self._ask, self._read = label, ask, read
        self._seconds = seconds or STT_SECONDS
        self._http = client(self._seconds)

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._http.aclose()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        await self.start_processing_metrics()
        try:
            async with asyncio.timeout(self._seconds):
                heard = await self._heard(self._ask(audio))
        except VendorFailed as error:
            yield ErrorFrame(error=f"{self._label}: {error}", exception=error)
            return
        except (httpx2.HTTPError, TimeoutError) as error:
            yield ErrorFrame(error=f"{self._label} did not answer: {type(error).__name__}.", exception=error)
            return
        await self.stop_processing_metrics()
        yield TranscriptionFrame(
            text=heard.text if heard else "",
            user_id=self._user_id,
            timestamp=time_now_iso8601(),
            result={"confidence": heard.confidence} if heard and heard.confidence is not None else None,
            finalized=True,
        )

    async def _heard(self, post: Post) -> Transcript | None:
        kinds = ("application/json",)
        async with posted(self._http, post.url, content=post.content, headers=post.headers, kinds=kinds) as response:
            found = _object(await response.aread())
        try:
            return self._read(found)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise VendorFailed("The vendor's answer cannot be read.") from None


_KINDS: dict[str, tuple[str, ...]] = {
    "pcm": ("audio/", "application/octet-stream"),
    "wav": ("audio/", "application/octet-stream"),
    "json": ("application/json",),
}


def wav_start(head: bytes) -> tuple[int, int] | None:
    """The rate in Hz, and where the samples begin; None while too little has come.

    Raises VendorFailed for what is no WAV file of one channel of 16-bit samples. Sizes are not believed: a server that
    streams does not know them.
    """
    if len(head) < 12:
        return None
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise VendorFailed("The vendor sends sound that is no WAV file.")
    at, rate = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack("<I", head[at + 4 : at + 8])[0]
        if name == b"data":
            if not rate:
                break
            return rate, at + 8
        if at + 8 + size > len(head) and len(head) < _LONGEST_HEADER:
            return None
        if name == b"fmt " and size >= 16 and len(head) >= at + 24:
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", head[at + 8 : at + 24])
            if kind not in (1, 0xFFFE) or channels != 1 or bits != 16 or not 8000 <= rate <= 48000:
                raise VendorFailed("The vendor sends sound that is not one channel of 16-bit samples.")
        at += 8 + size + size % 2
    if len(head) >= _LONGEST_HEADER:
        raise VendorFailed("The vendor sends sound that is no WAV file.")
    return None


async def _of_json(received: AsyncIterator[bytes], name: str) -> AsyncIterator[bytes]:
    whole = b""
    async for chunk in received:
        whole += chunk
        if len(whole) > _LARGEST_ANSWER:
            raise VendorFailed("The vendor's answer is far too large.")
    try:
        held = _object(whole)[name]
        yield base64.b64decode(held[0] if isinstance(held, list) else held, validate=True)
    except (KeyError, IndexError, TypeError, ValueError):
        raise VendorFailed("The vendor's answer holds no sound.") from None


def _object(whole: bytes) -> dict[str, Any]:
    try:
        found = json.loads(whole)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise VendorFailed("The vendor's answer is no JSON.")
    return found
