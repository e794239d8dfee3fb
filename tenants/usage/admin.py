from __future__ import annotations

from django.contrib import admin

from tenants.backoffice.base import BackofficeAdmin
from tenants.usage.models import DailyUsage, UsageRecord


@admin.register(UsageRecord)
class UsageRecordAdmin(BackofficeAdmin):
    list_display = ("at", "client", "kind", "vendor", "quantity")
    list_filter = ("kind", "client")


@admin.register(DailyUsage)
class DailyUsageAdmin(BackofficeAdmin):
    list_display = ("day", "client", "kind", "vendor", "quantity")
    list_filter = ("kind", "client")
