"""What comes in: the receipt and the client's state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.engine.quantities import ONE, ZERO, half_up

IdentifiedBy = Literal["phone", "card", "code", "id"]


class Line(Struct, frozen=True):
    """A line of a receipt. `amount` is what it costs before any discount of the programme."""

    quantity: Decimal
    price: Decimal
    amount: Decimal
    sku: str = ""
    name: str = ""
    category: str = ""
    brand: str = ""
    min_price: Decimal = ZERO
    earn: bool = True
    redeem: bool = True
    discount: bool = True
    # It sells a certificate: no points, certificates or discounts are taken on it, and it is no turnover.
    sells_certificate: bool = False

    @property
    def tie_breaker(self) -> tuple[str, Decimal, Decimal]:
        return self.sku, self.price, self.quantity


def line(
    *,
    quantity: Decimal = ONE,
    price: Decimal | None = None,
    amount: Decimal | None = None,
    digits: int = 2,
    sku: str = "",
    name: str = "",
    category: str = "",
    brand: str = "",
    min_price: Decimal = ZERO,
    earn: bool = True,
    redeem: bool = True,
    discount: bool = True,
    sells_certificate: bool = False,
) -> Line:
    """A line from what a till knows: quantity × price, half up, unless the till sends its own `amount`."""
    if amount is None:
        if price is None:
            raise ValueError("a line needs a price or an amount")
        amount = half_up(quantity * price, digits)
    elif price is None:
        price = half_up(amount / quantity, digits)
    if sells_certificate:
        earn = redeem = discount = False
    return Line(
        quantity, price, amount, sku, name, category, brand, min_price, earn, redeem, discount, sells_certificate
    )


class AskedCertificate(Struct, frozen=True):
    """A certificate that shall pay, by its code: a sum, or as much as it can."""

    code: str
    amount: Decimal | Literal["max"] = "max"


class Cart(Struct, frozen=True):
    """A receipt. `points` is what the client wants to spend: a number, "max", or None for nothing.

    `given` marks a receipt that has already happened with these points taken off: they are booked whatever the
    limits say.
    """

    lines: tuple[Line, ...]
    points: Decimal | Literal["max"] | None = None
    promo_codes: tuple[str, ...] = ()
    certificates: tuple[AskedCertificate, ...] = ()
    outlet: str = ""
    channel: str = ""
    given: bool = False


class Day(Struct, frozen=True):
    """What a client did on a local day before this receipt: money paid less returns, whether he counts as a visitor,
    how many of those whom he invited bought for the first time."""

    day: dt.date
    spent: Decimal = ZERO
    visit: bool = True
    referrals: int = 0


class Used(Struct, frozen=True):
    """What a rule has given a client in a period (ISO day, week or month; empty: ever), net of returns: points or
    money, on how many receipts (for what goes by steps: how many steps). `measure` grows towards the next step.
    The rule of the programme as a whole has no name."""

    rule: str
    period: str
    given: Decimal = ZERO
    times: int = 0
    measure: Decimal = ZERO


class Upline(Struct, frozen=True):
    """Somebody who invited: the client (level 1), or the one above. A blocked one gets nothing and passes nothing on.
    `given` has the points of the month by rule."""

    level: int
    active: bool = True
    given: dict[str, Decimal] = {}


class PersonalCoupon(Struct, frozen=True):
    """A coupon of this client that the cart names: good once, for a percent or for a sum."""

    code: str
    rule: str
    title: str = ""
    percent: Decimal | None = None
    amount: Decimal | None = None
    minimum: Decimal = ZERO
    refused: str = ""
    """Why it is not good any more; empty where it is."""


class PromoCode(Struct, frozen=True, omit_defaults=True):
    """A code of a batch that the cart names, with the terms of the batch.

    It takes off a percent (of at most `amount`), a sum or one unit of goods, gives points, or is what a rule of the
    programme waits for (by the batch's `name`). `uses` is how often all of the batch may be used together. With
    `personal` it is for clients alone; of a batch that is not `stacks` only the best of the receipt's codes counts.
    """

    batch: int
    name: str
    gives: Literal["percent", "sum", "product", "points", "rule"]
    # As it stands in the database; `id` of the row where the code is good once.
    code: str = ""
    id: int | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    points: Decimal | None = None
    sku: str = ""
    category: str = ""
    minimum: Decimal = ZERO
    uses: int | None = None
    personal: bool = False
    stacks: bool = False
    # A segment that the client has to be in: who opens the sale asks for it.
    audience: int | None = None
    refused: str = ""
    """Why it is not good now; empty where it is."""

    @property
    def rule(self) -> str:
        return f"promo:{self.batch}"


class Certificate(Struct, frozen=True):
    """A certificate that the cart names. `rest` is money for a sum, and else how often it may still be used."""

    code: str
    kind: Literal["sum", "percent", "product"]
    rest: Decimal
    expires_at: dt.datetime
    sold: bool = False
    """Paid for once: it earns and counts like money. One that was given away does not."""
    percent: Decimal = ZERO
    sku: str = ""
    title: str = ""
    refused: str = ""
    """Why it is not good any more; empty where it is."""
    id: int = 0


class Client(Struct, frozen=True):
    """The present state of a client's account, and how he was identified.

    `spent`, `visits`, `purchases` and `referrals` are of the whole time; `days` holds those days that the rules look
    back on, `used` what limited rules have given. `tier_ends_at` is when the tier by purchases is looked at again.
    """

    identified_by: IdentifiedBy = "card"
    confirmed: bool = False
    # By a card that was bound without the client: it proves no more than his phone does.
    unproven: bool = False
    available: Decimal = ZERO
    redeemed_today: Decimal = ZERO
    tier: str = ""
    manual_tier: str = ""
    manual_tier_until: dt.datetime | None = None
    tier_ends_at: dt.datetime | None = None
    tier_gifts: tuple[str, ...] = ()
    spent: Decimal = ZERO
    visits: int = 0
    purchases: int = 0
    referrals: int = 0
    tags: tuple[str, ...] = ()
    birthday: dt.date | None = None
    birthday_year_known: bool = True
    invited: bool = False
    joined_on: dt.date | None = None
    last_purchase_on: dt.date | None = None
    visited_today: bool = False
    days: tuple[Day, ...] = ()
    used: tuple[Used, ...] = ()
    uplines: tuple[Upline, ...] = ()
    coupons: tuple[PersonalCoupon, ...] = ()

    def used_by(self, rule: str, period: str) -> Used:
        return next((one for one in self.used if one.rule == rule and one.period == period), Used(rule, period))
