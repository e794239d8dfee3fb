"""The one key that an account used to have becomes the first of its pool."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from agents.models import ProviderAccount
from tests.world import World

pytestmark = pytest.mark.db


def test_the_key_of_an_account_becomes_the_first_of_its_pool(agency: World) -> None:
    with connection.cursor() as cursor:  # the table as it was then
        cursor.execute("alter table agents_provideraccount add column api_key text not null default ''")
    then = MigrationLoader(connection).project_state([("agents", "0006_key_pools")]).apps
    old = then.get_model("agents", "ProviderAccount")
    row = old.objects.create(vendor="openai", label="Main", api_key="sk-an-old-key-1234", last_error="Refused.")
    bare = old.objects.create(
        vendor="openai_compatible", label="GPU", base_url="https://gpu.example", last_error="Down."
    )
    import_module("agents.migrations.0006_key_pools").first_keys(then, None)
    key = ProviderAccount.objects.get(pk=row.pk).keys.get()
    assert (key.alias, key.secret, key.last_error) == ("Key 1", "sk-an-old-key-1234", "Refused.")
    assert ProviderAccount.objects.get(pk=row.pk).last_error == ""
    assert not ProviderAccount.objects.get(pk=bare.pk).keys.exists()
    assert ProviderAccount.objects.get(pk=bare.pk).last_error == "Down."
