"""A call's spans to an OpenTelemetry collector, over OTLP/HTTP, in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from calls.tracing import sending
from calls.tracing.shape import Shaped, ShapedCall
from voiceops.lib.net import Network

BATCH = 400
SCOPE = InstrumentationScope("voiceops.calls", "1")


def resource(agency: str) -> Resource:
    return Resource({"service.name": "voiceops", "service.namespace": agency})


def export(
    shaped: ShapedCall,
    url: str,
    headers: Mapping[str, str],
    networks: list[Network] | tuple[Network, ...],
) -> None:
    """Raises ComeBack, ProviderRefused or AddressRefused for the first batch that was not taken."""
    exporter, door = sending.exporter(url, headers, networks)
    spans = readable(shaped)
    try:
        for begin in range(0, len(spans), BATCH):
            exporter.export(spans[begin : begin + BATCH])
            door.check()
    finally:
        exporter.shutdown()


def readable(shaped: ShapedCall) -> Sequence[ReadableSpan]:
    whole = resource(shaped.agency)
    return [_readable(span, shaped.trace_id, whole) for span in shaped.spans]


def _readable(span: Shaped, trace_id: int, whole: Resource) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=_context(trace_id, span.id),
        parent=_context(trace_id, span.parent) if span.parent is not None else None,
        resource=whole,
        attributes=span.attributes,
        events=[Event(moment.name, moment.attributes, moment.at_ns) for moment in span.moments],
        kind=SpanKind.CLIENT if span.stage and span.stage.vendor not in ("", "builtin") else SpanKind.INTERNAL,
        instrumentation_scope=SCOPE,
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
        start_time=span.start_ns,
        end_time=max(span.start_ns, span.end_ns),
    )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
