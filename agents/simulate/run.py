"""Running an agent's tests. A run is a row first and a job second: one that a crash cut off is taken up again by the
next worker, and when there is none for some time, it is called broken off and never just goes on “running”.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.content import whole
from agents.errors import NotPublishable
from agents.models import Agent, AgentTest, AgentVersion, TestResult, TestRun
from agents.simulate.exchange import Exchange
from agents.simulate.hands import THREADS
from agents.simulate.judge import Finding, judged
from agents.simulate.shape import Presses, Says, Scenario
from agents.simulate.talk import Line, line
from media_worker.contract.expressions import Surroundings
from tenants.people.models import User
from voiceops.lib.errors import InvalidInput, VoiceOpsError

logger = logging.getLogger(__name__)

AT_ONCE = 4
BEAT = 10.0
ROOM_WITHIN = 45.0
"""Seconds that a test waits for a worker which has room: it is nobody's call."""
STALE = timedelta(seconds=150)
"""Longer than any single turn may take with its waiting: nobody is working on it any more."""
KEPT_RUNS = 50


def fingerprint(document: object) -> str:
    """What callers hear of a draft or a version, in short: where its steps lie on the canvas does not count."""
    return hashlib.sha256(json.dumps(whole(document), sort_keys=True).encode()).hexdigest()


# ── starting ─────────────────────────────────────────────────────────────────────────────────────


def start(actor: User | None, agent: Agent, tests: Iterable[AgentTest], version: AgentVersion | None = None) -> TestRun:
    """A run of these tests against the draft as it is now, or against a version; it begins when this is committed.
    Raises InvalidInput when there is nothing to run."""
    from agents.simulate.jobs import run_agent_tests

    chosen = list(tests)
    if not chosen:
        raise InvalidInput("There is no test to run.")
    with transaction.atomic():
        document = version.content if version else agent.draft
        run = TestRun.objects.create(
            agent=agent,
            revision=0 if version else agent.draft_revision,
            version=version,
            fingerprint=fingerprint(document),
            started_by=actor,
        )
        TestResult.objects.bulk_create(TestResult(run=run, test=test) for test in chosen)
        _forget_old_runs(agent)
        transaction.on_commit(lambda: run_agent_tests.delay(str(run.pk)))
    return run


def _forget_old_runs(agent: Agent) -> None:
    """All but the newest, and those that hold the last word on a test."""
    results = TestResult.objects.filter(test__agent=agent, finished_at__isnull=False)
    last = results.order_by("test_id", "-finished_at").distinct("test_id").values_list("run_id", flat=True)
    old = agent.test_runs.order_by("-created_at").values_list("pk", flat=True)[KEPT_RUNS:]
    TestRun.objects.filter(pk__in=set(old) - set(last)).delete()


def settle(runs: Iterable[TestRun]) -> None:
    """Runs that nobody works on any more are broken off, in the database and in `runs`."""
    for run in runs:
        if is_open(run) and run.beat_at < timezone.now() - STALE:
            _close(run, TestRun.Status.BROKEN, "The run broke off, because the job that ran it was lost. Run it again.")


def is_open(run: TestRun) -> bool:
    return run.status in (TestRun.Status.QUEUED, TestRun.Status.RUNNING)


def _close(run: TestRun, status: TestRun.Status, problem: str = "") -> None:
    run.status, run.problem, run.finished_at = status, problem[:500], timezone.now()
    with transaction.atomic():
        run.save(update_fields=["status", "problem", "finished_at"])
        run.results.filter(status=TestResult.Status.WAITING).update(status=TestResult.Status.NOT_RUN)


# ── running ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Verdict:
    status: TestResult.Status
    findings: tuple[Finding, ...] = ()
    conversation: tuple[Exchange, ...] = ()
    problem: str = ""
    ms: int = 0


