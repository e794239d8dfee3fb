"""Ready tools against the fakes of their vendors: made, used, and what every one of them must survive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.models import Tool
from agents.tools import actions
from agents.tools.actions import ToolDraft
from agents.tools.kinds.base import Caller
from agents.tools.using import use
from media_worker.contract.tools import Scalar, ToolOutcome, UseTool
from tests.world import World

BERLIN = ZoneInfo("Europe/Berlin")
CALLER = "+14155552671"
OTHER = "+14155559999"
TROUBLES = [
    ("429", "too often"),
    ("500", "problem of its own"),
    ("html", "not JSON"),
    ("disguised", "not JSON"),
    ("empty", "not JSON"),
    ("list", ""),
    ("5MB", ""),
]
troubles = pytest.mark.parametrize(("trouble", "told"), TROUBLES, ids=[trouble for trouble, _ in TROUBLES])


def tool(world: World, kind: str, name: str, config: dict[str, Any], secrets: dict[str, str]) -> Tool:
    draft = ToolDraft(
        kind=kind,
        name=name,
        label=name,
        failure="That does not work right now.",
        client_id=world.bright_dental.pk,
        config=config,
        secrets=secrets,
        seconds=10,
    )
    return actions.create(world.alice, draft)


def by(world: World, phone: str = CALLER, **more: Any) -> Caller:
    return Caller(client_id=world.bright_dental.pk, caller=phone, timezone="Europe/Berlin", **more)


def ask(world: World, name: str, caller: Caller | None = None, /, **arguments: Scalar) -> ToolOutcome:
    return use(UseTool(tool=name, arguments=arguments, key="k"), caller or by(world))


def coming(weekday: int) -> str:
    """The next such day, at least two days from now."""
    day = datetime.now(BERLIN).date() + timedelta(days=2)
    while day.weekday() != weekday:
        day += timedelta(days=1)
    return day.isoformat()


def in_utc(day: str, clock: str) -> str:
    return (
        datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=BERLIN).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    )
