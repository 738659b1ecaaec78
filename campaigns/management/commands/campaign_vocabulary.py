from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from campaigns.reference import reference


class Command(BaseCommand):
    help = "Writes the triggers and the actions of campaigns as a reference in Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            self.stdout.write(reference(), ending="")
