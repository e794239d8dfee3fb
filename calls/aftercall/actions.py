"""The outbox of a call: planned in the transaction that ends it, claimed by whoever comes first, never lost."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from calls import live
from calls.models import AfterCallJob, Call, Recording
from calls.tracing import deliveries
from tenants.audit.actions import record
from tenants.people.models import User

logger = logging.getLogger(__name__)

CLAIM_SECONDS = 900  # longer than CELERY_TASK_TIME_LIMIT: a claim older than this belongs to a dead worker
MAX_ATTEMPTS = 8
ALWAYS = (
    AfterCallJob.Kind.ASSEMBLE_RECORDING,
    AfterCallJob.Kind.MEASURE,
    AfterCallJob.Kind.RECORD_USAGE,
)
SOON_SECONDS = 5
LONGEST_WAIT_SECONDS = 3600


def plan(call: Call) -> None:
    """Write a row for everything that must happen after this call, and start it when the transaction commits."""
    now = timezone.now()
    kinds = [*ALWAYS, *deliveries.wanted()]
    AfterCallJob.objects.bulk_create(
        [AfterCallJob(call=call, kind=kind, due_at=now) for kind in kinds], ignore_conflicts=True
    )
    transaction.on_commit(lambda: start(call))


def start(call: Call) -> None:
    """Hand the jobs of a call to Celery. When the broker is away the sweeper finds them."""
    from calls.aftercall.tasks import run_job

    for pk in waiting(timezone.now()).filter(call=call).values_list("pk", flat=True):
        try:
            run_job.delay(pk)
        except Exception as error:
            logger.warning("After-call job %s waits for the sweeper: %s", pk, error)


def again(call: Call, kind: str) -> bool:
    """Try once more what was given up. False when there is nothing to try again."""
    changed = AfterCallJob.objects.filter(call=call, kind=kind, failed_at__isnull=False).update(
        failed_at=None, claimed_at=None, attempts=0, due_at=timezone.now(), last_error=""
    )
    if changed:
        transaction.on_commit(lambda: start(call))
    return bool(changed)


def assemble_again(person: User, call: Call) -> None:
    """Prepare once more the recording that was given up."""
    with transaction.atomic():
        if again(call, AfterCallJob.Kind.ASSEMBLE_RECORDING):
            Recording.objects.filter(call=call).update(status=Recording.Status.ASSEMBLING, detail="")
            record(person, "recording.retried", call)


def free(now: datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=now - timedelta(seconds=CLAIM_SECONDS))


def waiting(now: datetime) -> QuerySet[AfterCallJob]:
    """Jobs that are due and that nobody is doing, in the schema that is set."""
    return AfterCallJob.objects.filter(free(now), due_at__lte=now, done_at=None, failed_at=None).order_by("due_at")


def claim(pk: int) -> AfterCallJob | None:
    """The job, if it is now ours alone."""
    now = timezone.now()
    if waiting(now).filter(pk=pk).update(claimed_at=now, attempts=F("attempts") + 1) != 1:
        return None
    return AfterCallJob.objects.select_related("call").get(pk=pk)


def done(job: AfterCallJob) -> None:
    _of_this_claim(job).update(done_at=timezone.now(), last_error="")
    live.call_changed(job.call, job.kind)


def postpone(job: AfterCallJob) -> None:
    """Too early: not a failure."""
    due = timezone.now() + timedelta(seconds=SOON_SECONDS)
    _of_this_claim(job).update(claimed_at=None, due_at=due, attempts=F("attempts") - 1)


def failed(job: AfterCallJob, sentence: str, can_retry: bool, not_before: float = 0.0) -> bool:
    """Wait and try again, at least `not_before` seconds, or give up. True when it was given up."""
    now = timezone.now()
    given_up = not can_retry or job.attempts >= MAX_ATTEMPTS
    wait = max(not_before, min(SOON_SECONDS * 2**job.attempts, LONGEST_WAIT_SECONDS))
    _of_this_claim(job).update(
        claimed_at=None,
        due_at=now + timedelta(seconds=wait),
        failed_at=now if given_up else None,
        last_error=sentence[:500],
    )
    return given_up


def _of_this_claim(job: AfterCallJob) -> QuerySet[AfterCallJob]:
    """Nobody else's: a worker that was thought dead must not undo what its successor did."""
    return AfterCallJob.objects.filter(pk=job.pk, claimed_at=job.claimed_at)
