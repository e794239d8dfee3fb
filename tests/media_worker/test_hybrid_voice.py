"""Recorded clips and kept sound in a call: through a real worker, over the wire, with the samples that the caller hears."""

from __future__ import annotations

import asyncio
import hashlib
import itertools

import numpy as np
import pytest

from media_worker.contract import events as told
from media_worker.contract.flow import Flow
from media_worker.contract.spec import AudioFormat, CallSpec, Clip
from media_worker.pipeline import sounds
from tests.media_worker.conftest import GREETING, HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors

pytestmark = pytest.mark.unit

RATE = 16_000
FIRST_HOURS = "We are open from nine to five."


def tone(hertz: float, seconds: float = 1.0) -> bytes:
    at = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * at) * 9000).astype("<i2").tobytes()


def recorded(name: str, words: str, hertz: float, kind: str = "phrase", seconds: float = 1.0) -> tuple[Clip, bytes]:
    pcm = tone(hertz, seconds)
    digest = hashlib.sha256(pcm).hexdigest()
    return Clip(id=name, words=words, sha256=digest, seconds=seconds, kind=kind), pcm  # type: ignore[arg-type]


def with_clips(what: CallSpec, *library: tuple[Clip, bytes], **flow: object) -> tuple[CallSpec, dict[str, bytes]]:
    clips = tuple(one for one, _ in library)
    changed = Flow.model_validate(what.agent.flow.model_dump() | flow)
    agent = what.agent.model_copy(update={"clips": clips, "flow": changed})
    return what.model_copy(update={"agent": agent}), {one.sha256: pcm for one, pcm in library}


def share_of(heard: bytes, hertz: float, rate: int = 8000) -> float:
    """Seconds of `heard` in which a tone of `hertz` is the loudest thing."""
    samples = np.frombuffer(heard, dtype="<i2").astype(float)
    size, found = rate // 20, 0
    for at in range(0, len(samples) - size, size):
        window = samples[at : at + size]
        spectrum = np.abs(np.fft.rfft(window * np.hanning(size)))
        peak = np.fft.rfftfreq(size, 1 / rate)[int(spectrum.argmax())]
        found += bool(np.abs(window).max() > 1000 and abs(peak - hertz) <= rate / size)
    return found * size / rate


def order(heard: bytes) -> list[str]:
    """What follows what: the TTS hums at 382 Hz, the clip is higher. What is shorter than 100 ms is a seam."""
    size, found = 800, [""]
    for at in range(0, len(heard), size):
        part = heard[at : at + size + 2]
        name = next((name for name, hertz in (("spoken", 382.0), ("clip", 700.0)) if share_of(part, hertz)), "")
        found.append(name)
    steady = [name for name, after in itertools.pairwise(found) if name and name == after]
    return [name for name, _ in itertools.groupby(steady)]


async def fetched(caller, what: CallSpec, rate: int = 8000) -> None:
    """Until every clip is in the store."""
    keys = {("alice", one.sha256, rate) for one in what.agent.clips}
    async with asyncio.timeout(10):
        while not all(key in sounds.CLIPS for key in keys):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


def usage(caller) -> dict[str, told.Usage]:
    return {body.stage: body for body in caller.of(told.Usage)}


