"""Bringing every schema to the code's shape, quickly when it already is."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tenants.agencies.actions import ensure_addresses
from voiceops.checks import POOLED, shares_sessions
from voiceops.lib.errors import StoreError
from voiceops.local.urls import database_settings


def migrate() -> None:
    """Migrate the platform's schema and every agency's, but only those that are behind; then open today's addresses.

    Raises StoreError when a pooler would mix agencies.
    """
    connection.settings_dict.update(database_settings())  # the stores may have found their place just now
    try:
        if shares_sessions():
            raise StoreError(POOLED)
        if _has_schemas_behind():
            call_command("migrate_schemas", interactive=False, verbosity=0)
        ensure_addresses()
    finally:
        connection.close()


def _has_schemas_behind() -> bool:
    """One cheap query a schema: reading migrations takes a hundred agencies many seconds, comparing names does not."""
    wanted = set(MigrationLoader(None).disk_migrations)
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('public.agencies_agency'), to_regclass('public.django_migrations')")
        if None in (cursor.fetchone() or (None,)):
            return True
        cursor.execute("select schema_name from public.agencies_agency")
        for (schema,) in [("public",), *cursor.fetchall()]:
            cursor.execute("select to_regclass(%s)", [f'"{schema}".django_migrations'])
            if cursor.fetchone() == (None,):
                return True
            cursor.execute(f'select app, name from "{schema}".django_migrations')  # noqa: S608 - a schema's name, quoted
            if wanted - set(cursor.fetchall()):
                return True
    return False
