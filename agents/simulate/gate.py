"""How an agent's tests stand with its draft, which decides whether it may be published without a second thought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from agents.models import Agent, AgentTest, TestResult, TestRun
from agents.simulate.run import fingerprint, is_open, settle
from voiceops.lib.errors import CustomerError

FRESH = timedelta(hours=1)
"""What a test showed longer ago is run again before publishing: tools, knowledge and models change as well."""

PASSED, FAILED = TestResult.Status.PASSED, TestResult.Status.FAILED


@dataclass(frozen=True)
class Standing:
    """`newest` is each test's last result, whatever it was of; `valid` says which of them are about this draft."""

    tests: Sequence[AgentTest]
    newest: dict[object, TestResult]
    valid: frozenset[object]
    running: TestRun | None

    def of(self, test: AgentTest) -> TestResult | None:
        """What this draft did in the test; None when that is not known."""
        result = self.newest.get(test.pk)
        return result if result is not None and test.pk in self.valid else None

    @property
    def failing(self) -> list[TestResult]:
        found = [self.of(test) for test in self.tests]
        return [result for result in found if result is not None and result.status == FAILED]

    @property
    def unknown(self) -> list[AgentTest]:
        """Tests that have not run against this draft."""
        return [test for test in self.tests if self.of(test) is None]

    @property
    def passing(self) -> bool:
        return not self.failing and not self.unknown


class TestsFail(CustomerError):
    """The draft is not published, because its tests fail or have not run. `standing` says which."""

    __test__ = False

    def __init__(self, standing: Standing) -> None:
        failing, unknown = len(standing.failing), len(standing.unknown)
        if failing:
            said = f"{failing} of its tests fail{'s' if failing == 1 else ''}"
        else:
            said = f"{unknown} of its tests {'has' if unknown == 1 else 'have'} not run against this draft"
        super().__init__(f"Not published: {said}. Run the tests and mend what fails, or publish anyway.")
        self.standing = standing


def standing(agent: Agent) -> Standing:
    """Reads only, but for runs that a crash left open: those are broken off now."""
    tests = list(agent.tests.all())
    runs = list(agent.test_runs.order_by("-created_at")[:5])
    settle(runs)
    now = fingerprint(agent.draft)
    newest: dict[object, TestResult] = {}
    valid: set[object] = set()
    results = TestResult.objects.filter(test__in=tests, status__in=[PASSED, FAILED]).select_related("run", "test")
    for result in results.order_by("test_id", "-finished_at").distinct("test_id"):
        newest[result.test_id] = result
        of_this = result.run.fingerprint == now and result.began_at >= result.test.changed_at
        if of_this and result.began_at >= timezone.now() - FRESH:
            valid.add(result.test_id)
    running = next((run for run in runs if is_open(run)), None)
    return Standing(tests, newest, frozenset(valid), running)
