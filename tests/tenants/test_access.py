"""The doorway: what each role may do, and which rows a person finds behind it."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, CarrierAccount, Recording
from tenants import access
from tenants.access import Permission, SignInNeeded
from tenants.clients.models import Client
from tenants.people.models import Role, User
from tests.world import World

pytestmark = pytest.mark.db
P = Permission


def request_of(person, query=""):
    request = RequestFactory().get(f"/?{query}")
    request.user = person
    return request


ROLES = {
    Role.OWNER: set(P) - {P.MANAGE_PLATFORM},
    Role.ADMIN: set(P) - {P.MANAGE_PLATFORM},
    Role.BUILDER: {
        P.VIEW_CALLS, P.LISTEN, P.PLACE_CALLS, P.VIEW_INTERNALS, P.VIEW_AGENTS, P.BUILD_AGENTS, P.TALK_TO_AGENTS,
        P.VIEW_NUMBERS, P.MANAGE_NUMBERS, P.VIEW_CLIENTS, P.VIEW_PEOPLE, P.VIEW_USAGE, P.USE_API,
    },
    Role.OPERATOR: {
        P.VIEW_CALLS, P.LISTEN, P.CONTROL_CALLS, P.PLACE_CALLS, P.VIEW_INTERNALS, P.VIEW_AGENTS, P.TALK_TO_AGENTS,
        P.VIEW_NUMBERS, P.VIEW_CLIENTS, P.VIEW_PEOPLE, P.VIEW_USAGE, P.USE_API,
    },
    Role.ANALYST: {
        P.VIEW_CALLS, P.LISTEN, P.VIEW_INTERNALS, P.VIEW_AGENTS, P.VIEW_NUMBERS, P.VIEW_CLIENTS, P.VIEW_PEOPLE,
        P.VIEW_USAGE, P.USE_API,
    },
    Role.CLIENT_ADMIN: {
        P.VIEW_CALLS, P.LISTEN, P.VIEW_AGENTS, P.VIEW_NUMBERS, P.VIEW_CLIENTS, P.VIEW_USAGE, P.PLACE_CALLS,
        P.TALK_TO_AGENTS, P.USE_API,
    },
    Role.CLIENT_VIEWER: {P.VIEW_CALLS, P.LISTEN, P.VIEW_AGENTS, P.VIEW_NUMBERS, P.VIEW_CLIENTS},
    Role.PLATFORM: {P.MANAGE_PLATFORM},
}  # fmt: skip


def test_every_role_has_exactly_its_permissions():
    assert {role: set(access.PERMISSIONS[role]) for role in Role} == ROLES


def test_client_people_never_manage_anything():
    client_may = access.PERMISSIONS[Role.CLIENT_ADMIN] | access.PERMISSIONS[Role.CLIENT_VIEWER]
    assert not [permission for permission in client_may if permission.startswith("manage_")]
    assert P.VIEW_INTERNALS not in client_may


def test_nobody_may_do_nothing():
    assert access.permissions_of(AnonymousUser()) == frozenset()
    assert access.permissions_of(None) == frozenset()
    assert access.permissions_of(User(role=Role.OWNER, is_active=False)) == frozenset()


def test_who_is_not_signed_in_is_asked_to(agency: World):
    with pytest.raises(SignInNeeded):
        access.require(request_of(AnonymousUser()), P.VIEW_CALLS)
    with pytest.raises(SignInNeeded):
        access.client(request_of(AnonymousUser()), agency.bright_dental.pk)


def test_what_a_role_may_not_do_is_not_there(agency: World):
    assert access.require(request_of(agency.bob), P.BUILD_AGENTS) == agency.bob
    with pytest.raises(Http404):
        access.require(request_of(agency.bob), P.MANAGE_PEOPLE)


def test_staff_see_all_clients_and_dana_only_hers(agency: World):
    assert set(access.clients(request_of(agency.bob))) == {agency.bright_dental, agency.corner_garage}
    assert list(access.clients(request_of(agency.dana))) == [agency.bright_dental]
    assert access.client(request_of(agency.dana), agency.bright_dental.pk) == agency.bright_dental
    with pytest.raises(Http404):
        access.client(request_of(agency.dana), agency.corner_garage.pk)


@pytest.mark.parametrize("key", ["", "x", "1", uuid.uuid4(), "\x00", None, 7, "9" * 400])
def test_a_key_that_is_none_is_404(agency: World, key: object):
    with pytest.raises(Http404):
        access.client(request_of(agency.alice), key)


def test_objects_are_narrowed_by_the_path_to_their_client(agency: World):
    mine = Agent.objects.create(client=agency.bright_dental, name="Mine")
    theirs = Agent.objects.create(client=agency.corner_garage, name="Theirs")
    my_call, their_call, nobodys = (
        Call.objects.create(client=client, agent=agent, carrier="web", direction="web", status="queued")
        for client, agent in ((agency.bright_dental, mine), (agency.corner_garage, theirs), (None, None))
    )
    recording = Recording.objects.create(call=their_call)
    dana, alice = request_of(agency.dana), request_of(agency.alice)
    assert access.agent(dana, mine.pk) == mine
    assert access.call(dana, my_call.pk) == my_call
    assert access.call(alice, nobodys.pk) == nobodys
    for hidden in (
        lambda: access.agent(dana, theirs.pk),
        lambda: access.call(dana, their_call.pk),
        lambda: access.call(dana, nobodys.pk),
        lambda: access.get(dana, Recording, recording.pk),
    ):
        with pytest.raises(Http404):
            hidden()


def test_what_is_the_agencys_alone_is_hidden_from_client_people(agency: World):
    CarrierAccount.objects.create(carrier="twilio", label="T", account_sid="AC1", auth_token="secret")
    accounts = CarrierAccount.objects.all()
    assert access.visible(agency.alice, accounts).count() == 1
    assert access.visible(agency.bob, accounts).count() == 0  # a builder has no business with carriers' keys
    assert access.visible(agency.dana, accounts).count() == 0


def test_an_archived_client_is_gone_for_its_people_and_kept_for_the_agency(agency: World):
    Client.objects.filter(pk=agency.bright_dental.pk).update(archived_at=timezone.now())
    assert not access.clients(request_of(agency.dana), archived=True).exists()
    assert agency.bright_dental in access.clients(request_of(agency.bob), archived=True)
    assert agency.bright_dental not in access.clients(request_of(agency.bob))
    assert access.client_ids(agency.dana) == []


def test_a_model_nobody_declared_is_shown_to_nobody(agency: World):
    class Secret(models.Model):
        class Meta:
            app_label = "calls"
            managed = False

    with pytest.raises(LookupError, match="not declared"):
        access.visible(agency.alice, Secret.objects.all())


def test_the_client_in_the_address_is_checked(agency: World):
    assert access.chosen_client(request_of(agency.dana)) is None
    assert access.chosen_client(request_of(agency.dana, f"client={agency.bright_dental.pk}")) == agency.bright_dental
    for query in (f"client={agency.corner_garage.pk}", "client=nonsense", "client=%00"):
        with pytest.raises(Http404):
            access.chosen_client(request_of(agency.dana, query))


def test_live_updates_are_narrowed_too(agency: World):
    assert access.client_ids(agency.alice) is None
    assert access.client_ids(agency.dana) == [agency.bright_dental.pk]
