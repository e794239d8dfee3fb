from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "tenants.audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from tenants import access

        access.declare("audit.AuditEvent", access.AGENCY_ONLY, access.Permission.VIEW_AUDIT)
