"""A call's trace to an agency's own Langfuse, through its SDK.

One client per agency and process, closed when the agency's keys change. The SDK keeps one resource manager per public
key for the whole process: whoever asked first would serve everybody who types the same public key, with the first one's
host and secret. So each client is taken out of that registry as soon as it is made, and lives here under its agency.

Times and ids come from the stored call: the spans are OpenTelemetry's, which the SDK's own observations wrap.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import langfuse
from langfuse import Langfuse, LangfuseGeneration, LangfuseSpan, LangfuseTool, propagate_attributes
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer, set_span_in_context

from calls.tracing import sending
from calls.tracing.otlp import BATCH, resource
from calls.tracing.shape import Shaped, ShapedCall

MOST_CLIENTS = 32
"""Each has threads of its own. The one that was not used for longest is closed."""

SCOPE = "langfuse-sdk"
PATH = "/api/public/otel/v1/traces"


@dataclass(frozen=True)
class Keys:
    host: str
    public_key: str
    secret_key: str = field(repr=False)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.host}\n{self.public_key}\n{self.secret_key}".encode()).hexdigest()


class _NextIds(IdGenerator):
    """Gives the ids that were laid ready: a call's spans have the same ones however often they are exported."""

    def __init__(self) -> None:
        self.trace_id = 0
        self.span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _NoOtherRequests(httpx.BaseTransport):
    """The SDK's other client, for prompts and scores: nothing of ours goes that way."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("not used", request=request)


class AgencyClient:
    """One agency's client. `export` is for one thread at a time."""

    def __init__(self, agency: str, keys: Keys) -> None:
        self.keys = keys
        self.lock = threading.Lock()
        self.closed = False
        self._ids = _NextIds()
        self._provider = TracerProvider(
            resource=resource(agency), sampler=ALWAYS_ON, id_generator=self._ids, shutdown_on_exit=False
        )
        headers = {
            "Authorization": keys.basic,
            "x-langfuse-sdk-name": "python",
            "x-langfuse-sdk-version": langfuse.__version__,
            "x-langfuse-public-key": keys.public_key,
            "x-langfuse-ingestion-version": "4",
        }
        exporter, self._door = sending.exporter(keys.host + PATH, headers, sending.allowed_networks())
        with LangfuseResourceManager._lock:
            LangfuseResourceManager._instances.pop(keys.public_key, None)
            self._client = Langfuse(
                public_key=keys.public_key,
                secret_key=keys.secret_key,
                base_url=keys.host,
                tracer_provider=self._provider,
                span_exporter=exporter,
                httpx_client=httpx.Client(transport=_NoOtherRequests()),
                flush_at=BATCH,
            )
            LangfuseResourceManager._instances.pop(keys.public_key, None)
        self._tracer: Tracer = self._provider.get_tracer(
            SCOPE, langfuse.__version__, attributes={"public_key": keys.public_key}
        )

    def export(self, shaped: ShapedCall) -> None:
        """Raises ComeBack, ProviderRefused or AddressRefused when not every batch was taken."""
        self._door.begin()
        self._ids.trace_id = shaped.trace_id
        root, call = shaped.spans[0], shaped.call
        tags = [str(call.direction), *(["test"] if call.test else [])]
        client = str(root.attributes.get("voiceops.client.name", ""))
        with propagate_attributes(
            trace_name=(call.agent.name if call.agent else "Call")[:200],
            session_id=str(call.pk),
            user_id=client[:200] or None,
            tags=tags,
        ):
            self._write(shaped)
        self._client.flush()
        self._door.check()

    def _write(self, shaped: ShapedCall) -> None:
        """Children end before their parents do, and what is complete leaves before the queue is full."""
        open_spans: list[tuple[Shaped, Any]] = []
        for number, span in enumerate(shaped.spans, start=1):
            while open_spans and open_spans[-1][0].id != span.parent:
                ended, observation = open_spans.pop()
                observation.end(end_time=ended.end_ns)
            open_spans.append((span, self._observe(span, shaped.trace_id)))
            if number % BATCH == 0:
                self._client.flush()
        while open_spans:
            ended, observation = open_spans.pop()
            observation.end(end_time=ended.end_ns)

    def _observe(self, span: Shaped, trace_id: int) -> Any:
        self._ids.span_id = span.id
        context = otel_context.get_current()
        if span.parent is not None:
            above = SpanContext(trace_id, span.parent, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
            context = set_span_in_context(NonRecordingSpan(above), context)
        started = self._tracer.start_span(span.name, context, attributes=span.attributes, start_time=span.start_ns)
        for moment in span.moments:
            started.add_event(moment.name, moment.attributes, moment.at_ns)
        common: dict[str, Any] = {
            "otel_span": started,
            "langfuse_client": self._client,
            "input": span.attributes.get("gen_ai.input.messages"),
            "output": span.attributes.get("gen_ai.output.messages"),
            "level": _level(span),
            "status_message": span.error or None,
        }
        if span.kind in ("llm", "s2s"):
            stage = span.stage
            assert stage is not None
            usage = {"input": stage.tokens_in, "output": stage.tokens_out}
            return LangfuseGeneration(
                **common,
                model=stage.model or stage.vendor or None,
                usage_details=usage if any(usage.values()) else None,
                completion_start_time=_moment(span.first_ns),
            )
        return LangfuseTool(**common) if span.kind == "tool" else LangfuseSpan(**common)

    def close(self) -> None:
        """What waits is sent, its threads end. A client that has ended sends nothing more."""
        with self.lock:
            self.closed = True
            self._client.shutdown()
            self._provider.shutdown()


def _level(span: Shaped) -> str:
    if span.error:
        return "ERROR"
    if span.stage is not None and not span.stage.kept:
        return "DEBUG"
    return "WARNING" if any(moment.name == "fallback" for moment in span.moments) else "DEFAULT"


def _moment(ns: int | None) -> datetime | None:
    return None if ns is None else datetime.fromtimestamp(ns / 1_000_000_000, UTC)


class Clients:
    """The clients of this process, by agency."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, AgencyClient] = OrderedDict()

    def of(self, agency: str, keys: Keys) -> AgencyClient:
        """The agency's client for exactly these keys; the one for older keys is closed."""
        with self._lock:
            known = self._clients.get(agency)
            if known is not None and known.keys.fingerprint == keys.fingerprint:
                self._clients.move_to_end(agency)
                return known
            over = [self._clients.pop(agency)] if known is not None else []
            fresh = self._clients[agency] = AgencyClient(agency, keys)
            while len(self._clients) > MOST_CLIENTS:
                over.append(self._clients.popitem(last=False)[1])
        for client in over:
            client.close()
        return fresh

    def forget(self, agency: str) -> None:
        with self._lock:
            known = self._clients.pop(agency, None)
        if known is not None:
            known.close()

    def __len__(self) -> int:
        return len(self._clients)


clients = Clients()


def export(shaped: ShapedCall, keys: Keys) -> None:
    while True:
        client = clients.of(shaped.agency, keys)
        with client.lock:
            if not client.closed:  # by a change of keys, between the two lines above
                client.export(shaped)
                return
