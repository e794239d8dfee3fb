"""An agency's accounts with vendors of models, and the pool of keys of each."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from voiceops.lib.fields import EncryptedTextField


class ProviderAccount(models.Model):
    """`vendor` is a name in `media_worker.providers.registry`. What the last try said is kept with its keys; an account
    without keys, such as a server of one's own, keeps it here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vendor = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    base_url = models.CharField(max_length=300, blank=True)
    account = models.JSONField(default=dict)
    last_error = models.CharField(max_length=300, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class ProviderKey(models.Model):
    """One key of an account. `weight` is its share of the calls, `limit` how many live calls it takes at once.

    `refused_at`: the vendor refused it and it is set aside until somebody tests or replaces it. `cooling_until`: it is
    over its limit until then; `cooling_seconds` is how long the last such pause was. `last_error` waits for somebody.
    """

    class Trouble(models.TextChoices):
        RATE_LIMITED = "rate_limited", "Over its limit"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="keys")
    alias = models.CharField(max_length=80)
    secret = EncryptedTextField()
    weight = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(100)])
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="Most live calls at once; empty: no limit.")
    refused_at = models.DateTimeField(null=True, blank=True)
    cooling_until = models.DateTimeField(null=True, blank=True)
    cooling_seconds = models.FloatField(default=0)
    trouble = models.CharField(max_length=12, choices=Trouble.choices, blank=True)
    trouble_at = models.DateTimeField(null=True, blank=True)
    rate_limited_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    call_count = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["account", "alias"], name="one_key_per_alias")]

    def __str__(self) -> str:
        return f"{self.account}: {self.alias}"

    def cools(self, now: datetime) -> bool:
        return self.cooling_until is not None and self.cooling_until > now

    @property
    def last4(self) -> str:
        """The end of the key, to tell one from another; a short key shows nothing."""
        key = str(self.secret or "")
        return key[-4:] if len(key) >= 12 else ""


class KeyLease(models.Model):
    """A live call that began with this key. It ends with the call, or at `until` when nobody told of the end."""

    key = models.ForeignKey(ProviderKey, on_delete=models.CASCADE, related_name="leases")
    call_id = models.UUIDField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call_id", "key"], name="one_lease_per_call_and_key")]

    def __str__(self) -> str:
        return f"{self.key_id} for {self.call_id}"
