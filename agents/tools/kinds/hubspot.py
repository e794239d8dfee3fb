"""HubSpot: finds a caller among the contacts, keeps contacts, notes and deals (CRM API v3, a private app's token)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr

from agents.tools.kinds.appointments import CALLER
from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, ToolFailed, bearer, done
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Parameter, Scalar, ToolOutcome
from voiceops.lib import outbound

API = "https://api.hubapi.com"
NOTE_TO_CONTACT = 202
DEAL_TO_CONTACT = 3
PROPERTIES = ("firstname", "lastname", "email", "phone", "mobilephone", "company", "lifecyclestage")
PHONES = ("phone", "mobilephone")
KEPT = ("contact_id", "contact_name", "contact_email", "contact_company", "contact_found")


class HubspotConfig(Settings):
    pipeline: str = Field(
        default="default", max_length=100, title="Pipeline of deals", json_schema_extra=ui("line", advanced=True)
    )
    stage: str = Field(
        default="appointmentscheduled",
        max_length=100,
        title="Stage of a new deal",
        description="Its internal name.",
        json_schema_extra=ui("line", advanced=True),
    )
    owner: str = Field(
        default="",
        pattern=r"^[0-9]{0,20}$",
        title="Owner",
        description="The number of the person to whom new records belong.",
        json_schema_extra=ui("line", advanced=True),
    )


class HubspotSecrets(Settings):
    token: SecretStr = Field(
        default=SecretStr(""),
        max_length=300,
        title="Access token",
        description="pat-…, of a private app that may read and write contacts and deals.",
    )


CONTACT = Parameter(name="contact_id", about="Whose.", source="variable", value="contact_id", trusted=True)
HubspotJob = Job[HubspotConfig, HubspotSecrets]


class Hubspot(Kind):
    name = "hubspot"
    about = KindAbout("HubSpot", "contact", "Knows callers, keeps contacts, notes and deals", "CRM")
    Config, Secrets = HubspotConfig, HubspotSecrets

    def operations(self, config: HubspotConfig) -> tuple[Operation, ...]:
        phone = CALLER.model_copy(update={"required": False, "about": "Their phone number."})
        email = Parameter(name="email", type="email", about="Their e-mail address.", required=False)
        name = Parameter(name="name", type="name", about="First and last name.", required=False)
        company = Parameter(name="company", about="The company they work for.", required=False)
        text = Parameter(name="text", about="What to write down.")
        title = Parameter(name="title", about="What the deal is about.")
        return (
            Operation("find", "Find the caller", "The contact with the caller's number.", (CALLER,), KEPT, safe=True),
            Operation("save", "Save a contact", "Keep the caller as a contact.", (phone, name, email, company), KEPT),
            Operation("note", "Write a note", "Write a note at a contact.", (CONTACT, text), ()),
            Operation("deal", "Add a deal", "Add a deal.", (title, CONTACT.model_copy(update={"required": False})), ("deal_id",)),
        )  # fmt: skip

    def audience(self, config: HubspotConfig) -> str:
        return outbound.host_of(API)

    def run(self, job: HubspotJob) -> ToolOutcome:
        return {"find": _find, "save": _save, "note": _note, "deal": _deal}[job.operation](job)


def _ask(job: HubspotJob, method: str, path: str, body: Any = None) -> dict[str, Any]:
    if not job.secrets.token.get_secret_value():
        raise ToolFailed("The tool has no token yet.")
    answer = job.send(method, f"{API}/crm/v3/objects/{path}", headers=bearer(job.secrets.token), json_body=body)
    document = answer.json()
    if not isinstance(document, dict):
        raise ToolFailed("HubSpot’s answer makes no sense.", answer.status)
    return document


def digits_of(number: object) -> str:
    return re.sub(r"\D", "", str(number or ""))


def same_number(one: object, other: object) -> bool:
    """Whether two spellings are one number: with or without a country's code, at least the last nine digits."""
    first, second = digits_of(one), digits_of(other)
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) >= 9 and longer.endswith(shorter.lstrip("0"))


