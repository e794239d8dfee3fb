"""Celery's side of roll-outs. A task carries its agency's schema in its headers."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django_tenants.utils import schema_context

from agents.templating import rolling
from tenants.agencies.models import Agency


@shared_task(ignore_result=True)
def roll_out(pk: str) -> None:
    """Delivered twice, it works once: each instance is claimed by its row."""
    rolling.work(UUID(pk))


@shared_task(ignore_result=True)
def sweep() -> None:
    """By beat: what a crash left behind, in every agency."""
    with schema_context("public"):
        active = Agency.objects.filter(status=Agency.Status.ACTIVE).exclude(schema_name="public")
        schemas = list(active.values_list("schema_name", flat=True))
    for schema in schemas:
        with schema_context(schema):
            for pk in rolling.unfinished():
                roll_out.delay(str(pk))
