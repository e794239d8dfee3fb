from django.contrib.admin.apps import AdminConfig


class BackofficeConfig(AdminConfig):
    default_site = "tenants.backoffice.site.Backoffice"
