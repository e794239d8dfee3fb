"""Accounts with carriers, and the numbers they carry."""

from __future__ import annotations

import uuid

from django.db import models

from voiceops.lib.fields import EncryptedTextField


class CarrierAccount(models.Model):
    """`carrier` is a name in `calls.telephony.registry`. `api_base_url` puts another server in the carrier's place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    carrier = models.CharField(max_length=20)
    label = models.CharField(max_length=80)
    account_sid = models.CharField(max_length=64)
    auth_token = EncryptedTextField()
    api_base_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["carrier", "account_sid"], name="one_row_per_carrier_account")]

    def __str__(self) -> str:
        return self.label


class PhoneNumber(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True, help_text="E.164, with the plus.")
    account = models.ForeignKey(CarrierAccount, on_delete=models.PROTECT, related_name="numbers")
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="numbers")
    agent = models.ForeignKey("agents.Agent", null=True, blank=True, on_delete=models.SET_NULL, related_name="numbers")
    label = models.CharField(max_length=80, blank=True)
    busy_sentence = models.CharField(max_length=300, blank=True, help_text="Said when no agent can take the call.")
    busy_transfer_to = models.CharField(max_length=20, blank=True, help_text="E.164. Who takes the call then.")
    split_version = models.ForeignKey(
        "agents.AgentVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    split_percent = models.PositiveSmallIntegerField(
        default=0, help_text="The share of callers who hear `split_version` instead of the published one."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(split_percent__lte=100), name="a_share_is_at_most_100")
        ]

    def __str__(self) -> str:
        return self.number


class WebhookReceipt(models.Model):
    """A webhook that was taken. The unique key makes a repeated delivery harmless."""

    carrier = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["carrier", "key"], name="one_receipt_per_webhook")]
        indexes = [models.Index(fields=["received_at"])]
