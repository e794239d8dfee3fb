from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "tenants.audit"
    verbose_name = "Audit"
