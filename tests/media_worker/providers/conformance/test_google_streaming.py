"""Google's ears over gRPC, against a server that reads and writes the messages of Google's own package."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from pipecat.frames.frames import InterimTranscriptionFrame, TranscriptionFrame

from media_worker.pipeline.hearing import confidence_of
from media_worker.providers.base import ProviderUnavailable
from media_worker.providers.faults import fault_of
from tests.fakes.vendors.google_server import GoogleSpeechServer
from tests.media_worker.providers.conformance.kit import KEY, build, rigged

pytestmark = pytest.mark.unit
LINE = "what are your opening hours"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_worker.providers.google_streaming.ANSWER_SECONDS", 0.5)


@pytest.fixture
async def server() -> AsyncIterator[GoogleSpeechServer]:
    async with GoogleSpeechServer(KEY) as made:
        yield made


def listening(server: GoogleSpeechServer, key: str = KEY, **options: Any) -> Any:
    return rigged(build("google_speech", "stt", server.base_url, key, **options))


async def test_words_come_while_the_caller_speaks_and_the_end_is_final(server: GoogleSpeechServer) -> None:
    server.heard = [LINE, "goodbye"]
    async with listening(server, words="Bright Dental") as rig:
        await rig.sound(0.3, loud=False)
        await rig.say(1.0)
        (heard,) = await rig.until(lambda: rig.of(TranscriptionFrame))
        assert (heard.text, heard.finalized) == (LINE, True)
        assert confidence_of(heard) == pytest.approx(0.93)
        interim = [frame.text for frame in rig.of(InterimTranscriptionFrame)]
        assert len(interim) >= 2
        assert all(LINE.startswith(text) for text in interim)
        await rig.say()
        await rig.until(lambda: [frame.text for frame in rig.of(TranscriptionFrame)] == [LINE, "goodbye"])
        assert rig.errors == []
    first = server.seen[0]
    assert first.metadata["x-goog-api-key"] == KEY
    config = first.config
    assert (config.encoding.name, config.sample_rate_hertz, config.language_code) == ("LINEAR16", 8000, "en-US")
    assert (config.model, list(config.speech_contexts[0].phrases)) == ("telephony", ["Bright Dental"])
    assert first.interim
    assert 1.3 * 16000 - 700 <= len(first.sound) <= 1.4 * 16000
    assert all(stream.closed.is_set() for stream in server.seen)


async def test_noise_without_words_is_an_empty_text_and_no_failure(server: GoogleSpeechServer) -> None:
    server.heard = [""]
    async with listening(server) as rig:
        await rig.say(0.3)
        (heard,) = await rig.until(lambda: rig.of(TranscriptionFrame))
        assert (heard.text, rig.errors) == ("", [])


@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "refused", None),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "rate_limited", 7.0),
        (grpc.StatusCode.INVALID_ARGUMENT, "rejected", None),
        (grpc.StatusCode.INTERNAL, "unavailable", None),
        ("cut", "unavailable", None),
        ("silence", "unavailable", None),
        ("late", "unavailable", None),
    ],
)
async def test_ears_that_fail_say_so_and_hear_the_next(
    server: GoogleSpeechServer, fault: Any, kind: str, retry_after: float | None
) -> None:
    server.faults = [fault]
    async with listening(server) as rig:
        await rig.say(1.0)
        await rig.until(lambda: rig.errors)
        found = fault_of(rig.errors[0].exception, rig.errors[0].error)
        assert (found.kind, found.retry_after) == (kind, retry_after)
        assert rig.service.is_usable == (not found.permanent)
        await asyncio.wait_for(server.seen[0].closed.wait(), 10)
        server.faults.clear()
        if rig.service.is_usable:
            server.heard = ["goodbye"]
            await rig.say()
            await rig.until(lambda: [frame for frame in rig.of(TranscriptionFrame) if frame.text == "goodbye"])
        assert len(rig.errors) == 1


async def test_a_call_that_ends_leaves_no_stream_behind(server: GoogleSpeechServer) -> None:
    server.faults = ["silence"]
    async with listening(server) as rig:
        await rig.say(0.3, stop=False)
        await rig.until(lambda: server.seen)
    await asyncio.wait_for(server.seen[0].closed.wait(), 10)


async def test_a_wrong_key_is_refused_and_never_written(server: GoogleSpeechServer) -> None:
    async with listening(server, "key-of-charlie") as rig:
        await rig.say(0.3)
        await rig.until(lambda: rig.errors)
        assert fault_of(rig.errors[0].exception).kind == "refused"
        assert "key-of-charlie" not in rig.errors[0].error


def test_without_the_extra_the_ears_say_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    monkeypatch.delitem(sys.modules, "media_worker.providers.google_streaming", raising=False)
    with pytest.raises(ProviderUnavailable, match=r'pip install "voiceops\[google\]"'):
        build("google_speech", "stt", "http://127.0.0.1:1")
