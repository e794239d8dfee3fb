"""A whole call with marked words, through real processes: no log and no export holds one of them."""

from __future__ import annotations

import asyncio
import audioop
import copy
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django_tenants.utils import schema_context

from agents import actions as agents
from agents.accounts import actions as accounts
from agents.accounts.actions import AccountDraft
from calls.models import AfterCallJob, Call, CallEvent, CarrierAccount, PhoneNumber, TraceDestination, Turn
from calls.tracing import actions
from calls.tracing.actions import Draft
from tests.calls.bridge.carrier import AUTH_TOKEN, Stream, Trunk
from tests.calls.tracing.conversation import MARKED
from tests.fakes.langfuse import FakeLangfuse
from tests.fakes.otlp import FakeCollector
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, say
from tests.live import LiveStack
from tests.media_worker.conftest import clip
from tests.world import World

pytestmark = pytest.mark.live

MARKS = (MARKED, "marzipan", "rhubarb", "gooseberry")
"""The caller says the first, the model the third, the greeting the last."""
EXPORTS = (AfterCallJob.Kind.EXPORT_OTLP, AfterCallJob.Kind.EXPORT_LANGFUSE)


@pytest.fixture
async def vendors() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(key="sk-alice") as server:
        server.heard = [f"I would like a {MARKED}"]
        server.usual_heard = f"a {MARKED} I said"
        server.usual_reply = say("One rhubarb, coming up.")
        server.faults["llm"] = [Fault("status", status=500)]
        yield server


@pytest.fixture
def number(world: World, live_stack: LiveStack, vendors: FakeOpenAI) -> Iterator[PhoneNumber]:
    """Alice's front desk hears and thinks by a vendor whose first answer fails."""
    with schema_context("alice"):
        draft = AccountDraft("openai_compatible", "Marked", vendors.base_url, api_key="sk-alice")
        account = accounts.create(world.alice, draft)
        agent = agents.create(
            None,
            world.bright_dental,
            name=f"Marked {secrets.token_hex(3)}",
            call_type="both",
            purpose="",
            ask_model=False,
        ).agent
        agent.refresh_from_db()
        document: dict[str, Any] = copy.deepcopy(agent.draft)
        chosen = {"account": str(account.pk), "vendor": "openai_compatible", "options": {"model": "fake"}}
        document["models"] |= {"stt": chosen, "llm": chosen}
        document["flow"]["greeting"] = "Good gooseberry morning."
        document["turns"] = {**document.get("turns", {}), "smart_turn": False}
        agents.save_draft(world.alice, agent, document, agent.draft_revision)
        agents.publish(world.alice, agent, anyway=True)  # its template’s tests know another greeting
        carrier = CarrierAccount.objects.create(
            carrier="twilio", label="Marked", account_sid=f"AC{secrets.token_hex(16)}", auth_token=AUTH_TOKEN
        )
        yield PhoneNumber.objects.create(
            number=f"+1415{secrets.randbelow(10**7):07}", account=carrier, client=world.bright_dental, agent=agent
        )
        TraceDestination.objects.all().delete()


async def in_alices(question: Callable[[], Any]) -> Any:
    def ask() -> Any:
        try:
            with schema_context("alice"):
                return question()
        finally:
            connections.close_all()

    return await asyncio.to_thread(ask)


async def until(true: Callable[[], Any], seconds: float = 40.0) -> Any:
    async with asyncio.timeout(seconds):
        while True:
            if found := await in_alices(true):
                return found
            await asyncio.sleep(0.2)


async def speak(stream: Stream, samples: bytes) -> None:
    """In real time, as a carrier does; marks come back as soon as they are asked for."""
    returned = 0
    for begin in range(0, len(samples), 160):
        await stream.say(samples[begin : begin + 160].ljust(160, b"\xff"))
        while returned < len(stream.marks):
            await stream.returns(stream.marks[returned])
            returned += 1
        await asyncio.sleep(0.02)


async def test_no_log_and_no_export_holds_what_was_said(
    world: World, live_stack: LiveStack, number: PhoneNumber, vendors: FakeOpenAI
) -> None:
    spoken = audioop.lin2ulaw(clip("i_would_like_to_book_an_appointment"), 2)
    with FakeCollector() as collector, FakeLangfuse("pk-lf-alice", "sk-lf-alice") as langfuse:
        await in_alices(lambda: actions.save(world.alice, "otlp", Draft(collector.url)))
        keys = Draft(langfuse.url, public_key="pk-lf-alice", secret="sk-lf-alice")
        await in_alices(lambda: actions.save(world.alice, "langfuse", keys))
        trunk = Trunk(f"http://alice.localhost:{live_stack.port}", number.account.account_sid, number.number)
        _, stream = await trunk.talk()
        async with stream:
            await speak(stream, b"\xff" * 8000 * 4 + spoken + b"\xff" * 8000 * 5)
            await stream.stop()
            call = await until(lambda: Call.objects.filter(carrier_call_id=trunk.call_sid, status="ended").first())
        done = AfterCallJob.objects.filter(call=call, kind__in=EXPORTS).exclude(done_at=None)
        await until(lambda: done.count() == len(EXPORTS))
        sent = b"".join(taken.body for taken in (*collector.requests, *langfuse.requests))
    said = await in_alices(lambda: " ".join(Turn.objects.filter(call=call).values_list("text", flat=True)))
    assert all(mark in said for mark in MARKS), said
    spans = await in_alices(
        lambda: list(CallEvent.objects.filter(call=call, kind="span").values_list("data", flat=True))
    )
    assert {span["stage"] for span in spans} >= {"stt", "turn", "llm", "tts"}
    assert any(span["error"] for span in spans), "the first answer failed"
    assert any(span["tokens_in"] == 50 and span["tokens_out"] == 4 for span in spans), spans
    logs = {path.name: path.read_text(errors="replace") for path in live_stack.folder.glob("*.log")}
    assert {"daphne.log", "celery.log", "media-1.log", "media-2.log"} <= set(logs)
    for mark in MARKS:
        assert mark.encode() not in sent
        assert mark not in str(spans)
        assert [name for name, text in logs.items() if mark in text] == []
