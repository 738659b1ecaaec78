"""Writes the secrets of second factors anew with the key of today, so that a replaced SECRET_KEY can go for good."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.core.management.base import BaseCommand
from django.db import transaction

KEPT = ("secret", "seed")


class Command(BaseCommand):
    help = "Encrypts the secrets of second factors with the present SECRET_KEY, whatever they were kept with."

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = 0
        for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().filter(pk=key).first()
                if row is None or not any(name in row.data for name in KEPT):
                    continue
                for name in KEPT:
                    if name in row.data:
                        row.data[name] = encrypt(decrypt(row.data[name]))
                row.save(update_fields=["data"])
                done += 1
        self.stdout.write(f"{done} second factors")
