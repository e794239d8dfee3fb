from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "tenants.clients"
    verbose_name = "Clients"

    def ready(self) -> None:
        from tenants import access

        access.declare("clients.Client", "pk", access.Permission.VIEW_CLIENTS)
