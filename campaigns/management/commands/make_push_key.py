"""`manage.py make_push_key`: a key for push messages, as a line for the environment."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from merchants.gateways import push


class Command(BaseCommand):
    help = "Make a key for push messages and print it as a setting. A new key ends all subscriptions."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"PUSH_KEY={push.new_key()}")
