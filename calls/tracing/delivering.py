"""One delivery of one call's trace: what a job of the outbox does. How it went is kept with the destination.

The exporters are imported when they are first needed: nobody else's start waits for OpenTelemetry and Langfuse.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from calls.aftercall.errors import ComeBack
from calls.models import Call, TraceDestination
from calls.tracing.shape import ShapedCall, shape
from voiceops.lib.errors import VoiceOpsError

Kind = TraceDestination.Kind
OTLP_PATH = "/v1/traces"
PAUSE = 30.0
"""Seconds a server is left alone that is away and does not say for how long."""


def to_otlp(call: Call) -> None:
    _deliver(call, Kind.OTLP)


def to_langfuse(call: Call) -> None:
    _deliver(call, Kind.LANGFUSE)


def to_operator(call: Call) -> None:
    """The operator's own collector, in whatever network it is; never with what was said."""
    from calls.tracing import otlp, sending

    if settings.TRACES_OTLP_ENDPOINT:
        url = otlp_url(settings.TRACES_OTLP_ENDPOINT)
        otlp.export(shape(_whole(call)), url, settings.TRACES_OTLP_HEADERS, sending.EVERYWHERE)


def _deliver(call: Call, kind: str) -> None:
    """A destination that was removed meanwhile wants nothing any more."""
    destination = TraceDestination.objects.filter(kind=kind).first()
    if destination is not None:
        _wait_while_paused(destination)
        send(destination, shape(_whole(call), destination.include_transcripts))


def _wait_while_paused(destination: TraceDestination) -> None:
    """One call finds out for all that a server is away: the others do not each wait for its silence."""
    if destination.paused_until is not None and destination.paused_until > timezone.now():
        left = (destination.paused_until - timezone.now()).total_seconds()
        raise ComeBack(destination.last_error, retry_after=left)


def _whole(call: Call) -> Call:
    return Call.objects.select_related("agent", "agent_version", "client").get(pk=call.pk)


def send(destination: TraceDestination, shaped: ShapedCall) -> None:
    """Raises what the exporter raises, after it was written down."""
    try:
        EXPORT[destination.kind](destination, shaped)
    except VoiceOpsError as error:
        now = timezone.now()
        pause = timedelta(seconds=error.retry_after or PAUSE) if isinstance(error, ComeBack) else timedelta()
        _note(destination, failed_at=now, last_error=error.sentence[:300], paused_until=now + pause)
        raise
    _note(destination, delivered_at=timezone.now(), last_error="", paused_until=None)


def _note(destination: TraceDestination, **how: object) -> None:
    """What was changed while it was under way is not judged by how the old address did."""
    TraceDestination.objects.filter(pk=destination.pk, changed_at=destination.changed_at).update(**how)


def otlp_url(address: str) -> str:
    """A collector's base address gets the path that OTLP/HTTP gives to traces."""
    return address if address.endswith(OTLP_PATH) else address + OTLP_PATH


def _otlp(destination: TraceDestination, shaped: ShapedCall) -> None:
    from calls.tracing import otlp, sending

    headers = dict(destination.secret.get("headers", {}))
    otlp.export(shaped, otlp_url(destination.address), headers, sending.allowed_networks())


def _langfuse(destination: TraceDestination, shaped: ShapedCall) -> None:
    from calls.tracing import langfuse

    secret = str(destination.secret.get("secret_key", ""))
    langfuse.export(shaped, langfuse.Keys(destination.address, destination.public_key, secret))


EXPORT: dict[str, Callable[[TraceDestination, ShapedCall], None]] = {Kind.OTLP: _otlp, Kind.LANGFUSE: _langfuse}
