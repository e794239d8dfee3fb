"""What happened in a call: the events as they came, the turns they make, and the last snapshot."""

from __future__ import annotations

from django.db import models


class CallEvent(models.Model):
    """`seq` counts per source: the worker's own numbers, the bridge's, the carrier's. Stored once."""

    class Source(models.TextChoices):
        WORKER = "worker"
        BRIDGE = "bridge"
        CARRIER = "carrier"
        CONTROL = "control"

    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="events")
    source = models.CharField(max_length=8, choices=Source.choices)
    seq = models.PositiveIntegerField()
    at_ms = models.PositiveIntegerField(help_text="Since the call's media started; 0 before.")
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    stored_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at_ms", "source", "seq"]
        constraints = [models.UniqueConstraint(fields=["call", "source", "seq"], name="an_event_is_stored_once")]


class Turn(models.Model):
    """One utterance as the call's page shows it, made from events. `turn` pairs a reply with what it answers."""

    class Role(models.TextChoices):
        CALLER = "user"
        AGENT = "agent"

    call = models.ForeignKey("calls.Call", on_delete=models.CASCADE, related_name="turns")
    turn = models.PositiveIntegerField()
    part = models.PositiveSmallIntegerField(default=0, help_text="A reply in several pieces: 0, 1, …")
    role = models.CharField(max_length=8, choices=Role.choices)
    text = models.TextField()
    unheard = models.TextField(blank=True)
    interrupted = models.BooleanField(default=False)
    confidence = models.FloatField(null=True)
    started_ms = models.PositiveIntegerField()
    ended_ms = models.PositiveIntegerField()
    stages = models.JSONField(default=dict, help_text="The latency event's fields, and `on_wire_ms`.")
    gap_ms = models.PositiveIntegerField(null=True, help_text="End of the caller's speech to first audio on the wire.")

    class Meta:
        ordering = ["started_ms", "turn", "-role", "part"]
        constraints = [models.UniqueConstraint(fields=["call", "role", "turn", "part"], name="a_turn_is_stored_once")]


class CallSnapshot(models.Model):
    """The conversation at the end of its last turn: what another worker needs to go on."""

    call = models.OneToOneField("calls.Call", on_delete=models.CASCADE, related_name="snapshot")
    turn = models.PositiveIntegerField()
    seq = models.PositiveIntegerField()
    data = models.JSONField()
    taken_at = models.DateTimeField(auto_now=True)
