"""Making a demo: the shop, then its year."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext

from django.db import transaction

from cashier.demo import certificates, gifts
from cashier.demo.loading import Progress, load_all
from cashier.demo.rhythm import DAYS
from cashier.demo.shares import Plan, shares_of
from cashier.demo.shop import Opened, open_shop
from loyalty.engine.calendar import Calendar
from merchants.models import Program

# Of the programme that `open_shop` makes.
_CALENDAR = Calendar(str(Program._meta.get_field("time_zone").default))


def today(now: dt.datetime) -> dt.date:
    return _CALENDAR.day_of(now)


def make(
    *, clients: int, receipts: int, seed: int, until: dt.date, now: dt.datetime, progress: Progress
) -> tuple[Opened, Plan]:
    """A programme with a year up to the end of a day, or up to `now`.

    One share is one transaction: it is there or not at all. A larger demo is committed share by share; when it is
    killed, what is there is whole, and another one can be made beside it.
    """
    end = min(_CALENDAR.end_of(until), now)
    begin = _CALENDAR.start_of(_CALENDAR.day_of(end - dt.timedelta(seconds=1)) - dt.timedelta(days=DAYS - 1))
    whole = shares_of(clients, receipts) == 1
    with transaction.atomic() if whole else nullcontext():
        with transaction.atomic():
            opened = open_shop(begin=begin, end=end)
        plan = Plan(opened.premises, end, clients, receipts, seed)
        load_all(plan, progress)
        with transaction.atomic():
            certificates.issue(opened.premises, _CALENDAR, end)
            gifts.stock(opened.premises, end)
    return opened, plan
