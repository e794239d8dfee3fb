"""Tools of a test, in one line."""

from __future__ import annotations

from typing import Any

from agents.models import Tool
from agents.tools import actions
from agents.tools.actions import ToolDraft
from agents.tools.kinds.base import Caller
from agents.tools.using import use
from media_worker.contract.tools import Scalar, ToolOutcome, UseTool
from tests.world import World

FAILURE = "I cannot see your order at the moment."


def http_tool(world: World, url: str, name: str = "order", **more: Any) -> Tool:
    """Of Bright Dental, unless `client_id` says otherwise. `config` is added to the address."""
    config = {"url": url, **more.pop("config", {})}
    more.setdefault("client_id", world.bright_dental.pk)
    draft = ToolDraft(kind="http", name=name, label="Order", failure=FAILURE, config=config, **more)
    return actions.create(world.alice, draft)


def caller(world: World, **more: Any) -> Caller:
    more.setdefault("client_id", world.bright_dental.pk)
    return Caller(caller="+14155550123", called="+14155550100", **more)


def ask(world: World, tool: str, key: str = "1", by: Caller | None = None, **arguments: Scalar) -> ToolOutcome:
    return use(UseTool(tool=tool, arguments=arguments, key=key), by or caller(world))
