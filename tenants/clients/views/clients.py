"""An agency's clients: list, add, change, archive."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import access
from tenants.access import Permission
from tenants.clients import actions, queries
from tenants.clients.forms import ClientForm
from tenants.clients.models import Client
from tenants.people.models import CLIENT_ROLES
from voiceops.lib import colour
from voiceops.lib.errors import InvalidInput


@require_GET
def clients(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_INTERNALS)
    rows = access.visible(person, Client.objects.all())
    search, archived = request.GET.get("q", "").strip(), request.GET.get("archived") == "1"
    context = {
        "rows": queries.clients(rows.filter(archived_at__isnull=not archived), search),
        "search": search,
        "archived": archived,
        "any_archived": archived or rows.filter(archived_at__isnull=False).exists(),
    }
    return render(request, "clients/clients.html", context)


@require_http_methods(["GET", "POST"])
def new_client(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_CLIENTS)
    zone = request.tenant.timezone  # type: ignore[attr-defined]
    form = ClientForm(request.POST or None, initial={"timezone": zone})
    if request.method == "POST" and form.is_valid():
        try:
            client = actions.create(actor, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, f"{client.name} is your client now.{_shade(client.brand_color)}")
            return redirect("clients")
    return render(request, "clients/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def client(request: HttpRequest, client_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_CLIENTS)
    shown = access.client(request, client_id)
    form = ClientForm(request.POST or None, initial=ClientForm.values_of(shown))
    if request.method == "POST" and form.is_valid():
        try:
            shown = actions.update(actor, shown, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, f"Saved.{_shade(shown.brand_color)}")
            return redirect("client", client_id=shown.pk)
    members = shown.memberships.select_related("user").filter(user__role__in=CLIENT_ROLES)
    context = {
        "shown": shown,
        "form": form,
        "members": [member.user for member in members],
        "shown_brand": colour.brand(shown.brand_color) if shown.brand_color else None,
    }
    return render(request, "clients/client.html", context, status=422 if form.errors else 200)


@require_POST
def archive(request: HttpRequest, client_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_CLIENTS)
    shown = access.client(request, client_id)
    actions.archive(actor, shown)
    messages.success(request, f"{shown.name} is archived. Its calls and recordings are kept.")
    return redirect("clients")


@require_POST
def restore(request: HttpRequest, client_id: Any) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_CLIENTS)
    shown = access.client(request, client_id)
    actions.restore(actor, shown)
    messages.success(request, f"{shown.name} is your client again.")
    return redirect("client", client_id=shown.pk)


def _shade(chosen: str) -> str:
    """What became of a colour that cannot be read on its own."""
    if not chosen:
        return ""
    shown = colour.brand(chosen)
    if chosen in (shown.light, shown.dark) and shown.light == shown.dark:
        return ""
    return f" Words need contrast: {chosen} is shown as {shown.light} on light pages and {shown.dark} on dark ones."
