"""Reading tests and their results, as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agents.content import read
from agents.models import Agent, AgentTest, TestResult, TestRun
from agents.simulate.exchange import Exchange, exchanges
from agents.simulate.gate import Standing, standing
from agents.simulate.hands import tools_of
from agents.simulate.judge import Finding, words
from media_worker.contract.flow import CollectNode, ConversationNode


@dataclass(frozen=True)
class Shown:
    """A result for people. `said` is the conversation, with the findings beside the turn they are about."""

    result: TestResult
    said: Sequence[tuple[Exchange, Sequence[Finding]]]
    about_the_whole: Sequence[Finding]
    current: bool
    """It is about the draft as it is now."""

    @property
    def until_wrong(self) -> Sequence[tuple[Exchange, Sequence[Finding]]]:
        """The conversation up to the first turn in which something was not as expected; all of it, when none was."""
        wrong = next((at for at, (_, findings) in enumerate(self.said) if any(not one.ok for one in findings)), None)
        return self.said if wrong is None else self.said[: wrong + 1]

    @property
    def not_shown(self) -> int:
        """Turns that came after it."""
        return len(self.said) - len(self.until_wrong)


@dataclass(frozen=True)
class Line:
    """A test in the list. `waits`: a run has yet to come to it."""

    test: AgentTest
    shown: Shown | None
    waits: bool

    @property
    def steps(self) -> int:
        return len(self.test.scenario.get("steps", ()))


@dataclass(frozen=True)
class Listing:
    lines: Sequence[Line]
    running: TestRun | None
    done: int
    broken: str

    @property
    def passed(self) -> int:
        return sum(line.shown is not None and line.shown.result.status == "passed" for line in self.lines)

    @property
    def failed(self) -> int:
        return sum(line.shown is not None and line.shown.result.status == "failed" for line in self.lines)


def listing(agent: Agent) -> Listing:
    now = standing(agent)
    waiting = _waiting(now)
    lines = [Line(test, _shown(now, test), test.pk in waiting) for test in now.tests]
    last = agent.test_runs.order_by("-created_at").first()
    broken = last.problem if last is not None and last.status == TestRun.Status.BROKEN else ""
    done = now.running.results.exclude(status=TestResult.Status.WAITING).count() if now.running else 0
    return Listing(lines, now.running, done, broken)


def _waiting(now: Standing) -> set[Any]:
    if now.running is None:
        return set()
    open_ones = now.running.results.filter(status=TestResult.Status.WAITING)
    return set(open_ones.values_list("test_id", flat=True))


def _shown(now: Standing, test: AgentTest) -> Shown | None:
    result = now.newest.get(test.pk)
    return shown(result, current=test.pk in now.valid) if result is not None else None


def shown(result: TestResult, *, current: bool) -> Shown:
    findings = [Finding.model_validate(one) for one in result.findings]
    said = exchanges.validate_python(result.conversation)
    beside = [(turn, [one for one in findings if one.place == number]) for number, turn in enumerate(said)]
    rest = [one for one in findings if one.place < 0 or one.place >= len(said)]
    return Shown(result, beside, rest, current)


def last_result(test: AgentTest) -> Shown | None:
    now = standing(test.agent)
    found = next((one for one in now.tests if one.pk == test.pk), None)
    return _shown(now, found) if found is not None else None


def publishing(agent: Agent, now: Standing) -> dict[str, Any]:
    """What the publish dialog shows of the tests."""
    results = [shown(result, current=True) for result in now.failing]
    total = now.running.results.count() if now.running else 0
    done = now.running.results.exclude(status=TestResult.Status.WAITING).count() if now.running else 0
    last = agent.test_runs.order_by("-created_at").first()
    broken = last is not None and last.status == TestRun.Status.BROKEN and not now.running
    return {
        "shown": agent,
        "standing": now,
        "failing": results,
        "total": total,
        "done": done,
        "broken": last.problem if broken and last is not None and now.unknown else "",
        "next_number": agent.versions.count() + 1,
    }


def choices(agent: Agent) -> dict[str, Any]:
    """What a test can name of this agent's draft: steps, variables, tools, outcomes."""
    content = read(agent.draft).content
    if content is None:
        return {"nodes": [], "node_ids": [], "variables": [], "tools": [], "outcomes": []}
    flow = content.flow
    variables = [variable.name for variable in flow.variables]
    outcomes = []
    for node in flow.nodes:
        if isinstance(node, CollectNode):
            variables += [slot.name for slot in node.slots]
        elif isinstance(node, ConversationNode):
            variables += [extract.name for extract in node.extract]
        if (outcome := getattr(node, "outcome", "")) and isinstance(outcome, str):
            outcomes.append(outcome)
    return {
        "nodes": [(node.id, words(node.id)) for node in flow.nodes],
        "node_ids": [node.id for node in flow.nodes],
        "variables": list(dict.fromkeys(variables)),
        "tools": [tool["name"] for tool in tools_of(agent, flow)],
        "outcomes": list(dict.fromkeys(outcomes)),
    }
