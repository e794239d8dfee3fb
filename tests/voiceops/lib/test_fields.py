"""A sealed column: nothing readable in the database, nothing that opens in another row or agency."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, transaction
from django_tenants.utils import schema_context

from calls.models import CarrierAccount
from tests.world import World
from voiceops.lib.crypto import new_key
from voiceops.lib.errors import SealError

pytestmark = pytest.mark.db

KEY = "sk-live-1234567890"


@pytest.fixture
def account(agency: World) -> CarrierAccount:
    return CarrierAccount.objects.create(carrier="twilio", label="Main", account_sid="AC1", auth_token=KEY)


def stored(account: CarrierAccount) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select auth_token from calls_carrieraccount where id = %s", [account.pk])
        return str(cursor.fetchone()[0])


def put(account_id: uuid.UUID, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update calls_carrieraccount set auth_token = %s where id = %s", [text, account_id])


def test_the_column_never_holds_the_text(account: CarrierAccount) -> None:
    assert KEY not in stored(account)
    assert CarrierAccount.objects.get().auth_token == KEY


def test_saving_a_row_nobody_opened_leaves_the_column_as_it_is(account: CarrierAccount) -> None:
    before = stored(account)
    again = CarrierAccount.objects.get()
    again.label = "Other"
    again.save()
    assert stored(account) == before
    assert CarrierAccount.objects.get().auth_token == KEY


def test_a_new_value_replaces_the_old(account: CarrierAccount) -> None:
    account.auth_token = "sk-new"
    account.save(update_fields=["auth_token"])
    assert CarrierAccount.objects.get().auth_token == "sk-new"
    account.refresh_from_db()
    assert account.auth_token == "sk-new"


def test_bulk_create_seals_too(agency: World) -> None:
    CarrierAccount.objects.bulk_create(
        CarrierAccount(carrier="twilio", label=n, account_sid=n, auth_token=f"sk-{n}") for n in "ab"
    )
    assert {row.label: row.auth_token for row in CarrierAccount.objects.all()} == {"a": "sk-a", "b": "sk-b"}


def test_a_value_copied_to_another_row_does_not_open(account: CarrierAccount) -> None:
    other = CarrierAccount.objects.create(carrier="twilio", label="Other", account_sid="AC2", auth_token="sk-other")
    put(other.pk, stored(account))
    with pytest.raises(SealError):
        _ = CarrierAccount.objects.get(pk=other.pk).auth_token


def test_a_row_copied_to_another_agency_does_not_open(account: CarrierAccount) -> None:
    sealed = stored(account)
    with schema_context("charlie"):
        CarrierAccount(id=account.pk, carrier="twilio", label="Stolen", auth_token="x").save(force_insert=True)
        put(account.pk, sealed)
        with pytest.raises(SealError):
            _ = CarrierAccount.objects.get().auth_token


def test_a_row_object_kept_across_agencies_opens_with_the_agency_it_came_from(account: CarrierAccount) -> None:
    loaded = CarrierAccount.objects.get()
    with schema_context("charlie"):
        assert loaded.auth_token == KEY


def test_an_object_saved_as_another_row_is_sealed_anew(account: CarrierAccount) -> None:
    twin = CarrierAccount.objects.get()
    _ = twin.auth_token
    twin.pk, twin.account_sid = uuid.uuid4(), "AC2"
    twin._state.adding = True
    twin.save()
    assert CarrierAccount.objects.get(pk=twin.pk).auth_token == KEY
    assert stored(twin) != stored(account)


def test_a_closed_value_is_never_stored_under_another_rows_key(account: CarrierAccount) -> None:
    twin = CarrierAccount.objects.get()
    twin.pk = uuid.uuid4()
    twin._state.adding = True
    with pytest.raises(SealError):
        twin.save()


def test_saving_after_a_rotation_seals_with_the_new_key(account: CarrierAccount, settings: Any) -> None:
    fresh = new_key()
    settings.ENCRYPTION_KEYS = f"{fresh},{settings.ENCRYPTION_KEYS}"
    CarrierAccount.objects.get().save()
    assert stored(account).startswith(f"v1.{fresh.partition(':')[0]}.")
    assert CarrierAccount.objects.get().auth_token == KEY


def test_what_does_not_know_the_row_is_refused(account: CarrierAccount) -> None:
    with pytest.raises(TypeError, match="sealed per row"), transaction.atomic():
        CarrierAccount.objects.update(auth_token="sk-plain")
    with pytest.raises(FieldError):
        CarrierAccount.objects.filter(auth_token=KEY).exists()
    assert CarrierAccount.objects.filter(auth_token__isnull=False).count() == 1


def test_lists_logs_and_dumps_do_not_show_it(account: CarrierAccount) -> None:
    assert KEY not in repr(list(CarrierAccount.objects.values_list("auth_token")))
    assert KEY not in serializers.serialize("json", CarrierAccount.objects.all())
