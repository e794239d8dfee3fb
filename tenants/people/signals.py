"""Who signs in, and who changes a password, is in the audit log, however it was done."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from tenants.audit import actions as audit
from tenants.people.models import User


@receiver(user_logged_in, dispatch_uid="audit.signed_in")
def signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record(user, "person.signed_in", user)


@receiver(password_changed, dispatch_uid="audit.password_changed")
def changed(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record(user, "person.password_changed", user)


@receiver(password_reset, dispatch_uid="audit.password_reset")
def reset(sender: Any, user: User, **kwargs: Any) -> None:
    audit.record(user, "person.password_reset", user)
