"""Numbers: which there are, and who answers them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Agent
from calls.models import CarrierAccount, PhoneNumber
from calls.numbering import actions, queries
from calls.numbering.forms import NumberForm
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput


@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    person = access.require(request, Permission.VIEW_NUMBERS)
    client = access.chosen_client(request)
    search = request.GET.get("q", "").strip()[:100]
    rows = queries.numbers(access.visible(person, PhoneNumber.objects.all()), client=client, search=search)
    manages = access.may(person, Permission.MANAGE_NUMBERS)
    context = {
        "rows": rows,
        "search": search,
        "client": client,
        "has_carrier": CarrierAccount.objects.filter(archived_at=None).exists(),
        "addresses": queries.webhook_addresses(request.tenant.address) if manages else (),  # type: ignore[attr-defined]
    }
    return render(request, "numbers/numbers.html", context)


@require_http_methods(["GET", "POST"])
def new_number(request: HttpRequest) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_NUMBERS)
    first = {"client": request.GET.get("client"), "agent": request.GET.get("agent")}
    form = _form(request, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.add_number(actor, **form.cleaned_data, region=_region(request))
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(
                request, f"{row.number} is added. Paste the addresses below at your carrier, then call it."
            )
            return redirect("numbers")
    context = {"form": form, "number": None}
    template = "numbers/number_dialog.html" if request.headers.get("HX-Request") else "numbers/number.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def number(request: HttpRequest, number_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_NUMBERS)
    row: PhoneNumber = access.number(request, number_id)
    names = [*("number", "account", "client", "agent", "label"), *("busy_sentence", "busy_transfer_to")]
    names += ["split_version", "split_percent"]
    known = {name: getattr(row, name) for name in names}
    form = _form(request, initial=known, keep=row)
    if request.method == "POST" and form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("account", "client", "agent", "label")}
        try:
            actions.change_number(actor, row, **chosen, when_busy=form.when_busy(), split=form.split())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            messages.success(request, "Saved. It holds from the next call on.")
            return redirect("numbers")
    context = {
        "form": form,
        "number": row,
        "addresses": queries.webhook_addresses(request.tenant.address, row.account.carrier),  # type: ignore[attr-defined]
    }
    return render(request, "numbers/number.html", context, status=422 if form.errors else 200)


@require_POST
def remove_number(request: HttpRequest, number_id: UUID) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_NUMBERS)
    row: PhoneNumber = access.number(request, number_id)
    shown = row.number
    actions.remove_number(actor, row)
    messages.success(request, f"{shown} is removed here. At your carrier it still exists.")
    return redirect("numbers")


def _form(request: HttpRequest, **more: Any) -> NumberForm:
    agents = access.visible(access.user(request), Agent.objects.all())
    return NumberForm(request.POST or None, clients=access.clients(request), agents=agents, **more)


def _region(request: HttpRequest) -> str:
    return getattr(request.tenant, "country", "") or "US"  # type: ignore[attr-defined]
