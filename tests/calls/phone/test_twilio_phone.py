"""The phone against a small scripted server that plays our side."""

from __future__ import annotations

import audioop
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import WSMsgType, web
from twilio.request_validator import RequestValidator

from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.report import PhoneError
from calls.phone.twilio import Line, TwilioPhone

pytestmark = pytest.mark.unit
TONE = audioop.lin2ulaw((np.sin(np.arange(8000) / 5) * 8000).astype(np.int16).tobytes(), 2)


class Agency:
    """Answers with a stream, plays half a second of tone and a mark, waits for the mark, hangs up by resume."""

    def __init__(self) -> None:
        self.forms: list[tuple[str, dict[str, str], bool]] = []
        self.messages: list[dict[str, Any]] = []
        self.bad: Callable[[str], str] | None = None
        self.base = ""

    async def webhook(self, request: web.Request) -> web.Response:
        form = {k: str(v) for k, v in (await request.post()).items()}
        signed = RequestValidator("token").validate(
            f"{self.base}{request.path}", form, request.headers["X-Twilio-Signature"]
        )
        self.forms.append((request.path, form, signed))
        if request.path == "/voice":
            url = f"{self.base.replace('http', 'ws')}/media"
            text = f'<Response><Connect><Stream url="{url}"/></Connect><Redirect>/resume</Redirect></Response>'
        else:
            text = "<Response><Hangup/></Response>"
        return web.Response(text=text, content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            body = json.loads(message.data)
            self.messages.append(body)
            if body["event"] == "start":
                sid = body["streamSid"]
                if self.bad:
                    await socket.send_str(self.bad(sid))
                media = {"payload": base64.b64encode(TONE[:4000]).decode()}
                await socket.send_json({"event": "media", "streamSid": sid, "media": media})
                await socket.send_json({"event": "mark", "streamSid": sid, "mark": {"name": "end"}})
            if body["event"] == "mark":
                break
        await socket.close()
        return socket


@pytest.fixture
async def agency() -> AsyncIterator[Agency]:
    made = Agency()
    app = web.Application()
    app.router.add_post("/{path:voice|resume|status}", made.webhook)
    app.router.add_get("/media", made.media)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base = f"http://alice.localhost:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def phone(agency: Agency, http: Http, caller: Caller | None = None) -> TwilioPhone:
    line = Line(agency.base, "AC1", "token", "+14155550100", "+14155550199")
    return TwilioPhone(line, caller or Caller([], 8000), http, longest=20)


async def test_a_call_is_answered_heard_and_followed_to_its_end(agency: Agency) -> None:
    async with Http() as http:
        heard = await phone(agency, http).run(f"{agency.base}/voice", f"{agency.base}/status")
    assert heard.heard_seconds == pytest.approx(0.5, abs=0.03)
    assert heard.ended == "hangup"
    assert [(path, signed) for path, _, signed in agency.forms] == [
        ("/voice", True),
        ("/resume", True),
        ("/status", True),
    ]
    assert agency.forms[-1][1]["CallStatus"] == "completed"


async def test_messages_have_twilios_shape(agency: Agency) -> None:
    async with Http() as http:
        await phone(agency, http).run(f"{agency.base}/voice")
    connected, start, *rest = agency.messages
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["sequenceNumber"] == "1"
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    media = [message for message in rest if message["event"] == "media"]
    assert all(len(base64.b64decode(m["media"]["payload"])) == 160 for m in media)
    assert [m["media"]["chunk"] for m in media] == [str(i + 1) for i in range(len(media))]
    numbers = [int(m["sequenceNumber"]) for m in [start, *rest]]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_caller_who_hangs_up_sends_stop(agency: Agency) -> None:
    async with Http() as http:
        heard = await phone(agency, http, Caller([], 8000, hangup_after=0.2)).run(f"{agency.base}/voice")
    assert heard.ended == "caller hung up"
    assert agency.messages[-1]["event"] == "stop"
    assert len(agency.forms) == 1


@pytest.mark.parametrize(
    "message",
    [
        lambda sid: "no json",
        lambda sid: json.dumps({"event": "clear", "streamSid": "MZother"}),
        lambda sid: json.dumps({"event": "clear", "streamSid": sid, "extra": 1}),
        lambda sid: json.dumps({"event": "dance", "streamSid": sid}),
    ],
)
async def test_what_twilio_would_refuse_fails_the_call(agency: Agency, message: Callable[[str], str]) -> None:
    agency.bad = message
    async with Http() as http:
        with pytest.raises(PhoneError, match="31951"):
            await phone(agency, http).run(f"{agency.base}/voice")


async def test_an_order_by_rest_ends_the_stream_and_is_obeyed(agency: Agency) -> None:
    async with Http() as http:
        made = phone(agency, http)
        made.order("<Response><Say>One moment</Say><Hangup/></Response>")
        heard = await made.run(f"{agency.base}/voice")
    assert heard.said == ["One moment"]
    assert heard.ended == "hangup"
