from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from voiceops.lib.schema import current_schema


class AgenciesConfig(AppConfig):
    name = "tenants.agencies"
    verbose_name = "Agencies"

    def ready(self) -> None:
        post_migrate.connect(_open_addresses, dispatch_uid="agencies.addresses")


def _open_addresses(sender: AppConfig, **kwargs: Any) -> None:
    """After the last app's shared tables exist, the platform answers on its host without a further command."""
    from django.apps import apps
    from django_tenants.utils import get_public_schema_name

    from tenants.agencies.actions import ensure_addresses

    last = list(apps.get_app_configs())[-1].label
    if sender.label == last and current_schema() == get_public_schema_name():
        ensure_addresses()
