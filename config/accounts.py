"""How people come in: by an invitation, or, where registration is open, by a form."""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

logger = structlog.get_logger(__name__)

CONFIRMATION = "account/email/email_confirmation"


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.REGISTRATION_OPEN)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """To the pages where a shop is opened."""
        return reverse("start")

    def should_send_confirmation_mail(self, request: HttpRequest, email_address: EmailAddress, signup: bool) -> bool:
        """Once, at the registration: not at each login."""
        return signup

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nobody is kept out because a letter that may wait could not be sent; other letters are asked for."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException) as error:
            if not template_prefix.startswith(CONFIRMATION):
                raise
            logger.warning("mail_failed", kind=template_prefix, error=type(error).__name__)
