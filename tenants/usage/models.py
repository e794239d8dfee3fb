"""What was consumed. No prices, no invoices: quantities, per call, rolled up by day."""

from __future__ import annotations

from django.db import models


class UsageRecord(models.Model):
    """One quantity of one call. `key` makes writing it twice harmless."""

    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    client = models.ForeignKey("clients.Client", null=True, on_delete=models.SET_NULL, related_name="+")
    agent_id = models.UUIDField(null=True)
    call_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=40, help_text="call_seconds, stt_seconds, llm_tokens_in, tts_characters, …")
    vendor = models.CharField(max_length=40, blank=True)
    quantity = models.DecimalField(max_digits=16, decimal_places=3)

    class Meta:
        indexes = [models.Index(fields=["at"]), models.Index(fields=["call_id"])]


class DailyUsage(models.Model):
    day = models.DateField()
    client = models.ForeignKey("clients.Client", null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    vendor = models.CharField(max_length=40, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "client", "kind", "vendor"], name="one_row_per_day_and_kind", nulls_distinct=False
            )
        ]
