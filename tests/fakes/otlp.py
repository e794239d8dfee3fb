"""A collector that speaks OTLP/HTTP over a real socket: takes spans at `/v1/traces`, or answers as it is told.

    with FakeCollector() as server:
        server.answers = [Answer(429, {"Retry-After": "7"}), Answer(200)]
        server.url                  # http://127.0.0.1:…
        server.spans()              # every span that was taken, decoded

After OpenTelemetry's specification of OTLP/HTTP: a POST of an ExportTraceServiceRequest as protobuf, perhaps gzipped;
success is 200 with an ExportTraceServiceResponse. An answer of None is silence until the server is closed.
"""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

PROTOBUF = "application/x-protobuf"
HTML = b"<!doctype html><title>Sign in</title><h1>Sign in</h1>"


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = ExportTraceServiceResponse().SerializeToString()
    content_type: str = PROTOBUF


@dataclass(frozen=True)
class Taken:
    """A request as it came; `body` is unzipped."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int | None

    @property
    def request(self) -> ExportTraceServiceRequest:
        return ExportTraceServiceRequest.FromString(self.body)


@dataclass(frozen=True)
class SpanSeen:
    trace_id: str
    id: str
    parent: str
    name: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: tuple[str, ...]
    error: str
    scope: str


class FakeCollector:
    path = "/v1/traces"

    def __init__(self) -> None:
        self.answers: list[Answer | None] = []
        """What is answered, in order; when there is none left, success."""
        self.requests: list[Taken] = []
        self._closing = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                fake._take(self)

            def do_GET(self) -> None:
                self.send_error(404)

            def log_message(self, *_: Any) -> None:
                """Nothing: tests read the logs."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer_to(self, request: Taken) -> Answer | None:
        if request.path != self.path:
            return Answer(404, body=b"not found", content_type="text/plain")
        return self.answers.pop(0) if self.answers else Answer()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        came = Taken(handler.path, headers, body, None)
        answer = self.answer_to(came)
        self.requests.append(Taken(came.path, came.headers, came.body, answer.status if answer else None))
        if answer is None:
            self._closing.wait(60)
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)

    def spans(self) -> list[SpanSeen]:
        """What was taken; a span that came twice is there twice."""
        return [
            SpanSeen(
                trace_id=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                name=span.name,
                start_ns=span.start_time_unix_nano,
                end_ns=span.end_time_unix_nano,
                attributes={pair.key: _value(pair.value) for pair in span.attributes},
                events=tuple(event.name for event in span.events),
                error=span.status.message,
                scope=scoped.scope.name,
            )
            for taken in self.requests
            if taken.answered == 200
            for resource in taken.request.resource_spans
            for scoped in resource.scope_spans
            for span in scoped.spans
        ]


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None
