"""Pages about calls."""

from __future__ import annotations

from django.urls import path

from calls.views import call, calls, home, recording

urlpatterns = [
    path("", home.show, name="home"),
    path("calls/", calls.show, name="calls"),
    path("calls/export.csv", calls.download, name="calls_export"),
    path("calls/<uuid:call_id>/", call.show, name="call"),
    path("calls/<uuid:call_id>/turns/<int:turn_id>/", call.turn, name="call_turn"),
    path("calls/<uuid:call_id>/trace/<int:number>/", call.trace_turn, name="call_trace_turn"),
    path("calls/<uuid:call_id>/recording/", recording.audio, name="recording"),
    path("calls/<uuid:call_id>/peaks/", recording.peaks, name="recording_peaks"),
    path("calls/<uuid:call_id>/recording/again/", recording.again, name="recording_again"),
    path("recordings/<str:ticket>/", recording.by_link, name="recording_by_link"),
]
