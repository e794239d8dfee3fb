"""What must not get in, and what must not bring a call down."""

from __future__ import annotations

import json

import pytest
import websockets
from twilio.request_validator import RequestValidator

from calls.models import Call, CallEvent
from media_worker.contract import wire
from tests.calls.bridge.conftest import Stage
from voiceops.lib import signing

pytestmark = pytest.mark.live
HELLO = bytes(range(160))

MALFORMED = [
    "no JSON at all",
    "[]",
    '"text"',
    "null",
    "{}",
    "[" * 5000,
    b"\x00binary",
    json.dumps({"event": "surprise"}),
    json.dumps({"event": 7}),
    json.dumps({"event": "media"}),
    json.dumps({"event": "media", "media": "text"}),
    json.dumps({"event": "media", "media": {"payload": 5}}),
    json.dumps({"event": "media", "streamSid": "MZother", "media": {"payload": "/////w=="}}),
    json.dumps({"event": "mark"}),
    json.dumps({"event": "mark", "mark": {"name": ["x"]}}),
    json.dumps({"event": "dtmf", "dtmf": {"digit": "55"}}),
    json.dumps({"event": "dtmf", "dtmf": None}),
    json.dumps({"event": "stop", "streamSid": "MZother"}),
    json.dumps({"event": "start", "start": {}, "streamSid": "MZother"}),
]


