"""Whole calls with vendors of every family: heard, thought and spoken over real sockets, with tools and interruptions."""

from __future__ import annotations

from typing import Any

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import CallSpec, Provider, Providers
from tests.fakes.vendors.azure_server import AzureSpeechServer
from tests.fakes.vendors.openai_server import Fault, call, say
from tests.fakes.vendors.posted_server import PostedServer
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.providers.conformance.minds import CASES, KEY, Case

pytestmark = pytest.mark.unit
MINDS = [case for case in CASES if str(case) in ("anthropic", "gemini", "bedrock signed", "mistral")]


def with_vendors(case: Case, mind: Any, ears: AzureSpeechServer, voice: PostedServer) -> CallSpec:
    llm = Provider(
        vendor=case.vendor,
        base_url=mind.base_url + case.after_host,
        api_key=KEY,  # type: ignore[arg-type]
        account=case.account,
        options={"model": case.model},
    )
    stt = Provider(vendor="azure_speech", base_url=ears.base_url, api_key=ears.key)  # type: ignore[arg-type]
    tts = Provider(vendor="azure_speech", base_url=voice.base_url, api_key=voice.key)  # type: ignore[arg-type]
    plain = spec(llm=True)
    agent = plain.agent.model_copy(update={"providers": Providers(stt=stt, llm=llm, tts=tts)})
    return plain.model_copy(update={"agent": agent})


@pytest.mark.parametrize("case", MINDS, ids=str)
async def test_a_call_is_heard_answered_and_ended_by_a_tool(workers, case: Case) -> None:
    worker = await workers()
    async with case.server() as mind, AzureSpeechServer() as ears, PostedServer(ears.key) as voice:
        ears.heard = ["what are your opening hours", "goodbye then"]
        mind.replies = [say(HOURS), call("end_call", outcome="answered")]
        async with calling(worker, with_vendors(case, mind, ears, voice)) as caller:
            assert (await caller.until_heard(0)).text == GREETING
            caller.say(clip("slt_what_are_your_opening_hours"))
            assert (await caller.until_heard(1)).text == HOURS
            caller.say(clip("slt_goodbye"))
            await caller.until(caller.over.is_set)
        assert caller.of(told.Fault) == []
        assert caller.finished is not None
        assert (caller.finished.reason, caller.finished.outcome) == ("agent_hangup", "answered")
        assert "You are on the phone" in case.system(mind.seen[0].body)
        assert next(asked.body["text"] for asked in voice.seen) == GREETING.partition(". ")[0] + "."


@pytest.mark.parametrize("case", MINDS[:3], ids=str)
async def test_a_mind_that_fails_is_covered_and_the_call_goes_on(workers, case: Case) -> None:
    worker = await workers()
    async with case.server() as mind, AzureSpeechServer() as ears, PostedServer(ears.key) as voice:
        mind.faults = [Fault("status", status=500)]
        async with calling(worker, with_vendors(case, mind, ears, voice)) as caller:
            await caller.until_heard(0)
            caller.say(clip("slt_what_are_your_opening_hours"))
            answer = "We are open from nine to six."
            await caller.until(lambda: answer in [text for _, text in caller.transcript()], 20)
        assert any(fallback.stage == "llm" for fallback in caller.of(told.Fallback))
        assert len(mind.seen) >= 2
