from __future__ import annotations

from django.contrib import admin

from tenants.backoffice.base import BackofficeAdmin
from tenants.people.models import ApiKey, Invitation, User


@admin.register(User)
class UserAdmin(BackofficeAdmin):
    """Roles change on the People page, where the rules about owners are kept."""

    home = "both"
    changeable = ("name", "timezone")
    hidden = ("password",)
    list_display = ("email", "name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")


@admin.register(Invitation)
class InvitationAdmin(BackofficeAdmin):
    hidden = ("token_hash",)
    list_display = ("email", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    search_fields = ("email",)


@admin.register(ApiKey)
class ApiKeyAdmin(BackofficeAdmin):
    hidden = ("secret_hash",)
    list_display = ("name", "user", "prefix", "created_at", "last_used_at", "revoked_at")
    search_fields = ("name", "user__email")
