"""Agents and their versions.

The content of a draft and of a version is `agents.content.AgentContent` as JSON: the flow, which provider accounts
speak, listen and think, turn taking and limits. A published version never changes, and calls are pinned to it.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Agent(models.Model):
    class CallType(models.TextChoices):
        INBOUND = "inbound", "Answers calls"
        OUTBOUND = "outbound", "Makes calls"
        BOTH = "both", "Answers and makes calls"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="agents")
    name = models.CharField(max_length=120)
    call_type = models.CharField(max_length=8, choices=CallType.choices, default=CallType.INBOUND)
    purpose = models.TextField(blank=True, max_length=4000, help_text="What it should do, in plain words.")
    draft = models.JSONField(default=dict)
    draft_before = models.JSONField(null=True, blank=True, help_text="The draft that the last restore replaced.")
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    draft_revision = models.PositiveIntegerField(default=1)
    published = models.ForeignKey(
        "agents.AgentVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    template = models.ForeignKey(
        "agents.Template",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="instances",
        help_text="What it is an instance of. Which version each document rests on is said in the document.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AgentVersion(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    notes = models.CharField(max_length=300, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["agent", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"{self.agent} v{self.number}"
