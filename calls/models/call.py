"""A call, from the first sign of it to its end. Only `calls.lifecycle` changes its status."""

from __future__ import annotations

import uuid

from django.db import models


class Call(models.Model):
    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"
        WEB = "web", "Browser"

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        QUEUED = "queued", "Queued"
        DIALING = "dialing", "Dialing"
        RINGING = "ringing", "Ringing"
        IN_PROGRESS = "in_progress", "In progress"
        TRANSFERRING = "transferring", "Transferring"
        ENDED = "ended", "Ended"

    class AnsweredBy(models.TextChoices):
        HUMAN = "human", "A person"
        VOICEMAIL = "voicemail", "Voicemail"
        CALL_SCREENING = "call_screening", "Call screening"
        IVR = "ivr", "A phone menu"
        NETWORK_MESSAGE = "network_message", "A network message"
        UNKNOWN = "unknown", "Unknown"

    class EndedBy(models.TextChoices):
        CALLER = "caller", "the caller"
        AGENT = "agent", "the agent"
        CARRIER = "carrier", "the carrier"
        PLATFORM = "platform", "the platform"
        STAFF = "staff", "staff"

    class Fault(models.TextChoices):
        NONE = "none", "None"
        CUSTOMER = "customer", "Setup"
        CARRIER = "carrier", "Carrier"
        PROVIDER = "provider", "Model vendor"
        PLATFORM = "platform", "Platform"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("clients.Client", null=True, on_delete=models.PROTECT, related_name="calls")
    agent = models.ForeignKey("agents.Agent", null=True, on_delete=models.SET_NULL, related_name="calls")
    agent_version = models.ForeignKey("agents.AgentVersion", null=True, on_delete=models.SET_NULL, related_name="calls")
    number = models.ForeignKey("calls.PhoneNumber", null=True, on_delete=models.SET_NULL, related_name="calls")
    account = models.ForeignKey("calls.CarrierAccount", null=True, on_delete=models.SET_NULL, related_name="calls")
    carrier = models.CharField(max_length=20)
    carrier_call_id = models.CharField(max_length=80, blank=True)
    direction = models.CharField(max_length=8, choices=Direction.choices)
    caller = models.CharField(max_length=64, blank=True)
    called = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices)
    answered_by = models.CharField(max_length=16, choices=AnsweredBy.choices, default=AnsweredBy.UNKNOWN)
    ended_by = models.CharField(max_length=8, choices=EndedBy.choices, blank=True)
    ended_reason = models.CharField(max_length=40, blank=True)
    ended_detail = models.CharField(max_length=500, blank=True)
    sip_code = models.PositiveSmallIntegerField(null=True, blank=True)
    fault = models.CharField(max_length=8, choices=Fault.choices, default=Fault.NONE)
    outcome = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ringing_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    media_started_at = models.DateTimeField(null=True, blank=True, help_text="Zero of the call's clock (`at_ms`).")
    bridge_seen_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of the bridge.")
    gap_p50_ms = models.PositiveIntegerField(null=True, blank=True)
    gap_p95_ms = models.PositiveIntegerField(null=True, blank=True)
    test = models.BooleanField(default=False, help_text="Made from the editor: kept apart from the figures.")
    media_leg = models.PositiveSmallIntegerField(default=0, help_text="How often a media socket was opened for it.")
    variables = models.JSONField(default=dict, help_text="What the agent was told when the call began.")
    idempotency_key = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict, help_text="Variables the flow set.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at", "id"]),
            models.Index(fields=["client", "-created_at"]),
            models.Index(fields=["agent", "-created_at"]),
            models.Index(fields=["status"], condition=~models.Q(status="ended"), name="calls_not_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "carrier_call_id"],
                condition=~models.Q(carrier_call_id=""),
                name="one_call_per_carrier_call_id",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=~models.Q(idempotency_key=""), name="one_call_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="ended") | (models.Q(ended_at__isnull=False) & ~models.Q(ended_reason="")),
                name="an_ended_call_says_when_and_why",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
