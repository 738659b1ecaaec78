"""Step 6: points that a receipt earns, rule by rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from loyalty.engine.bill import Bill
from loyalty.engine.conditions import EVERYTHING, Goods, Miss
from loyalty.engine.effects import BaseEffect, Effect, ForEvery, Multiply
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, rounded
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.engine.spreading import spread

E = TypeVar("E", bound=Effect)


class Earning(Struct, frozen=True):
    """Points that one rule gives: a lot in the making.

    `parts` are the points of each line of the receipt, for a return to take back; a one-off has none.
    """

    rule: str
    points: Decimal
    available_at: dt.datetime
    expires_at: dt.datetime | None
    parts: tuple[Decimal, ...] = ()
    one_off: bool = False


class _Base(Struct, frozen=True):
    """A way to earn base points: `rate` points for one unit of money."""

    rule: str
    title: str
    effect: str
    rate: Decimal
    shown: Decimal
    lines: list[int]


def lot_dates(rulebook: Rulebook, at: dt.datetime) -> tuple[dt.datetime, dt.datetime | None]:
    """When points earned at this moment become available, and when they expire (None: never)."""
    calendar, points = rulebook.calendar, rulebook.points
    first_day = calendar.day_of(at) + dt.timedelta(days=points.pending_days)
    available_at = calendar.start_of(first_day) if points.pending_days else at
    last_day = points.expiry.last_day(first_day)
    return available_at, None if last_day is None else calendar.end_of(last_day)


def one_off(rulebook: Rulebook, rule: str, points: Decimal, at: dt.datetime) -> Earning:
    available_at, expires_at = lot_dates(rulebook, at)
    return Earning(rule, points, available_at, expires_at, one_off=True)


def earn(bill: Bill, *, redeemed: Decimal) -> list[Earning]:
    """What the receipt earns, in the order of the rules; the facts go onto the bill."""
    if bill.client is None:
        return []
    if redeemed and not bill.rulebook.points.earn_when_redeeming:
        bill.facts.append(Fact("earning", "earn", "earning", applied=False, reason="redeeming"))
        return []
    book = _Book(bill)
    book.base_rules()
    book.bonus_rules()
    book.multipliers()
    return book.earnings


class _Book:
    """One receipt's earnings while they are collected."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self.receipt = bill.receipt()
        on_total = bill.rulebook.points.earn_on == "total"
        self.paid = [
            cost + (value if on_total else ZERO) for cost, value in zip(bill.cost, bill.points_value, strict=True)
        ]
        self.earning_lines = [i for i, line in enumerate(bill.lines) if line.earn]
        self.dates = lot_dates(bill.rulebook, bill.at)
        self.base_points = [ZERO] * len(self.paid)
        self.earnings: list[Earning] = []

    def base_rules(self) -> None:
        """Each line takes the highest rate that it may; a rule's lines are summed and rounded once."""
        bases = list(self._bases())
        best: dict[int, int] = {}
        for n, base in enumerate(bases):
            for i in base.lines:
                if i not in best or base.rate > bases[best[i]].rate:
                    best[i] = n
        chosen: dict[int, list[int]] = {}
        for i in sorted(best):
            chosen.setdefault(best[i], []).append(i)
        for n, lines in sorted(chosen.items()):
            base = bases[n]
            money = sum((self.paid[i] for i in lines), ZERO)
            fact = Fact(base.rule, "earn", base.effect, base.title, base=money, rate=base.shown)
            parts = self._give(money * base.rate, lines, fact)
            self.base_points = [a + b for a, b in zip(self.base_points, parts, strict=True)]

    def bonus_rules(self) -> None:
        for rule, effect, lines in self._applying(ForEvery):
            money = sum((self.paid[i] for i in lines), ZERO)
            points = effect.earns(money)
            if points:
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=money, rate=effect.points, per=effect.amount)
                self._give(points, lines, fact)
            else:
                self._miss(rule, Miss("for_every", effect.amount - money))

    def multipliers(self) -> None:
        """Each adds (m - 1) × the base points of its lines, so several of them add up."""
        for rule, effect, lines in self._applying(Multiply):
            base = sum((self.base_points[i] for i in lines), ZERO)
            if base:
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=base, rate=effect.by)
                self._give(base * (effect.by - ONE), lines, fact, weights=self.base_points)

    def _bases(self) -> Iterator[_Base]:
        tier = self.bill.tier
        if tier and tier.earn_percent:
            rate = tier.earn_percent / HUNDRED
            yield _Base(tier.rule, tier.title, "percent", rate, tier.earn_percent, self.earning_lines)
        for rule, effect, lines in self._applying(BaseEffect):
            yield _Base(rule.id, rule.title, effect.name, effect.rate, effect.shown, lines)

    def _applying(self, effect: type[E]) -> Iterator[tuple[Rule, E, list[int]]]:
        """Rules whose conditions hold, with their lines. The others leave a fact that says what was missing."""
        for rule, its_effect in self.bill.rulebook.rules_that(effect):
            miss = rule.misses(self.receipt)
            if miss is not None:
                self._miss(rule, miss)
                continue
            lines = self._lines_of(rule.goods)
            if lines:
                yield rule, its_effect, lines
            else:
                self._miss(rule, Miss("no_goods"))

    def _lines_of(self, goods: Goods) -> list[int]:
        if goods == EVERYTHING:
            return self.earning_lines
        return [i for i in self.earning_lines if goods.takes(self.bill.lines[i])]

    def _miss(self, rule: Rule, miss: Miss) -> None:
        self.bill.facts.append(
            Fact(
                rule.id,
                "earn",
                rule.effect.name,
                rule.title,
                applied=False,
                reason=miss.reason,
                missing=miss.missing,
            )
        )

    def _give(
        self, exact: Decimal, lines: list[int], fact: Fact, weights: list[Decimal] | None = None
    ) -> list[Decimal]:
        """Round once, spread over the lines, remember. Returns the parts, line by line."""
        precision = self.bill.precision
        points = rounded(exact, precision, self.bill.rulebook.points.rounding)
        parts = [ZERO] * len(self.paid)
        if points > 0:
            source = weights or self.paid
            shares = [ZERO] * len(source)
            for i in lines:
                shares[i] = source[i]
            parts = spread(points, shares, self.bill.lines, digits=precision)
            self.earnings.append(Earning(fact.rule, points, *self.dates, parts=tuple(parts)))
        self.bill.facts.append(
            structs.replace(
                fact,
                applied=points > 0,
                exact=exact,
                points=points,
                lines=tuple(lines),
                reason="" if points > 0 else "too_little",
            )
        )
        return parts
