"""Whose data the database connection shows right now."""

from __future__ import annotations

from typing import Any

from django.db import connection

_connection: Any = connection  # django-tenants gives it a schema; Django's types know nothing of that


def current_schema() -> str:
    """The agency's schema, or `public` on the platform's own host."""
    return str(_connection.schema_name)


def leave_agency() -> None:
    """Back to the platform's own schema."""
    _connection.set_schema_to_public()
