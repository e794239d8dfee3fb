"""May this client have another call now?"""

from __future__ import annotations

from calls.models import Call
from calls.reasons import EndedReason
from tenants.clients.models import Client
from tenants.usage import queries as usage


def refusal(client: Client) -> EndedReason | None:
    """Why not, or None. Asked in the transaction that writes the call: a client with a cap is locked until then, so
    that two calls at the same moment do not both take the last place."""
    if client.archived_at is not None:
        return EndedReason.CLIENT_ARCHIVED
    cap = client.concurrent_calls_cap
    if cap is not None:
        Client.objects.select_for_update().get(pk=client.pk)
    if cap is not None and Call.objects.filter(client=client).exclude(status=Call.Status.ENDED).count() >= cap:
        return EndedReason.CLIENT_CAP_REACHED
    if client.monthly_minutes_cap is not None and usage.over_cap(client):
        return EndedReason.CLIENT_CAP_REACHED
    return None
