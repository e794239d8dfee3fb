from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    name = "tenants.agencies"
    verbose_name = "Agencies"
