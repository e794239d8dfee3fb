"""Addresses of live calls: for carriers, for the browser as one, and for who may end them."""

from __future__ import annotations

from django.urls import path

from calls.views import hang_up, talk, telephony

urlpatterns = [
    path("telephony/<slug:carrier>/voice", telephony.voice, name="carrier_voice"),
    path("telephony/<slug:carrier>/voice/<uuid:call_id>", telephony.voice, name="carrier_answered"),
    path("telephony/<slug:carrier>/status", telephony.status, name="carrier_status"),
    path("telephony/<slug:carrier>/status/<uuid:call_id>", telephony.status, name="carrier_status_of"),
    path("telephony/<slug:carrier>/amd/<uuid:call_id>", telephony.answered_by, name="carrier_answered_by"),
    path("telephony/<slug:carrier>/resume/<str:token>", telephony.resume, name="carrier_resume"),
    path("calls/<uuid:call_id>/hang-up/", hang_up.hang_up, name="call_hang_up"),
    path("talk/<uuid:agent_id>", talk.start, name="talk"),
    path("talk/resume/<uuid:call_id>", talk.resume, name="talk_resume"),
]
