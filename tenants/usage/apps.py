from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "tenants.usage"
    verbose_name = "Usage"

    def ready(self) -> None:
        from tenants import access

        access.declare("usage.UsageRecord", "client", access.Permission.VIEW_USAGE)
        access.declare("usage.DailyUsage", "client", access.Permission.VIEW_USAGE)
