"""Finds what to dial, makes the call, and reads back what was stored of it. Synchronous: for commands."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django_tenants.utils import schema_context

from calls.models import Call, PhoneNumber
from calls.phone.caller import Caller
from calls.phone.http import Http
from calls.phone.report import Heard, PhoneError
from calls.phone.twilio import Line, TwilioPhone
from calls.phone.web import Session, WebPhone
from tenants.agencies.models import Agency
from tenants.people.models import Role, User

RATES = {"twilio": 8000, "web": 16000}
SETTLES_WITHIN = 15.0  # seconds until a call that is over is stored as ended


@dataclass(frozen=True)
class Destination:
    schema: str
    base_url: str
    number: PhoneNumber


def find(number: str, agency: str = "") -> Destination:
    """The agency that owns this number. Raises PhoneError when none does."""
    with schema_context("public"):
        agencies = list(Agency.objects.filter(status=Agency.Status.ACTIVE).exclude(schema_name="public"))
    for candidate in agencies:
        if agency and candidate.slug != agency:
            continue
        with schema_context(candidate.schema_name):
            row = PhoneNumber.objects.select_related("account", "agent").filter(number=number).first()
            if row is not None:
                return Destination(candidate.schema_name, base_url(candidate), row)
    raise PhoneError(f"No agency here owns {number}.")


def base_url(agency: Agency) -> str:
    with schema_context("public"):
        domain = agency.domains.filter(is_primary=True).first()
    if domain is None:
        raise PhoneError(f"The agency {agency.slug} has no address.")
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{domain.domain}{port}"


def call(destination: Destination, carrier: str, caller: Caller, from_number: str = "+14155550142") -> Heard:
    """Makes the call and returns what was heard."""
    if carrier == "web":
        return asyncio.run(_web(destination, caller))
    return asyncio.run(_twilio(destination, caller, from_number))


async def _twilio(destination: Destination, caller: Caller, from_number: str) -> Heard:
    account = destination.number.account
    line = Line(destination.base_url, account.account_sid, account.auth_token, from_number, destination.number.number)
    async with Http() as http:
        phone = TwilioPhone(line, caller, http)
        return await phone.run(
            f"{destination.base_url}/telephony/twilio/voice", f"{destination.base_url}/telephony/twilio/status"
        )


async def _web(destination: Destination, caller: Caller) -> Heard:
    if destination.number.agent_id is None:
        raise PhoneError(f"No agent answers {destination.number.number}.")
    cookie = await asyncio.to_thread(_session_of_owner, destination.schema)
    async with Http() as http:
        phone = WebPhone(Session(destination.base_url, cookie), caller, http)
        return await phone.run(f"/talk/{destination.number.agent_id}")


def _session_of_owner(schema: str) -> str:
    """Whoever may run commands on this machine may also speak for the agency's owner."""
    with schema_context(schema):
        owner = User.objects.filter(role=Role.OWNER, is_active=True).first()
        if owner is None:
            raise PhoneError("The agency has no owner to sign in as.")
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(owner.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
        session.set_expiry(3600)
        session.save()
        return str(session.session_key)


def stored(destination: Destination, heard: Heard) -> dict[str, Any]:
    """The call as it was stored, once it has ended (or after SETTLES_WITHIN seconds, as it is)."""
    wanted = {"id": heard.call_id} if heard.call_id else {"carrier_call_id": heard.carrier_call_id}
    until = time.monotonic() + SETTLES_WITHIN
    with schema_context(destination.schema):
        while True:
            row = Call.objects.filter(**wanted).first()
            if row is None and time.monotonic() > until:
                raise PhoneError("The platform kept no row of this call.")
            if row is not None and (row.status == Call.Status.ENDED or time.monotonic() > until):
                break
            time.sleep(0.1)
        turns = row.turns.exclude(text="").values("role", "text")
        return {
            "call_id": str(row.pk),
            "status": row.status,
            "ended_reason": row.ended_reason,
            "transcript": list(turns),
        }
