from __future__ import annotations

from django.contrib import admin

from agents.models import Agent, AgentVersion, ProviderAccount, ProviderKey
from tenants.backoffice.base import BackofficeAdmin


@admin.register(Agent)
class AgentAdmin(BackofficeAdmin):
    """What an agent says is changed in its editor, which checks it."""

    changeable = ("name",)
    list_display = ("name", "client", "call_type", "published", "updated_at", "archived_at")
    list_filter = ("call_type", "client")
    search_fields = ("name",)


@admin.register(AgentVersion)
class AgentVersionAdmin(BackofficeAdmin):
    list_display = ("agent", "number", "published_by", "published_at")
    search_fields = ("agent__name",)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(BackofficeAdmin):
    changeable = ("label",)
    hidden = ("account",)
    list_display = ("label", "vendor", "last_error", "created_at", "archived_at")
    list_filter = ("vendor",)


@admin.register(ProviderKey)
class ProviderKeyAdmin(BackofficeAdmin):
    list_display = ("alias", "account", "weight", "limit", "refused_at", "cooling_until", "call_count")
