"""Promos: rules for a time or out of a budget, as a calendar wants them. They are rules like all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from django.db.models import Sum
from msgspec import Struct

from loyalty.engine.conditions import Between
from loyalty.engine.effects import DiscountEffect
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.models import BudgetShare

Where = Literal["live", "waits", "draft"]
State = Literal["runs", "coming", "over", "spent", "off", "waits", "draft"]


class Promo(Struct, frozen=True):
    """A rule with its days. `first` and `last` are the days of its version, and of its own conditions."""

    rule: Rule
    where: Where
    state: State
    first: dt.date | None
    last: dt.date | None
    given: Decimal = Decimal(0)
    uses: int = 0

    @property
    def is_discount(self) -> bool:
        return isinstance(self.rule.effect, DiscountEffect)

    @property
    def percent_spent(self) -> int | None:
        """Of the budget, or of the uses; None where there is neither."""
        limits = self.rule.limits
        if limits.budget:
            return min(int(self.given * 100 / limits.budget), 100)
        return min(self.uses * 100 // limits.uses, 100) if limits.uses else None

    def on(self, day: dt.date) -> bool:
        """Whether it is in force on this day, at some hour."""
        if self.state == "off" or (self.first and day < self.first) or (self.last and day > self.last):
            return False
        return all(not each.weekdays or day.isoweekday() in each.weekdays for each in times_of(self.rule))


def times_of(rule: Rule) -> Sequence[Between]:
    return [each for each in rule.when if isinstance(each, Between)]


def is_promo(rule: Rule) -> bool:
    """For a time, on some days or hours, or out of a budget."""
    return rule.effect.on_receipt and bool(times_of(rule) or rule.limits.budget or rule.limits.uses)


def spent_by_rule(program_id: int, rules: Sequence[str]) -> Mapping[str, tuple[Decimal, int]]:
    shares = BudgetShare.objects.filter(program_id=program_id, budget__rule__in=rules)
    rows = shares.order_by().values_list("budget__rule").annotate(Sum("given"), Sum("uses"))
    return {rule: (given, uses) for rule, given, uses in rows}


def promos_in(
    live: Rulebook,
    waits: tuple[Rulebook, dt.date] | None,
    draft: Rulebook | None,
    *,
    spent: Mapping[str, tuple[Decimal, int]],
    today: dt.date,
) -> list[Promo]:
    """Those in force, then what a version that waits brings anew, then what the draft would."""
    found = list(_of(live, "live", spent, today, waits))
    known = {promo.rule for promo in found}
    if waits is not None:
        fresh = [one for one in _of(waits[0], "waits", spent, today, waits) if one.rule not in known]
        found += fresh
        known |= {promo.rule for promo in fresh}
    if draft is not None:
        found += [one for one in _of(draft, "draft", spent, today, None) if one.rule not in known]
    return found


def _of(
    rulebook: Rulebook,
    where: Where,
    spent: Mapping[str, tuple[Decimal, int]],
    today: dt.date,
    waits: tuple[Rulebook, dt.date] | None,
) -> Iterator[Promo]:
    for rule in rulebook.rules:
        if not is_promo(rule):
            continue
        times = times_of(rule)
        first = max((each.since for each in times if each.since), default=None)
        last = min((each.until for each in times if each.until), default=None)
        if waits is not None and where == "waits":
            first = max(first, waits[1]) if first else waits[1]
        elif waits is not None and rule not in waits[0].rules:
            end = waits[1] - dt.timedelta(days=1)
            last = min(last, end) if last else end
        given, uses = spent.get(rule.id, (Decimal(0), 0))
        yield Promo(rule, where, _state(rule, where, first, last, given, uses, today), first, last, given, uses)


def _state(
    rule: Rule,
    where: Where,
    first: dt.date | None,
    last: dt.date | None,
    given: Decimal,
    uses: int,
    today: dt.date,
) -> State:
    if not rule.enabled:
        return "off"
    if last is not None and last < today:
        return "over"
    if where != "live":
        return where
    limits = rule.limits
    if (limits.budget is not None and given >= limits.budget) or (limits.uses is not None and uses >= limits.uses):
        return "spent"
    return "coming" if first is not None and first > today else "runs"