def execute(run_id: UUID) -> None:
    """All that is still open of a run. Delivered twice, or again after a crash, it does nothing twice."""
    run = TestRun.objects.select_related("agent__client", "agent__published", "version").filter(pk=run_id).first()
    if run is None or not is_open(run):
        return
    agent = run.agent
    if run.version is None and fingerprint(agent.draft) != run.fingerprint:
        run.revision, run.fingerprint = agent.draft_revision, fingerprint(agent.draft)
        run.results.update(status=TestResult.Status.WAITING, findings=[], conversation=[], problem="")
    run.status, run.beat_at = TestRun.Status.RUNNING, timezone.now()
    run.save(update_fields=["status", "beat_at", "revision", "fingerprint"])
    try:
        _execute(run, list(run.results.filter(status=TestResult.Status.WAITING).select_related("test")))
    except NotPublishable as error:
        _close(run, TestRun.Status.BROKEN, f"The draft cannot answer yet. {error.problems[0]}")
    except VoiceOpsError as error:
        _close(run, TestRun.Status.BROKEN, error.sentence)
    except Exception as error:
        logger.exception("A run of tests failed")
        _close(run, TestRun.Status.BROKEN, f"The run failed: {type(error).__name__}.")
    else:
        _close(run, TestRun.Status.DONE)


def _execute(run: TestRun, results: Sequence[TestResult]) -> None:
    """The database is touched by this thread only; the others talk."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=THREADS)
    begun: list[Line] = []
    waiting: dict[Future[Verdict], TestResult] = {}
    try:
        for result in results:
            try:
                scenario = Scenario.model_validate(result.test.scenario)
            except ValueError:
                _keep(run, result, Verdict(TestResult.Status.FAILED, problem="The test itself cannot be read."))
                continue
            talking = _line(run, scenario)
            begun.append(talking)
            waiting[pool.submit(converse, talking, scenario)] = result
        while waiting:
            done, _ = wait(waiting, timeout=BEAT, return_when="FIRST_COMPLETED")
            run.beat_at = timezone.now()
            run.save(update_fields=["beat_at"])
            for future in done:
                _keep(run, waiting.pop(future), future.result())
    finally:
        pool.shutdown(cancel_futures=True)
        for talking in begun:
            talking.let_go()


def _line(run: TestRun, scenario: Scenario) -> Line:
    return line(run.agent, version=run.version, variables=scenario.variables, mocks=scenario.mocks, now=scenario.now)


def _keep(run: TestRun, result: TestResult, verdict: Verdict) -> None:
    result.status, result.ms, result.problem = verdict.status, verdict.ms, verdict.problem[:500]
    result.findings = [finding.model_dump(mode="json") for finding in verdict.findings]
    result.conversation = [one.model_dump(mode="json") for one in verdict.conversation]
    result.finished_at = timezone.now()
    result.save(update_fields=["status", "ms", "problem", "findings", "conversation", "finished_at"])


def converse(line: Line, scenario: Scenario) -> Verdict:
    """The whole test, up to its end or to a step that finds nobody on the line any more."""
    began = time.monotonic()
    seen: list[Exchange] = []
    findings: list[Finding] = []
    flow = line.spec.agent.flow

    def at() -> Surroundings:
        return Surroundings(line.clock, flow.hours)

    problem = ""
    try:
        seen.append(line.turn("opens"))
        findings += judged(scenario.opening, seen[-1:], 0, at())
        for number, step in enumerate(scenario.steps, 1):
            if seen[-1].ended:
                left = _told(step)
                findings.append(
                    Finding(place=number, expected=f"{left}", ok=False, found="The agent had hung up before that.")
                )
                break
            text = step.text if isinstance(step, Says) else step.digits if isinstance(step, Presses) else ""
            seen.append(line.turn(step.does, text))
            findings += judged(step.expects, seen[-1:], number, at())
        findings += judged(scenario.expects, seen, -1, at())
        problem = next((turn.fault for turn in seen if turn.fault), "")
    except VoiceOpsError as error:
        problem = error.sentence
    ok = not problem and all(finding.ok for finding in findings)
    return Verdict(
        TestResult.Status.PASSED if ok else TestResult.Status.FAILED,
        tuple(findings),
        tuple(seen),
        problem,
        int((time.monotonic() - began) * 1000),
    )


def _told(step: object) -> str:
    if isinstance(step, Says):
        return f"The caller says “{step.text}”"
    return f"The caller presses {step.digits}" if isinstance(step, Presses) else "The caller says nothing"
