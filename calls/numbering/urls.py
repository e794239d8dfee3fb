"""Pages of numbers and carriers."""

from __future__ import annotations

from django.urls import path

from calls.views import call_me, carriers, numbers

urlpatterns = [
    path("agents/<uuid:agent_id>/call-me/", call_me.call_me, name="call_me"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("numbers/new/", numbers.new_number, name="new_number"),
    path("numbers/<uuid:number_id>/", numbers.number, name="number"),
    path("numbers/<uuid:number_id>/remove/", numbers.remove_number, name="remove_number"),
    path("settings/carriers/", carriers.carriers, name="carriers"),
    path("settings/carriers/new/", carriers.new_carrier, name="new_carrier"),
    path("settings/carriers/<uuid:account_id>/", carriers.carrier, name="carrier"),
    path("settings/carriers/<uuid:account_id>/archive/", carriers.archive_carrier, name="archive_carrier"),
]
