"""Where Celery looks for this app's tasks."""

from agents.knowledge.tasks import build_generation, read_document
from agents.knowledge.tasks import sweep as sweep_knowledge
from agents.simulate.jobs import run_agent_tests
from agents.templating.tasks import roll_out, sweep

__all__ = ["build_generation", "read_document", "roll_out", "run_agent_tests", "sweep", "sweep_knowledge"]
