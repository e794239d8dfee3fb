"""Twilio's REST server, as far as VoiceOps uses it, over a real socket: calls it is asked to make really ring.

    async with FakeTwilio(account_sid, auth_token) as twilio:
        account.api_base_url = twilio.base_url
        twilio.answers("+14155550123", Callee(lines=[…]))
        …
        call = await twilio.finished("+14155550123")

Shapes after Twilio's Voice REST API (2010-04-01): form in, JSON out, errors with `code` and `message`.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.report import Heard
from calls.phone.twilio import RATE, Line, TwilioPhone
from tests.fakes.served import Served


@dataclass
class Callee:
    """What happens at a number. `answered_by`: what answering-machine detection reports, where it was asked for."""

    caller: Caller = field(default_factory=lambda: Caller([], RATE))
    status: str = "answered"  # or busy, no-answer, failed
    answered_by: str = "human"
    rings_for: float = 0.05


@dataclass
class PlacedCall:
    sid: str
    form: dict[str, str]
    status: str = "queued"
    phone: TwilioPhone | None = None
    heard: Heard | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self, account_sid: str) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "to": self.form["To"],
            "from": self.form["From"],
            "status": self.status,
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{self.sid}.json",
            "queue_time": "0",
        }


class FakeTwilio(Served):
    """`fails_next` holds (HTTP status, Twilio code, message) answers for the next requests; 0 means: cut the connection."""

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.calls: dict[str, PlacedCall] = {}
        self.texts: list[dict[str, str]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.fails_next: list[tuple[int, int, str]] = []
        self.loses_answers = 0
        self._callees: dict[str, Callee] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def answers(self, number: str, callee: Callee) -> None:
        self._callees[number] = callee

    async def finished(self, number: str, timeout: float = 60) -> PlacedCall:  # noqa: ASYNC109
        """The last call to this number, once it is over."""
        call = [call for call in self.calls.values() if call.form["To"] == number][-1]
        await asyncio.wait_for(call.over.wait(), timeout)
        return call

    def application(self) -> web.Application:
        app = web.Application()
        root = f"/2010-04-01/Accounts/{self.account_sid}"
        app.router.add_post(f"{root}/Calls.json", self._create)
        app.router.add_get(f"{root}/Calls.json", self._list)
        app.router.add_get(f"{root}/Calls/{{sid}}.json", self._fetch)
        app.router.add_post(f"{root}/Calls/{{sid}}.json", self._update)
        app.router.add_post(f"{root}/Messages.json", self._text)
        return app

    async def __aenter__(self) -> Self:
        self._http = Http()
        await super().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.__aexit__(None, None, None)
        await super().__aexit__(kind, error, trace)

    @property
    def base_url(self) -> str:
        return self.address

    async def _form(self, request: web.Request) -> dict[str, str]:
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        self.requests.append((request.method, request.path, form))
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            raise _refusal(401, 20003, "Authenticate")
        if self.fails_next:
            status, code, message = self.fails_next.pop(0)
            if status == 0 and request.transport is not None:
                request.transport.abort()
            raise _refusal(status or 500, code, message)
        return form

    async def _create(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        for required in ("To", "From"):
            if not form.get(required):
                raise _refusal(400, 21201, f"No '{required}' number specified")
        call = PlacedCall(f"CA{secrets.token_hex(16)}", form)
        self.calls[call.sid] = call
        task = asyncio.create_task(self._ring(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.loses_answers and request.transport is not None:
            self.loses_answers -= 1
            request.transport.abort()
        return web.json_response(call.as_json(self.account_sid), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        await self._form(request)
        wanted = request.query.get("To")
        found = [c.as_json(self.account_sid) for c in self.calls.values() if wanted in {None, c.form["To"]}]
        return web.json_response({"calls": found, "page": 0, "page_size": 50, "next_page_uri": None})

    async def _fetch(self, request: web.Request) -> web.Response:
        await self._form(request)
        return web.json_response(self._known(request).as_json(self.account_sid))

    async def _update(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        call = self._known(request)
        if form.get("Status") in {"completed", "canceled"}:
            self.order(call, "<Response><Hangup/></Response>")
        elif "Twiml" in form:
            self.order(call, form["Twiml"])
        return web.json_response(call.as_json(self.account_sid))

    async def _text(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        if not form.get("Body"):
            raise _refusal(400, 21602, "Message body is required.")
        self.texts.append(form)
        sid = f"SM{secrets.token_hex(16)}"
        return web.json_response({"sid": sid, "status": "queued", "to": form["To"], "from": form["From"]}, status=201)

    def adopt(self, phone: TwilioPhone) -> PlacedCall:
        """An inbound call made by a test's own phone, so that REST can hang it up."""
        form = {"To": phone.line.called, "From": phone.line.caller}
        call = PlacedCall(phone.line.call_sid, form, "in-progress", phone)
        self.calls[call.sid] = call
        return call

    def order(self, call: PlacedCall, document: str) -> None:
        if call.phone is not None:
            call.phone.order(document)

    def _known(self, request: web.Request) -> PlacedCall:
        call = self.calls.get(request.match_info["sid"])
        if call is None:
            raise _refusal(404, 20404, f"The requested resource {request.path} was not found")
        return call

    async def _ring(self, call: PlacedCall) -> None:
        form = call.form
        callee = self._callees.get(form["To"], Callee(status="no-answer"))
        line = Line("", self.account_sid, self.auth_token, form["From"], form["To"], "outbound-api", call.sid)
        call.phone = TwilioPhone(line, callee.caller, self._http)
        status_url = form.get("StatusCallback", "")

        async def tell(status: str, number: int, **more: str) -> None:
            call.status = status
            if status_url:
                assert call.phone is not None
                await call.phone.status(status_url, status, number, **more)

        try:
            await tell("initiated", 0)
            await tell("ringing", 1)
            await asyncio.sleep(callee.rings_for)
            if callee.status != "answered":
                await tell(callee.status, 2, CallDuration="0", Duration="0", SipResponseCode="486")
                return
            await tell("in-progress", 2)
            if form.get("AsyncAmdStatusCallback"):
                amd = line.fields("in-progress", AnsweredBy=callee.answered_by, MachineDetectionDuration="900")
                await call.phone.post(form["AsyncAmdStatusCallback"], amd)
            call.heard = await call.phone.run(form["Url"])
            await tell("completed", 3, CallDuration="10", Duration="1", SipResponseCode="200")
        finally:
            call.over.set()


def _refusal(status: int, code: int, message: str) -> web.HTTPException:
    body = f'{{"code": {code}, "message": "{message}", "more_info": "", "status": {status}}}'
    kinds = {
        401: web.HTTPUnauthorized,
        404: web.HTTPNotFound,
        429: web.HTTPTooManyRequests,
        500: web.HTTPInternalServerError,
    }
    return kinds.get(status, web.HTTPBadRequest)(text=body, content_type="application/json")
