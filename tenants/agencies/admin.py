from __future__ import annotations

from django.contrib import admin

from tenants.agencies.models import Agency, Domain, Signup
from tenants.backoffice.base import BackofficeAdmin


@admin.register(Agency)
class AgencyAdmin(BackofficeAdmin):
    home = "platform"
    changeable = ("name", "status", "status_detail", "timezone", "country", "brand_color")
    list_display = ("name", "slug", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug")


@admin.register(Domain)
class DomainAdmin(BackofficeAdmin):
    """A host of an agency's own is added here."""

    home = "platform"
    changeable = ("domain", "tenant", "is_primary")
    addable = True
    list_display = ("domain", "tenant", "is_primary", "created_at")
    search_fields = ("domain",)


@admin.register(Signup)
class SignupAdmin(BackofficeAdmin):
    home = "platform"
    hidden = ("owner_password_hash", "token_hash")
    list_display = ("agency", "owner_email", "step", "created_at", "entered_at")
    list_filter = ("step",)
