from __future__ import annotations

from django.urls import path

from calls.api import traces, views

urlpatterns = [
    path("calls/", views.calls, name="api_calls"),
    path("calls/<uuid:call_id>/", views.call, name="api_call"),
    path("calls/<uuid:call_id>/transcript/", views.transcript, name="api_transcript"),
    path("calls/<uuid:call_id>/trace/", traces.trace, name="api_trace"),
    path("calls/<uuid:call_id>/recording/", views.recording_link, name="api_recording"),
]
