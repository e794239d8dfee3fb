"""The same vendors over plain HTTP, for networks where websockets do not pass. Imports pipecat: only builders do.

A voice posts each utterance and passes the answer on as it comes; ears post each stretch of speech once it is over.
One attempt each: a second one is the pipeline's decision.
"""

from __future__ import annotations

import asyncio
import io
import ssl
import wave
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache
from typing import Any

import httpx2
from pipecat.frames.frames import ErrorFrame, Frame, TranscriptionFrame, TTSAudioRawFrame
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.utils.time import time_now_iso8601

from media_worker.providers.faults import fault_of
from media_worker.providers.streaming.wire import Final, Post, VendorSaid

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
FIRST_SECONDS = 0.04
"""Sound that is gathered before the first of it is passed on."""

_MOST_BODY = 16 * 2**20


class PostedVoice(TTSService):
    """`post` makes the request for a text. `unpack` finds the samples in a JSON answer; None: the answer is samples."""

    def __init__(
        self,
        *,
        label: str,
        post: Callable[[str], Post],
        unpack: Callable[[bytes], bytes] | None,
        rate: int,
        model: str,
        voice: str,
    ) -> None:
        super().__init__(
            sample_rate=rate,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model=model, voice=voice, language=None),
        )
        self._label, self._post, self._unpack, self._rate = label, post, unpack, rate
        self._http = _client()

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._http.aclose()

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        try:
            async with _asking(self._http, self._post(text)) as answer:
                await _refuse(answer)
                await self.start_tts_usage_metrics(text)
                async for pcm in self._samples(answer):
                    await self.stop_ttfb_metrics()
                    yield TTSAudioRawFrame(pcm, self._rate, 1, context_id=context_id)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever it was is told
            yield ErrorFrame(error=_said(self._label, error), exception=error)

    async def _samples(self, answer: httpx2.Response) -> AsyncGenerator[bytes, None]:
        if self._unpack is not None:
            yield self._unpack(await _whole(answer))
            return
        odd = b""
        async for chunk in answer.aiter_bytes(int(self._rate * FIRST_SECONDS) * 2):
            whole = odd + chunk
            odd = whole[len(whole) // 2 * 2 :]
            if len(whole) > 1:
                yield whole[: len(whole) // 2 * 2]


class PostedEars(SegmentedSTTService):
    """`post` makes the request for a WAV, `read` finds the text in the answer."""

    def __init__(
        self, *, label: str, post: Callable[[bytes], Post], read: Callable[[bytes], Final], rate: int, model: str
    ) -> None:
        super().__init__(sample_rate=rate, ttfs_p99_latency=2.0, settings=STTSettings(model=model, language=None))
        self._label, self._post, self._read = label, post, read
        self._http = _client()

    def can_generate_metrics(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._http.aclose()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        try:
            async with _asking(self._http, self._post(audio)) as answer:
                await _refuse(answer)
                final = self._read(await _whole(answer))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever it was is told
            yield ErrorFrame(error=_said(self._label, error), exception=error)
            return
        yield TranscriptionFrame(
            final.text.strip(), "", time_now_iso8601(), result={"confidence": final.confidence}, finalized=True
        )


def samples_of(wav: bytes) -> bytes:
    """The samples of a WAV, and of what is none: itself."""
    if not wav.startswith(b"RIFF"):
        return wav
    with wave.open(io.BytesIO(wav)) as file:
        return file.readframes(file.getnframes())


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _client() -> httpx2.AsyncClient:
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx2.AsyncClient(verify=_tls(), timeout=timeout, trust_env=False, follow_redirects=False)


def _asking(client: httpx2.AsyncClient, post: Post) -> Any:
    body: dict[str, Any] = {}
    if post.json is not None:
        body["json"] = post.json
    elif post.file is not None:
        body = {"data": post.fields or {}, "files": {post.file[0]: ("speech.wav", post.file[1], "audio/wav")}}
    else:
        body["content"] = post.content
    return client.stream("POST", post.url, headers=post.headers, **body)


async def _refuse(answer: httpx2.Response) -> None:
    """Raises VendorSaid for anything but what was asked for."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code == 200 and kind != "text/html":
        return
    error = VendorSaid(f"It answered {answer.status_code} with {kind or 'nothing'}.", answer.status_code)
    error.headers = dict(answer.headers)
    raise error


async def _whole(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > _MOST_BODY:
            raise VendorSaid("It answered with far too much.")
    return bytes(body)


def _said(label: str, error: Exception) -> str:
    status = fault_of(error).status
    return f"{label} answered {status}." if status else f"{label}: {str(error) or type(error).__name__}"
