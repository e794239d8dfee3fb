"""The admin: an agency's own rows on its host, the platform's on the platform's, secrets nowhere."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django_tenants.utils import schema_context

from agents.models import ProviderAccount
from calls.models import CarrierAccount
from tenants.audit.models import AuditEvent
from tenants.people import keys
from tenants.people.models import User
from tests.tenants.browse import Visitor, visitor
from tests.world import PASSWORD, World

pytestmark = pytest.mark.db


def addresses() -> list[str]:
    return [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]


def platform_person() -> Visitor:
    with schema_context("public"):
        User.objects.create_superuser("pat@platform.example", PASSWORD, name="Pat")
    return visitor("pat@platform.example", "localhost")


def test_alice_sees_her_own_tables_and_none_of_the_platforms(agency: World):
    alice = visitor("alice@alice.example")
    answers = {path: alice.get(path).status_code for path in addresses()}
    hidden = {path for path, status in answers.items() if status == 404}
    assert hidden == {"/admin/agencies/agency/", "/admin/agencies/domain/", "/admin/agencies/signup/"}
    assert {status for path, status in answers.items() if path not in hidden} == {200}
    assert alice.get(f"/admin/agencies/agency/{agency.rival.pk}/change/").status_code == 404
    assert alice.get(f"/admin/agencies/agency/{agency.agency.pk}/change/").status_code == 404


def test_the_platform_sees_agencies_and_nothing_inside_them(world: World):
    pat = platform_person()
    seen = {path for path in addresses() if pat.get(path).status_code == 200}
    assert seen == {
        "/admin/agencies/agency/",
        "/admin/agencies/domain/",
        "/admin/agencies/signup/",
        "/admin/people/user/",
        "/admin/audit/auditevent/",
    }
    assert "alice@alice.example" not in pat.get("/admin/people/user/").content.decode()


def test_platform_staff_are_strangers_on_an_agencys_host(world: World):
    pat = platform_person()
    elsewhere = Visitor()
    elsewhere.cookies = pat.cookies
    assert elsewhere.get("/admin/").status_code == 302
    assert elsewhere.get("/people/").status_code == 302


@pytest.mark.parametrize("email", ["bob@alice.example", "dana@dental.example"])
def test_who_runs_nothing_finds_no_admin(agency: World, email: str):
    person = visitor(email)
    assert {person.get(path).status_code for path in ["/admin/", "/admin/search/", *addresses()]} == {404}


def test_who_is_not_signed_in_is_sent_to_our_own_page(agency: World):
    answer = Visitor().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")


def test_no_secret_is_ever_shown(agency: World):
    account = CarrierAccount.objects.create(carrier="twilio", label="T", account_sid="AC1", auth_token="s3cr3t-token")
    provider = ProviderAccount.objects.create(vendor="openai", label="O", account={"x": "s3cr3t"})
    pooled = provider.keys.create(alias="Key 1", secret="s3cr3t-key")
    key, _ = keys.create_key(agency.alice, "CI")
    alice = visitor("alice@alice.example")
    for path in (
        f"/admin/calls/carrieraccount/{account.pk}/change/",
        f"/admin/agents/provideraccount/{provider.pk}/change/",
        f"/admin/agents/providerkey/{pooled.pk}/change/",
        f"/admin/people/apikey/{key.pk}/change/",
        f"/admin/people/user/{agency.alice.pk}/change/",
        "/admin/calls/carrieraccount/",
        "/admin/agents/provideraccount/",
    ):
        answer = alice.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200
        for secret in ("s3cr3t", key.secret_hash, "argon2", "v1.test."):
            assert secret not in page, (path, secret)


def test_a_change_is_audited_and_touches_only_what_may_change(agency: World):
    alice = visitor("alice@alice.example")
    page = f"/admin/people/user/{agency.bob.pk}/change/"
    answer = alice.post(
        page, {"name": "Robert", "timezone": "", "role": "owner", "is_staff": "on", "email": "x@x.example"}
    )
    assert answer.status_code == 302
    agency.bob.refresh_from_db()
    assert (agency.bob.name, agency.bob.role, agency.bob.is_staff) == ("Robert", "builder", False)
    assert agency.bob.email == "bob@alice.example"
    event = AuditEvent.objects.order_by("-seq").first()
    assert event is not None
    assert (event.action, event.actor_id, event.object_id) == (
        "user.changed_in_admin",
        agency.alice.pk,
        str(agency.bob.pk),
    )


def test_the_audit_log_and_calls_are_read_only(agency: World):
    alice = visitor("alice@alice.example")
    event = AuditEvent.objects.first()
    assert event is not None
    for path in (
        f"/admin/audit/auditevent/{event.pk}/delete/",
        "/admin/audit/auditevent/add/",
        "/admin/calls/call/add/",
        f"/admin/people/user/{agency.bob.pk}/delete/",
        "/admin/people/user/add/",
    ):
        assert alice.post(path, {"post": "yes"}).status_code == 404, path
    assert alice.post(f"/admin/audit/auditevent/{event.pk}/change/", {"actor_label": "x"}).status_code == 404
