"""Numbers that a flow puts callers through to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.checks import can_be_called
from agents.flow.problems import Path, Places, Problem
from agents.flow.variables import Variables, holes, variables_of
from media_worker.contract.flow import Flow, TransferNode

_ONE_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")


def check_transfers(flow: Flow) -> Iterator[Problem]:
    known, places = variables_of(flow), Places(flow)
    for number, node in enumerate(flow.nodes):
        if isinstance(node, TransferNode):
            path: Path = ("flow", "nodes", number, "to")
            for sentence in _wrong_number(node.to.strip(), known):
                yield Problem(places(path), sentence, path)


def _wrong_number(to: str, known: Variables) -> Iterator[str]:
    asked = list(holes(to))
    if not asked:
        if not can_be_called(to):
            said = f"“{to[:40]}” cannot be called: w" if to else "There is no number: w"
            yield f"{said}rite one that exists, with its country code, such as +14155550123."
        return
    for name, default in asked:
        if name in known.heard:
            yield (
                f"The number may not come from what callers say, and {{{{{name[:40]}}}}} does: whoever calls could send "
                "the call anywhere. Use a number, or a variable that the call brings along."
            )
        if default and _ONE_VARIABLE.fullmatch(to) and not can_be_called(default.strip()):
            yield f"“{default.strip()[:40]}”, which is called when {name[:40]} is missing, cannot be called."
