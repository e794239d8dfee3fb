"""Agencies and their addresses: the only tables that every agency shares."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin
from django_tenants.utils import get_public_schema_name

slug_validator = RegexValidator(
    r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$",
    "Use 3 to 40 small letters, digits and hyphens, beginning with a letter.",
)


class Agency(TenantMixin):
    """A tenant: a schema of its own. `schema_name` is the slug with underscores."""

    class Status(models.TextChoices):
        PROVISIONING = "provisioning"
        ACTIVE = "active"
        SUSPENDED = "suspended"
        FAILED = "failed"

    name = models.CharField(max_length=120)
    slug = models.CharField(max_length=40, unique=True, validators=[slug_validator])
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PROVISIONING)
    status_detail = models.CharField(max_length=300, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, default="US")
    brand_color = models.CharField(max_length=7, default="#2f6f6a")
    created_at = models.DateTimeField(auto_now_add=True)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where its people go, without a slash at the end."""
        return f"{settings.PUBLIC_SCHEME}://{self.host}" + (f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else "")

    @property
    def host(self) -> str:
        """The platform's own host for the row of the platform, a name below it for an agency."""
        is_platform = self.schema_name == get_public_schema_name()
        return settings.PUBLIC_HOST if is_platform else f"{self.slug}.{settings.PUBLIC_HOST}"


class Signup(models.Model):
    """What provisioning still has to do for an agency. Outlives a crash; the password's hash goes when it is done."""

    class Step(models.TextChoices):
        SCHEMA = "schema", "Making room for your data"
        TABLES = "tables", "Preparing its tables"
        OWNER = "owner", "Making your account"
        ADDRESS = "address", "Opening the address"
        DONE = "done", "Ready"

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, related_name="signup")
    owner_name = models.CharField(max_length=120)
    owner_email = models.EmailField()
    owner_password_hash = models.CharField(max_length=128, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, help_text="Of the secret in the progress page's address.")
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.SCHEMA)
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField(null=True)


class Domain(DomainMixin):
    """A host, without port, that belongs to one agency (or to the platform, schema `public`)."""

    created_at = models.DateTimeField(auto_now_add=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """In the one spelling that the middleware looks for."""
        self.domain = self.domain.strip().lower().rstrip(".")  # type: ignore[has-type]
        super().save(*args, **kwargs)
