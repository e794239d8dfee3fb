"""Who did what: an append-only hash chain per schema. Written by `audit.actions.record` alone."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """`hash` = SHA-256 over the previous row's hash and this row's fields in canonical JSON."""

    seq = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    client_id = models.UUIDField(null=True)
    ip = models.GenericIPAddressField(null=True)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]
        indexes = [models.Index(fields=["object_type", "object_id"]), models.Index(fields=["at"])]
