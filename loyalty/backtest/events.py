"""What happened, as the back test reads it. `at` is when it was written into the books: they move in that order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from loyalty.engine.cart import IdentifiedBy, Line, PersonalCoupon, PromoCode


class Joined(Struct, frozen=True):
    at: dt.datetime
    account: int
    birthday: dt.date | None = None
    tags: tuple[str, ...] = ()
    referrer: int | None = None
    birthday_year_known: bool = True

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        return self.at, 0, self.account


class ByHand(Struct, frozen=True):
    """Points that no receipt gave or took: by hand, opening balances, actions, gifts for points. An addition has its
    lot's dates; an undone one names the entry that it undoes."""

    at: dt.datetime
    account: int
    entry: int
    kind: str
    points: Decimal
    rule: str
    lot_rule: str = ""
    available_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    undoes: int | None = None

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        return self.at, 1, self.entry


class Status(Struct, frozen=True):
    """A tier set by hand, or (`active`) a block set or lifted."""

    at: dt.datetime
    account: int
    number: int
    tier: str | None = None
    until: dt.datetime | None = None
    active: bool | None = None

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        return self.at, 1, self.number


class Receipt(Struct, frozen=True):
    """A sale. `points` were spent; with `given` they were taken at a till without a connection, whatever the limits
    said. `returns` tells how many returns come later, `committed_at` when a hold was booked;
    with `most` nobody knows what was spent, and it is all that the rules allow."""

    at: dt.datetime
    id: int
    occurred_at: dt.datetime
    day: dt.date
    account: int | None
    lines: tuple[Line, ...]
    points: Decimal
    version: int = 0
    outlet: str = ""
    channel: str = ""
    identified_by: IdentifiedBy = "card"
    codes: tuple[str, ...] = ()
    coupons: tuple[PersonalCoupon, ...] = ()
    promo: tuple[PromoCode, ...] = ()
    given: bool = False
    returns: int = 0
    value: Decimal = Decimal(0)
    committed_at: dt.datetime | None = None
    most: bool = False

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        return self.at, 3, self.id


class Commit(Struct, frozen=True):
    """A hold becomes a sale."""

    at: dt.datetime
    sale: int

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        return self.at, 4, self.sale


class Back(Struct, frozen=True):
    """A return: positions with quantities, or with values where it was by a sum. `whole`: nothing is left of the sale;
    `dates` are then the client's first and last purchase without it."""

    at: dt.datetime
    id: int
    sale: int
    sold_at: dt.datetime
    lines: Sequence[tuple[int, Decimal, Decimal]]
    whole: bool
    dates: tuple[dt.datetime | None, dt.datetime | None] = (None, None)

    @property
    def order(self) -> tuple[dt.datetime, int, int]:
        # A corrected receipt is voided and sold anew in one moment.
        return self.at, 2 if self.sold_at < self.at else 5, self.id


Event: TypeAlias = Joined | ByHand | Status | Receipt | Commit | Back
