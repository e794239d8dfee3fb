"""A text outside a call, from a model server on a real socket."""

from __future__ import annotations

import asyncio
import time

import pytest

from media_worker.contract.spec import Provider
from media_worker.providers.base import ProviderUnavailable
from media_worker.providers.text import ChatMessage, CompletionFailed, can_complete, complete
from tests.fakes.vendors.openai_server import FakeOpenAI, Fault, say

pytestmark = pytest.mark.unit

ASK: list[ChatMessage] = [{"role": "user", "content": "Write a greeting."}]


def provider(server: FakeOpenAI, key: str = "sk-alice") -> Provider:
    return Provider(vendor="openai_compatible", base_url=server.base_url, api_key=key, options={"model": "llama3.1:8b"})


async def test_the_agencys_own_model_writes_a_text() -> None:
    async with FakeOpenAI(key="sk-alice") as server:
        server.replies = [say("Hello, this is Bella Dental.")]
        text = await asyncio.to_thread(complete, provider(server), ASK)
    assert text == "Hello, this is Bella Dental."


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault("status", status=401), True),
        (Fault("status", status=404), True),
        (Fault("status", status=400), True),
        (Fault("status", status=429, retry_after=7), False),
        (Fault("status", status=500), False),
        (Fault("html"), False),
    ],
)
async def test_a_failure_says_whether_trying_again_can_help(fault: Fault, permanent: bool) -> None:
    async with FakeOpenAI(key="sk-alice") as server:
        server.faults["llm"] = [fault]
        with pytest.raises(CompletionFailed) as caught:
            await asyncio.to_thread(complete, provider(server), ASK)
    assert caught.value.permanent is permanent
    assert "sk-alice" not in str(caught.value)
    if fault.status == 429:
        assert caught.value.retry_after == 7


async def test_a_silent_server_is_given_up_in_time() -> None:
    async with FakeOpenAI(key="sk-alice") as server:
        server.faults["llm"] = [Fault("silence")]
        began = time.monotonic()
        with pytest.raises(CompletionFailed) as caught:
            await asyncio.to_thread(complete, provider(server), ASK, 0.5)
    assert time.monotonic() - began < 3
    assert not caught.value.permanent


async def test_a_wrong_key_is_permanent() -> None:
    async with FakeOpenAI(key="sk-alice") as server:
        with pytest.raises(CompletionFailed) as caught:
            await asyncio.to_thread(complete, provider(server, key="sk-charlie"), ASK)
    assert caught.value.permanent


def test_the_built_in_engine_writes_no_texts() -> None:
    assert not can_complete(Provider(vendor="builtin"))
    with pytest.raises(ProviderUnavailable):
        complete(Provider(vendor="builtin"), ASK)


def test_a_missing_model_is_told_before_anything_is_sent() -> None:
    nowhere = Provider(vendor="openai_compatible", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(CompletionFailed, match="Model is missing"):
        complete(nowhere, ASK)


def test_nobody_at_the_address_may_be_tried_again() -> None:
    nowhere = Provider(vendor="openai_compatible", base_url="http://127.0.0.1:9/v1", options={"model": "m"})
    with pytest.raises(CompletionFailed) as caught:
        complete(nowhere, ASK)
    assert not caught.value.permanent
