"""Webhooks that carriers deliver more than once."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from calls.models import WebhookReceipt


def first_delivery(carrier: str, key: str) -> bool:
    """Note this delivery. False when the same was noted before."""
    try:
        with transaction.atomic():
            WebhookReceipt.objects.create(carrier=carrier, key=key)
    except IntegrityError:
        return False
    return True
