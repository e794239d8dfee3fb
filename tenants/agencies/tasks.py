"""Making agencies in the background."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models import Q
from django.utils import timezone
from django_tenants.utils import get_public_schema_name, schema_context

from tenants.agencies import actions
from tenants.agencies.models import Agency, Signup

ABANDONED = timedelta(seconds=90)


@shared_task(name="agencies.build")
def build(agency_id: int) -> None:
    actions.build(agency_id)


@shared_task(name="agencies.resume_abandoned")
def resume_abandoned() -> None:
    """Go on with what a crash left behind. One that failed waits for a person to try again."""
    before = timezone.now() - ABANDONED
    with schema_context(get_public_schema_name()):
        waiting = Signup.objects.exclude(step=Signup.Step.DONE).filter(agency__status=Agency.Status.PROVISIONING)
        waiting = waiting.filter(Q(tried_at__lt=before) | Q(tried_at=None, created_at__lt=before))
        for agency_id in waiting.values_list("agency_id", flat=True):
            build.delay(agency_id)