def _search(job: HubspotJob, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    body = {"filterGroups": groups, "properties": list(PROPERTIES), "limit": 10}
    results = _ask(job, "POST", "contacts/search", body).get("results")
    if not isinstance(results, list):
        raise ToolFailed("HubSpot’s answer makes no sense.")
    return [row for row in results if isinstance(row, dict) and isinstance(row.get("properties"), dict)]


def _by_phone(job: HubspotJob, phone: str) -> dict[str, Any] | None:
    """The one contact with this number, however it is spelled there. None too when several have it: nobody is guessed."""
    last = digits_of(phone)[-9:]
    exact = [_group(name, "EQ", phone) for name in PHONES]
    rows = _search(job, [*exact, _group("hs_searchable_calculated_phone_number", "CONTAINS_TOKEN", f"*{last}")])
    rows = [row for row in rows if any(same_number(row["properties"].get(name), phone) for name in PHONES)]
    return rows[0] if len({row.get("id") for row in rows}) == 1 else None


def _group(name: str, operator: str, value: Scalar) -> dict[str, Any]:
    return {"filters": [{"propertyName": name, "operator": operator, "value": str(value)}]}


def _kept(row: dict[str, Any] | None) -> dict[str, Scalar]:
    if row is None:
        return {**dict.fromkeys(KEPT), "contact_found": False}
    has = row["properties"]
    name = " ".join(str(has[part]) for part in ("firstname", "lastname") if has.get(part))
    return {
        "contact_id": str(row.get("id", "")),
        "contact_name": name or None,
        "contact_email": has.get("email"),
        "contact_company": has.get("company"),
        "contact_found": True,
    }


def _told(kept: dict[str, Scalar]) -> str:
    if not kept["contact_found"]:
        return "The caller is not among the contacts."
    known = [f"{key.removeprefix('contact_')}: {kept[key]}" for key in KEPT[1:4] if kept[key]]
    return f"The caller is a contact. {'; '.join(known)}"


def _find(job: HubspotJob) -> ToolOutcome:
    kept = _kept(_by_phone(job, str(job.arguments["phone"])))
    return done(_told(kept), kept)


def _save(job: HubspotJob) -> ToolOutcome:
    """Only the caller's own record is changed: the one with their number. An address that somebody else has stays theirs."""
    given = job.arguments
    first, _, last = str(given.get("name", "")).partition(" ")
    wanted = {"firstname": first, "lastname": last, "email": given.get("email"), "company": given.get("company")}
    fresh = {key: str(value) for key, value in wanted.items() if value}
    phone = str(given.get("phone", ""))
    there = _by_phone(job, phone) if phone else None
    if there is not None:
        if fresh:
            _ask(job, "PATCH", f"contacts/{quote(str(there['id']), safe='')}", {"properties": fresh})
        row = {"id": there["id"], "properties": {**there["properties"], **fresh}}
        return done("The contact is up to date.", _kept(row))
    if not fresh and not phone:
        raise ToolFailed("There is nothing to keep: neither a name nor a number.")
    owner = {"hubspot_owner_id": job.config.owner} if job.config.owner else {}
    properties = {**fresh, **({"phone": phone} if phone else {}), **owner}
    made = _ask(job, "POST", "contacts", {"properties": properties})
    if not made.get("id"):
        raise ToolFailed("HubSpot did not say that it kept the contact.")
    return done("The contact is kept.", _kept({"id": made["id"], "properties": properties}))


def _to(contact: Scalar, kind: int) -> list[dict[str, Any]]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
    return [{"to": {"id": str(contact)}, "types": types}]


def _note(job: HubspotJob) -> ToolOutcome:
    text = escape(str(job.arguments["text"])).replace("\n", "<br>")
    properties = {"hs_timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "hs_note_body": text}
    _made(
        _ask(
            job,
            "POST",
            "notes",
            {"properties": properties, "associations": _to(job.arguments["contact_id"], NOTE_TO_CONTACT)},
        )
    )
    return done("The note is written.")


def _deal(job: HubspotJob) -> ToolOutcome:
    config, contact = job.config, job.arguments.get("contact_id")
    properties = {"dealname": str(job.arguments["title"]), "pipeline": config.pipeline, "dealstage": config.stage}
    if config.owner:
        properties["hubspot_owner_id"] = config.owner
    body: dict[str, Any] = {"properties": properties}
    if contact:
        body["associations"] = _to(contact, DEAL_TO_CONTACT)
    return done("The deal is there.", {"deal_id": _made(_ask(job, "POST", "deals", body))})


def _made(document: dict[str, Any]) -> str:
    if not document.get("id"):
        raise ToolFailed("HubSpot did not say that it kept this.")
    return str(document["id"])
