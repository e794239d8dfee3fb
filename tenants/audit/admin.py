from __future__ import annotations

from django.contrib import admin

from tenants.audit.models import AuditEvent
from tenants.backoffice.base import BackofficeAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(BackofficeAdmin):
    home = "both"
    list_display = ("seq", "at", "actor_label", "action", "object_label")
    list_filter = ("action",)
    search_fields = ("actor_label", "object_label")
