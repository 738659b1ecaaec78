"""What follows from a sale beside its own lines and its client's books, as it is kept with the sale."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct, structs

from loyalty.engine.bill import CertificatePart, CodeUse, Taking
from loyalty.engine.cart import Upline, Used
from loyalty.engine.codes import COUPON_ALPHABET, COUPON_LENGTH, coupon_check
from loyalty.engine.effects import Coupon
from loyalty.engine.limits import periods
from loyalty.engine.quantities import ZERO
from loyalty.engine.quote import Quote
from loyalty.engine.rewarding import Award, Couponed
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.ledger import AccountState


class Given(Struct, frozen=True):
    """Points to somebody who invited, with his account."""

    account: int
    award: Award


class SoldLine(Struct, frozen=True):
    """A line that sells a certificate, and for how much."""

    line: int
    amount: Decimal


class Consequences(Struct, frozen=True, omit_defaults=True):
    """`awards` are points to those who invited, `used` the changes of what rules have given the client, `budgets` what
    was taken out of the budgets of rules; coupons given, and the codes of those used; certificates that pay, without
    their codes, and lines that sell some; codes of batches, with their terms."""

    awards: tuple[Given, ...] = ()
    used: tuple[Used, ...] = ()
    budgets: tuple[Taking, ...] = ()
    coupons: tuple[Couponed, ...] = ()
    coupons_used: tuple[str, ...] = ()
    certificates: tuple[CertificatePart, ...] = ()
    sells: tuple[SoldLine, ...] = ()
    codes: tuple[CodeUse, ...] = ()

    @property
    def accounts(self) -> list[int]:
        return sorted({given.account for given in self.awards})


# Learned at import, by one thread: see `loyalty.engine.rulebook.load`.
msgspec.json.Decoder(Consequences)
NOTHING = Consequences()


def of_quote(quote: Quote, uplines: Sequence[AccountState]) -> Consequences:
    return Consequences(
        awards=tuple(Given(uplines[award.level - 1].id, award) for award in quote.awards),
        used=quote.used,
        budgets=quote.budgets,
        coupons=quote.coupons,
        coupons_used=quote.coupons_used,
        codes=quote.codes,
        certificates=tuple(structs.replace(part, code="", left=ZERO) for part in quote.certificates),
        sells=tuple(
            SoldLine(n, priced.line.amount) for n, priced in enumerate(quote.lines) if priced.line.sells_certificate
        ),
    )


def stored(kept: object) -> Consequences:
    """As it stands in `Sale.consequences`."""
    return msgspec.convert(kept, Consequences) if kept else NOTHING


def upline_of(state: AccountState, level: int, day: dt.date) -> Upline:
    month = periods(day)["month"]
    given = {rule: amount for rule, period, amount, _times, _measure in state.used if period == month}
    return Upline(level, state.status == "active", given)


def counted_for(given: Given, day: dt.date) -> Used:
    """What the month of somebody who invited has to remember."""
    return Used(given.award.rule, periods(day)["month"], given.award.points, 1)


class CouponRow(Struct, frozen=True):
    """A coupon as `loyalty_write_consequences` takes it."""

    account_id: int
    code: str
    rule: str
    title: str
    percent: Decimal | None
    amount: Decimal | None
    minimum: Decimal
    expires_at: dt.datetime


def coupon_rows(kept: Consequences, rulebook: Rulebook, account_id: int) -> list[CouponRow]:
    """The new coupons, each with a code of its own."""
    rules = {rule.id: rule for rule in rulebook.rules}
    return [
        _row(rules[given.rule], account_id, given.expires_at) for given in kept.coupons for _n in range(given.number)
    ]


def _row(rule: Rule, account_id: int, expires_at: dt.datetime) -> CouponRow:
    effect = rule.effect
    if not isinstance(effect, Coupon):
        raise TypeError(f"{rule.id} gives no coupons")
    return CouponRow(
        account_id=account_id,
        code=new_code(),
        rule=rule.id,
        title=rule.title,
        percent=effect.percent,
        amount=effect.amount,
        minimum=effect.minimum,
        expires_at=expires_at,
    )


def new_code() -> str:
    """A code that nobody guesses, with a check character (weighted sum modulo 31): a slip of the finger is told."""
    body = "".join(secrets.choice(COUPON_ALPHABET) for _n in range(COUPON_LENGTH))
    return body + coupon_check(body)


def share(amount: Decimal, before: Decimal, after: Decimal, digits: int) -> Decimal:
    """The part of an amount that a return calls for, where so much of the sale (0 to 1) had gone back before it and
    has after it: all returns together call for exactly the whole."""
    unit = Decimal(1).scaleb(-digits)
    return max(
        (amount * after).quantize(unit, "ROUND_HALF_UP") - (amount * before).quantize(unit, "ROUND_HALF_UP"), ZERO
    )
