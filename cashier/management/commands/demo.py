"""`manage.py demo`: a coffee chain with a year of sales, to look at or to measure with."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cashier.demo.making import make, today
from cashier.demo.names import PEOPLE_AT_MOST
from cashier.demo.summary import summary
from insights import rollups
from merchants.models import Program


class Command(BaseCommand):
    help = (
        "Fill an empty installation with a coffee chain: three outlets, six tills, clients, and a year of receipts. "
        "The same seed and day give the same books; keys and passwords are new each time. Up to 40,000 receipts and "
        "20,000 clients it is one transaction; beyond, it is committed in shares, and one that was interrupted stays "
        "as far as it came, with books that balance. Nothing is ever deleted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clients", type=int, default=2000, help="how many clients (2,000)")
        parser.add_argument("--receipts", type=int, default=40_000, help="how many receipts (40,000)")
        parser.add_argument("--seed", type=int, default=1, help="another number, another year (1)")
        parser.add_argument("--until", type=dt.date.fromisoformat, help="the last day, YYYY-MM-DD (today)")
        parser.add_argument("--again", action="store_true", help="another programme beside those that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        clients, receipts, until = options["clients"], options["receipts"], options["until"] or today(now)
        if not 0 <= clients <= PEOPLE_AT_MOST:
            raise CommandError(f"--clients: 0 to {PEOPLE_AT_MOST:,}.")
        if receipts < 0:
            raise CommandError("--receipts: 0 or more.")
        if until > today(now):
            raise CommandError("--until: today at the latest.")
        if not options["again"] and Program.objects.exists():
            raise CommandError("There is a programme here already, so nothing was done; --again makes one beside it.")
        opened, plan = make(
            clients=clients, receipts=receipts, seed=options["seed"], until=until, now=now, progress=self._tell
        )
        # The year was written as if it had passed: nothing of it looks new, so it is rolled up from its end back.
        rollups.rebuild(program_id=plan.premises.program_id, now=now)
        rollups.roll_up(now=now)
        self.stdout.write(summary(opened, plan))

    def _tell(self, done: int) -> None:
        self.stderr.write(f"{done:,} receipts")
