"""Pages of numbers, of carriers, and of where traces go."""

from __future__ import annotations

from django.urls import path

from calls.views import call_me, carriers, numbers, results, traces

urlpatterns = [
    path("agents/<uuid:agent_id>/call-me/", call_me.call_me, name="call_me"),
    path("agents/<uuid:agent_id>/results/", results.show, name="agent_results"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("numbers/new/", numbers.new_number, name="new_number"),
    path("numbers/<uuid:number_id>/", numbers.number, name="number"),
    path("numbers/<uuid:number_id>/remove/", numbers.remove_number, name="remove_number"),
    path("settings/carriers/", carriers.carriers, name="carriers"),
    path("settings/carriers/new/", carriers.new_carrier, name="new_carrier"),
    path("settings/carriers/<uuid:account_id>/", carriers.carrier, name="carrier"),
    path("settings/carriers/<uuid:account_id>/archive/", carriers.archive_carrier, name="archive_carrier"),
    path("settings/traces/", traces.traces, name="traces"),
    path("settings/traces/<slug:kind>/", traces.trace_destination, name="trace_destination"),
    path("settings/traces/<slug:kind>/try/", traces.try_trace_destination, name="try_trace_destination"),
    path("settings/traces/<slug:kind>/remove/", traces.remove_trace_destination, name="remove_trace_destination"),
]
