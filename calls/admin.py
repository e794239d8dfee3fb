from __future__ import annotations

from django.contrib import admin

from calls.models import AfterCallJob, Call, CarrierAccount, PhoneNumber, Recording
from tenants.backoffice.base import BackofficeAdmin


@admin.register(Call)
class CallAdmin(BackofficeAdmin):
    list_display = ("created_at", "client", "agent", "direction", "status", "ended_reason", "fault")
    list_filter = ("status", "direction", "fault", "client")
    search_fields = ("caller", "called", "carrier_call_id")
    hidden = ("data",)


@admin.register(Recording)
class RecordingAdmin(BackofficeAdmin):
    list_display = ("call", "status", "duration_ms", "created_at", "ready_at")
    list_filter = ("status",)
    hidden = ("peaks",)


@admin.register(CarrierAccount)
class CarrierAccountAdmin(BackofficeAdmin):
    changeable = ("label",)
    list_display = ("label", "carrier", "account_sid", "created_at", "archived_at")


@admin.register(PhoneNumber)
class PhoneNumberAdmin(BackofficeAdmin):
    changeable = ("label",)
    list_display = ("number", "client", "agent", "account", "label")
    search_fields = ("number", "label")


@admin.register(AfterCallJob)
class AfterCallJobAdmin(BackofficeAdmin):
    """The outbox: what is still to be done after calls, and what failed."""

    list_display = ("call", "kind", "attempts", "due_at", "done_at", "failed_at", "last_error")
    list_filter = ("kind",)
