"""A voice that fails in the middle of a sentence: another one goes on with the first word that was not spoken."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import Fallbacks, Provider
from media_worker.pipeline.ladder import APOLOGY_WORDS
from media_worker.pipeline.speech import Books, Speech
from media_worker.providers.containers import NotSamples, unwrap
from tests.fakes.vendors.deepgram_server import DeepgramServer
from tests.fakes.vendors.openai_server import SECONDS_PER_CHARACTER, FakeOpenAI, Fault
from tests.fakes.vendors.sockets import Fault as SocketFault
from tests.media_worker.backups import agent, said, steps, vendor
from tests.media_worker.conftest import GREETING, HOURS, calling, clip
from tests.media_worker.test_hybrid_voice import fetched, recorded, share_of, with_clips

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.transport.TTS_PATIENCE", 0.8)


def rules(**tts) -> dict:
    """Voices of vendors; the flow's rules answer."""
    return {"llm": Provider(vendor="builtin"), **tts}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", after=4),
        Fault("stall", after=4),
        Fault("status", status=500),
        Fault("html"),
        Fault("empty"),
        Fault("mp3"),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_backup_voice_goes_on_where_the_first_one_stopped(workers, fault):
    worker = await workers()
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        what = agent(rules(tts=vendor(first), tts_backups=[vendor(second)]))
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            first.faults["tts"] = [fault]
            caller.say(clip("slt_what_are_your_opening_hours"))
            await caller.until(lambda: said(caller, 1), 30)
    assert said(caller, 1) == [HOURS]
    assert steps(caller) == [("tts", "backup_voice")]
    continued = [seen.body["input"] for seen in second.requests("tts")]
    if fault.kind == "stall":
        assert 0 < len(continued[0].split()) < len(HOURS.split(". ")[0].split())
    assert HOURS.endswith(" ".join(continued))
    assert caller.snapshots[-1].media["tts"] == 1


async def test_a_voice_at_another_rate_than_it_should_have_is_heard_at_its_own(workers):
    worker = await workers()
    async with FakeOpenAI() as server:
        server.faults["tts"] = [Fault("rate")] * 2
        async with calling(worker, agent(rules(tts=vendor(server)))) as caller:
            assert (await caller.until_heard(0)).text == GREETING
    seconds = [span.seconds for span in caller.of(told.Span) if span.stage == "tts"]
    assert sum(seconds) == pytest.approx(SECONDS_PER_CHARACTER * (len(GREETING) - 1), abs=0.2)


@pytest.mark.parametrize(
    ("head", "kind"), [(b"ID3\x04", ""), (b"OggS", ""), (b"\xff\xfb\x90", "audio/mpeg"), (b"RIFF0000WAVEjunk", "")]
)
def test_what_is_no_sound_is_not_played(head: bytes, kind: str):
    with pytest.raises(NotSamples):
        unwrap(head + bytes(100), 24000, kind)


def test_samples_are_left_as_they_are():
    assert unwrap(b"\xff\xfb" + bytes(99), 24000) == (b"\xff\xfb" + bytes(99), 24000)
    assert unwrap(b"", 24000) == (b"", 24000)


async def test_without_any_voice_the_caller_hears_a_recorded_apology(workers):
    worker = await workers()
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        first.troubled = second.troubled = {"none": Fault("status", status=500)}
        what = agent(rules(tts=vendor(first), tts_backups=[vendor(second)]))
        async with calling(worker, what) as caller:
            await caller.until(caller.over.is_set, 30)
    assert said(caller, 0) == [APOLOGY_WORDS]
    assert steps(caller) == [("tts", "backup_voice"), ("tts", "apology")]
    assert caller.finished.reason == "provider_error"
    assert len(caller.heard) > 8000 * 2 * 5
    assert [request.action for request in caller.requests] == ["hangup"]


async def test_the_agents_own_recording_is_the_apology_when_there_is_one(workers):
    worker = await workers()
    async with FakeOpenAI() as only:
        sorry = recorded("sorry", "I am so sorry. Goodbye.", 700.0, "apology")
        what, pcm = with_clips(agent(rules(tts=vendor(only))), sorry)
        async with calling(worker, what) as caller:
            caller.clip_sounds = pcm
            await caller.until_heard(0)
            await fetched(caller, what)
            only.troubled = {"none": Fault("status", status=500)}
            caller.say(clip("slt_what_are_your_opening_hours"))
            await caller.until(caller.over.is_set, 30)
    assert said(caller, 1) == ["I am so sorry. Goodbye."]
    assert share_of(bytes(caller.heard), 700.0) > 0.8


async def test_a_call_that_no_voice_can_begin_is_apologised_for(workers):
    worker = await workers()
    async with calling(worker, agent(rules(tts=Provider(vendor="nobody")))) as caller:
        await caller.until(caller.over.is_set, 30)
    assert said(caller, 0) == [APOLOGY_WORDS]
    assert caller.finished.reason == "agent_unusable"
    assert "nobody" in caller.finished.detail


async def test_vendors_that_never_answer_do_not_keep_the_apology_waiting(workers, monkeypatch):
    monkeypatch.setattr("media_worker.pipeline.lanes.OPEN_WITHIN_WITH_DEPUTY", 0.8)
    monkeypatch.setattr("media_worker.pipeline.ladder.BEGIN_WITHIN", 1.2)
    worker = await workers()
    async with DeepgramServer() as dead:
        dead.faults = [SocketFault("nobody")] * 9
        ears = Provider(vendor="deepgram", base_url=dead.base_url, api_key=dead.key)  # type: ignore[arg-type]
        what = agent({"llm": Provider(vendor="builtin"), "stt": ears, "stt_backups": [ears, ears]})
        async with calling(worker, what) as caller:
            await caller.until(caller.over.is_set, 30)
    assert said(caller, 0) == [Fallbacks().apology]
    assert caller.finished.reason == "provider_error"


async def test_a_voice_that_cannot_be_built_is_passed_over(workers):
    worker = await workers()
    async with FakeOpenAI() as second:
        what = agent(rules(tts=Provider(vendor="nobody"), tts_backups=[vendor(second)]))
        async with calling(worker, what) as caller:
            assert (await caller.until_heard(0)).text == GREETING
    assert steps(caller) == [("tts", "backup_voice")]
    assert [span.vendor for span in caller.of(told.Span) if span.stage == "tts"] == ["openai_compatible"] * 2


async def test_the_next_worker_begins_with_the_voice_that_works(workers):
    worker = await workers()
    async with FakeOpenAI() as first, FakeOpenAI() as second:
        what = agent(rules(tts=vendor(first), tts_backups=[vendor(second)]))
        first.faults["tts"] = [Fault("status", status=500)]
        async with calling(worker, what) as caller:
            await caller.until_heard(0)
            snapshot = caller.snapshots[-1]
        assert said(caller, 0) == [GREETING]
        first.seen.clear()
        another = await workers()
        async with calling(another, what, resume=snapshot) as caller:
            await caller.until(lambda: caller.of(told.AgentTurn))
        assert first.seen == []


def test_a_broken_sentence_is_cut_between_words():
    books = Books(lambda: 0, lambda _: None, lambda _: None)
    speech = books.begin(Speech(turn=1))
    sentence = books.sentence(speech, "one two three four")
    sentence.made = 0.065 * 9
    excess = books.break_off(sentence)
    assert [one.text for one in speech.sentences] == ["one two", "three four"]
    assert excess == pytest.approx(0.065 * 2)
    assert speech.text == "one two three four"