async def test_a_flow_line_is_heard_as_recorded_and_the_other_words_as_spoken(workers):
    what, pcm = with_clips(spec(), recorded("hours", FIRST_HOURS.upper(), 700.0))
    vendors = Vendors(["what are your opening hours", "goodbye"])
    worker = await workers(vendors)
    caller_context = calling(worker, what)
    async with caller_context as caller:
        caller.clip_sounds = pcm
        await caller.until_heard(0)
        await fetched(caller, what)
        caller.say(clip("what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
        caller.say(clip("goodbye"))
        await caller.until(caller.over.is_set)
    assert answer.text == HOURS.replace(FIRST_HOURS, FIRST_HOURS.upper())
    assert FIRST_HOURS not in " ".join(vendors.built[0].tts.said)
    assert 0.8 <= share_of(bytes(caller.heard), 700.0) <= 1.1
    clips = [body for body in caller.of(told.Span) if body.stage == "clip"]
    assert [(span.name, span.turn, span.kept) for span in clips] == [("hours", 1, True)]
    assert usage(caller)["clip"].seconds == pytest.approx(1.0, abs=0.05)
    assert usage(caller)["tts"].seconds > 1.0
    assert usage(caller)["tts"].characters < sum(len(text) for _, text in caller.transcript())


async def test_a_model_names_a_clip_between_its_own_sentences_and_the_order_holds(workers):
    what, pcm = with_clips(spec(llm=True), recorded("story", "Once upon a time.", 700.0))
    pieces = ["Listen to this. [cl", "ip:sto", "ry] And they lived. [clip:nob", "ody] ", "Happily."]
    vendors = Vendors(["tell me a story"], [Answer(pieces)])
    worker = await workers(vendors)
    async with calling(worker, what) as caller:
        caller.clip_sounds = pcm
        await caller.until_heard(0)
        await fetched(caller, what)
        before = len(caller.heard)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        answer = await caller.until_heard(1)
    assert answer.text == "Listen to this. Once upon a time. And they lived. Happily."
    assert vendors.built[0].tts.said[-3:] == ["Listen to this.", "And they lived.", "Happily."]
    assert "[clip:story] Once upon a time." in vendors.built[0].llm.prompts[0]
    assert order(bytes(caller.heard)[before:]) == ["spoken", "clip", "spoken"]


async def test_a_clip_that_does_not_come_is_spoken(workers):
    what, _ = with_clips(spec(), recorded("greeting", GREETING, 700.0), recorded("hours", FIRST_HOURS, 900.0))
    vendors = Vendors(["what are your opening hours"])
    worker = await workers(vendors)
    async with calling(worker, what) as caller:
        caller.clip_sounds = {one.sha256: b"\0\0" * 400 for one in what.agent.clips}
        await caller.until_heard(0)
        caller.say(clip("what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
    assert answer.text == HOURS
    assert FIRST_HOURS in vendors.built[0].tts.said
    assert not [body for body in caller.of(told.Span) if body.stage == "clip"]


async def test_the_next_call_of_the_agency_greets_with_the_clip_and_another_agency_does_not(workers):
    what, pcm = with_clips(spec(audio=AudioFormat(codec="pcm_s16le", rate=16000)), recorded("hi", GREETING, 700.0))
    vendors = Vendors([])
    worker = await workers(vendors)
    async with calling(worker, what) as caller:
        caller.clip_sounds = pcm
        await fetched(caller, what, 16_000)
    async with calling(worker, what) as caller:
        await caller.until_heard(0)
        assert share_of(bytes(caller.heard), 700.0, 16_000) >= 0.8
        assert not [request for request in caller.requests if request.action == "clip"]
    async with calling(worker, what.model_copy(update={"agency": "charlie"})) as caller:
        await caller.until_heard(0)
        assert share_of(bytes(caller.heard), 700.0, 16_000) <= 0.1


async def test_an_interrupted_clip_counts_as_far_as_it_was_heard(workers):
    what, pcm = with_clips(spec(), recorded("hours", HOURS, 700.0, seconds=6.0))
    worker = await workers(Vendors(["what are your opening hours", "goodbye"]))
    async with calling(worker, what) as caller:
        caller.clip_sounds = pcm
        await caller.until_heard(0)
        await fetched(caller, what)
        caller.say(clip("what_are_your_opening_hours"))
        await caller.until(lambda: [turn for turn, _ in caller.speaking if turn == 1])
        await asyncio.sleep(1.0)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        answer = await caller.until_heard(1)
    assert answer.interrupted
    assert answer.text
    assert HOURS.startswith(answer.text)
    assert answer.unheard
    span = next(body for body in caller.of(told.Span) if body.stage == "clip")
    assert span.seconds < 5.0


async def test_a_flow_line_is_synthesised_once_and_kept_for_its_agency(workers):
    vendors = Vendors([])
    worker = await workers(vendors)
    for agency in ("alice", "alice", "charlie"):
        async with calling(worker, spec().model_copy(update={"agency": agency})) as caller:
            await caller.until_heard(0)
            await caller.send('{"type":"hangup"}')
            await caller.until(caller.over.is_set)
    said = [built.tts.said for built in vendors.built]
    assert said[0]
    assert not said[1]
    assert said[2] == said[0]


async def test_what_a_model_says_is_kept_from_its_second_time_and_never_when_cut_off(workers):
    answers = [Answer(["It is sunny today."]) for _ in range(3)]
    vendors = Vendors(["weather"] * 3, answers)
    worker = await workers(vendors)
    async with calling(worker, spec(llm=True)) as caller:
        await caller.until_heard(0)
        for turn in (1, 2, 3):
            caller.say(clip("i_would_like_to_book_an_appointment"))
            await caller.until_heard(turn)
        await caller.send('{"type":"hangup"}')
        await caller.until(caller.over.is_set)
    assert vendors.built[0].tts.said.count("It is sunny today.") == 2
    assert usage(caller)["cache"].seconds == pytest.approx(0.6, abs=0.1)
    stages = [body.stage for body in caller.of(told.Span) if body.turn and body.stage in ("tts", "cache")]
    assert stages == ["tts", "tts", "cache"]


async def test_a_line_of_the_flow_names_its_clip(workers):
    nodes = [{"id": "line", "type": "say", "text": "Never said.", "clip": "story", "next": "bye"}]
    nodes.append({"id": "bye", "type": "end", "text": "Goodbye."})
    what, pcm = with_clips(spec(), recorded("story", "Once upon a time.", 700.0), start="line", nodes=nodes, intents=[])
    vendors = Vendors([])
    worker = await workers(vendors)
    for heard in ("unknown to the worker", "kept by the worker"):
        async with calling(worker, what) as caller:
            caller.clip_sounds = pcm
            await caller.until(caller.over.is_set)
        assert caller.transcript() == [("agent", f"{GREETING} Once upon a time. Goodbye.")], heard
    assert [body.name for body in caller.of(told.Span) if body.stage == "clip"] == ["story"]
    assert "Never said." not in vendors.built[-1].tts.said
