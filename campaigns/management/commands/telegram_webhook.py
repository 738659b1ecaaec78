"""`manage.py telegram_webhook`: Telegram brings what people write to the bot to this installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from clients import card_links
from merchants.gateways import telegram
from merchants.gateways.answers import GatewayError


class Command(BaseCommand):
    help = "Tell Telegram where this installation is. Once, and whenever SITE_URL or TELEGRAM_SECRET change."

    def handle(self, *args: Any, **options: Any) -> None:
        if not telegram.is_set_up() or not settings.TELEGRAM_SECRET:
            raise CommandError("Set TELEGRAM_TOKEN, TELEGRAM_BOT and TELEGRAM_SECRET first.")
        url = card_links.site() + reverse("hook_telegram")
        try:
            telegram.set_webhook(url, settings.TELEGRAM_SECRET)
        except GatewayError as error:
            raise CommandError(f"Telegram has not taken it: {error.why}.") from error
        self.stdout.write(f"Telegram brings messages to {url}")
