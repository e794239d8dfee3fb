"""Where Celery looks for this app's tasks."""

from agents.simulate.jobs import run_agent_tests
from agents.templating.tasks import roll_out, sweep

__all__ = ["roll_out", "run_agent_tests", "sweep"]
