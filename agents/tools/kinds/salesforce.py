"""Salesforce: finds a caller by number, adds leads, tasks and cases (REST API; client credentials or a refresh token).

The token goes to the configured address and nowhere else, whatever `instance_url` the server names.
"""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from agents.tools.kinds.appointments import CALLER
from agents.tools.kinds.base import Job, Kind, KindAbout, Operation, Settings, ToolFailed, done
from agents.tools.kinds.hubspot import digits_of, same_number
from agents.tools.kinds.parameters import Address
from agents.tools.kinds.signing_in import asked, fetched
from media_worker.contract.flow.parts import ui
from media_worker.contract.tools import Parameter, Scalar, ToolOutcome

API = "v62.0"
KEPT = ("record_id", "record_kind", "record_name", "record_email", "record_found")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


class SalesforceConfig(Settings):
    url: Address = Field(
        min_length=8,
        max_length=300,
        title="Address",
        description="Your own: https://yourname.my.salesforce.com",
        json_schema_extra=ui("line"),
    )
    sign_in: Literal["client_credentials", "refresh_token"] = Field(
        default="client_credentials", title="Signs in with", json_schema_extra=ui("choice")
    )
    client_id: str = Field(default="", max_length=300, title="Consumer key", json_schema_extra=ui("line"))
    source: str = Field(
        default="Phone", max_length=80, title="Source of new leads", json_schema_extra=ui("line", advanced=True)
    )


class SalesforceSecrets(Settings):
    client_secret: SecretStr = Field(default=SecretStr(""), max_length=300, title="Consumer secret")
    refresh_token: SecretStr = Field(
        default=SecretStr(""), max_length=500, title="Refresh token", description="Only where it signs in with one."
    )


RECORD = Parameter(
    name="record_id", about="Whom it is about.", source="variable", value="record_id", trusted=True, required=False
)
SalesforceJob = Job[SalesforceConfig, SalesforceSecrets]


class Salesforce(Kind):
    name = "salesforce"
    about = KindAbout("Salesforce", "cloud", "Knows callers, adds leads, tasks and cases", "CRM")
    Config, Secrets = SalesforceConfig, SalesforceSecrets

    def operations(self, config: SalesforceConfig) -> tuple[Operation, ...]:
        phone = CALLER.model_copy(update={"required": False, "about": "Their phone number."})
        name = Parameter(name="name", type="name", about="First and last name.")
        email = Parameter(name="email", type="email", about="Their e-mail address.", required=False)
        company = Parameter(name="company", about="The company they work for.", required=False)
        subject = Parameter(name="subject", about="In a few words.")
        text = Parameter(name="text", about="What to write down.", required=False)
        return (
            Operation("find", "Find the caller", "The contact or lead with the caller's number.", (CALLER,), KEPT, safe=True),
            Operation("lead", "Add a lead", "Keep the caller as a new lead.", (name, phone, email, company, text), KEPT),
            Operation("task", "Add a task", "Give a colleague something to do.", (subject, text, RECORD), ("task_id",)),
            Operation("case", "Open a case", "Open a case.", (subject, text, phone, email, RECORD), ("case_id",)),
        )  # fmt: skip

    def run(self, job: SalesforceJob) -> ToolOutcome:
        return {"find": _find, "lead": _lead, "task": _task, "case": _case}[job.operation](job)


def _ask(job: SalesforceJob, method: str, path: str, body: Any = None) -> dict[str, Any]:
    secrets = job.secrets
    secret = f"salesforce {job.config.url} {job.config.client_id} {secrets.client_secret.get_secret_value()} {secrets.refresh_token.get_secret_value()}"  # fmt: skip
    url = f"{job.config.url.rstrip('/')}/services/data/{API}/{path}"
    answer = asked(job, secret, lambda: _sign_in(job), method, url, json_body=body, accept=(400,))
    if answer.status == 400:
        raise ToolFailed("Salesforce does not take it: a field is missing there, or is not allowed.", 400)
    document = answer.json()
    if not isinstance(document, dict):
        raise ToolFailed("Salesforce’s answer makes no sense.", answer.status)
    return document


def _sign_in(job: SalesforceJob) -> tuple[str, float]:
    form = {
        "grant_type": job.config.sign_in,
        "client_id": job.config.client_id,
        "client_secret": job.secrets.client_secret.get_secret_value(),
    }
    if job.config.sign_in == "refresh_token":
        form["refresh_token"] = job.secrets.refresh_token.get_secret_value()
    return fetched(job, f"{job.config.url.rstrip('/')}/services/oauth2/token", form)


