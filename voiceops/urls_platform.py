"""Pages of the platform's own host: sign-up of an agency, and the platform's admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from voiceops.views import brand_css

handler400 = "voiceops.reference.bad_request"
handler403 = "voiceops.reference.forbidden"
handler404 = "voiceops.reference.not_found"
handler500 = "voiceops.reference.server_error"

urlpatterns = [
    path("frame/brand/<str:code>.css", brand_css, name="brand_css"),
    path("", include("tenants.urls_platform")),
    path("admin/", admin.site.urls),
]
