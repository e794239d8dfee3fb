"""Letters to people."""

from __future__ import annotations

import logging

from django.core.mail import send_mail
from django.http import HttpRequest
from django.urls import reverse

from tenants.people.models import Invitation

logger = logging.getLogger(__name__)

_TEXT = """{inviter} invites you to {agency}.

Make your account here:

{link}

The link works once, until {until:%d %B %Y}. If you did not expect it, do nothing.
"""


def send_invitation(request: HttpRequest, invitation: Invitation, token: str) -> tuple[str, bool]:
    """The link, and whether the letter left. It is shown too, so a broken mail server stops nobody."""
    agency = request.tenant  # type: ignore[attr-defined]
    link = agency.address + reverse("accept_invitation", args=[token])
    text = _TEXT.format(
        inviter=invitation.invited_by or agency.name, agency=agency.name, link=link, until=invitation.expires_at
    )
    try:
        send_mail(f"Your account at {agency.name}", text, None, [invitation.email])
    except OSError as error:  # smtplib's errors, a refused connection and a name that does not resolve are OSErrors
        logger.error("an invitation could not be mailed: %s", type(error).__name__)
        return link, False
    return link, True
