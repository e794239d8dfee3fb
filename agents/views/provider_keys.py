"""The keys of a provider account: added, tested, replaced, removed. No page shows one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from agents.accounts import keys
from agents.accounts.forms import KeyForm
from agents.models import ProviderAccount, ProviderKey
from agents.views.providers import account_of, tried
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_http_methods(["GET", "POST"])
def new_key(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account = account_of(request, account_id)
    form = KeyForm(request.POST or None, alias=keys.free_alias(account))
    if request.method == "POST" and form.is_valid():
        try:
            key = keys.add(actor, account, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _tried(request, account, key)
    return _page(request, account, None, form)


@require_http_methods(["GET", "POST"])
def provider_key(request: HttpRequest, account_id: UUID, key_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account, key = _key(request, account_id, key_id)
    form = KeyForm(request.POST or None, key=key)
    if request.method == "POST" and form.is_valid():
        try:
            key = keys.change(actor, key, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            if form.draft().secret:
                return _tried(request, account, key)
            messages.success(request, f"{key.alias} is saved.")
            return redirect("provider", account_id=account.pk)
    return _page(request, account, key, form)


@require_POST
def try_key(request: HttpRequest, account_id: UUID, key_id: UUID) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return _tried(request, *_key(request, account_id, key_id))


@require_POST
def reinstate_key(request: HttpRequest, account_id: UUID, key_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account, key = _key(request, account_id, key_id)
    keys.reinstate(actor, key)
    messages.success(request, f"{key.alias} is in use again.")
    return redirect("provider", account_id=account.pk)


@require_POST
def remove_key(request: HttpRequest, account_id: UUID, key_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    account, key = _key(request, account_id, key_id)
    try:
        keys.remove(actor, key)
    except InvalidInput as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{key.alias} is removed. Calls that run keep it until they end.")
    return redirect("provider", account_id=account.pk)


def _key(request: HttpRequest, account_id: UUID, key_id: UUID) -> tuple[ProviderAccount, ProviderKey]:
    account = account_of(request, account_id)
    return account, access.find(request, ProviderKey.objects.filter(account=account), key_id)


def _tried(request: HttpRequest, account: ProviderAccount, key: ProviderKey) -> HttpResponse:
    tried(request, account, key)
    return redirect("provider", account_id=account.pk)


def _page(request: HttpRequest, account: ProviderAccount, key: ProviderKey | None, form: KeyForm) -> HttpResponse:
    context = {"form": form, "account": account, "key": key}
    return render(request, "settings/provider_key.html", context, status=422 if form.errors else 200)
