"""Nodes that decide and keep, without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_worker.contract.flow import BranchNode, SetNode
from media_worker.flow.nodes.base import Behaviour, Onward, Visit

if TYPE_CHECKING:
    from media_worker.flow.engine import Engine


class BranchBehaviour(Behaviour[BranchNode]):
    def arrive(self, on: Engine, node: BranchNode, visit: Visit) -> Onward:
        number = on.first_that_holds(node.cases)
        if number is None:
            return Onward(node.otherwise, "otherwise")
        return Onward(node.cases[number].goto, f"when:{number + 1}")


class SetBehaviour(Behaviour[SetNode]):
    def arrive(self, on: Engine, node: SetNode, visit: Visit) -> Onward:
        for assign in node.values:
            on.assign(assign)
        return Onward(node.next, "set")
