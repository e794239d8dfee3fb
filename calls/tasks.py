"""Where Celery looks for this app's tasks."""

from calls.aftercall.tasks import run_job, sweep, sweep_agency
from calls.jobs import dial_call, sweep_agency_calls, sweep_calls

__all__ = ["dial_call", "run_job", "sweep", "sweep_agency", "sweep_agency_calls", "sweep_calls"]
