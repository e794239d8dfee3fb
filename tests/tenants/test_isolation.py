"""Every address there is, tried by those it is not for.

The sweep asks Django for all routes of an agency's host, so a page added tomorrow is swept too. Into every placeholder
goes every object of Alice's that the person may not see: whatever the page is, it has to answer that there is nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django_tenants.utils import schema_context

from agents.models import Agent, AgentVersion, ProviderAccount
from calls.models import Call, CarrierAccount, PhoneNumber, Recording, Turn
from tenants.people import actions, keys
from tenants.people.models import Role
from tests.tenants.browse import Visitor, visitor
from tests.world import HOST, RIVAL_HOST, World

pytestmark = pytest.mark.db
NAME = "Zanzibar Secret"
NO_KEY = str(uuid.uuid4())

# Open to everybody, on purpose: how to get in, and what carriers call (they prove themselves by signature or ticket).
PUBLIC = re.compile(r"^/(accounts/|invitation/|telephony/|media/|api/schema/|static/|healthz?/|styleguide/)")
NOTHING = {401, 404, 405}


@dataclass(frozen=True)
class Route:
    """`template` has `{}` for each placeholder."""

    template: str
    placeholders: int

    def paths(self, keys: list[str]) -> Iterator[str]:
        """Each key in each place, beside the same key and beside one of nothing."""
        for key in keys:
            yield self.template.format(*[key] * self.placeholders)
            if self.placeholders > 1:
                yield self.template.format(key, *[NO_KEY] * (self.placeholders - 1))


def routes() -> list[Route]:
    found = []
    for template in _walk(get_resolver("voiceops.urls"), "/"):
        if not template.startswith("/admin/"):  # swept by test_backoffice
            found.append(Route(template, template.count("{}")))
    return found


def _walk(node: Any, prefix: str) -> Iterator[str]:
    for entry in node.url_patterns:
        text = str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, prefix + _plain(text))
        elif isinstance(entry, URLPattern):
            yield prefix + _plain(text)


def _plain(pattern: str) -> str:
    pattern = re.sub(r"\(\?P<\w+>[^)]*\)", "{}", pattern)
    return (
        re.sub(r"<[^>]+>", "{}", pattern).replace("^", "").replace("$", "").replace("\\", "").replace(".*", "nowhere")
    )


def test_the_routes_are_found():
    templates = [route.template for route in routes()]
    assert {"/people/", "/people/{}/", "/clients/{}/archive/", "/api/v1/clients/{}/"} <= set(templates)
    assert len(templates) > 30


@pytest.fixture
def secret(agency: World) -> list[str]:
    """Objects of the client Corner Garage and of the agency itself, of every kind; their keys. None is Dana's."""
    garage, alice = agency.corner_garage, agency.alice
    agent = Agent.objects.create(client=garage, name=f"{NAME} agent", purpose=NAME, draft={"note": NAME})
    version = AgentVersion.objects.create(agent=agent, number=1, content={"note": NAME})
    account = CarrierAccount.objects.create(carrier="twilio", label=NAME, account_sid="AC1", auth_token="t")
    number = PhoneNumber.objects.create(number="+14155550199", account=account, client=garage, agent=agent, label=NAME)
    provider = ProviderAccount.objects.create(vendor="openai", label=NAME)
    call = Call.objects.create(
        client=garage,
        agent=agent,
        agent_version=version,
        number=number,
        carrier="twilio",
        direction="inbound",
        caller="+14155550177",
        status="ended",
        ended_at=timezone.now(),
        ended_reason="agent_hangup",
        outcome=NAME,
    )
    Turn.objects.create(call=call, turn=1, role="user", text=NAME, started_ms=0, ended_ms=10)
    recording = Recording.objects.create(call=call)
    invitation, _ = actions.invite(alice, "zanzibar@secret.example", Role.ANALYST)
    key, _ = keys.create_key(alice, NAME)
    found = [agent, version, account, number, provider, call, recording, garage, alice, agency.erin, invitation, key]
    return [str(thing.pk) for thing in found]


def tried(who: Visitor, path: str) -> Iterator[tuple[str, Any]]:
    yield "GET", who.get(path)
    yield "POST", who.post(path, {})
    if path.startswith("/api/"):
        yield "PATCH", who.patch(path, "{}", "application/json")


