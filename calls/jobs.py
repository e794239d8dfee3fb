"""Celery's side of placing calls and of the sweeper."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django_tenants.utils import schema_context

from agents.tools.remembering import forget
from calls import outbound
from calls.sweep import sweep
from tenants.agencies.models import Agency


@shared_task(ignore_result=True)
def dial_call(call_id: str) -> None:
    """Delivered twice, it dials once: the second finds the call no longer queued."""
    outbound.dial(UUID(call_id))


@shared_task(ignore_result=True)
def sweep_calls() -> None:
    """By beat: every active agency."""
    with schema_context("public"):
        schemas = list(
            Agency.objects.filter(status=Agency.Status.ACTIVE)
            .exclude(schema_name="public")
            .values_list("schema_name", flat=True)
        )
    for schema in schemas:
        with schema_context(schema):
            sweep_agency_calls.delay()


@shared_task(ignore_result=True)
def sweep_agency_calls() -> None:
    sweep()
    forget()
