"""One after-call job from claim to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from calls.aftercall import actions, measure, usage
from calls.aftercall.errors import ComeBack, NotYet
from calls.models import AfterCallJob, Call
from calls.recording import assemble
from calls.tracing import delivering
from voiceops.lib.errors import VoiceOpsError

logger = logging.getLogger(__name__)

Kind = AfterCallJob.Kind
WORK: dict[str, Callable[[Call], None]] = {
    Kind.ASSEMBLE_RECORDING: assemble.assemble,
    Kind.MEASURE: measure.measure,
    Kind.RECORD_USAGE: usage.record,
    Kind.EXPORT_OTLP: delivering.to_otlp,
    Kind.EXPORT_LANGFUSE: delivering.to_langfuse,
    Kind.EXPORT_OPERATOR: delivering.to_operator,
}
GIVE_UP: dict[str, Callable[[Call, str], None]] = {Kind.ASSEMBLE_RECORDING: assemble.give_up}


def run(pk: int) -> float | None:
    """Do it, in the schema that is set. Seconds until another try is due; None when it is over or somebody else's."""
    job = actions.claim(pk)
    if job is None:
        return None
    if job.attempts > actions.MAX_ATTEMPTS:  # every worker that tried it died
        _failed(job, job.last_error or "It was interrupted each time.", can_retry=False)
        return None
    try:
        WORK[job.kind](job.call)
    except NotYet:
        actions.postpone(job)
        return actions.SOON_SECONDS
    except ComeBack as error:
        return _failed(job, error.sentence, can_retry=True, not_before=error.retry_after or 0.0)
    except VoiceOpsError as error:
        return _failed(job, error.sentence, error.retryable or error.fault == "platform")
    except Exception as error:
        logger.exception("After-call job %s (%s) of call %s failed", job.pk, job.kind, job.call_id)
        return _failed(job, f"An error of ours, {type(error).__name__}: the log has more.", can_retry=True)
    actions.done(job)
    return None


def _failed(job: AfterCallJob, sentence: str, can_retry: bool, not_before: float = 0.0) -> float | None:
    logger.warning("After-call job %s (%s), try %s: %s", job.pk, job.kind, job.attempts, sentence)
    if not actions.failed(job, sentence, can_retry, not_before):
        return None
    if job.kind in GIVE_UP:
        GIVE_UP[job.kind](job.call, sentence)
    return None
