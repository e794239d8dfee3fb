"""Where an agency's traces go after a call."""

from __future__ import annotations

import uuid

from django.db import models

from voiceops.lib.fields import EncryptedJSONField


class TraceDestination(models.Model):
    """At most one of a kind. `secret` holds {"headers": {…}} for OTLP and {"secret_key": "…"} for Langfuse.

    `last_error` is why the newest delivery failed, in a sentence; empty when it did not.
    """

    class Kind(models.TextChoices):
        OTLP = "otlp", "OpenTelemetry"
        LANGFUSE = "langfuse", "Langfuse"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, unique=True)
    address = models.CharField(max_length=300)
    public_key = models.CharField(max_length=120, blank=True)
    secret = EncryptedJSONField(default=dict)
    include_transcripts = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="It could not take more: nobody asks before.")

    def __str__(self) -> str:
        return str(self.get_kind_display())
