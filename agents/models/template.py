"""Templates: one agent for many clients, its versions, and the roll-outs of a version to its instances.

A template's **master** is an ordinary agent, edited, tried and tested like any other. Publishing a template version
takes what callers of the master would hear from its draft, and puts a hole where a parameter stands for a text. An
**instance** is an agent of a client whose documents say which version they were made from, with which values
(`agents.content.Origin`).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


class Template(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2000)
    master = models.ForeignKey("agents.Agent", on_delete=models.PROTECT, related_name="master_of")
    latest = models.ForeignKey(
        "agents.TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=models.Q(archived_at=None),
                name="one_template_per_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """`content` is a document with holes, `parameters` are `agents.templating.parameters.Parameter`. Never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    parameters = models.JSONField(default=list)
    notes = models.CharField(max_length=300, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_template_version_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class RollOut(models.Model):
    """One version of a template, brought to the instances that somebody chose."""

    class Rule(models.TextChoices):
        LEAVE = "leave", "Leave that agent as it is"
        INSTANCE = "instance", "Keep the agent’s words"
        TEMPLATE = "template", "Take the template’s words"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="roll_outs")
    rule = models.CharField(max_length=8, choices=Rule.choices, default=Rule.LEAVE)
    force = models.BooleanField(default=False, help_text="Also where the agent's tests fail.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Roll-out of {self.version}"


class RollOutItem(models.Model):
    """One instance. What it had before is kept, so that it can go back."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Rolled out"
        LEFT = "left", "Left as it is"
        FAILED = "failed", "Failed"
        BACK = "back", "Rolled back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    roll_out = models.ForeignKey(RollOut, on_delete=models.CASCADE, related_name="items")
    agent = models.ForeignKey("agents.Agent", on_delete=models.CASCADE, related_name="roll_out_items")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    choices = models.JSONField(default=dict, help_text="Per place that both changed: “instance” or “template”.")
    values = models.JSONField(default=dict, help_text="Of parameters that the version asks for and it had none for.")
    sentence = models.CharField(max_length=1000, blank=True)
    before_version = models.ForeignKey("agents.AgentVersion", null=True, on_delete=models.SET_NULL, related_name="+")
    before_draft = models.JSONField(null=True)
    after_version = models.ForeignKey("agents.AgentVersion", null=True, on_delete=models.SET_NULL, related_name="+")
    after_revision = models.PositiveIntegerField(null=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["agent__client__name", "agent__name"]
        constraints = [models.UniqueConstraint(fields=["roll_out", "agent"], name="one_item_per_instance")]
        indexes = [models.Index(fields=["state", "roll_out"])]

    def __str__(self) -> str:
        return f"{self.roll_out}: {self.agent}"
