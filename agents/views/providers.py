"""Settings → Providers: the agency's accounts with vendors of models."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.accounts import actions, queries, reaching
from agents.accounts.forms import AccountForm
from agents.models import ProviderAccount
from media_worker.providers.base import VendorSpec
from media_worker.providers.registry import vendor as vendor_named
from media_worker.providers.registry import vendors
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput, ProviderError


@require_GET
def providers(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    context = {"rows": queries.rows(), "vendors": queries.vendor_cards(vendors())}
    return render(request, "settings/providers.html", context)


@require_http_methods(["GET", "POST"])
def new_provider(request: HttpRequest, vendor_name: str) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    vendor = _vendor(vendor_name)
    form = AccountForm(request.POST or None, vendor=vendor, initial={"label": vendor.label})
    if request.method == "POST" and form.is_valid():
        try:
            account = actions.create(actor, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _tried(request, account)
    context = {"form": form, "vendor": vendor, "account": None}
    return render(request, "settings/provider.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = access.find(request, ProviderAccount.objects.filter(archived_at=None), account_id)
    form = AccountForm(request.POST or None, vendor=_vendor(account.vendor), account=account)
    if request.method == "POST" and form.is_valid():
        try:
            account = actions.update(actor, account, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _tried(request, account)
    context = {
        "form": form,
        "vendor": form.vendor,
        "account": account,
        "last4": queries.last4(account),
        "used_by": actions.used_by(account),
    }
    return render(request, "settings/provider.html", context, status=422 if form.errors else 200)


@require_POST
def try_provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    account = access.find(request, ProviderAccount.objects.filter(archived_at=None), account_id)
    return _tried(request, account)


@require_POST
def archive_provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = access.find(request, ProviderAccount.objects.filter(archived_at=None), account_id)
    actions.archive(actor, account)
    messages.success(request, f"{account.label} is archived. Its key is no longer used.")
    return redirect("providers")


def _tried(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    """A real request with the key, and what came of it."""
    if not queries.can_be_tried(account):
        messages.info(request, f"{account.label} is saved. Whether its key works shows in a call.")
        return redirect("providers")
    try:
        said, error = reaching.try_out(account), ""
    except ProviderError as failure:
        said, error = "", failure.sentence
    actions.note_test(access.user(request), account, error)
    if error:
        messages.error(request, f"{account.label} is saved, but does not work yet. {error}")
        return redirect("provider", account_id=account.pk)
    messages.success(request, f"{account.label}: {said}")
    return redirect("providers")


def _vendor(name: str) -> VendorSpec:
    try:
        vendor = vendor_named(name)
    except KeyError:
        raise Http404("There is no such vendor.") from None
    if not vendor.account:
        raise Http404("The built-in needs no account.")
    return vendor
