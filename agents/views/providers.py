"""Settings → Providers: the agency's accounts with vendors of models."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.accounts import actions, keys, listing, queries
from agents.accounts.forms import AccountForm
from agents.models import ProviderAccount, ProviderKey
from media_worker.providers.base import VendorSpec
from media_worker.providers.registry import vendor as vendor_named
from media_worker.providers.registry import vendors
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput, ProviderError


@require_GET
def providers(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return render(request, "settings/providers.html", {"rows": listing.rows()})


@require_GET
def vendor_list(request: HttpRequest) -> HttpResponse:
    """Which vendor to connect, by what it does for an agent."""
    access.require(request, Permission.MANAGE_ACCOUNTS)
    search = request.GET.get("q", "")[:60]
    return render(request, "settings/vendors.html", {"groups": listing.groups(vendors(), search), "search": search})


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
            return tried(request, account, account.keys.first())
    context = {"form": form, "vendor": vendor, "talents": listing.talents_in_words(vendor), "account": None}
    return render(request, "settings/provider.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = account_of(request, account_id)
    form = AccountForm(request.POST or None, vendor=_vendor(account.vendor), account=account)
    if request.method == "POST" and form.is_valid():
        try:
            account = actions.update(actor, account, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return tried(request, account, account.keys.first())
    context = {
        "form": form,
        "vendor": form.vendor,
        "talents": listing.talents_in_words(form.vendor),
        "account": account,
        "row": listing.row(account),
        "takes_keys": keys.takes_keys(account),
        "uses": actions.used_by(account),
    }
    return render(request, "settings/provider.html", context, status=422 if form.errors else 200)


@require_POST
def try_provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """All of its keys, or the account itself when it has none."""
    access.require(request, Permission.MANAGE_ACCOUNTS)
    account = account_of(request, account_id)
    return tried(request, account, *account.keys.all())


@require_POST
def archive_provider(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = account_of(request, account_id)
    actions.archive(actor, account)
    messages.success(request, f"{account.label} is archived. Its keys are no longer used.")
    return redirect("providers")


def account_of(request: HttpRequest, account_id: UUID) -> ProviderAccount:
    return access.find(request, ProviderAccount.objects.filter(archived_at=None), account_id)


def tried(request: HttpRequest, account: ProviderAccount, *of: ProviderKey | None) -> HttpResponse:
    """A real request with each key, or with none where the account has none, and what came of it."""
    if not queries.can_be_tried(account):
        messages.info(request, f"{account.label} is saved. Whether its key works shows in a call.")
        return redirect("provider", account_id=account.pk)
    actor, failed = access.user(request), False
    for key in of or (None,):
        name = f"{account.label}, {key.alias}" if key and len(of) > 1 else account.label
        try:
            messages.success(request, f"{name}: {actions.try_out(actor, account, key)}")
        except ProviderError as error:
            failed = True
            messages.error(request, f"{name} is saved, but does not work yet. {error.sentence}")
    return redirect("provider", account_id=account.pk) if failed or len(of) > 1 else redirect("providers")


def _vendor(name: str) -> VendorSpec:
    try:
        vendor = vendor_named(name)
    except KeyError:
        raise Http404("There is no such vendor.") from None
    if not vendor.account:
        raise Http404("This vendor needs no account.")
    return vendor
