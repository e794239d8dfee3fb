"""Agencies and their addresses: the only tables that every agency shares."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

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


class Domain(DomainMixin):
    """A host, without port, that belongs to one agency (or to the platform, schema `public`)."""

    created_at = models.DateTimeField(auto_now_add=True)
