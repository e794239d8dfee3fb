"""`/api/…`. Each room adds its own resources below `v1/`: `path("", include("calls.api.urls"))`."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from voiceops.api.docs import docs
from voiceops.api.nothing import nothing_here

v1 = [
    path("", include("tenants.api.urls")),
    path("", include("agents.api.urls")),
    path("", include("calls.api.urls")),
    path("", include("calls.numbering.urls_api")),
]

urlpatterns = [
    path("v1/", include(v1)),
    path(
        "schema/", SpectacularJSONAPIView.as_view(permission_classes=[], authentication_classes=[]), name="api_schema"
    ),
    path("docs/", docs, name="api_docs"),
    re_path(r"^.*$", nothing_here),
]