async def _refused(stage: Stage, url: str, headers: dict[str, str] | None = None) -> int:
    """The HTTP status of a handshake that is not accepted."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        await stage.trunk().connect(url, headers)
    return refused.value.response.status_code


async def test_malformed_frames_are_dropped_and_the_call_goes_on(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            for frame in MALFORMED:
                await stream.raw(frame)
            await stream.send("media", media={"track": "inbound", "payload": "not base64!"})
            await stream.send("media", media={"track": "inbound", "payload": ""})
            await stream.send("media", media={"track": "outbound", "payload": "/////w=="})
            await stream.send("media", media={"track": "inbound", "payload": "A" * 200_000})
            await stream.start()
            await stream.send("media", extra=[1], media={"payload": "/////w==", "novelty": {}})
            await stream.say(HELLO)
            assert (await session.hears(164))[-160:] == HELLO
            await session.finish()
        assert (await stage.ended(trunk)).ended_reason == "agent_hangup"


async def test_a_reused_ticket_is_refused_before_accept(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        answer, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            assert await _refused(stage, answer.stream_url) in {403, 404}
            await stream.say(HELLO)
            assert await session.hears(160) == HELLO
            await session.finish()


async def test_a_forged_expired_or_foreign_ticket_is_refused_before_accept(stage: Stage) -> None:
    answer = await stage.trunk().ring()
    root, _, good = answer.stream_url.rpartition("/")
    body, _, mac = good.partition("~")
    call_id = signing.read(good, "alice", "media:twilio").subject
    for bad in (
        "rubbish",
        f"{body}~{mac[::-1]}",
        f"{body}x~{mac}",
        f"{body}",
        "~",
        "%00~%ff",
        "a" * 3000,
        signing.sign("alice", "media:twilio", call_id, -1),
        signing.sign("charlie", "media:twilio", call_id, 60),
        signing.sign("alice", "media:web", call_id, 60),
        signing.sign("alice", "resume:twilio", call_id, 60),
        signing.sign("alice", "media:twilio", "00000000-0000-0000-0000-000000000000", 60),
    ):
        assert await _refused(stage, f"{root}/{bad}") in {403, 404}
    assert await _refused(stage, f"{root.replace('twilio', 'web')}/{good}") in {403, 404}
    assert await _refused(stage, f"{root.replace('twilio', 'nobody')}/{good}") in {403, 404}
    assert await _refused(stage, answer.stream_url.replace("alice.", "charlie.")) in {403, 404}
    assert await _refused(stage, answer.stream_url.replace("alice.", "nobody.")) == 404
    assert await _refused(stage, f"{root.replace('/media/', '/elsewhere/')}/{good}") == 404
    async with stage.worker() as worker, await stage.trunk().connect(answer.stream_url):
        assert worker.asked == 0  # the good one is still good: nothing of this has spent it


async def test_a_wrong_signature_on_the_handshake_is_refused(stage: Stage) -> None:
    trunk = stage.trunk()
    answer = await trunk.ring()
    assert await _refused(stage, answer.stream_url, {"x-twilio-signature": "bm90IGEgc2lnbmF0dXJl"}) in {403, 404}
    right = RequestValidator(trunk.auth_token).compute_signature(answer.stream_url, {})
    socket = await trunk.connect(answer.stream_url, {"x-twilio-signature": right})
    await socket.close()


async def test_media_before_start_is_dropped(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        answer = await trunk.ring()
        from tests.calls.bridge.carrier import Stream

        async with Stream(trunk, await trunk.connect(answer.stream_url)) as stream:
            await stream.say(b"\x01" * 160)
            await stream.press("1")
            await stream.start()
            session = await worker.ready()
            await stream.say(HELLO)
            assert await session.hears(160) == HELLO
            await session.finish()


async def test_a_socket_that_never_sends_start_is_closed_and_the_call_ends(stage: Stage) -> None:
    trunk = stage.trunk()
    answer = await trunk.ring()
    socket = await trunk.connect(answer.stream_url)
    call = await stage.ended(trunk, seconds=20)
    assert (call.ended_reason, call.fault) == ("media_never_started", "carrier")
    await socket.wait_closed()
    assert (await trunk.resume(answer)).verbs == ["Say", "Hangup"]


async def test_a_socket_that_brings_another_calls_audio_is_closed(stage: Stage) -> None:
    trunk = stage.trunk()
    answer = await trunk.ring()
    from tests.calls.bridge.carrier import Stream

    async with Stream(trunk, await trunk.connect(answer.stream_url)) as stream:
        await stream.start(callSid=f"CA{'0' * 32}")
        await stream.is_closed()
    assert (await stage.ended(trunk)).ended_reason == "media_never_started"


async def test_a_number_nobody_owns_is_told_so(stage: Stage) -> None:
    trunk = stage.trunk()
    trunk.called = "+14155559999"
    answer = await trunk.ring()
    assert answer.verbs == ["Say", "Hangup"]
    assert "not in service" in answer.said
    call = await stage.call(trunk)
    assert (call.status, call.ended_reason, call.fault) == ("ended", "number_unknown", "customer")
    assert (await trunk.ring()).verbs == ["Hangup"]


async def test_an_agent_without_a_published_version_is_told_so(stage: Stage) -> None:
    def unpublish() -> None:
        stage.agent.published = None
        stage.agent.save(update_fields=["published"])

    await stage.read(unpublish)
    trunk = stage.trunk()
    assert (await trunk.ring()).verbs == ["Say", "Hangup"]
    call = await stage.call(trunk)
    assert (call.ended_reason, call.fault) == ("agent_not_published", "customer")


async def test_a_webhook_that_is_played_back_opens_nothing(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            assert (await trunk.ring()).verbs == ["Hangup"]
            await session.finish()
        await stage.ended(trunk)
    assert (await trunk.ring()).verbs == ["Hangup"]
    assert await stage.read(lambda: Call.objects.filter(carrier_call_id=trunk.call_sid).count()) == 1


async def test_status_callbacks_count_once_in_any_order(stage: Stage) -> None:
    trunk = stage.trunk()
    await trunk.ring()
    assert (await trunk.status("completed", 3, SipResponseCode="487")).status == 204
    for _ in range(2):
        assert (await trunk.status("in-progress", 2)).status == 204
        assert (await trunk.status("ringing", 1)).status == 204
        assert (await trunk.status("completed", 3, SipResponseCode="487")).status == 204
    call = await stage.call(trunk)
    assert (call.status, call.ended_reason, call.sip_code) == ("ended", "caller_gave_up", 487)
    told = await stage.read(lambda: CallEvent.objects.filter(call=call, source="carrier").count())
    assert told == 3


async def test_a_worker_that_talks_nonsense_does_not_end_the_call(stage: Stage) -> None:
    trunk = stage.trunk()
    async with stage.worker() as worker:
        _, stream = await trunk.talk()
        async with stream:
            session = await worker.ready()
            for nonsense in ("{", '{"type": "unknown"}', b"", b"\x07noise", '{"type": "mark"}'):
                await session.socket.send(nonsense)
            await session.send(wire.Request(id=3, action="transfer", arguments={"to": "+1900"}))
            assert not (await session.next(wire.Response)).ok
            await session.speak(HELLO)
            assert await stream.hears(160) == HELLO
            await session.finish(reason="a_reason_nobody_knows")
            call = await stage.ended(trunk)
    assert (call.ended_reason, call.fault) == ("platform_error", "platform")
    assert "a_reason_nobody_knows" in call.ended_detail
