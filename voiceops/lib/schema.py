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


def let_go_of_database() -> None:
    """Before waiting for somebody else: the connection goes back to the pool, and the next query takes another. Inside a
    transaction it stays."""
    if not connection.in_atomic_block:
        connection.close()
