"""People: invited, let in, given roles, switched off."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants.audit.models import AuditEvent
from tenants.people import actions, keys
from tenants.people.models import Invitation, Role, User
from tests.tenants.browse import Visitor, visitor
from tests.world import PASSWORD, RIVAL_HOST, World
from voiceops.lib.errors import InvalidInput

pytestmark = pytest.mark.db
NEW_PASSWORD = "a quite different phrase"


# ── signing in ───────────────────────────────────────────────────────────────────────────────────
def test_alice_signs_in_and_out(agency: World):
    alice = visitor("alice@alice.example")
    assert alice.get("/people/").status_code == 200
    alice.post("/accounts/logout/")
    answer = alice.get("/people/?q=bob")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/people/%3Fq%3Dbob")


def test_the_address_may_be_typed_in_capitals(agency: World):
    assert visitor("ALICE@alice.example").get("/account/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_answer_alike(agency: World):
    answers = [
        Visitor().post("/accounts/login/", {"login": email, "password": "wrong password here"})
        for email in ("alice@alice.example", "nobody@alice.example")
    ]
    sentences = [
        re.findall(r'role="alert">.*?<span>(.*?)</span>', answer.content.decode(), re.DOTALL) for answer in answers
    ]
    assert sentences[0] == sentences[1] != []


def test_guessing_is_stopped(agency: World):
    for _ in range(6):
        Visitor().post("/accounts/login/", {"login": "alice@alice.example", "password": "wrong password here"})
    answer = Visitor().post("/accounts/login/", {"login": "alice@alice.example", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Too many" in answer.content.decode()


def test_a_session_is_worthless_on_another_agencys_host(agency: World):
    alice = visitor("alice@alice.example")
    elsewhere = Visitor(RIVAL_HOST)
    elsewhere.cookies = alice.cookies
    answer = elsewhere.get("/people/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/people/")


def test_the_same_address_in_two_agencies_is_two_people(agency: World):
    with schema_context("charlie"):
        User.objects.create_user("alice@alice.example", NEW_PASSWORD, role=Role.ANALYST)
    assert visitor("alice@alice.example", RIVAL_HOST, NEW_PASSWORD).get("/people/invite/").status_code == 404
    refused = Visitor(RIVAL_HOST).post("/accounts/login/", {"login": "alice@alice.example", "password": PASSWORD})
    assert refused.status_code == 200


def test_next_leads_nowhere_else(agency: World):
    answer = Visitor().post(
        "/accounts/login/",
        {"login": "alice@alice.example", "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert answer.headers["Location"] == "/"


def test_a_forgotten_password_is_chosen_anew_by_mail(agency: World):
    assert Visitor().post("/accounts/password/reset/", {"email": "bob@alice.example"}).status_code == 302
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link is not None
    bob = Visitor()
    form = bob.get(link[1]).headers["Location"]
    assert bob.get(form).status_code == 200
    assert bob.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).status_code == 302
    assert visitor("bob@alice.example", password=NEW_PASSWORD).get("/account/").status_code == 200


def test_an_unknown_address_is_not_betrayed(agency: World):
    known = Visitor().post("/accounts/password/reset/", {"email": "bob@alice.example"})
    unknown = Visitor().post("/accounts/password/reset/", {"email": "nobody@alice.example"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


# ── invitations ──────────────────────────────────────────────────────────────────────────────────
def invite(who: Visitor, email: str = "fay@alice.example", role: str = Role.BUILDER, client: object = "") -> str:
    answer = who.post("/people/invite/", {"email": email, "role": role, "clients": client})
    assert answer.status_code == 200, answer.content.decode()
    link = re.search(r'data-copy="http://alice\.localhost[^/]*(/invitation/[^"]+)"', answer.content.decode())
    assert link is not None
    return link[1]


def test_fay_is_invited_and_joins(agency: World):
    link = invite(visitor("alice@alice.example"))
    assert link in str(mail.outbox[0].body)
    assert mail.outbox[0].to == ["fay@alice.example"]
    fay = Visitor()
    assert "fay@alice.example" in fay.get(link).content.decode()
    answer = fay.post(link, {"name": "Fay Fox", "password": NEW_PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert fay.get("/account/").status_code == 200
    person = User.objects.get(email="fay@alice.example")
    assert (person.name, person.role, person.is_staff) == ("Fay Fox", Role.BUILDER, False)
    assert Visitor().get(link).status_code == 404  # it works once
    assert AuditEvent.objects.filter(action="person.joined", actor_id=person.pk).exists()


def test_a_client_role_needs_a_client_and_sees_it(agency: World):
    alice = visitor("alice@alice.example")
    refused = alice.post("/people/invite/", {"email": "fay@x.example", "role": Role.CLIENT_VIEWER, "clients": ""})
    assert refused.status_code == 422
    link = invite(alice, role=Role.CLIENT_VIEWER, client=str(agency.bright_dental.pk))
    Visitor().post(link, {"name": "Fay", "password": NEW_PASSWORD})
    fay = User.objects.get(email="fay@alice.example")
    assert [membership.client for membership in fay.client_memberships.all()] == [agency.bright_dental]


def test_a_weak_password_makes_no_account(agency: World):
    link = invite(visitor("alice@alice.example"))
    for password in ("short", "password123", "fay@alice.example"):
        assert Visitor().post(link, {"name": "Fay", "password": password}).status_code == 422
    assert not User.objects.filter(email="fay@alice.example").exists()


def test_old_withdrawn_replaced_and_foreign_invitations_open_nothing(agency: World):
    alice = visitor("alice@alice.example")
    replaced = invite(alice)
    link = invite(alice)
    assert Visitor().get(replaced).status_code == 404
    assert Visitor(RIVAL_HOST).get(link).status_code == 404
    invitation = Invitation.objects.get(revoked_at=None)
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Visitor().get(link).status_code == 404
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(days=1))
    assert Visitor().get(link).status_code == 200
    alice.post(f"/people/invitations/{invitation.pk}/revoke/")
    assert Visitor().post(link, {"name": "Fay", "password": NEW_PASSWORD}).status_code == 404


def test_who_has_an_account_is_not_invited_again(agency: World):
    answer = visitor("alice@alice.example").post("/people/invite/", {"email": "Bob@alice.example", "role": "analyst"})
    assert answer.status_code == 422
    assert "has an account already" in answer.content.decode()


def test_only_the_hash_of_an_invitation_is_kept(agency: World):
    _, token = actions.invite(agency.alice, "fay@alice.example", Role.BUILDER)
    assert token not in str(list(Invitation.objects.values()))


# ── roles ────────────────────────────────────────────────────────────────────────────────────────
def test_an_admin_cannot_make_or_touch_an_owner(agency: World):
    admin = actions.add(None, "ada@alice.example", "Ada", Role.ADMIN, PASSWORD)
    for attempt in (
        lambda: actions.change_role(admin, agency.bob, Role.OWNER),
        lambda: actions.change_role(admin, agency.alice, Role.ANALYST),
        lambda: actions.deactivate(admin, agency.alice),
        lambda: actions.invite(admin, "eve@alice.example", Role.OWNER),
        lambda: actions.change_role(admin, admin, Role.OWNER),
        lambda: actions.change_role(admin, agency.bob, Role.PLATFORM),
    ):
        with pytest.raises(InvalidInput):
            attempt()
    answer = visitor("ada@alice.example").post(f"/people/{agency.bob.pk}/", {"role": "owner"})
    assert answer.status_code == 422


def test_the_last_owner_stays(agency: World):
    alice = visitor("alice@alice.example")
    answer = alice.post(f"/people/{agency.alice.pk}/", {"role": "admin"})
    assert "last owner" in answer.content.decode()
    alice.post(f"/people/{agency.alice.pk}/deactivate/")
    agency.alice.refresh_from_db()
    assert (agency.alice.role, agency.alice.is_active) == (Role.OWNER, True)


def test_two_owners_cannot_remove_each_other_at_once(committed: str, world: World):
    with schema_context("alice"):
        other = actions.add(None, "oz@alice.example", "Oz", Role.OWNER, PASSWORD)
    start, refused, failures = threading.Barrier(2), [], []

    def demote(actor: User, person: User) -> None:
        try:
            with schema_context("alice"):
                start.wait()
                actions.change_role(actor, person, Role.ADMIN)
        except InvalidInput as error:
            refused.append(error.sentence)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=demote, args=pair) for pair in ((world.alice, other), (other, world.alice))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(refused) == 1
    with schema_context("alice"):
        assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1


def test_switching_off_signs_out_and_stops_keys_at_once(agency: World):
    bob = visitor("bob@alice.example")
    _, key = keys.create_key(agency.bob, "CI")
    api = {"headers": {"Authorization": f"Bearer {key}"}}
    assert bob.get("/account/").status_code == 200
    assert Visitor().get("/api/v1/me/", **api).status_code == 200
    visitor("alice@alice.example").post(f"/people/{agency.bob.pk}/deactivate/")
    assert bob.get("/account/").status_code == 302
    assert Visitor().get("/api/v1/me/", **api).status_code == 401
    assert Visitor().post("/accounts/login/", {"login": "bob@alice.example", "password": PASSWORD}).status_code in (
        200,
        302,
    )
    visitor("alice@alice.example").post(f"/people/{agency.bob.pk}/reactivate/")
    assert visitor("bob@alice.example").get("/account/").status_code == 200


def test_leaving_a_client_role_forgets_the_clients(agency: World):
    actions.change_role(agency.alice, agency.dana, Role.ANALYST)
    assert not agency.dana.client_memberships.exists()
    actions.change_role(agency.alice, agency.dana, Role.CLIENT_VIEWER, [agency.corner_garage])
    assert [membership.client for membership in agency.dana.client_memberships.all()] == [agency.corner_garage]


def test_only_people_of_the_agency_are_found(agency: World):
    alice = visitor("alice@alice.example")
    with schema_context("charlie"):
        charlie = User.objects.get(email="charlie@charlie.example")
    assert alice.get(f"/people/{charlie.pk}/").status_code == 404


# ── one's own account ────────────────────────────────────────────────────────────────────────────
def test_bob_changes_his_profile(agency: World):
    bob = visitor("bob@alice.example")
    assert bob.post("/account/", {"name": "Bobby", "timezone": "Europe/Zurich"}).status_code == 302
    agency.bob.refresh_from_db()
    assert (agency.bob.name, agency.bob.timezone) == ("Bobby", "Europe/Zurich")
    assert bob.post("/account/", {"name": "Bobby", "timezone": "Mars/Base"}).status_code == 422


def test_bob_changes_his_password(agency: World):
    bob = visitor("bob@alice.example")
    changed = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert bob.post("/accounts/password/change/", changed).status_code == 302
    assert bob.get("/account/").status_code == 200
    assert visitor("bob@alice.example", password=NEW_PASSWORD).get("/account/").status_code == 200


def test_a_key_is_shown_once_and_revoked(agency: World):
    bob = visitor("bob@alice.example")
    page = bob.post("/account/keys/", {"name": "CI"}).content.decode()
    key = re.search(r'data-copy="(vo_[0-9a-f]{8}_[^"]+)"', page)
    assert key is not None
    assert key[1] not in bob.get("/account/keys/").content.decode()
    row = agency.bob.api_keys.get()
    assert key[1] not in str(agency.bob.api_keys.values())
    assert visitor("alice@alice.example").post(f"/account/keys/{row.pk}/revoke/").status_code == 404
    assert bob.post(f"/account/keys/{row.pk}/revoke/").status_code == 302
    assert Visitor().get("/api/v1/me/", headers={"Authorization": f"Bearer {key[1]}"}).status_code == 401


def test_a_client_viewer_has_no_keys(agency: World):
    actions.change_role(agency.alice, agency.dana, Role.CLIENT_VIEWER, [agency.bright_dental])
    dana = visitor("dana@dental.example")
    assert dana.get("/account/").status_code == 200
    assert dana.get("/account/keys/").status_code == 404


# ── the log ──────────────────────────────────────────────────────────────────────────────────────
def test_signing_in_and_a_new_password_are_in_the_audit_log(agency: World):
    bob = visitor("bob@alice.example")
    changed = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    bob.post("/accounts/password/change/", changed)
    events = list(AuditEvent.objects.order_by("seq").values_list("action", "actor_label", "ip"))
    assert events[-2:] == [
        ("person.signed_in", "Bob Baker", "127.0.0.1"),
        ("person.password_changed", "Bob Baker", "127.0.0.1"),
    ]
    page = (
        visitor("alice@alice.example").get("/settings/audit/?action=person.signed_in&actor=Bob+Baker").content.decode()
    )
    assert "Person: signed in" in page
    assert NEW_PASSWORD not in page


def test_a_form_without_our_token_is_told_so(agency: World):
    stranger = Visitor(enforce_csrf_checks=True)
    answer = stranger.post("/accounts/login/", {"login": "alice@alice.example", "password": PASSWORD})
    assert answer.status_code == 403
    assert "Open the page again" in answer.content.decode()
