"""What was heard on the wire, both sides, the caller left and the agent right."""

from __future__ import annotations

from django.db import models


class Recording(models.Model):
    class Status(models.TextChoices):
        RECORDING = "recording", "Recording"
        ASSEMBLING = "assembling", "Being prepared"
        READY = "ready", "Ready"
        EMPTY = "empty", "Nothing was recorded"
        FAILED = "failed", "Could not be prepared"

    call = models.OneToOneField("calls.Call", on_delete=models.CASCADE, related_name="recording")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.RECORDING)
    detail = models.CharField(max_length=300, blank=True)
    storage_key = models.CharField(max_length=300, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes as played, before encryption.")
    sha256 = models.CharField(max_length=64, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    peaks = models.JSONField(default=dict, help_text='{"caller": […], "agent": […]}, 0 to 1, ten a second.')
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)
