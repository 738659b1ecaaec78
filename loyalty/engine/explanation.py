"""Why a receipt came out as it did, as typed facts.

Facts are kept with the sale for ever and put into words when somebody reads them, in the reader's language
(`loyalty.explanations`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct, json

Kind = Literal["discount", "redeem", "earn", "gift", "rounding", "referral", "coupon", "certificate"]


class Fact(Struct, frozen=True, omit_defaults=True):
    """What one rule did, or why it did not.

    `base` is money (points for a multiplier), `rate` the percent, points per unit or factor, `per` the M of
    «N for every M», `exact` the points before rounding. `reason` says what a limit or a condition was about;
    `missing` how much money (for a tier, also visits) would have been enough, `count` how many visits, days or goods.
    For coupons `count` is their number, for what goes up to the one who invited his level.
    """

    rule: str
    kind: Kind
    effect: str
    title: str = ""
    applied: bool = True
    base: Decimal | None = None
    rate: Decimal | None = None
    per: Decimal | None = None
    exact: Decimal | None = None
    points: Decimal | None = None
    money: Decimal | None = None
    asked: Decimal | None = None
    lines: tuple[int, ...] = ()
    reason: str = ""
    missing: Decimal | None = None
    missing_visits: int | None = None
    count: int | None = None


# Learned at import, by one thread: see `loyalty.engine.rulebook.load`.
json.Decoder(Fact)


class Rejected(Struct, frozen=True):
    """Something the till sent that does not fit. It does not fail the receipt."""

    kind: Literal["promo_code", "certificate"]
    value: str
    reason: str
