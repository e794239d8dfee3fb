"""Celery's side of the outbox. A task carries its agency's schema in its headers."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone
from django_tenants.utils import schema_context

from calls.aftercall import actions
from calls.aftercall.run import run
from tenants.agencies.models import Agency

SWEEP_AT_ONCE = 200


@shared_task(ignore_result=True)
def run_job(pk: int) -> None:
    wait = run(pk)
    if wait is not None:
        run_job.apply_async((pk,), countdown=wait)


@shared_task(ignore_result=True)
def sweep() -> None:
    """By beat: in every agency, start what is due and what a crash left behind."""
    with schema_context("public"):
        schemas = list(Agency.objects.filter(status=Agency.Status.ACTIVE).values_list("schema_name", flat=True))
    for schema in schemas:
        if schema != "public":
            with schema_context(schema):
                sweep_agency.delay()


@shared_task(ignore_result=True)
def sweep_agency() -> None:
    for pk in list(actions.waiting(timezone.now()).values_list("pk", flat=True)[:SWEEP_AT_ONCE]):
        run_job.delay(pk)
