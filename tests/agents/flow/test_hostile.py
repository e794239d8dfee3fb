"""Drafts that nobody in his right mind would write: refused at save in words, or kept with their problems; never slow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from agents.content import DEEPEST_DRAFT, read, refuse_oversized, whole
from agents.errors import DraftRefused
from agents.flow.differences import differences
from media_worker.contract.flow import KINDS, MOST_NODES
from tests.agents.flow.scripts import branch, script, told

pytestmark = pytest.mark.unit


def long_flow(steps: int) -> dict[str, Any]:
    """A flow of branches, questions and lines, each with the next, as long as wanted."""
    nodes: list[dict[str, Any]] = []
    for n in range(0, steps - 4, 4):
        following = f"ask_{n + 4}" if n + 4 < steps - 4 else "bye"
        slots = [
            {"name": f"slot_{n}", "ask": "How about {{caller}}?"},
            {"name": f"more_{n}", "type": "date", "ask": "?"},
        ]
        nodes += [
            {"id": f"ask_{n}", "type": "collect", "slots": slots, "next": f"set_{n}", "done": f"So {{{{slot_{n}}}}}."},
            {"id": f"set_{n}", "type": "set", "values": [{"name": f"v_{n}", "value": f"upper(slot_{n})"}], "next": f"sort_{n}"},
            branch(f'slot_{n} == "a" and v_{n} != "b"', f"more_{n} > today()", ident=f"sort_{n}", otherwise=f"say_{n}"),
            {"id": f"say_{n}", "type": "say", "text": f"{{{{v_{n}}}}} and {{{{slot_{n}|x}}}}", "next": following},
        ]  # fmt: skip
    return script(*nodes)


def best_of_three(work: Callable[[], object]) -> float:
    """Seconds; processes beside it cost the slower tries only."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def test_reading_a_long_flow_takes_time_in_proportion() -> None:
    short, long = long_flow(125), long_flow(MOST_NODES)
    assert read(long).problems == ()
    assert best_of_three(lambda: read(long)) < 8 * best_of_three(lambda: read(short))


def test_a_circle_of_five_hundred_steps_is_told() -> None:
    nodes = [{"id": f"n{i}", "type": "say", "text": "x", "next": f"n{(i + 1) % 499}"} for i in range(499)]
    assert "circle that never lets the caller speak." in read(script(*nodes)).blocking[0].sentence


def test_a_step_that_leads_everywhere_and_back_is_told_in_time() -> None:
    cases = [{"when": f"x == {i}", "goto": f"n{i}"} for i in range(50)]
    nodes = [{"id": f"n{i}", "type": "branch", "cases": cases, "otherwise": "n0"} for i in range(499)]
    assert len(read(script(*nodes)).blocking) == 50


def test_ten_thousand_steps_are_refused_in_words() -> None:
    nodes = [{"id": f"n{i}", "type": "say", "text": "x", "next": f"n{i + 1}"} for i in range(10_000)]
    found = told(script(*nodes))
    assert any("at most 500" in sentence for sentence in found)
    assert len(found) < 100


def test_a_prompt_of_two_million_letters_is_refused_at_save() -> None:
    with pytest.raises(DraftRefused, match="too large"):
        refuse_oversized(script(prompt="a" * 2_000_000))
    assert told(script(prompt="a" * 60_000)) == ["Instructions: it is too long: 60,000 characters, at most 50,000."]


def test_a_prompt_full_of_holes_gives_no_more_hints_than_people_read() -> None:
    holes = "".join(f"{{{{v{number}}}}}" for number in range(6_000))
    assert len(told(script(prompt=holes[:50_000]))) <= 100
    assert len(told(script(prompt="{{" * 25_000))) == 1
    assert len(told(script(prompt="{{a|" * 12_000))) <= 2


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "x"


@pytest.mark.parametrize("depth", [DEEPEST_DRAFT + 1, 500, 900])
def test_deep_nesting_is_refused_at_save(depth: int) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = {"a": [deep]} if depth < 300 else [deep]
    with pytest.raises(DraftRefused, match="nested too deeply"):
        refuse_oversized({"flow": deep})
    assert read({"flow": {"greeting": "x", "start": "a", "nodes": [deep]}}).content is None


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "{{caller|\udfff}}"])
def test_what_no_database_keeps_is_refused_at_save(text: str) -> None:
    with pytest.raises(DraftRefused, match="cannot be stored"):
        refuse_oversized(script(greeting=text))
    with pytest.raises(DraftRefused, match="cannot be stored"):
        refuse_oversized(script(**{text: 1}))


ODD: list[Any] = [None, 0, -1, 1e308, True, "", "x", "{{x}}", [], [None], {}, {"a": {}}, [[]], [{}], "⁂" * 30]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_every_kind_may_hold_nonsense_and_is_told_in_words(kind: str) -> None:
    for name in KINDS[kind].model_fields:
        for odd in ODD:
            document = script({"id": "odd", "type": kind, name: odd})
            for problem in read(document).problems:
                assert "input should" not in problem.sentence.lower()
                assert problem.place
            json.dumps(whole(document))
            assert isinstance(differences(script(), document), list)


def test_keys_that_are_no_texts_and_rows_that_are_no_rows_are_told() -> None:
    for flow in ({"nodes": {"0": {}}}, {"nodes": [[], 3, None, {"type": []}, {"type": "branch", "cases": "all"}]}):
        assert read({"flow": flow}).problems
