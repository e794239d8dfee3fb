"""Recorded clips when vendors fail: they keep their place in a reply that another voice goes on with, cover a slow
model, and say sorry when nobody else can."""

from __future__ import annotations

import pytest

from media_worker.contract import events as told
from media_worker.contract.spec import Fallbacks
from tests.media_worker.conftest import HOURS, calling, clip, spec
from tests.media_worker.fakes import Answer, Vendors
from tests.media_worker.test_hybrid_voice import fetched, order, recorded, share_of, with_clips

pytestmark = pytest.mark.unit

SATURDAYS = "On Saturdays we close at noon."


async def test_a_clip_keeps_its_place_when_the_voice_has_to_begin_again(workers):
    what, pcm = with_clips(spec(), recorded("saturdays", SATURDAYS, 700.0))
    vendors = Vendors(["what are your opening hours"])
    worker = await workers(vendors)
    async with calling(worker, what) as caller:
        caller.clip_sounds = pcm
        await caller.until_heard(0)
        await fetched(caller, what)
        vendors.built[0].tts.mute = 1
        before = len(caller.heard)
        caller.say(clip("what_are_your_opening_hours"))
        answer = await caller.until_heard(1)
        heard = bytes(caller.heard)[before:]
    assert answer.text == HOURS
    assert order(heard) == ["spoken", "clip", "spoken"]
    assert [body.kept for body in caller.of(told.Span) if body.stage == "clip"][-1:] == [True]


async def test_a_recorded_filler_covers_a_slow_model(workers):
    what, pcm = with_clips(spec(llm=True), recorded("moment", "One moment.", 700.0, "filler"))
    agent = what.agent.model_copy(update={"fallbacks": Fallbacks(filler_after=0.3)})
    vendors = Vendors(["tell me a story"], [Answer(["Once upon a time."], delay=1.0)])
    worker = await workers(vendors)
    async with calling(worker, what.model_copy(update={"agent": agent})) as caller:
        caller.clip_sounds = pcm
        await caller.until_heard(0)
        await fetched(caller, what)
        before = len(caller.heard)
        caller.say(clip("i_would_like_to_book_an_appointment"))
        await caller.until(lambda: "Once upon a time." in [text for _, text in caller.transcript()])
        heard = bytes(caller.heard)[before:]
    assert order(heard) == ["clip", "spoken"]
    assert "One moment." not in vendors.built[0].tts.said


async def test_a_recorded_apology_is_heard_when_no_voice_is_left(workers):
    what, pcm = with_clips(spec(), recorded("sorry", "I am sorry, please call again.", 700.0, "apology"))
    worker = await workers(Vendors([], mute=99))
    async with calling(worker, what) as caller:
        caller.clip_sounds = pcm
        await caller.until(caller.over.is_set, 30)
    assert share_of(bytes(caller.heard), 700.0) >= 0.8
    assert caller.transcript()[-1] == ("agent", "I am sorry, please call again.")
    assert caller.finished is not None
    assert caller.finished.reason == "provider_error"
