"""Settings → Traces: where the traces of calls go."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from calls.models import TraceDestination
from calls.tracing import actions, queries
from calls.tracing.forms import FORMS
from tenants import access
from tenants.access import Permission
from voiceops.lib.errors import InvalidInput, VoiceOpsError


@require_GET
def traces(request: HttpRequest) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return render(request, "settings/traces.html", {"cards": queries.cards()})


@require_http_methods(["GET", "POST"])
def trace_destination(request: HttpRequest, kind: str) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    card = _card(kind)
    form = FORMS[kind](request.POST or None, row=card.row)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.save(actor, kind, form.draft())
        except InvalidInput as error:
            form.add_error(error.field or None, error.sentence)
        else:
            return _tried(request, row)
    context = {"form": form, "card": card}
    return render(request, "settings/trace.html", context, status=422 if form.errors else 200)


@require_POST
def try_trace_destination(request: HttpRequest, kind: str) -> HttpResponse:
    access.require(request, Permission.MANAGE_ACCOUNTS)
    return _tried(request, _row(request, kind))


@require_POST
def remove_trace_destination(request: HttpRequest, kind: str) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    row = _row(request, kind)
    actions.remove(actor, row)
    messages.success(request, f"No more traces go to {row}.")
    return redirect("traces")


def _tried(request: HttpRequest, row: TraceDestination) -> HttpResponse:
    actor = access.require(request, Permission.MANAGE_ACCOUNTS)
    try:
        actions.attempt(actor, row)
    except VoiceOpsError as error:
        messages.error(request, f"Saved, but the test trace was not taken. {error.sentence}")
        return redirect("trace_destination", kind=row.kind)
    messages.success(request, f"{row} took a test trace. From now on every call goes there.")
    return redirect("traces")


def _card(kind: str) -> queries.Card:
    try:
        return queries.card(kind)
    except KeyError:
        raise Http404 from None


def _row(request: HttpRequest, kind: str) -> TraceDestination:
    card = _card(kind)
    if card.row is None:
        raise Http404
    return access.find(request, TraceDestination.objects.all(), card.row.pk)
