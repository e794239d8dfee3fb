"""A real media worker on a socket, in a thread of its own, for pages and jobs that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from agents.models import Agent
from media_worker.contract.flow import BranchNode, CollectNode, ConversationNode, EndNode, Flow, Intent, Slot, When
from media_worker.server import Worker
from media_worker.text import TextSession
from tests.media_worker.fakes import Answer, Vendors
from voiceops.lib import workers

FLOW = Flow(
    greeting="Hello, this is the clinic.",
    start="talk",
    nodes=(
        ConversationNode(
            id="talk",
            say="How can I help you?",
            intents=(
                Intent(name="hours", examples=("what are your opening hours",), answer="We open at nine."),
                Intent(name="booking", examples=("i would like to book an appointment",), goto="book"),
                Intent(name="goodbye", examples=("no thank you goodbye", "goodbye"), goto="bye"),
            ),
        ),
        CollectNode(
            id="book",
            slots=(Slot(name="guests", type="number", ask="For how many people?"),),
            next="size",
        ),
        BranchNode(id="size", cases=(When(when="guests > 4", goto="large"),), otherwise="booked"),
        EndNode(id="large", text="A colleague will call you back.", outcome="callback"),
        EndNode(id="booked", text="It is booked. Goodbye.", outcome="booked"),
        EndNode(id="bye", text="Goodbye.", outcome="answered"),
    ),
)


class Media:
    """The worker, and the loop it runs on."""

    def __init__(self, key: str, **options: Any) -> None:
        self.worker = Worker(key, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.worker.start(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.worker.stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def media(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Media]:
    monkeypatch.setattr("media_worker.server.MOST_LAG", 60.0)
    running = Media(settings.MEDIA_WORKER_KEY)
    running.start()
    settings.MEDIA_WORKERS = [f"127.0.0.1:{running.worker.port}"]
    yield running
    running.stop()


@pytest.fixture
def clinic(front_desk: Agent) -> Agent:
    """Bright Dental's front desk with a draft that is short enough to be read here."""
    front_desk.draft = {**front_desk.draft, "flow": FLOW.model_dump(mode="json")}
    front_desk.draft_revision += 1
    front_desk.save()
    return front_desk


def scripted(*answers: Answer) -> Any:
    """For `Media(make_text=…)`: turns that a scripted model answers."""
    return partial(TextSession, make_service=Vendors([], list(answers)))


__all__ = ["FLOW", "Media", "workers"]
