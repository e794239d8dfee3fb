from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "tenants.clients"
    verbose_name = "Clients"
