"""The browser as a carrier: a page asks for an address, a socket brings the microphone."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import httpx2
import pytest
import websockets
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from calls.models import Call
from calls.phone.http import Http
from calls.phone.place import place
from media_worker.contract import wire
from media_worker.contract.events import UserTurn
from tenants.people.models import User
from tests.calls.bridge.conftest import Stage

pytestmark = pytest.mark.live
VOICE = bytes(range(256)) * 2


class Page:
    """A signed-in person's browser."""

    def __init__(self, stage: Stage, cookie: str) -> None:
        self.stage, self.cookie = stage, cookie

    async def post(self, path: str, form: dict[str, str] | None = None) -> httpx2.Response:
        base, token = self.stage.stack.base_url, "a" * 32
        headers = {"X-CSRFToken": token, "Origin": base, "Referer": f"{base}/"}
        async with Http() as http:
            return await http.post(f"{base}{path}", form or {}, headers, f"sessionid={self.cookie}; csrftoken={token}")

    async def connect(self, url: str) -> websockets.ClientConnection:
        where = place(url)
        socket = await websockets.connect(url, host=where.host, port=where.port, proxy=None, compression=None)
        await socket.send(json.dumps({"type": "start", "rate": 16000}))
        return socket


async def of(stage: Stage, email: str) -> Page:
    def sign_in() -> str:
        person = User.objects.get(email=email)
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        return str(session.session_key)

    return Page(stage, await stage.read(sign_in))


async def text(socket: websockets.ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this type; audio and others are passed over."""
    async for message in socket:
        if isinstance(message, str) and (body := json.loads(message))["type"] == kind:
            return dict(body)
    raise AssertionError(f"the socket closed without {kind}")


async def test_alice_talks_to_her_agent(stage: Stage) -> None:
    page = await of(stage, "alice@alice.example")
    answer = (await page.post(f"/talk/{stage.agent.pk}")).json()
    async with stage.worker() as worker, await page.connect(answer["media"]) as socket:
        session = await worker.ready()
        assert session.start.spec.audio.codec == "pcm_s16le"
        assert session.start.spec.audio.rate == 16000
        await text(socket, "ready")
        await socket.send(VOICE)
        assert await session.hears(len(VOICE)) == VOICE
        await session.tell(UserTurn(turn=1, text="Hello", started_ms=0, ended_ms=1))
        assert (await text(socket, "event"))["event"]["body"]["text"] == "Hello"
        await session.send(wire.Mark(name="m1"))
        assert (await text(socket, "mark"))["name"] == "m1"
        await socket.send(json.dumps({"type": "mark", "name": "m1"}))
        assert await session.next(wire.Played) == wire.Played(name="m1")
        await session.speak(VOICE)
        assert await socket.recv() == VOICE
        await session.finish()
        over = await text(socket, "ended")
        assert (over["reason"], over["detail"]) == ("agent_hangup", "The agent said goodbye and hung up.")
    call = await stage.read(lambda: Call.objects.get(pk=answer["call_id"]))
    assert (call.status, call.direction, call.test) == ("ended", "web", False)


async def test_a_lost_line_goes_on_at_a_new_address(stage: Stage) -> None:
    page = await of(stage, "alice@alice.example")
    answer = (await page.post(f"/talk/{stage.agent.pk}")).json()
    async with stage.worker() as worker:
        async with await page.connect(answer["media"]):
            first = await worker.ready()
            await first.snapshot(1)
        await first.next(wire.Hangup)
        await first.finish("carrier_connection_lost")
        again = (await page.post(answer["resume"])).json()
        assert again["call_id"] == answer["call_id"]
        async with await page.connect(again["media"]) as socket:
            second = await worker.ready()
            assert second.start.resume is not None
            await second.finish()
            assert (await text(socket, "ended"))["reason"] == "agent_hangup"
        assert (await page.post(answer["resume"])).status_code == 409


async def test_bob_may_try_the_draft_and_dana_may_not(stage: Stage) -> None:
    bob = await of(stage, "bob@alice.example")
    answer = await bob.post(f"/talk/{stage.agent.pk}", {"draft": "1"})
    assert answer.status_code == 201
    call = await stage.read(lambda: Call.objects.get(pk=answer.json()["call_id"]))
    assert call.test
    dana = await of(stage, "dana@dental.example")
    assert (await dana.post(f"/talk/{stage.agent.pk}", {"draft": "1"})).status_code == 404
    assert (await dana.post(f"/talk/{stage.agent.pk}")).status_code == 201


async def test_erin_does_not_see_the_agent_of_another_client(stage: Stage) -> None:
    erin = await of(stage, "erin@garage.example")
    assert (await erin.post(f"/talk/{stage.agent.pk}")).status_code == 404


async def test_who_is_not_signed_in_talks_to_nobody(stage: Stage) -> None:
    assert (await Page(stage, "nobody").post(f"/talk/{stage.agent.pk}")).status_code in {302, 401, 403, 404}


async def test_without_a_worker_the_page_is_told_why(stage: Stage) -> None:
    page = await of(stage, "alice@alice.example")
    answer = (await page.post(f"/talk/{stage.agent.pk}")).json()
    async with await page.connect(answer["media"]) as socket:
        over = await text(socket, "ended")
    assert over == {"type": "ended", "reason": "no_worker", "detail": "No media worker could be reached."}


async def test_staff_end_a_call_from_its_page(stage: Stage) -> None:
    page = await of(stage, "alice@alice.example")
    answer = (await page.post(f"/talk/{stage.agent.pk}")).json()
    async with stage.worker() as worker, await page.connect(answer["media"]) as socket:
        session = await worker.ready()
        await text(socket, "ready")
        erin = await of(stage, "erin@garage.example")
        assert (await erin.post(f"/calls/{answer['call_id']}/hang-up/")).status_code == 404
        assert (await page.post(f"/calls/{answer['call_id']}/hang-up/")).status_code in {204, 302}
        assert (await session.next(wire.Hangup)).reason == "staff_hangup"
        await session.finish("staff_hangup")
        assert (await text(socket, "ended"))["reason"] == "staff_hangup"
    call = await stage.read(lambda: Call.objects.get(pk=answer["call_id"]))
    assert (call.ended_reason, call.ended_by) == ("staff_hangup", "staff")
