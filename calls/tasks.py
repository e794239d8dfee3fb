"""Where Celery looks for this app's tasks."""

from calls.aftercall.tasks import run_job, sweep, sweep_agency

__all__ = ["run_job", "sweep", "sweep_agency"]
