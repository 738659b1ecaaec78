"""The receipt while it is being computed: what each line still costs, and what has been taken off it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from loyalty.engine import tiers
from loyalty.engine.cart import Cart, Client, Line, Used
from loyalty.engine.conditions import Miss, Receipt
from loyalty.engine.explanation import Fact, Kind
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
        self.closed_to_points: set[int] = set()
        self.closed_to_earning: set[int] = set()
        self._receipt: Receipt | None = None

    def _floor_of(self, line: Line) -> Decimal:
        price = max(line.min_price, self.rulebook.line_minimum)
        if not price:
            return ZERO
        return min(line.amount, (price * line.quantity).quantize(unit(self.digits), ROUND_CEILING))

    @property
    def net(self) -> Decimal:
        return sum(self.cost, ZERO)

    def receipt(self) -> Receipt:
        """What the conditions of rules see at this step: until something is taken off, the same for all of them."""
        if self._receipt is None:
            self._receipt = self._seen()
        return self._receipt

    def _seen(self) -> Receipt:
        client = self.client
        return Receipt(
            cart=self.cart,
            at=self.at,
            local=self.rulebook.calendar.local(self.at),
            day=self.day,
            net=self.net,
            tier=self.tier.id if self.tier else "",
            identified_by=client.identified_by if client else "",
            client=client,
            cost=tuple(self.cost),
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
