"""The receipt while it is being computed: what each line still costs, and what has been taken off it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from loyalty.engine import tiers
from loyalty.engine.cart import Cart, Certificate, Client, Line, PromoCode, Used
from loyalty.engine.conditions import Miss, Receipt
from loyalty.engine.explanation import Fact, Kind, Rejected
from loyalty.engine.limits import NOTHING_SPENT, Spent
from loyalty.engine.quantities import ZERO, unit
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.engine.spreading import spread


class Taking(Struct, frozen=True):
    """What a receipt takes out of a rule's budget, in points or money, and the budget's limits."""

    rule: str
    given: Decimal
    budget: Decimal | None = None
    uses: int | None = None


class CertificatePart(Struct, frozen=True, omit_defaults=True):
    """What a receipt takes of a certificate: `amount` of its rest, and which lines it pays with how much money. One for
    a percent pays none: it is a discount."""

    id: int
    amount: Decimal
    lines: tuple[int, ...] = ()
    parts: tuple[Decimal, ...] = ()
    code: str = ""
    left: Decimal = ZERO

    @property
    def money(self) -> Decimal:
        return sum(self.parts, ZERO)


class CodeUse(Struct, frozen=True, omit_defaults=True):
    """A code of a batch that a receipt uses, with its terms; what it has taken off, and the points it has given."""

    code: PromoCode
    money: Decimal = ZERO
    points: Decimal = ZERO


def missed(rule: Rule, kind: Kind, miss: Miss) -> Fact:
    """Why a rule did not apply."""
    return Fact(
        rule.id,
        kind,
        rule.effect.name,
        rule.title,
        applied=False,
        reason=miss.reason,
        missing=miss.missing,
        count=miss.count,
    )


class Bill:
    """Mutable, and private to one `quote`. Lists run parallel to the cart's lines."""

    def __init__(
        self,
        rulebook: Rulebook,
        client: Client | None,
        cart: Cart,
        at: dt.datetime,
        spent: Mapping[str, Spent] = NOTHING_SPENT,
        certificates: Sequence[Certificate] = (),
        codes: Sequence[PromoCode] = (),
    ) -> None:
        self.rulebook = rulebook
        self.client = client
        self.cart = cart
        self.at = at
        self.digits = rulebook.program.currency_digits
        self.precision = rulebook.program.precision
        self.day = rulebook.calendar.day_of(at)
        self.tier = tiers.effective(rulebook, client, at) if client else None
        self.lines: Sequence[Line] = cart.lines
        self.total = sum((line.amount for line in cart.lines), ZERO)
        self.cost = [line.amount for line in cart.lines]
        self.floors = [self._floor_of(line) for line in cart.lines]
        self.discounts = [ZERO] * len(cart.lines)
        self.points_value = [ZERO] * len(cart.lines)
        self.points = [ZERO] * len(cart.lines)
        self.facts: list[Fact] = []
        self.spent = spent
        self.used: list[Used] = []
        self.budgets: list[Taking] = []
        self.coupons_used: list[str] = []
        # Codes of batches: those used, why others are not, and those that rules may go by.
        self.codes = codes
        self.codes_used: list[CodeUse] = []
        self.codes_refused: dict[str, str] = {}
        self.codes_of_rules: Sequence[PromoCode] = ()
        self.closed_to_points: set[int] = set()
        self.closed_to_earning: set[int] = set()
        self.certificates = certificates
        self.certificates_used: list[CertificatePart] = []
        self.rejected: list[Rejected] = []
        # What certificates pay of each line; None where there are none.
        self.by_certificates: list[Decimal] | None = None
        # By how much the turnover of each line differs from the money to pay; None where it never does.
        self.aside: list[Decimal] | None = None
        if any(line.sells_certificate for line in cart.lines):
            self.aside = [-line.amount if line.sells_certificate else ZERO for line in cart.lines]
        self._receipt: Receipt | None = None

    def _floor_of(self, line: Line) -> Decimal:
        price = max(line.min_price, self.rulebook.line_minimum)
        if not price:
            return ZERO
        return min(line.amount, (price * line.quantity).quantize(unit(self.digits), ROUND_CEILING))

    @property
    def net(self) -> Decimal:
        return sum(self.cost, ZERO)

    @property
    def counted(self) -> list[Decimal]:
        """What each line counts as turnover: money, and certificates that were sold once."""
        if self.aside is None:
            return self.cost
        return [cost + aside for cost, aside in zip(self.cost, self.aside, strict=True)]

    @property
    def turnover(self) -> Decimal:
        return sum(self.counted, ZERO)

    def receipt(self) -> Receipt:
        """What the conditions of rules see at this step: until something is taken off, the same for all of them."""
        if self._receipt is None:
            self._receipt = self._seen()
        return self._receipt

    def _seen(self) -> Receipt:
        client, counted = self.client, self.counted
        return Receipt(
            cart=self.cart,
            at=self.at,
            local=self.rulebook.calendar.local(self.at),
            day=self.day,
            net=sum(counted, ZERO),
            tier=self.tier.id if self.tier else "",
            identified_by=client.identified_by if client else "",
            client=client,
            cost=tuple(counted),
            codes=self.codes_of_rules,
        )

    def spend_budget(self, rule: Rule, given: Decimal) -> None:
        limits = rule.limits
        if given and (limits.budget is not None or limits.uses is not None):
            self.budgets.append(Taking(rule.id, given, limits.budget, limits.uses))

    def room(self, i: int) -> Decimal:
        """How much may still be taken off a line."""
        return self.cost[i] - self.floors[i]

    def take_off(self, sum_: Decimal, chosen: Sequence[int]) -> list[Decimal]:
        """Spread a sum of money over the chosen lines, in proportion to their cost; the parts, line by line."""
        weights = [ZERO] * len(self.cost)
        for i in chosen:
            weights[i] = self.cost[i]
        caps = [self.room(i) for i in range(len(self.cost))]
        parts = spread(sum_, weights, self.lines, digits=self.digits, caps=caps)
        for i, part in enumerate(parts):
            self.cost[i] -= part
        self._receipt = None
        return parts

    def pay_by_certificate(self, parts: Sequence[Decimal], *, counts: bool) -> None:
        """Take parts off the lines as money would pay them: minimum prices don't matter. `counts` as turnover."""
        paid = self.by_certificates or [ZERO] * len(self.cost)
        aside = self.aside or [ZERO] * len(self.cost)
        for i, part in enumerate(parts):
            paid[i] += part
            self.cost[i] -= part
            self.floors[i] = max(self.floors[i] - part, ZERO)
            if counts:
                aside[i] += part
        self.by_certificates, self.aside, self._receipt = paid, aside, None
