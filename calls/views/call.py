"""One call: its sentence, its recording, its words, its latencies. The same page grows while the call runs."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from calls.models import Call, Turn
from calls.queries import describe, sentence, traced
from calls.queries.detail import detail
from tenants import access
from tenants.access import Permission

TABS = ("transcript", "data")
INTERNAL_TABS = (*TABS, "trace", "events")
OPEN_TURNS = 12
SHOWN = ("client", "agent", "agent_version", "number")


@never_cache
@require_GET
def show(request: HttpRequest, call_id: UUID) -> HttpResponse:
    person = access.require(request, Permission.VIEW_CALLS)
    call = access.find(request, Call.objects.select_related(*SHOWN), call_id)
    internals = access.may(person, Permission.VIEW_INTERNALS)
    tab = request.GET.get("tab", "")
    tab = tab if tab in (INTERNAL_TABS if internals else TABS) else TABS[0]
    found = detail(call, internals, events=tab == "events")
    country = request.tenant.country  # type: ignore[attr-defined]
    context = {
        "call": call,
        "detail": found,
        "turn": found.slowest,
        "shown": traced.of_turn(call, found.slowest) if internals else None,
        "trace": traced.of_call(call) if tab == "trace" else [],
        "open_turns": OPEN_TURNS,
        "lines": [(event, describe.line(event)) for event in found.events],
        "title": sentence.title(call, country),
        "ending": sentence.ending(call, internals),
        "why": sentence.why(call, internals),
        "seconds": sentence.talked_seconds(call),
        "tab": tab,
        "internals": internals,
        "may_listen": access.may(person, Permission.LISTEN),
        "may_retry": access.may(person, Permission.CONTROL_CALLS),
        "live": call.status != Call.Status.ENDED,
    }
    return render(request, "calls/call.html", context)


@never_cache
@require_GET
def turn(request: HttpRequest, call_id: UUID, turn_id: int) -> HttpResponse:
    """The stages of one reply, beside the transcript."""
    person = access.require(request, Permission.VIEW_INTERNALS)
    call = access.find(request, Call.objects.all(), call_id)
    shown = access.find(request, Turn.objects.filter(call=call), turn_id)
    context = {
        "call": call,
        "turn": shown,
        "shown": traced.of_turn(call, shown),
        "internals": access.may(person, Permission.VIEW_INTERNALS),
    }
    return render(request, "calls/_turn.html", context)


@never_cache
@require_GET
def trace_turn(request: HttpRequest, call_id: UUID, number: int) -> HttpResponse:
    """One turn's waterfall, for the trace of a long call."""
    access.require(request, Permission.VIEW_INTERNALS)
    call = access.find(request, Call.objects.all(), call_id)
    return render(request, "calls/_waterfall.html", {"shown": traced.of_number(call, number)})
