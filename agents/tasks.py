"""Where Celery looks for this app's tasks."""

from agents.templating.tasks import roll_out, sweep

__all__ = ["roll_out", "sweep"]