def soql_text(text: str) -> str:
    """A text as SOQL writes it, between its quotes."""
    for plain, written in (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return f"'{text}'"


def spellings(phone: str) -> list[str]:
    """How a number may stand in a record: as it is dialled, its digits, and as people in North America write it."""
    digits = digits_of(phone)
    found = [phone, digits]
    if len(digits) == 11 and digits.startswith("1"):
        area, middle, last = digits[1:4], digits[4:7], digits[7:]
        found += [digits[1:], f"({area}) {middle}-{last}", f"{area}-{middle}-{last}", f"{area}.{middle}.{last}"]
    return list(dict.fromkeys(found))


def _find(job: SalesforceJob) -> ToolOutcome:
    """The one contact, else the one lead. When several have the number, nobody is guessed."""
    phone = str(job.arguments["phone"])
    wanted = ", ".join(soql_text(one) for one in spellings(phone))
    for kind, besides in (("Contact", ""), ("Lead", " AND IsConverted = false")):
        query = f"SELECT Id, Name, Email, Phone, MobilePhone FROM {kind} WHERE (Phone IN ({wanted}) OR MobilePhone IN ({wanted})){besides} LIMIT 3"  # noqa: S608 (escaped by soql_text)  # fmt: skip
        records = _ask(job, "GET", f"query?{urlencode({'q': query})}").get("records")
        if not isinstance(records, list):
            raise ToolFailed("Salesforce’s answer makes no sense.")
        rows = [row for row in records if isinstance(row, dict) and any(same_number(row.get(name), phone) for name in ("Phone", "MobilePhone"))]  # fmt: skip
        if len(rows) == 1:
            row = rows[0]
            kept = _kept(row.get("Id"), kind.lower(), row.get("Name"), row.get("Email"))
            return done(f"The caller is a {kind.lower()}: {row.get('Name') or 'without a name'}.", kept)
    return done("The caller is not known.", {**dict.fromkeys(KEPT), "record_found": False})


def _kept(record: Any, kind: str, name: Any, email: Any) -> dict[str, Scalar]:
    return {
        "record_id": str(record),
        "record_kind": kind,
        "record_name": name,
        "record_email": email,
        "record_found": True,
    }


def _made(job: SalesforceJob, kind: str, fields: dict[str, Any]) -> str:
    document = _ask(job, "POST", f"sobjects/{kind}", {key: value for key, value in fields.items() if value})
    if not document.get("success") or not document.get("id"):
        raise ToolFailed("Salesforce did not say that it kept this.")
    return str(document["id"])


def _lead(job: SalesforceJob) -> ToolOutcome:
    given = job.arguments
    first, _, last = str(given["name"]).rpartition(" ")
    fields = {
        "FirstName": first,
        "LastName": last,
        "Company": given.get("company") or "Unknown",
        "Phone": given.get("phone"),
        "Email": given.get("email"),
        "Description": given.get("text"),
        "LeadSource": job.config.source,
    }
    made = _made(job, "Lead", fields)
    return done("The lead is there.", _kept(made, "lead", given["name"], given.get("email")))


def _who(job: SalesforceJob) -> str:
    """The record's id, as a reference. Raises ToolFailed for what is none."""
    record = str(job.arguments.get("record_id", ""))
    if record and not _ID.fullmatch(record):
        raise ToolFailed("That is no record of Salesforce.")
    return record


def _task(job: SalesforceJob) -> ToolOutcome:
    given = job.arguments
    fields = {
        "Subject": given["subject"],
        "Description": given.get("text"),
        "WhoId": _who(job),
        "Status": "Not Started",
    }
    return done("The task is there.", {"task_id": _made(job, "Task", fields)})


def _case(job: SalesforceJob) -> ToolOutcome:
    given, who = job.arguments, _who(job)
    fields = {
        "Subject": given["subject"],
        "Description": given.get("text"),
        "Origin": "Phone",
        "ContactId": who if who.startswith("003") else "",
        "SuppliedPhone": given.get("phone"),
        "SuppliedEmail": given.get("email"),
    }
    return done("The case is open.", {"case_id": _made(job, "Case", fields)})
