"""Pages of an agency's host."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from voiceops.views import brand_css, live_count

handler400 = "voiceops.reference.bad_request"
handler403 = "voiceops.reference.forbidden"
handler404 = "voiceops.reference.not_found"
handler500 = "voiceops.reference.server_error"

urlpatterns = [
    path("", include("calls.urls")),
    path("", include("calls.numbering.urls")),
    path("", include("agents.urls")),
    path("frame/live/", live_count, name="live_count"),
    path("frame/brand/<str:code>.css", brand_css, name="brand_css"),
    path("", include("tenants.urls")),
    path("api/", include("voiceops.api.urls")),
    path("", include("calls.lines")),
    path("admin/", admin.site.urls),
]
