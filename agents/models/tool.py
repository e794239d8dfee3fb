"""What agents may use outside a conversation, and what was done in calls."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from voiceops.lib.fields import EncryptedJSONField


class Tool(models.Model):
    """Belongs to one client, or, without one, to all of the agency's; the client's own goes before the agency's of the
    same name. `kind` is a name in `agents.tools.registry`, which says what `config` and `secrets` hold.

    `fills`: by “operation.parameter”, the text that fills a parameter instead of the conversation. `mocks`: by operation,
    the outcome that tests and tries are given instead of a real one. `failure` is what callers hear when it does not work.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("clients.Client", null=True, blank=True, on_delete=models.PROTECT, related_name="tools")
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    about = models.TextField(max_length=1000, blank=True)
    config = models.JSONField(default=dict)
    secrets: models.Field[Any, Any] = EncryptedJSONField(default=dict)
    fills = models.JSONField(default=dict)
    mocks = models.JSONField(default=dict)
    waiting = models.CharField(max_length=300, blank=True)
    failure = models.CharField(max_length=300)
    seconds = models.FloatField(default=8.0, validators=[MinValueValidator(0.5), MaxValueValidator(60.0)])
    used = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["label", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "name"], condition=Q(archived_at=None), nulls_distinct=False, name="one_tool_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.label or self.name


class ToolUse(models.Model):
    """One use of a tool in a call, so that it happens once whoever asks again. Kept for a day: `outcome` is personal data.

    Without `outcome` it runs, until `until` at the latest; after that nobody knows what came of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call_id = models.UUIDField()
    key = models.CharField(max_length=80)
    tool = models.CharField(max_length=40)
    started_at = models.DateTimeField(db_index=True)
    until = models.DateTimeField()
    outcome: models.Field[Any, Any] = EncryptedJSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call_id", "key"], name="one_use_per_call_and_key")]

    def __str__(self) -> str:
        return f"{self.tool} in {self.call_id}"
