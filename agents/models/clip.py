"""Phrases that a person recorded. The sound lies sealed in the store; here is what it says and whose it is."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class VoiceClip(models.Model):
    """Belongs to one agent, or, without one, to all agents of its client. `sha256` is that of its canonical sound: one
    channel of 16-bit samples at 16 kHz. `used` counts how often callers heard it."""

    class Kind(models.TextChoices):
        PHRASE = "phrase", "Phrase"
        FILLER = "filler", "Filler"
        APOLOGY = "apology", "Apology"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="clips")
    agent = models.ForeignKey("agents.Agent", null=True, blank=True, on_delete=models.CASCADE, related_name="clips")
    name = models.CharField(max_length=40)
    words = models.CharField(max_length=500)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PHRASE)
    voice = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    storage_key = models.CharField(max_length=200)
    used = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "agent", "name"],
                condition=Q(archived_at=None),
                nulls_distinct=False,
                name="one_clip_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name
