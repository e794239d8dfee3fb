"""A worker on a real socket, and callers who speak with real sound."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from media_worker.contract.events import Snapshot
from media_worker.contract.flow import ConversationNode, EndNode, Flow, Intent
from media_worker.contract.spec import (
    AgentSpec,
    AudioFormat,
    CallSpec,
    Fallbacks,
    Limits,
    Provider,
    Providers,
    TurnTaking,
)
from media_worker.pipeline import sounds
from media_worker.pipeline.keys import KEYS
from media_worker.server import Worker
from media_worker.session import Session
from media_worker.solo import Caller, load_wav

logger.remove()

KEY = "a-key-for-tests"
CLIPS = Path(__file__).parent.parent / "clips"

GREETING = "Hello, this is the clinic. How can I help you?"
HOURS = "We are open from nine to five. On Saturdays we close at noon. On Sundays we are closed all day."


def clip(name: str, rate: int = 8000) -> bytes:
    return load_wav(CLIPS / f"{name}.wav", rate)


def spec(llm: bool = False, **changes: Any) -> CallSpec:
    """Alice's clinic: opening hours, and a goodbye. Turn-taking by the clock, because the voices are synthetic."""
    turns = {"smart_turn": False, "speech_timeout": 0.1} | changes.pop("turns", {})
    flow = Flow(
        greeting=GREETING,
        start="talk",
        nodes=(
            ConversationNode(
                id="talk",
                intents=(
                    Intent(name="hours", examples=("what are your opening hours",), answer=HOURS),
                    Intent(name="goodbye", examples=("no thank you goodbye", "goodbye"), goto="bye"),
                ),
            ),
            EndNode(id="bye", text="Thank you for calling. Goodbye.", outcome="answered"),
        ),
    )
    vendor = Provider(vendor="openai_compatible", base_url="http://127.0.0.1:1/v1", options={"model": "none"})
    agent = AgentSpec(
        id=uuid.uuid4(),
        version=1,
        name="Clinic",
        flow=flow,
        providers=Providers(llm=vendor) if llm else Providers(),
        turns=TurnTaking(**turns),
        limits=Limits(**changes.pop("limits", {})),
        fallbacks=Fallbacks(**changes.pop("fallbacks", {})),
    )
    return CallSpec(
        call_id=uuid.uuid4(),
        agency="alice",
        direction="inbound",
        audio=changes.pop("audio", AudioFormat()),
        agent=agent,
        **changes,
    )


@pytest.fixture(autouse=True)
def shared_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run beside each other: a late loop is no reason to refuse their calls."""
    monkeypatch.setattr("media_worker.server.MOST_LAG", 60.0)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """A worker that was just started: no sound of an earlier call."""
    sounds.CLIPS.clear()
    sounds.SPOKEN.clear()


@pytest.fixture(autouse=True)
def nothing_known_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test learnt of an agency's keys is not known in the next."""
    monkeypatch.setattr(KEYS, "_until", {})


@pytest.fixture
async def workers() -> AsyncIterator[Callable[..., Awaitable[Worker]]]:
    """Start workers; they are stopped when the test is over."""
    started: list[Worker] = []

    async def start(vendors: Any = None, **options: Any) -> Worker:
        make = partial(Session, make_service=vendors) if vendors is not None else Session
        worker = Worker(KEY, make_session=make, **({"drain_seconds": 5.0} | options))
        await worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        await worker.stop()


@asynccontextmanager
async def calling(worker: Worker, what: CallSpec, resume: Snapshot | None = None, key: str = KEY, **options: Any):
    caller = Caller(what, resume, **options)
    await caller.connect("127.0.0.1", worker.port, key)
    try:
        yield caller
    finally:
        await caller.close()
