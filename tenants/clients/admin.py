from __future__ import annotations

from django.contrib import admin

from tenants.backoffice.base import BackofficeAdmin
from tenants.clients.models import Client, ClientMembership


@admin.register(Client)
class ClientAdmin(BackofficeAdmin):
    changeable = ("timezone", "brand_color", "monthly_minutes_cap", "concurrent_calls_cap")
    list_display = ("name", "timezone", "monthly_minutes_cap", "concurrent_calls_cap", "archived_at")
    search_fields = ("name",)


@admin.register(ClientMembership)
class ClientMembershipAdmin(BackofficeAdmin):
    list_display = ("user", "client")
    list_filter = ("client",)
