from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import override

from clients.segments.reference import reference


class Command(BaseCommand):
    help = "Writes the conditions of segments as a reference in Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            self.stdout.write(reference(), ending="")
