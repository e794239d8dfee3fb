"""Models beside the worker: their programs run, a model that is missing is told in words, and a broken one is no end."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pipecat.frames.frames import TranscriptionFrame

from media_worker.contract.spec import Provider
from media_worker.providers.base import ProviderUnavailable
from media_worker.providers.builtin.children import ChildUnavailable, child, stop_children
from media_worker.providers.local.host import ASK, packed
from media_worker.providers.local.services import answers
from media_worker.providers.registry import vendor
from tests.media_worker.providers.conformance.kit import context, rigged

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
async def ended() -> AsyncIterator[None]:
    yield
    await stop_children()


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine of the tests' own, in a real program: it says what it was asked."""
    monkeypatch.setattr("media_worker.providers.local.services.__package__", "tests.media_worker.providers.engines")


def build(name: str, talent: Any, account: dict[str, Any] | None = None, **options: Any) -> Any:
    spec = vendor(name).talent(talent)
    assert spec is not None
    assert spec.build is not None
    return spec.build(Provider(vendor=name, account=account or {}, options=options), context())


async def asked(engine: str, question: dict[str, Any], sound: bytes = b"") -> list[bytes]:
    return [piece async for piece in answers(engine, packed(question, sound), 20)]


@pytest.mark.parametrize(
    ("name", "talent", "package", "account", "options", "sentence"),
    [
        ("whisper", "stt", "faster_whisper", {}, {}, 'pip install "voiceops[whisper]"'),
        ("vosk", "stt", "vosk", {}, {"folder": "/models/vosk"}, 'pip install "voiceops[vosk]"'),
        ("piper", "tts", "piper", {"folder": "/models/piper"}, {}, 'pip install "voiceops[piper]"'),
        ("kokoro", "tts", "kokoro_onnx", {"folder": "/models/kokoro"}, {}, 'pip install "voiceops[kokoro]"'),
    ],
)
def test_a_missing_extra_says_which_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, talent: str, package: str, account: Any, options: Any, sentence: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(
        "media_worker.providers.local.services.find_spec", lambda asked: None if asked == package else object()
    )
    with pytest.raises(ProviderUnavailable) as error:
        build(name, talent, account, **options)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("name", "talent"), [("ollama", "llm"), ("kokoro", "tts"), ("piper", "tts"), ("chatterbox", "tts"), ("xtts", "tts")]
)
def test_no_address_is_tried_that_nobody_was_asked_for(name: str, talent: str) -> None:
    """The usual one lies on the worker's own machine: an agency may only use it when the operator says so."""
    with pytest.raises(ProviderUnavailable, match="has no address"):
        build(name, talent)


@pytest.mark.parametrize(
    ("engine", "question", "sentence"),
    [
        ("whisper", {"model": "/no/such/model", "device": "cpu"}, "no Whisper model in the folder /no/such/model"),
        ("whisper", {"model": "tiny.nowhere", "device": "cpu"}, "not on this machine"),
        ("vosk", {"folder": "/no/such/model"}, "no Vosk model in the folder /no/such/model"),
    ],
)
async def test_the_real_program_tells_of_a_model_that_is_not_there(engine: str, question: Any, sentence: str) -> None:
    manner = {"language": "en", "words": "", "rate": 8000}
    for _ in range(2):
        with pytest.raises(ProviderUnavailable, match=sentence):
            await asked(engine, {**manner, **question}, bytes(1600))
    assert child(f"media_worker.providers.local.{engine}").pid is not None


async def test_ears_without_their_model_are_given_up_in_words_before_they_are_needed(tmp_path: Path) -> None:
    async with rigged(build("vosk", "stt", folder=str(tmp_path))) as rig:
        await rig.until(lambda: rig.errors)
        assert f"no Vosk model in the folder {tmp_path}" in rig.errors[0].error
        assert not rig.service.is_usable


async def test_ears_beside_the_worker_hear_an_utterance(echo: None) -> None:
    ears = build("vosk", "stt", folder="/models/vosk")
    ears._engine = "echo"
    async with rigged(ears) as rig:
        await rig.say()
        (heard,) = await rig.until(lambda: rig.of(TranscriptionFrame))
        assert heard.finalized
        told = json.loads(heard.text)
        assert (told["rate"], told["folder"]) == (8000, "/models/vosk")
        assert told["samples"] >= 0.8 * 8000
        assert rig.errors == []


async def test_a_question_that_breaks_an_engine_ends_no_other(echo: None) -> None:
    with pytest.raises(ChildUnavailable, match="ZeroDivisionError"):
        await asked("echo", {"break": True})
    assert json.loads((await asked("echo", {}))[0])["text"]


async def test_an_engine_that_dies_is_told_and_started_again(echo: None) -> None:
    with pytest.raises(ChildUnavailable):
        await asked("echo", {"die": True})
    program = child("tests.media_worker.providers.engines.echo")
    program._pause = 0.0
    assert await asked("echo", {})


async def test_what_an_engine_prints_is_not_taken_for_an_answer(echo: None) -> None:
    assert len(await asked("echo", {"print": "noise"})) == 1


async def test_a_closed_question_hears_no_more(echo: None) -> None:
    program = child("tests.media_worker.providers.engines.echo")
    await program.ready()
    came: list[Any] = []
    stream = program.open(lambda kind, payload: came.append(kind))
    program.send(stream, ASK, packed({}))
    program.close(stream)
    assert await asked("echo", {})
    assert came == []
