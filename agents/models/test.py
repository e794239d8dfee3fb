"""Tests of an agent: conversations in writing, what is expected of them, and what came of it when they ran."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class AgentTest(models.Model):
    """`scenario` is `agents.simulate.shape.Scenario` as JSON. `changed_at` is when that was last another one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey("agents.Agent", on_delete=models.CASCADE, related_name="tests")
    name = models.CharField(max_length=120)
    scenario = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["agent", "name"], name="one_test_per_name")]

    def __str__(self) -> str:
        return self.name


class TestRun(models.Model):
    """Some or all tests of an agent, against the draft of one revision or against a version.

    `fingerprint` names what was tested by what callers hear of it; `beat_at` is when the run last gave a sign of life.
    """

    __test__ = False  # what pytest would take for a class of tests

    class Status(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Runs"
        DONE = "done", "Done"
        BROKEN = "broken", "Broke off"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey("agents.Agent", on_delete=models.CASCADE, related_name="test_runs")
    revision = models.PositiveIntegerField(default=0, help_text="Of the draft; 0 for a version.")
    version = models.ForeignKey(
        "agents.AgentVersion", null=True, blank=True, on_delete=models.CASCADE, related_name="test_runs"
    )
    fingerprint = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    problem = models.CharField(max_length=500, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["agent", "-created_at"])]


class TestResult(models.Model):
    """One test in one run. `findings` are `judge.Finding`s, `conversation` is what was said (`exchange.Exchange`)."""

    __test__ = False  # what pytest would take for a class of tests

    class Status(models.TextChoices):
        WAITING = "waiting", "Waits"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
        NOT_RUN = "not_run", "Not run"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(TestRun, on_delete=models.CASCADE, related_name="results")
    test = models.ForeignKey(AgentTest, on_delete=models.CASCADE, related_name="results")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    findings = models.JSONField(default=list)
    conversation = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    ms = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["began_at", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "test"], name="one_result_per_test_and_run")]
        indexes = [models.Index(fields=["test", "-began_at"])]
