from __future__ import annotations

from django.urls import path

from calls.numbering import api

urlpatterns = [
    path("numbers/", api.numbers, name="api_numbers"),
    path("numbers/<uuid:number_id>/", api.number, name="api_number"),
]
