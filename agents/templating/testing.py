"""The agent's own tests, against a document that nobody has published yet; and tests that come along from a template."""

from __future__ import annotations

import copy
import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from agents.models import Agent, AgentTest, Template, TemplateVersion, TestResult
from agents.simulate.actions import MOST_TESTS
from agents.simulate.hands import THREADS
from agents.simulate.run import AT_ONCE, Verdict, converse
from agents.simulate.shape import Scenario
from agents.simulate.talk import Line, line
from agents.templating.documents import parameters_of
from agents.templating.holes import translated
from agents.templating.parameters import Values
from tenants.people.models import User
from voiceops.lib.errors import VoiceOpsError

logger = logging.getLogger(__name__)

SECONDS = 240.0
"""Of one agent. A job lives for ten minutes."""


def failing(agent: Agent, document: dict[str, Any]) -> str:
    """What the agent's tests say against this document, in a sentence; empty when all pass, or there are none.

    Nothing of it is kept: a run of tests belongs to a draft or a version, and this is neither yet.
    """
    tests = list(agent.tests.all())
    if not tests:
        return ""
    tried = copy.copy(agent)
    tried.draft = document
    failed: list[str] = []
    begun: list[Line] = []
    waiting: dict[Future[Verdict], str] = {}
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=THREADS)
    try:
        for test in tests:
            try:
                scenario = Scenario.model_validate(test.scenario)
                talking = line(tried, variables=scenario.variables, mocks=scenario.mocks, now=scenario.now)
            except (ValueError, VoiceOpsError) as error:
                sentence = error.sentence if isinstance(error, VoiceOpsError) else "It cannot be read."
                failed.append(f"“{test.name}”: {sentence}")
                continue
            begun.append(talking)
            waiting[pool.submit(converse, talking, scenario)] = test.name
        done, late = wait(waiting, timeout=SECONDS)
        failed += [f"“{waiting[one]}”{_why(one.result())}" for one in done if _fails(one.result())]
        failed += [f"“{waiting[one]}”: it took longer than {SECONDS / 60:.0f} minutes" for one in late]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for talking in begun:
            talking.let_go()
    return _sentence(failed, len(tests))


def _fails(verdict: Verdict) -> bool:
    return verdict.status != TestResult.Status.PASSED


def _why(verdict: Verdict) -> str:
    found = verdict.problem or next((f"{one.expected}: {one.found}" for one in verdict.findings if not one.ok), "")
    return f": {found[:160]}" if found else ""


def _sentence(failed: list[str], of: int) -> str:
    if not failed:
        return ""
    more = f" And {len(failed) - 2} more." if len(failed) > 2 else ""
    return (
        f"{len(failed)} of its {of} tests fail{'s' if len(failed) == 1 else ''} with it: {'; '.join(failed[:2])}.{more}"
    )


def bring_along(actor: User | None, template: Template, version: TemplateVersion, agent: Agent, values: Values) -> int:
    """The master's tests for a new instance, with the instance's values where the master says its own."""
    made = []
    for test in template.master.tests.all()[:MOST_TESTS]:
        try:
            scenario = Scenario.model_validate(translated(test.scenario, parameters_of(version), values))
        except ValueError:
            logger.info("A test of a template's master does not fit an instance")
            continue
        document = scenario.model_dump(mode="json")
        made.append(AgentTest(agent=agent, name=test.name, scenario=document, created_by=actor))
    AgentTest.objects.bulk_create(made)
    return len(made)
