"""Jobs. Every task carries its agency's schema in its headers (tenant-schemas-celery)."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceops.settings")

from django.conf import settings
from tenant_schemas_celery.app import CeleryApp

app = CeleryApp("voiceops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # for every thread, not only the one that imported this
app.autodiscover_tasks(lambda: settings.INSTALLED_APPS)
