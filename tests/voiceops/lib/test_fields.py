"""A sealed column: nothing readable in the database, nothing that opens in another row or agency."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, transaction
from django_tenants.utils import schema_context

from agents.models import ProviderAccount
from tests.world import World
from voiceops.lib.crypto import new_key
from voiceops.lib.errors import SealError

pytestmark = pytest.mark.db

KEY = "sk-live-1234567890"


@pytest.fixture
def account(agency: World) -> ProviderAccount:
    return ProviderAccount.objects.create(vendor="openai", label="Main", api_key=KEY)


def stored(account: ProviderAccount) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select api_key from agents_provideraccount where id = %s", [account.pk])
        return str(cursor.fetchone()[0])


def put(account_id: uuid.UUID, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update agents_provideraccount set api_key = %s where id = %s", [text, account_id])


def test_the_column_never_holds_the_text(account: ProviderAccount) -> None:
    assert KEY not in stored(account)
    assert ProviderAccount.objects.get().api_key == KEY


def test_saving_a_row_nobody_opened_leaves_the_column_as_it_is(account: ProviderAccount) -> None:
    before = stored(account)
    again = ProviderAccount.objects.get()
    again.label = "Other"
    again.save()
    assert stored(account) == before
    assert ProviderAccount.objects.get().api_key == KEY


def test_a_new_value_replaces_the_old(account: ProviderAccount) -> None:
    account.api_key = "sk-new"
    account.save(update_fields=["api_key"])
    assert ProviderAccount.objects.get().api_key == "sk-new"
    account.refresh_from_db()
    assert account.api_key == "sk-new"


def test_bulk_create_seals_too(agency: World) -> None:
    ProviderAccount.objects.bulk_create(ProviderAccount(vendor="openai", label=n, api_key=f"sk-{n}") for n in "ab")
    assert {row.label: row.api_key for row in ProviderAccount.objects.all()} == {"a": "sk-a", "b": "sk-b"}


def test_a_value_copied_to_another_row_does_not_open(account: ProviderAccount) -> None:
    other = ProviderAccount.objects.create(vendor="openai", label="Other", api_key="sk-other")
    put(other.pk, stored(account))
    with pytest.raises(SealError):
        _ = ProviderAccount.objects.get(pk=other.pk).api_key


def test_a_row_copied_to_another_agency_does_not_open(account: ProviderAccount) -> None:
    sealed = stored(account)
    with schema_context("charlie"):
        ProviderAccount(id=account.pk, vendor="openai", label="Stolen", api_key="x").save(force_insert=True)
        put(account.pk, sealed)
        with pytest.raises(SealError):
            _ = ProviderAccount.objects.get().api_key


def test_a_row_object_kept_across_agencies_opens_with_the_agency_it_came_from(account: ProviderAccount) -> None:
    loaded = ProviderAccount.objects.get()
    with schema_context("charlie"):
        assert loaded.api_key == KEY


def test_an_object_saved_as_another_row_is_sealed_anew(account: ProviderAccount) -> None:
    twin = ProviderAccount.objects.get()
    _ = twin.api_key
    twin.pk = uuid.uuid4()
    twin._state.adding = True
    twin.save()
    assert ProviderAccount.objects.get(pk=twin.pk).api_key == KEY
    assert stored(twin) != stored(account)


def test_a_closed_value_is_never_stored_under_another_rows_key(account: ProviderAccount) -> None:
    twin = ProviderAccount.objects.get()
    twin.pk = uuid.uuid4()
    twin._state.adding = True
    with pytest.raises(SealError):
        twin.save()


def test_saving_after_a_rotation_seals_with_the_new_key(account: ProviderAccount, settings: Any) -> None:
    fresh = new_key()
    settings.ENCRYPTION_KEYS = f"{fresh},{settings.ENCRYPTION_KEYS}"
    ProviderAccount.objects.get().save()
    assert stored(account).startswith(f"v1.{fresh.partition(':')[0]}.")
    assert ProviderAccount.objects.get().api_key == KEY


def test_what_does_not_know_the_row_is_refused(account: ProviderAccount) -> None:
    with pytest.raises(TypeError, match="sealed per row"), transaction.atomic():
        ProviderAccount.objects.update(api_key="sk-plain")
    with pytest.raises(FieldError):
        ProviderAccount.objects.filter(api_key=KEY).exists()
    assert ProviderAccount.objects.filter(api_key__isnull=False).count() == 1


def test_lists_logs_and_dumps_do_not_show_it(account: ProviderAccount) -> None:
    assert KEY not in repr(list(ProviderAccount.objects.values_list("api_key")))
    assert KEY not in serializers.serialize("json", ProviderAccount.objects.all())
