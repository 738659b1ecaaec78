from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loyalty.audit import audit


class Command(BaseCommand):
    help = "Check that all books are right. Names the first wrong row of each check and exits with 1; else «clean»."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", type=int, metavar="ID", help="this programme only")

    def handle(self, *args: Any, program: int | None, verbosity: int, **options: Any) -> None:
        wrong = 0
        started = time.monotonic()
        for check, found in audit(program_id=program, now=timezone.now()):
            if verbosity > 1:
                self.stderr.write(f"{time.monotonic() - started:8.1f} s  {check.name}")
            if found is not None:
                wrong += 1
                self.stdout.write(str(found))
        if wrong:
            raise CommandError(f"{wrong} of the checks found something wrong.", returncode=1)
        self.stdout.write("clean")
