"""Celery's side of knowledge. A task carries its agency's schema in its headers."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django_tenants.utils import schema_context

from agents.knowledge import jobs
from tenants.agencies.models import Agency

SWEEP_AT_ONCE = 100


@shared_task(ignore_result=True)
def read_document(pk: str) -> None:
    """Delivered twice, it is read once: it is claimed by its row."""
    wait = jobs.read_document(UUID(pk))
    if wait is not None:
        read_document.apply_async((pk,), countdown=wait)


@shared_task(ignore_result=True)
def build_generation(pk: int) -> None:
    wait = jobs.build_generation(pk)
    if wait is not None:
        build_generation.apply_async((pk,), countdown=wait)


@shared_task(ignore_result=True)
def sweep() -> None:
    """By beat: what a crash left behind, in every agency."""
    with schema_context("public"):
        active = Agency.objects.filter(status=Agency.Status.ACTIVE).exclude(schema_name="public")
        schemas = list(active.values_list("schema_name", flat=True))
    for schema in schemas:
        with schema_context(schema):
            documents, generations = jobs.left_behind(SWEEP_AT_ONCE)
            for document in documents:
                read_document.delay(str(document))
            for generation in generations:
                build_generation.delay(generation)
