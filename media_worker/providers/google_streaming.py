"""Google's streamed transcription over gRPC, a stream for each stretch of speech. Imports pipecat and grpc: only builders do.

A stream begins with the configuration, takes sound while the caller speaks, and is closed when the caller stops: what is
final by then is the text. Messages are a part of google.cloud.speech.v1's, declared here by their numbers
(github.com/googleapis/googleapis, google/cloud/speech/v1/cloud_speech.proto), because Google's own package takes most of
a second to import.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import lru_cache
from typing import Any

import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.settings import STTSettings
from pipecat.services.stt_service import STTService
from pipecat.utils.time import time_now_iso8601

from media_worker.providers.http import VendorFailed

METHOD = "/google.cloud.speech.v1.Speech/StreamingRecognize"
ANSWER_SECONDS = 3.0
BEFORE_SECONDS = 0.6
"""What was heard before the VAD noticed speech."""
MOST_WAITING = 1000
LINEAR16 = 1
_LOST = "Internal error from Core"
_PACKAGE = "voiceops.google.speech"
_STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class GoogleEars(STTService):
    """`config` is a RecognitionConfig's fields. `secure` is off for a server of one's own behind http://."""

    def __init__(self, *, label: str, host: str, secure: bool, key: str, config: dict[str, Any], rate: int) -> None:
        settings = STTSettings(model=str(config["model"]), language=None)
        super().__init__(sample_rate=rate, ttfs_p99_latency=1.57, settings=settings)
        self._label, self._key, self._rate = label, key, rate
        self._config = {**config, "encoding": LINEAR16, "sample_rate_hertz": rate}
        credentials = grpc.ssl_channel_credentials()
        self._channel = grpc.aio.secure_channel(host, credentials) if secure else grpc.aio.insecure_channel(host)
        self._before = bytearray()
        self._sound: asyncio.Queue[bytes | None] | None = None
        self._stretches: set[asyncio.Task[Any]] = set()

    def can_generate_metrics(self) -> bool:
        return True

    async def stop(self, frame: EndFrame) -> None:
        self._end()
        if self._stretches:
            await asyncio.wait(self._stretches, timeout=ANSWER_SECONDS)
        await super().stop(frame)

    async def cancel(self, frame: CancelFrame) -> None:
        await self._drop()
        await super().cancel(frame)

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._drop()
        await self._channel.close()

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        if self._sound is None:
            self._before += audio
            del self._before[: -int(BEFORE_SECONDS * self._rate) * 2]
        elif self._sound.qsize() < MOST_WAITING:
            self._sound.put_nowait(audio)
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStartedSpeakingFrame) and self._sound is None:
            self._sound = asyncio.Queue()
            self._sound.put_nowait(bytes(self._before))
            self._before.clear()
            task = self.create_task(self._stretch(self._sound), name="stretch")
            self._stretches.add(task)
            task.add_done_callback(self._stretches.discard)
        elif isinstance(frame, VADUserStoppedSpeakingFrame):
            self._end()

    def _end(self) -> None:
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.put_nowait(None)

    async def _drop(self) -> None:
        self._sound = None
        for task in list(self._stretches):
            await self.cancel_task(task)

    async def _stretch(self, sound: asyncio.Queue[bytes | None]) -> None:
        """One stretch of speech; its text is told even when it is empty, so that nobody waits for it."""
        try:
            text, sure = await self._recognised(sound)
        except (grpc.aio.AioRpcError, VendorFailed, TimeoutError) as error:
            failed = _failed(await self._real(error))
            await self.push_error(f"{self._label}: {failed}", exception=failed)
            return
        await self.emit_stt_usage_metrics()
        await self.push_frame(
            TranscriptionFrame(text, "", time_now_iso8601(), result={"confidence": sure}, finalized=True)
        )

    async def _real(self, error: Exception) -> Exception:
        """A refusal that comes while sound is sent is lost in grpc.aio, which then makes up INTERNAL: it is asked for
        once more, without sound."""
        if not isinstance(error, grpc.aio.AioRpcError) or _LOST not in (error.details() or ""):
            return error
        sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        sound.put_nowait(None)
        try:
            await self._recognised(sound)
        except (grpc.aio.AioRpcError, VendorFailed, TimeoutError) as real:
            return error if isinstance(real, TimeoutError) else real
        return error

    async def _recognised(self, sound: asyncio.Queue[bytes | None]) -> tuple[str, float | None]:
        request, response = messages()
        ended = asyncio.get_running_loop().create_future()

        async def asked() -> AsyncIterator[Any]:
            yield request(streaming_config={"config": self._config, "interim_results": True})
            while (pcm := await sound.get()) is not None:
                if pcm:
                    yield request(audio_content=pcm)
            ended.set_result(None)

        ask: Callable[..., Any] = self._channel.stream_stream(
            METHOD, request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        stream = ask(asked(), metadata=(("x-goog-api-key", self._key),))
        finals: list[str] = []
        confidences: list[float] = []
        try:
            waiting = asyncio.ensure_future(self._read(stream, finals, confidences))
            try:
                await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait_for(waiting, ANSWER_SECONDS)
            finally:
                waiting.cancel()
        finally:
            stream.cancel()
        return " ".join(finals).strip(), min(confidences) if confidences else None

    async def _read(self, stream: Any, finals: list[str], confidences: list[float]) -> None:
        async for told in stream:
            if told.error.code:
                raise VendorFailed("The vendor broke off.", _STATUS.get(_code_name(told.error.code), 500))
            for result in told.results:
                if not result.alternatives:
                    continue
                best = result.alternatives[0]
                if not result.is_final:
                    words = " ".join([*finals, best.transcript.strip()])
                    await self.push_frame(InterimTranscriptionFrame(words, "", time_now_iso8601()))
                    break
                finals.append(best.transcript.strip())
                if best.confidence:
                    confidences.append(best.confidence)


def _failed(error: Exception) -> Exception:
    """With the HTTP status that a code of gRPC amounts to, and when to come again where the vendor says so."""
    if isinstance(error, grpc.aio.AioRpcError):
        name = error.code().name
        trailing = {str(key): str(value) for key, value in (error.trailing_metadata() or ())}
        return VendorFailed(f"The vendor answered {name}.", _STATUS.get(name, 500), trailing)
    return VendorFailed("The vendor did not answer in time.") if isinstance(error, TimeoutError) else error


def _code_name(number: int) -> str:
    return next((code.name for code in grpc.StatusCode if code.value[0] == number), "INTERNAL")


@lru_cache(maxsize=1)
def messages() -> tuple[Any, Any]:
    """The classes of a request and of a response."""
    file = descriptor_pb2.FileDescriptorProto(name="voiceops/google_speech.proto", package=_PACKAGE, syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    plain = {"int": kinds.TYPE_INT32, "str": kinds.TYPE_STRING, "bool": kinds.TYPE_BOOL, "bytes": kinds.TYPE_BYTES, "float": kinds.TYPE_FLOAT}  # fmt: skip
    for name, fields in _DECLARED.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            many = kind.startswith("*")
            added = message.field.add(name=field, number=number)
            added.label = kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL
            kind = kind.removeprefix("*")
            if kind in plain:
                added.type = plain[kind]
            else:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request, response = (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in ("Request", "Response")
    )
    return request, response


_DECLARED: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Context": ((1, "phrases", "*str"),),
    "Config": (
        (1, "encoding", "int"),
        (2, "sample_rate_hertz", "int"),
        (3, "language_code", "str"),
        (4, "max_alternatives", "int"),
        (6, "speech_contexts", "*Context"),
        (11, "enable_automatic_punctuation", "bool"),
        (13, "model", "str"),
    ),
    "StreamingConfig": ((1, "config", "Config"), (2, "single_utterance", "bool"), (3, "interim_results", "bool")),
    "Request": ((1, "streaming_config", "StreamingConfig"), (2, "audio_content", "bytes")),
    "Status": ((1, "code", "int"), (2, "message", "str")),
    "Alternative": ((1, "transcript", "str"), (2, "confidence", "float")),
    "Result": ((1, "alternatives", "*Alternative"), (2, "is_final", "bool"), (3, "stability", "float")),
    "Response": ((1, "error", "Status"), (2, "results", "*Result")),
}
