"""Which deliveries of traces follow a call, in the schema that is set."""

from __future__ import annotations

from django.conf import settings

from calls.models import AfterCallJob, TraceDestination

JOBS = {
    TraceDestination.Kind.OTLP: AfterCallJob.Kind.EXPORT_OTLP,
    TraceDestination.Kind.LANGFUSE: AfterCallJob.Kind.EXPORT_LANGFUSE,
}


def wanted() -> list[AfterCallJob.Kind]:
    kinds = TraceDestination.objects.order_by("kind").values_list("kind", flat=True)
    jobs = [JOBS[TraceDestination.Kind(kind)] for kind in kinds]
    if settings.TRACES_OTLP_ENDPOINT:
        jobs.append(AfterCallJob.Kind.EXPORT_OPERATOR)
    return jobs
