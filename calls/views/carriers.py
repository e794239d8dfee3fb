"""Settings → Carriers: the accounts that carry the agency's numbers."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from calls.models import CarrierAccount
from calls.numbering import actions, queries
from calls.numbering.forms import CarrierForm
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_GET
def carriers(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    addresses = queries.webhook_addresses(request.tenant.address)  # type: ignore[attr-defined]
    return render(request, "settings/carriers.html", {"rows": queries.carriers(), "addresses": addresses})


@require_http_methods(["GET", "POST"])
def new_carrier(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    form = CarrierForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_carrier(actor, "twilio", form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, "Twilio is connected. Add a number next.")
            return redirect("numbers")
    context = {"form": form, "account": None}
    return render(request, "settings/carrier.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def carrier(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = access.find(request, CarrierAccount.objects.filter(archived_at=None), account_id)
    form = CarrierForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_carrier(actor, account, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, "Saved.")
            return redirect("carriers")
    context = {"form": form, "account": account, "last4": queries.last4(account)}
    return render(request, "settings/carrier.html", context, status=422 if form.errors else 200)


@require_POST
def archive_carrier(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = access.find(request, CarrierAccount.objects.filter(archived_at=None), account_id)
    try:
        actions.archive_carrier(actor, account)
    except InvalidInput as error:
        messages.error(request, error.sentence)
        return redirect("carrier", account_id=account.pk)
    messages.success(request, f"{account.label} is archived.")
    return redirect("carriers")
