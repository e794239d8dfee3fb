"""Which tools there are: those that people made, and those that every agent has. Flows name them; here names become
tools, the client's own before the agency's of the same name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from pydantic import ValidationError

from agents.models import Tool
from agents.tools.kinds.base import Kind, Operation, Settings, settings_of
from agents.tools.registry import kinds, ready_kinds
from agents.tools.templating import holes
from media_worker.contract.flow import Flow
from media_worker.contract.tools import LONGEST_OUTCOME, Parameter, ToolOutcome, ToolSpec

FAILURE = "I am sorry, that did not work just now."


@dataclass(frozen=True)
class Offered:
    """Something that a flow can name. `tool` None: every agent has it. `problem`: why it cannot be used, for people."""

    name: str
    kind: Kind
    operation: Operation
    tool: Tool | None = None
    problem: str = ""

    @property
    def label(self) -> str:
        if self.tool is None:
            return self.operation.label
        return f"{self.tool.label}: {self.operation.label}" if self.operation.name else self.tool.label

    @property
    def about(self) -> str:
        said = [self.operation.about, self.tool.about if self.tool else ""]
        return " ".join(text for text in said if text) or f"{self.label}."

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """With what the tool's owner fills in instead of the conversation."""
        return tuple(self._filled(parameter) for parameter in self.operation.parameters)

    def _filled(self, parameter: Parameter) -> Parameter:
        text = str(self.tool.fills.get(f"{self.operation.name}.{parameter.name}", "")) if self.tool else ""
        if not text.strip():
            return parameter
        named = holes(text)
        if len(named) == 1 and text.strip() == f"{{{{{named[0]}}}}}":
            return parameter.model_copy(update={"source": "variable", "value": named[0]})
        return parameter.model_copy(update={"source": "fixed", "value": text})

    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=self.name,
            label=self.label[:120],
            about=self.about[:1_000],
            act=self.operation.act,
            parameters=self.parameters,
            waiting=self.tool.waiting if self.tool else "",
            failure=self.tool.failure if self.tool else FAILURE,
            seconds=self.tool.seconds if self.tool else 8.0,
            sets=self.operation.sets,
        )


def active(client_id: UUID | None) -> QuerySet[Tool]:
    """The client's and the agency's; the agency's alone without a client."""
    return Tool.objects.filter(Q(client=None) | Q(client=client_id) if client_id else Q(client=None), archived_at=None)


def offered(client_id: UUID | None) -> dict[str, Offered]:
    """By name, all that an agent of this client can use."""
    found = {kind.name: Offered(kind.name, kind, kind.operations(kind.Config())[0]) for kind in ready_kinds()}
    for tool in sorted(active(client_id), key=lambda tool: (tool.client_id is not None, tool.label, tool.name)):
        found |= {one.name: one for one in offers(tool)}
    return found


def offers(tool: Tool) -> list[Offered]:
    """What one tool is to flows."""
    kind = kinds().get(tool.kind)
    if kind is None:
        return []
    try:
        config = settings_of(kind, tool.config)
    except ValidationError:
        lost = Operation("", tool.label, tool.about)
        return [
            Offered(tool.name, kind, lost, tool, "Its settings do not fit this release. Open it and save it again.")
        ]
    return [Offered(offered_name(tool.name, one), kind, one, tool) for one in kind.operations(config)]


def offered_name(name: str, operation: Operation) -> str:
    return f"{name}_{operation.name}" if operation.name else name


def named_in(flow: Flow) -> list[str]:
    """Every tool that a flow names, once each: in its steps, in conversations, before the greeting."""
    names = [before.tool for before in flow.before]
    for node in flow.nodes:
        if node.type == "tool":
            names.append(node.tool)
        elif node.type == "conversation":
            names += node.tools
    return list(dict.fromkeys(names))


def specs(client_id: UUID, names: Iterable[str]) -> tuple[list[ToolSpec], list[str]]:
    """The tools of these names as the media plane sees them, and the names of which there is none that works."""
    there = offered(client_id)
    found: list[ToolSpec] = []
    missing: list[str] = []
    for name in dict.fromkeys(names):
        one = there.get(name)
        if one is None or one.problem:
            missing.append(name)
        else:
            found.append(one.spec())
    return found, missing


def mocks(client_id: UUID) -> dict[str, ToolOutcome]:
    """What tests and tries are given instead of the real thing, where a tool has such an outcome."""
    found: dict[str, ToolOutcome] = {}
    for name, one in offered(client_id).items():
        said = one.tool.mocks.get(one.operation.name) if one.tool else None
        if isinstance(said, dict):
            found[name] = mocked(said)
    return found


def mocked(said: dict[str, object]) -> ToolOutcome:
    outcome: ToolOutcome = ToolOutcome.model_validate(
        {"ok": True, **said, "text": str(said.get("text", ""))[:LONGEST_OUTCOME], "mocked": True}
    )
    return outcome


def config_of(tool: Tool) -> Settings:
    """Raises KeyError for a kind there is no more, pydantic's ValidationError for settings that do not fit."""
    return settings_of(kinds()[tool.kind], tool.config)
