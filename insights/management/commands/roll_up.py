from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from insights import rollups
from merchants.models import Program


class Command(BaseCommand):
    help = (
        "Bring the totals of days, which the overview shows, up to date with the books. The worker does so every few "
        "seconds; it may be interrupted and goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="throw the totals away and make them anew")
        parser.add_argument("--program", type=int, metavar="ID", help="rebuild this programme only")

    def handle(self, *args: Any, rebuild: bool, program: int | None, verbosity: int, **options: Any) -> None:
        def tell(program_id: int, day: dt.date) -> None:
            if verbosity > 1 or day.day == 1:
                self.stderr.write(f"programme {program_id}: {day}")

        now = timezone.now()
        if rebuild:
            wanted = Program.objects.filter(pk=program) if program else Program.objects.all()
            for program_id in wanted.order_by("pk").values_list("pk", flat=True):
                rollups.rebuild(program_id=program_id, now=now)
        days = rollups.roll_up(now=now, progress=tell)
        self.stdout.write(f"{days} days")
