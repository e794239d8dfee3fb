"""An agency's accounts with vendors of models."""

from __future__ import annotations

import uuid

from django.db import models

from voiceops.lib.fields import EncryptedTextField


class ProviderAccount(models.Model):
    """One key with one vendor. `vendor` is a name in `media_worker.providers.registry`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vendor = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    base_url = models.CharField(max_length=300, blank=True)
    api_key = EncryptedTextField(blank=True, default="")
    account = models.JSONField(default=dict)
    last_error = models.CharField(max_length=300, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
