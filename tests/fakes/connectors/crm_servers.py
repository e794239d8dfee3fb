"""HubSpot's CRM API v3, and Salesforce's token endpoint and REST API."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.connectors import Answer, Connector, told
from tests.fakes.tool_server import Asked

TOKEN = "pat-good-token"


@dataclass
class FakeHubspot(Connector):
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    deals: list[dict[str, Any]] = field(default_factory=list)

    def well(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return told({"status": "error", "category": "INVALID_AUTHENTICATION"}, 401)
        where = asked.path.removeprefix("/crm/v3/objects/")
        if where == "contacts/search":
            found = [self._shown(key) for key in self.contacts if self._matches(self.contacts[key], asked.json)]
            return told({"total": len(found), "results": found})
        if where == "contacts":
            key = str(len(self.contacts) + 101)
            self.contacts[key] = asked.json["properties"]
            return told(self._shown(key), 201)
        if where.startswith("contacts/"):
            key = where.removeprefix("contacts/")
            self.contacts[key] |= asked.json["properties"]
            return told(self._shown(key))
        kept = {"notes": self.notes, "deals": self.deals}[where]
        kept.append(asked.json)
        return told({"id": str(len(kept))}, 201)

    def _shown(self, key: str) -> dict[str, Any]:
        return {"id": key, "properties": self.contacts[key]}

    def _matches(self, contact: dict[str, Any], body: dict[str, Any]) -> bool:
        for group in body["filterGroups"]:
            (one,) = group["filters"]
            if one["operator"] == "EQ" and contact.get(one["propertyName"]) == one["value"]:
                return True
            digits = re.sub(r"\D", "", str(contact.get("phone", "")))
            if one["operator"] == "CONTAINS_TOKEN" and digits.endswith(one["value"].lstrip("*")):
                return True
        return False


@dataclass
class FakeSalesforce(Connector):
    """`records` by kind. Queries are kept as they came."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"Contact": [], "Lead": []})
    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def well(self, asked: Asked) -> Answer:
        if asked.path == "/services/oauth2/token":
            form = parse_qs(asked.body.decode())
            good = form.get("client_secret") == ["secret-good"] and (
                form["grant_type"] == ["client_credentials"] or form.get("refresh_token") == ["refresh-good"]
            )
            if not good:
                return told({"error": "invalid_client"}, 400)
            token = f"00D!{len(self.tokens)}"
            self.tokens.add(token)
            return told({"access_token": token, "instance_url": "http://169.254.169.254", "token_type": "Bearer"})
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return told([{"errorCode": "INVALID_SESSION_ID"}], 401)
        if asked.path.endswith("/query"):
            (query,) = asked.query["q"]
            self.queries.append(query)
            kind = query.split(" FROM ")[1].split()[0]
            numbers = re.findall(r"'((?:[^'\\]|\\.)*)'", query)
            found = [
                row for row in self.records[kind] if row.get("Phone") in numbers or row.get("MobilePhone") in numbers
            ]
            return told({"totalSize": len(found), "done": True, "records": found})
        kind = asked.path.rpartition("/")[2]
        if "bad" in str(asked.json):
            return told([{"errorCode": "REQUIRED_FIELD_MISSING"}], 400)
        self.made.append((kind, asked.json))
        return told({"id": f"00Q00000000000{len(self.made)}", "success": True, "errors": []}, 201)
