"""Google's token endpoint and Calendar API v3, as far as a calendar tool uses them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.connectors import Answer, Connector, told
from tests.fakes.tool_server import Asked

CALENDAR = "desk@group.calendar.google.com"


@dataclass
class FakeGoogle(Connector):
    """`tokens` are those that still hold. `busy` are spans besides the events."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    busy: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def account_key(self) -> str:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {"type": "service_account", "client_email": "bot@x.iam.gserviceaccount.com", "private_key": pem}
        )

    def well(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            return self._token(parse_qs(asked.body.decode()))
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return told({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        if asked.path.endswith("/freeBusy"):
            return self._free_busy(asked.json)
        prefix = "/calendar/v3/calendars/"
        calendar, _, rest = asked.path.removeprefix(prefix).partition("/")
        if unquote(calendar) != CALENDAR or not rest.startswith("events"):
            return told({"error": {"code": 404}}, 404)
        event = unquote(rest.removeprefix("events").strip("/"))
        return self._one(asked, event) if event else self._all(asked)

    def _token(self, form: dict[str, list[str]]) -> Answer:
        if form.get("refresh_token") == ["good-refresh"] and form.get("client_secret") == ["client-secret"]:
            return self._new_token()
        if form.get("grant_type") == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            head, claims, signature = form["assertion"][0].split(".")
            padded = signature + "=" * (-len(signature) % 4)
            try:
                self.key.public_key().verify(
                    base64.urlsafe_b64decode(padded), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
                )
            except InvalidSignature:
                return told({"error": "invalid_grant"}, 400)
            said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
            if said["aud"] == "https://oauth2.googleapis.com/token" and said["exp"] - said["iat"] <= 3600:
                return self._new_token()
        return told({"error": "invalid_grant"}, 400)

    def _new_token(self) -> Answer:
        self.given += 1
        token = f"ya29.{self.given}"
        self.tokens.add(token)
        return told({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _free_busy(self, body: dict[str, Any]) -> Answer:
        since, until = datetime.fromisoformat(body["timeMin"]), datetime.fromisoformat(body["timeMax"])
        (wanted,) = [item["id"] for item in body["items"]]
        if wanted != CALENDAR:
            return told({"calendars": {wanted: {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}}})
        live = [event for event in self.events.values() if event["status"] != "cancelled"]
        spans = [*self.busy, *((event["start"]["dateTime"], event["end"]["dateTime"]) for event in live)]
        busy = [
            {"start": begin, "end": end}
            for begin, end in spans
            if datetime.fromisoformat(begin) < until and since < datetime.fromisoformat(end)
        ]
        return told({"kind": "calendar#freeBusy", "calendars": {wanted: {"busy": busy}}})

    def _all(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            event = {**asked.json, "status": "confirmed"}
            if event["id"] in self.events:
                return told({"error": {"code": 409, "message": "duplicate"}}, 409)
            self.events[event["id"]] = event
            return told(event)
        name, _, value = asked.query["privateExtendedProperty"][0].partition("=")
        since = datetime.fromisoformat(asked.query["timeMin"][0])
        found = [
            event
            for event in self.events.values()
            if event["status"] != "cancelled"
            and event["extendedProperties"]["private"].get(name) == value
            and datetime.fromisoformat(event["end"]["dateTime"]) > since
        ]
        return told({"items": sorted(found, key=lambda event: str(event["start"]["dateTime"]))[:1]})

    def _one(self, asked: Asked, name: str) -> Answer:
        event = self.events.get(name)
        if event is None:
            return told({"error": {"code": 404}}, 404)
        if asked.method == "PATCH":
            event |= asked.json
        if asked.method == "DELETE":
            if event["status"] == "cancelled":
                return told({"error": {"code": 410}}, 410)
            event["status"] = "cancelled"
            return 204, {}, b""
        return told(event)
