"""Cal.com's API v2: slots and bookings, each with the version header it wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.connectors import Answer, Connector, told
from tests.fakes.tool_server import Asked

KEY = "cal_live_good"


@dataclass
class FakeCalcom(Connector):
    slots: dict[str, list[str]] = field(default_factory=dict)
    bookings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def well(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return told({"status": "error", "error": {"code": "UnauthorizedException"}}, 401)
        version = asked.headers.get("cal-api-version")
        if asked.path == "/v2/slots" and version == "2024-09-04":
            begin, end = asked.query["start"][0], asked.query["end"][0]
            days = {day: [{"start": one} for one in ones] for day, ones in self.slots.items() if begin <= day <= end}
            return told({"status": "success", "data": days})
        if not asked.path.startswith("/v2/bookings") or version != "2024-08-13":
            return told({"status": "error", "error": {"code": "NotFoundException"}}, 404)
        uid, _, verb = asked.path.removeprefix("/v2/bookings").strip("/").partition("/")
        if not uid:
            return self._book(asked.json) if asked.method == "POST" else self._list()
        booking = self.bookings.get(uid)
        if booking is None:
            return told({"status": "error", "error": {"code": "NotFoundException"}}, 404)
        if verb == "reschedule":
            moved = booking | {"uid": f"{uid}-moved", "start": asked.json["start"]}
            self.bookings = {**{k: v for k, v in self.bookings.items() if k != uid}, moved["uid"]: moved}
            return told({"status": "success", "data": moved}, 201)
        if verb == "cancel":
            booking["status"] = "cancelled"
        return told({"status": "success", "data": booking})

    def _book(self, body: dict[str, Any]) -> Answer:
        if any(one["start"] == body["start"] and one["status"] != "cancelled" for one in self.bookings.values()):
            said = "User either already has booking at this time or is not available"
            return told({"status": "error", "error": {"code": "BadRequestException", "message": said}}, 400)
        uid = f"uid{len(self.bookings) + 1}"
        booking = {
            "uid": uid,
            "status": "accepted",
            "start": body["start"],
            "metadata": body["metadata"],
            "attendees": [body["attendee"]],
        }
        self.bookings[uid] = booking
        return told({"status": "success", "data": booking}, 201)

    def _list(self) -> Answer:
        live = [booking for booking in self.bookings.values() if booking["status"] != "cancelled"]
        return told({"status": "success", "data": sorted(live, key=lambda one: str(one["start"]))})
