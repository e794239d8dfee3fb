"""The outbox: what must happen after a call is a row first and a Celery task second."""

from __future__ import annotations

from django.db import models


class AfterCallJob(models.Model):
    """A sweeper runs what a crash left behind: due, not done, not claimed lately."""

    class Kind(models.TextChoices):
        ASSEMBLE_RECORDING = "assemble_recording"
        MEASURE = "measure"
        RECORD_USAGE = "record_usage"
        EXPORT_OTLP = "export_otlp"
        EXPORT_LANGFUSE = "export_langfuse"
        EXPORT_OPERATOR = "export_operator"

    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "kind"], name="one_job_per_call_and_kind")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(done_at=None, failed_at=None), name="jobs_waiting")
        ]
