"""Reading clients."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from tenants.clients.models import Client
from tenants.usage.queries import MonthOfClient, this_month


@dataclass(frozen=True)
class ClientRow:
    client: Client
    people: int
    month: MonthOfClient


def clients(rows: QuerySet[Client], search: str = "") -> list[ClientRow]:
    """With the people who belong to each and the minutes each used this month."""
    if search:
        rows = rows.filter(name__icontains=search)
    found = list(rows.annotate(people=Count("memberships")).order_by("name"))
    months = this_month(found)
    return [ClientRow(client, client.people, months[client.pk]) for client in found]
