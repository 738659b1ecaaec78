"""A receipt that has been made: all that its rows and a return of it need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, field

from cashier.demo.crowd import Visit
from cashier.demo.premises import Place, Premises, Register
from cashier.demo.pricing import Priced, Published
from cashier.demo.rows import NULL, Rows
from loyalty.engine.books import OpenLot
from loyalty.engine.quote import Quote
from loyalty.models import Sale, SaleLine


class Sold(Struct):
    id: int
    public_id: str
    visit: Visit
    at: dt.datetime
    when: str
    place: Place
    register: Register
    rules: Published
    priced: Priced
    account: int | None
    lines: Sequence[int]
    number: str
    tier_before: str = ""
    tier_after: str = ""
    is_visit: bool = False
    # When the client bought first and last, before this.
    first_and_last: tuple[dt.datetime | None, dt.datetime | None] = (None, None)
    # The lots that paid, in their order.
    taken: list[tuple[OpenLot, Decimal]] = field(default_factory=list)

    @property
    def quote(self) -> Quote:
        return self.priced.quote

    @property
    def cashier(self) -> str:
        return self.register.cashiers[self.visit.day % len(self.register.cashiers)]

    @property
    def actor(self) -> str:
        return f"till:{self.register.id} {self.cashier}"


def write(
    rows: Rows, sold: Sold, premises: Premises, day: str, *, earnings: str, facts: str, digest: bytes, voided: bool
) -> None:
    """The sale's row and its lines'."""
    program = premises.program_id
    visit, place, when = sold.visit, sold.place, sold.when
    account = NULL if sold.account is None else sold.account
    status = "voided" if voided else "committed"
    rows.of[Sale].append(
        f"{sold.id}\t{program}\t{premises.merchant_id}\t{place.id}\t{sold.register.id}\t{sold.public_id}\t{account}\t"
        f"{status}\t{sold.number}\t{when}\t{day}\t{sold.rules.number}\tstore\t{sold.cashier}\t{visit.by}\t"
        f"{sold.priced.sums}\t{earnings}\t{facts}\t[]\t{sold.tier_before}\t{sold.tier_after}\t{sold.is_visit}\t"
        f"\\\\x{digest.hex()}\t{when}"
    )
    for key, text in zip(sold.lines, sold.priced.lines, strict=True):
        rows.of[SaleLine].append(f"{key}\t{program}\t{sold.id}\t{text}")
