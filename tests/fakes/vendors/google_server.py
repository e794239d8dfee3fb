"""Google's Speech over gRPC, with the messages of Google's own package: what ours are read by and written to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio
import numpy as np
from google.cloud.speech_v1.types import StreamingRecognizeRequest, StreamingRecognizeResponse

_LOUD = 300.0


@dataclass
class Stream:
    """One stream: its configuration, and how much sound came."""

    metadata: dict[str, str]
    config: Any = None
    interim: bool = False
    sound: bytearray = field(default_factory=bytearray)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class GoogleSpeechServer:
    """`faults` are “silence”, “cut” and “late” for a stream that is taken, or a code of gRPC with which every stream is
    refused until it is taken out again."""

    key: str = "key-alice"
    heard: list[str] = field(default_factory=list)
    faults: list[grpc.StatusCode | str] = field(default_factory=list)
    seen: list[Stream] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        method = grpc.stream_stream_rpc_method_handler(
            self._recognise,
            request_deserializer=StreamingRecognizeRequest.deserialize,
            response_serializer=StreamingRecognizeResponse.serialize,
        )
        handler = grpc.method_handlers_generic_handler("google.cloud.speech.v1.Speech", {"StreamingRecognize": method})
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((handler,))
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop(0.1)

    async def _recognise(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        stream = Stream({str(name): str(value) for name, value in context.invocation_metadata()})
        self.seen.append(stream)
        fault = self.faults[0] if self.faults else None
        if isinstance(fault, str):
            self.faults.pop(0)
        try:
            if stream.metadata.get("x-goog-api-key") != self.key:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "The key is not known.")
            if isinstance(fault, grpc.StatusCode):
                limit = fault is grpc.StatusCode.RESOURCE_EXHAUSTED
                await context.abort(fault, "No.", (("retry-after", "7"),) if limit else ())
            if fault == "silence":
                await asyncio.sleep(3600)
            async for answer in self._answers(requests, stream, context, fault):
                yield answer
        finally:
            stream.closed.set()

    async def _answers(
        self, requests: AsyncIterator[Any], stream: Stream, context: Any, fault: str | None
    ) -> AsyncIterator[Any]:
        words: list[str] | None = None
        told = 0
        async for request in requests:
            if stream.config is None:
                stream.config, stream.interim = (
                    request.streaming_config.config,
                    request.streaming_config.interim_results,
                )
                continue
            stream.sound += request.audio_content
            loud = np.sqrt(np.mean(np.frombuffer(request.audio_content, dtype="<i2").astype(float) ** 2)) > _LOUD
            if loud and words is None:
                words = (self.heard.pop(0) if self.heard else "what are your opening hours").split()
            ready = min(len(words or ()), len(stream.sound) // 4000)
            if loud and words and stream.interim and told < ready < len(words):
                told = ready
                if fault == "cut":
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "Gone.")
                yield _answer(" ".join(words[:told]), False)
        if fault == "late":
            await asyncio.sleep(3600)
        if words:
            yield _answer(" ".join(words), True)


def _answer(text: str, final: bool) -> StreamingRecognizeResponse:
    alternative = {"transcript": text, "confidence": 0.93 if final else 0.0}
    return StreamingRecognizeResponse(results=[{"alternatives": [alternative], "is_final": final}])
