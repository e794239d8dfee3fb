from __future__ import annotations

from django.urls import path

from tenants.api import resources, schema  # noqa: F401 (schema registers itself)

urlpatterns = [
    path("me/", resources.me, name="api_me"),
    path("clients/", resources.clients, name="api_clients"),
    path("clients/<uuid:client_id>/", resources.client, name="api_client"),
    path("usage/", resources.usage, name="api_usage"),
]
