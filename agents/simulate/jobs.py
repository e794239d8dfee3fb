"""Celery's side of running tests. The task carries its agency's schema in its headers."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from agents.simulate.run import execute


@shared_task(ignore_result=True)
def run_agent_tests(run_id: str) -> None:
    execute(UUID(run_id))