def body(answer: Any) -> str:
    if not answer.streaming:
        return str(answer.content.decode(errors="replace"))
    if not answer.is_async:
        return b"".join(answer.streaming_content).decode(errors="replace")

    async def gather() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return async_to_sync(gather)().decode(errors="replace")


@pytest.mark.timeout(300)  # some hundred requests: long on a busy machine
def test_a_stranger_finds_nothing_of_alices_on_his_own_host(secret: list[str]):
    charlie = visitor("charlie@charlie.example", RIVAL_HOST)
    leaks = []
    for route in routes():
        if not route.placeholders or PUBLIC.match(route.template):
            continue
        for path in route.paths(secret):
            for method, answer in tried(charlie, path):
                if answer.status_code not in NOTHING:
                    leaks.append((method, path, answer.status_code))
    assert leaks == []


def test_a_strangers_session_opens_nothing_on_alices_host(agency: World, secret: list[str]):
    charlie = visitor("charlie@charlie.example", RIVAL_HOST)
    guest = Visitor(HOST)
    guest.cookies = charlie.cookies
    with schema_context("charlie"):
        from tenants.people.models import User

        _, rival_key = keys.create_key(User.objects.get(email="charlie@charlie.example"), "K")
    guest.defaults["HTTP_AUTHORIZATION"] = f"Bearer {rival_key}"
    leaks = []
    for route in routes():
        if PUBLIC.match(route.template):
            continue
        for path in route.paths(secret[:1]) if route.placeholders else [route.template]:
            for method, answer in tried(guest, path):
                to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")
                if not (to_sign_in or answer.status_code in NOTHING) or NAME in body(answer):
                    leaks.append((method, path, answer.status_code))
    assert leaks == []


@pytest.mark.timeout(300)  # some hundred requests: long on a busy machine
def test_dana_finds_nothing_that_is_not_hers(agency: World, secret: list[str]):
    dana = visitor("dana@dental.example")
    dana.defaults["HTTP_AUTHORIZATION"] = f"Bearer {keys.create_key(agency.dana, 'K')[1]}"
    leaks = []
    for route in routes():
        if not route.placeholders or PUBLIC.match(route.template):
            continue
        for path in route.paths(secret):
            for method, answer in tried(dana, path):
                if answer.status_code not in NOTHING:
                    leaks.append((method, path, answer.status_code))
    assert leaks == []


def test_no_page_of_danas_speaks_of_another_client(agency: World, secret: list[str]):
    dana = visitor("dana@dental.example")
    dana.defaults["HTTP_AUTHORIZATION"] = f"Bearer {keys.create_key(agency.dana, 'K')[1]}"
    leaks = []
    for route in routes():
        if route.placeholders or PUBLIC.match(route.template):
            continue
        for query in ("", f"?client={agency.corner_garage.pk}", "?q=Zanzibar", f"?agent={secret[0]}"):
            answer = dana.get(route.template + query)
            text = body(answer)
            about = [word for word in (NAME, "Corner Garage", "Erin East", secret[0], secret[5]) if word in text]
            # A page may repeat what was asked for; it may not know more.
            if [word for word in about if word not in query]:
                leaks.append((route.template + query, answer.status_code, about))
    assert leaks == []


def test_dana_may_not_do_what_the_agency_does(agency: World):
    dana = visitor("dana@dental.example")
    for path in (
        "/people/",
        "/people/invite/",
        "/clients/",
        "/clients/new/",
        "/settings/",
        "/settings/audit/",
        "/admin/",
    ):
        assert dana.get(path).status_code == 404, path
    own = agency.bright_dental.pk
    for path in (f"/clients/{own}/", f"/clients/{own}/archive/", f"/people/{agency.dana.pk}/"):
        assert dana.post(path, {"role": "owner", "name": "Mine"}).status_code == 404, path


def test_keys_that_are_none_never_break_a_page(agency: World):
    alice = visitor("alice@alice.example")
    alice.raise_request_exception = False
    broken = []
    for route in routes():
        for key in (str(uuid.uuid4()), "1", "x" * 300, "%00", "%F0%9F%98%80", "..%2f.."):
            if route.placeholders and not PUBLIC.match(route.template):
                path = route.template.format(*[key] * route.placeholders)
                if (answer := alice.get(path)).status_code >= 500:
                    broken.append((path, answer.status_code))
    assert broken == []
